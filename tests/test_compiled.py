"""Compiled code where nothing can be kept."""

from superposition.compiled import kept, spread


def test_a_function_that_no_cache_can_hold_is_compiled_all_the_same():
    names = {}
    exec("def double(x): return 2 * x", names)  # from no file, so that Numba finds no place for a cache
    assert kept()(names["double"])(21) == 42


def test_spreading_keeps_the_order():
    assert spread(lambda k: float(k * k), 5).tolist() == [0, 1, 4, 9, 16]
