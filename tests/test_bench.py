"""Speeds are medians of alternating runs, and a name chooses a part or the rows that begin with it."""

import gc
import sys
from types import ModuleType

import pytest

from superposition import bench

MODULE = """
from superposition.bench import Comparison
built = []
def comparisons():
    for name in ("toy 5/2x10", "toy 100/20x20", "wide pass"):
        built.append(name)
        yield Comparison(name, "what", lambda: None, lambda: None, 1)
"""


class Clock:
    """Time that moves on only when told to."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(bench, "perf_counter", made)
    return made


def test_the_medians_of_both_sides_and_their_ratio(clock):
    durations = {"ours": [9, 1, 2, 30], "reference": [9, 8, 4, 6]}  # seconds; the first of each is not counted
    calls = []

    def side(name):
        def work():
            calls.append(name)
            clock.now += durations[name].pop(0)

        return work

    row = bench.measure(bench.Comparison("toy", "a against b", side("ours"), side("reference"), 3))
    assert row == {"name": "toy", "ours_ms": 2000, "reference_ms": 6000, "ratio": 3, "peak": None, "what": "a against b"}
    assert calls == ["ours", "reference", "ours", "reference", "reference", "ours", "ours", "reference"]


def test_the_share_of_the_peak_is_that_of_operations_a_second(clock, monkeypatch):
    def takes(*seconds):
        waiting = [*seconds]

        def work():
            clock.now += waiting.pop(0)

        return work

    monkeypatch.setattr(bench, "large_product", lambda: takes(1, 0.5, 1, 9))
    monkeypatch.setattr(bench.config, "NUMBA_NUM_THREADS", 2)
    as_many = 2 * bench.LARGE**3  # as the large product has on one thread, in two seconds at best
    ours, reference = takes(1, 7, 8, 6), takes(6, 6, 6, 6)
    row = bench.measure(bench.Comparison("toy", "", ours, reference, repeats=3, units=3, products=as_many))
    assert row["peak"] == pytest.approx(0.125)


def test_a_side_that_fails_leaves_garbage_collection_on():
    def fail():
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        bench.measure(bench.Comparison("toy", "", lambda: None, fail, 1))
    assert gc.isenabled()


@pytest.fixture
def toy(monkeypatch):
    module = ModuleType("superposition.toy.engine.bench")
    exec(MODULE, vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(bench, "parts", lambda: ["toy"])
    return module


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", ["toy 5/2x10", "toy 100/20x20", "wide pass"]),
        ("toy", ["toy 5/2x10", "toy 100/20x20", "wide pass"]),
        ("toy 100", ["toy 100/20x20"]),
        ("wide", ["wide pass"]),
    ],
)
def test_a_name_is_a_part_or_the_beginning_of_a_row(toy, name, expected):
    assert [row["name"] for row in bench.rows(name)] == expected


def test_a_comparison_is_built_only_when_it_is_reached(toy):
    next(iter(bench.rows()))
    assert toy.built == ["toy 5/2x10"]


def test_an_unknown_name_gets_the_nearest(toy):
    with pytest.raises(bench.BenchError, match="Did you mean toy 100/20x20"):
        list(bench.rows("toy 100/20x2O"))


def test_the_parts_with_a_module_engine_bench_are_found():
    assert bench.parts() == ["addition", "sparse", "stories", "toy"]
