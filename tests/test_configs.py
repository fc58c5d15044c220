"""Configs are strict, and an error names file, key, expected and got for every faulty key at once."""

import json

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superposition import configs, runs

SOURCE = """
from typing import Literal
from superposition import runs

class Config(runs.Config):
    steps: int
    lr: float = 0.001
    tied: bool = True
    kind: Literal["relu", "linear"] = "relu"
    rates: tuple[float, ...] = ()
    grid: tuple[int, int] = (4, 5)
    label: str = ""

SCHEMA = {}

def run(config, job):
    return {}, {}
"""


@pytest.fixture
def read(scratch):
    return lambda text: configs.read(scratch.experiment("strict", text, SOURCE))


def test_lists_become_tuples_and_whole_numbers_pass_as_floats(read):
    config = read("steps = 3\nlr = 1\nrates = [1, 0.5]\ngrid = [2, 3]").full
    assert (config.steps, config.lr, config.rates, config.grid, config.seed) == (3, 1.0, (1.0, 0.5), (2, 3), 0)
    assert isinstance(config.lr, float)


def test_a_config_cannot_be_changed(read):
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        read("steps = 3").full.steps = 4


def test_quick_overrides_only_its_own_keys(read):
    experiment = read("steps = 300\nlr = 0.1\n[quick]\nsteps = 3")
    assert (experiment.full.steps, experiment.quick.steps) == (300, 3)
    assert experiment.quick.lr == experiment.full.lr == 0.1


@pytest.mark.parametrize(
    ("line", "expected", "got"),
    [
        ("steps = 3.0", "an integer", "3.0"),
        ("steps = true", "an integer", "True"),
        ("steps = '3'", "an integer", "'3'"),
        ("lr = '0.1'", "a finite number", "'0.1'"),
        ("lr = nan", "a finite number", "nan"),
        ("lr = -inf", "a finite number", "-inf"),
        ("lr = true", "a finite number", "True"),
        ("tied = 1", "true or false", "1"),
        ("label = 1", "a string", "1"),
        ("kind = 'gelu'", "'relu' or 'linear'", "'gelu'"),
        ("rates = 0.5", "a list, each item a finite number", "0.5"),
        ("rates = [0.5, 'x']", "a list, each item a finite number", "[0.5, 'x']"),
        ("rates = [nan]", "a list, each item a finite number", "[nan]"),
        ("grid = [1]", "a list of 2: an integer, an integer", "[1]"),
        ("grid = [1, 2, 3]", "a list of 2: an integer, an integer", "[1, 2, 3]"),
        ("steps = 1979-05-27", "an integer", "datetime.date(1979, 5, 27)"),
    ],
)
@pytest.mark.parametrize("quick", [False, True])
def test_a_value_of_the_wrong_type_or_length_is_named(read, line, expected, got, quick):
    key = line.split()[0]
    whole = "steps = 1\n[quick]\n" + line if quick else line + ("" if key == "steps" else "\nsteps = 1")
    with pytest.raises(runs.ConfigError) as caught:
        read(whole)
    where = "data/toy/strict/config.toml: " + ("[quick] " if quick else "")
    assert str(caught.value).startswith(f"{where}{key}: expected {expected}, got {got} (")
    assert len(str(caught.value).splitlines()) == 1


def test_every_faulty_key_has_its_own_line(read):
    with pytest.raises(runs.ConfigError) as caught:
        read("lr = 'x'\nstepz = 3\ntied = 1\n[quick]\nkind = 'gelu'\nrate = 2")
    keys = [
        line.removeprefix("data/toy/strict/config.toml: ").rpartition(": expected")[0] for line in str(caught.value).splitlines()
    ]
    lines = str(caught.value).splitlines()
    assert len(lines) == 6
    assert {"lr", "tied", "steps", "[quick] kind"} <= set(keys)
    assert any("stepz: unknown key. Did you mean steps?" in line for line in lines)
    assert any("[quick] rate: unknown key. Did you mean rates?" in line for line in lines)


def test_a_missing_key_is_named(read):
    with pytest.raises(runs.ConfigError, match=r"steps: expected an integer, got nothing"):
        read("lr = 0.1")


def test_invalid_toml_names_the_line(read):
    with pytest.raises(runs.ConfigError, match=r"data/toy/strict/config\.toml: not valid TOML: .*line 2"):
        read("steps = 1\nlr = = 2")


def test_a_file_that_is_not_text_is_refused(scratch):
    name = scratch.experiment("strict", "", SOURCE)
    (scratch.root / "data/toy/strict/config.toml").write_bytes(b"steps = \xff\xfe")
    with pytest.raises(runs.ConfigError, match="not valid TOML"):
        configs.read(name)


def test_quick_must_be_a_table(read):
    with pytest.raises(runs.ConfigError, match="quick: expected a table of overrides, got 3"):
        read("steps = 1\nquick = 3")


@pytest.mark.parametrize("name", ["toy/strcit", "strict", "toy/strict/", "../strict"])
def test_an_unknown_experiment_gets_the_nearest_name_and_the_list(scratch, name):
    scratch.experiment("strict", "steps = 1", SOURCE)
    scratch.experiment("walk")
    with pytest.raises(runs.ConfigError, match=r"Did you mean toy/strict\? There are: toy/strict, toy/walk"):
        configs.read(name)


@pytest.mark.parametrize("module", ['"toy/nowhere"', '"nowhere/at_all"', '"os/path"', "3", '"../toy"', '"toy"'])
def test_an_unknown_module_is_named(read, module):
    with pytest.raises(runs.ConfigError, match=r"config\.toml: module: expected a module of the package"):
        read(f"module = {module}\nsteps = 1")


def test_a_module_that_is_no_experiment_is_named(scratch):
    scratch.module("bare", "SCHEMA = {}")
    name = scratch.experiment("strict", 'module = "toy/bare"', SOURCE)
    with pytest.raises(runs.ConfigError, match=r"superposition\.toy\.bare has no Config, run"):
        configs.read(name)


def test_a_list_in_a_config_class_is_to_be_a_tuple(scratch):
    source = SOURCE.replace("rates: tuple[float, ...] = ()", "rates: list[float]")
    with pytest.raises(
        configs.ConfigError, match=r"toy\.strict: Config: rates: expected tuple\[\.\.\., \.\.\.\], got a list: .*frozen"
    ):
        configs.read(scratch.experiment("strict", "steps = 3\nrates = [1.0]", source))


def test_two_experiments_can_share_a_module(scratch):
    scratch.module("strict", SOURCE)
    for leaf in ("one", "two"):
        scratch.experiment(leaf, f'module = "toy/strict"\nsteps = {len(leaf)}', "")
    assert configs.read("toy/one").module is configs.read("toy/two").module


def test_a_fault_in_the_module_itself_keeps_its_traceback(scratch):
    name = scratch.experiment("strict", "", "import no_such_library_at_all")
    with pytest.raises(ModuleNotFoundError, match="no_such_library_at_all"):
        configs.read(name)


def test_a_rule_over_several_keys_is_reported_as_its_author_wrote_it(scratch):
    rule = """
import pydantic
from superposition import runs
class Config(runs.Config):
    low: int
    high: int
    @pydantic.model_validator(mode="after")
    def ordered(self):
        if self.low > self.high:
            raise ValueError("low is above high")
        return self
SCHEMA = {}
def run(config, job):
    return {}, {}
"""
    name = scratch.experiment("strict", "low = 2\nhigh = 1", rule)
    with pytest.raises(runs.ConfigError, match=r"config\.toml: config: .*low is above high"):
        configs.read(name)


class Numbers(runs.Config):
    a: float
    b: tuple[float, ...]


@given(st.floats(allow_nan=False, allow_infinity=False), st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_a_config_survives_the_way_through_json(a, b):
    config = Numbers(a=a, b=tuple(b))
    back = json.loads(json.dumps(config.model_dump(mode="json")))
    again = Numbers(a=back["a"], b=tuple(back["b"]))
    assert again == config


def test_the_digest_of_a_config_is_of_what_its_file_says_and_not_of_how(scratch):
    name = scratch.experiment("walk", "steps = 3\nrates = [1.5]\n[quick]\nsteps = 2")
    full, quick = configs.digest(configs.given(name)), configs.digest(configs.given(name, quick=True))
    scratch.experiment("walk", "# why\nrates = [ 1.5, ]\nsteps = 3 # so many\n[quick]\nsteps = 1")
    assert configs.digest(configs.given(name)) == full
    assert configs.digest(configs.given(name, quick=True)) != quick
