"""The random streams of the part: no two purposes draw from one."""

import ast
from collections import Counter
from pathlib import Path

import numpy as np

from superposition import addition
from superposition.addition.engine import streams

NUMBERS = {name: value for name, value in vars(streams).items() if name.isupper()}
# They had their numbers before the others had names.
SHARED = {"LONG_CHAINS": "BALANCED", "COLUMNS_BY_LOT": "ORDER_OF_DIGITS", "CARRIES": "RESAMPLED"}
TREES = [ast.parse(path.read_text()) for path in Path(addition.__file__).parent.rglob("*.py")]


def test_no_two_streams_have_one_number_but_those_of_old():
    own = {name: number for name, number in NUMBERS.items() if name not in SHARED}
    assert len(set(own.values())) == len(own)
    assert all(NUMBERS[name] == own[other] for name, other in SHARED.items())


def _within(function: ast.AST, kind: type) -> list:
    return [node for node in ast.walk(function) if isinstance(node, kind)]


def test_each_stream_is_drawn_from_by_one_function():
    functions = [node for tree in TREES for node in _within(tree, ast.FunctionDef)]
    named = [{n.attr for n in _within(one, ast.Attribute) if ast.unparse(n.value) == "streams"} for one in functions]
    users = Counter(name for names in named for name in names if name in NUMBERS)
    assert users == dict.fromkeys(NUMBERS, 1)


def test_generators_of_several_seeds_come_from_streams_alone():
    made = [
        ast.unparse(call) for tree in TREES for call in _within(tree, ast.Call) if ast.unparse(call.func).endswith("default_rng")
    ]
    assert sorted(set(made)) == [
        "np.random.default_rng(0)",
        "np.random.default_rng([*seeds, stream, *([] if part is None else [part])])",
    ]


def test_a_generator_is_that_of_its_seeds_stream_and_part():
    drawn = [streams.generator(3, 5, stream=streams.SUMS), streams.generator(3, stream=streams.ORDER, part=4)]
    expected = [np.random.default_rng([3, 5, 1]), np.random.default_rng([3, 2, 4])]
    assert [rng.random() for rng in drawn] == [rng.random() for rng in expected]
