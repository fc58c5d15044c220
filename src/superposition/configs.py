"""Strict configs: an experiment's config.toml becomes its module's frozen `Config`, or one error with every fault.
Each line of such an error names file, key, what was expected and what is there."""

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from superposition import paths
from superposition.digests import Code
from superposition.errors import SuperpositionError, did_you_mean

_OVERRIDES = ("quick", "other")  # the tables of a config.toml that stand for some of its values where they are asked for


class ConfigError(SuperpositionError):
    """A config that cannot be used: one line for each faulty key, naming file, key, expected and got."""


class Config(BaseModel):
    """Base of an experiment's config: frozen, strict, no unknown keys, no nan or inf.

    Fields are int, float, str, bool, Literal, or tuples of these; lists of the TOML file arrive as tuples."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    seed: int = 0


@dataclass(frozen=True)
class Experiment:
    """An experiment's module, and its config in full and for a quick run."""

    name: str
    module: ModuleType
    full: Config
    quick: Config


def names() -> list[str]:
    """All experiments, as part/experiment: each folder of data/ that holds a config.toml."""
    return sorted(path.parent.relative_to(paths.data()).as_posix() for path in paths.data().glob("*/*/config.toml"))


def read(name: str, model: str | None = None) -> Experiment:
    """The experiment of that name, on `model` in place of the config's `models` where one is given. Raises ConfigError."""
    if name not in names():
        raise ConfigError(
            f"data/{name}/config.toml: no such experiment.{did_you_mean(name, names())} There are: {', '.join(names()) or 'none'}"
        )
    file = f"data/{name}/config.toml"
    module = import_module(module_name(name))
    missing = [need for need in ("Config", "SCHEMA", "run") if not hasattr(module, need)]
    if missing:
        raise ConfigError(f"{file}: module: expected an experiment, but {module.__name__} has no {', '.join(missing)}")
    lists = [
        key for key, one in module.Config.model_fields.items() if get_origin(one.annotation) is list or one.annotation is list
    ]
    if lists:
        raise ConfigError(
            f"{module.__name__}: Config: {', '.join(lists)}: expected tuple[..., ...], got a list: a config is frozen, and the "
            f"lists of {file} arrive as tuples"
        )
    if model is not None and "models" not in module.Config.model_fields:
        raise ConfigError(f"{file}: models: {name} is of no model that could be another, so it takes no --model")
    quick = _text(name).get("quick", {})
    full, faults = _validated(module.Config, given(name, model=model))
    short, quick_faults = _validated(module.Config, given(name, quick=True, model=model))
    lines = [f"{file}: {fault}" for fault in faults.values()]
    lines += [f"{file}: [quick] {fault}" for key, fault in quick_faults.items() if key in quick or not faults]
    if full is None or short is None:
        raise ConfigError("\n".join(lines))
    return Experiment(name, module, full, short)


def given(name: str, quick: bool = False, model: str | None = None) -> dict[str, Any]:
    """The values that the experiment's config.toml gives, unchecked; with its `[quick]` overrides for a quick run.

    A `model` takes the place of its `models`, and brings the overrides of `[other]`: what is asked of a model of one's own."""
    text = _text(name)
    tables = {key: text.get(key, {}) for key in _OVERRIDES}
    for key, table in tables.items():
        if not isinstance(table, dict):
            raise ConfigError(f"data/{name}/config.toml: {key}: expected a table of overrides, got {table!r}")
    values = {key: value for key, value in text.items() if key not in ("module", *_OVERRIDES)}
    other = tables["other"] if model is not None else {}
    return values | other | (tables["quick"] if quick else {}) | ({"models": [model]} if model is not None else {})


def module_name(name: str) -> str:
    """The full name of the module that computes the experiment; nothing is imported."""
    given = _text(name).get("module", name)
    full = f"{__package__}.{str(given).replace('/', '.')}"
    known = isinstance(given, str) and re.fullmatch(r"[a-z0-9_]+/[a-z0-9_]+", given)
    if not known or not Code().is_module(full):
        raise ConfigError(f"data/{name}/config.toml: module: expected a module of the package, such as toy/intro, got {given!r}")
    return full


def digest(values: dict[str, Any]) -> str:
    """SHA-256 of what a config gives, as JSON with sorted keys."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def _text(name: str) -> dict[str, Any]:
    """The content of the experiment's config.toml."""
    file = paths.data() / name / "config.toml"
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"data/{name}/config.toml: not valid TOML: {error}") from None


def _validated(kind: type[Config], given: dict[str, Any]) -> tuple[Config | None, dict[str, str]]:
    """The config, or None and a fault for each faulty key."""
    try:
        return kind.model_validate({key: _tupled(value) for key, value in given.items()}), {}
    except ValidationError as error:
        faults: dict[str, str] = {}
        for fault in error.errors():
            key = str(fault["loc"][0]) if fault["loc"] else "config"
            faults.setdefault(key, _fault(kind, key, given, fault["type"], fault["msg"]))
        return None, faults


def _fault(kind: type[Config], key: str, given: dict[str, Any], type_: str, message: str) -> str:
    if type_ == "extra_forbidden":
        return f"{key}: unknown key.{did_you_mean(key, kind.model_fields)} Expected {', '.join(sorted(kind.model_fields))}"
    got = repr(given[key]) if key in given else "nothing"
    got = got if len(got) <= 60 else got[:57] + "..."
    if key not in kind.model_fields:  # a check of the config as a whole
        return f"{key}: {message}"
    return f"{key}: expected {_expected(kind.model_fields[key].annotation)}, got {got} ({message})"


def _expected(annotation: Any) -> str:
    """The annotation in words."""
    words = {int: "an integer", float: "a finite number", str: "a string", bool: "true or false"}
    kinds = get_args(annotation)
    if get_origin(annotation) is Literal:
        return " or ".join(repr(kind) for kind in kinds)
    if get_origin(annotation) is tuple:
        if kinds[-1] is Ellipsis:
            return f"a list, each item {_expected(kinds[0])}"
        return f"a list of {len(kinds)}: {', '.join(_expected(kind) for kind in kinds)}"
    return words.get(annotation, str(annotation))


def _tupled(value: Any) -> Any:
    return tuple(_tupled(item) for item in value) if isinstance(value, list) else value
