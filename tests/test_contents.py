"""The table of contents, `import superposition`: light, complete, and with examples that run."""

import ast
import doctest
import inspect
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import superposition

SOURCE = Path(superposition.__file__)
PROGRAM = """
import sys
import superposition
loaded = {name.partition(".")[0] for name in sys.modules} & {"numpy", "torch", "numba", "pyarrow", "rich"}
assert not loaded, loaded
assert set(dir(superposition)) == set(superposition.__all__)
superposition.metrics.report([[1, 0], [0, 1]])
superposition.polytopes.clusters([[1, 0], [0, 1]])
assert superposition.exact.MOST_FEATURES == 6 and superposition.load
assert "torch" not in sys.modules
"""


def test_importing_the_package_imports_nothing_else_and_measures_and_the_exact_loss_need_no_torch():
    environment = os.environ | {"PYTHONPATH": str(SOURCE.parents[1])}
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, env=environment)


def test_what_is_listed_is_what_type_checkers_see_and_each_is_that_thing():
    tree = ast.parse(SOURCE.read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    typed = {}
    for node in block.body:
        typed |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
    assert sorted(typed) == superposition.__all__ == sorted(superposition._MODULES | superposition._MEMBERS)
    for name, (module, member) in typed.items():
        found = getattr(superposition, name)
        theirs = found.__name__ if isinstance(found, ModuleType) else f"{found.__module__}.{found.__name__}"
        assert theirs == f"{module}.{member}"
        assert f"\n    {name} " in superposition.__doc__
    with pytest.raises(AttributeError, match="has no attribute 'metric'"):
        superposition.metric  # noqa: B018
    assert {"Adder", "load", "tokens"} <= set(dir(superposition.addition))


def _public():
    """Every function and class that the table of contents leads to, with its name and what surrounds it."""
    for name in superposition.__all__:
        found = getattr(superposition, name)
        if not isinstance(found, ModuleType):
            yield name, found, vars(sys.modules[found.__module__])
            continue
        own = getattr(found, "__all__", None) or [
            key for key, value in vars(found).items()
            if not key.startswith("_") and getattr(value, "__module__", "") == found.__name__
        ]  # fmt: skip
        members = {key: getattr(found, key) for key in own}
        for key, value in members.items():
            if inspect.isfunction(value) or inspect.isclass(value):
                yield f"{name}.{key}", value, vars(found) | members


def _documented():
    for name, found, around in _public():
        yield name, found.__doc__, around
        for key, method in vars(found).items() if inspect.isclass(found) else ():
            method = getattr(method, "__func__", method)
            if not key.startswith("_") and ">>>" in (getattr(method, "__doc__", None) or ""):
                yield f"{name}.{key}", method.__doc__, vars(sys.modules[found.__module__])


@pytest.mark.parametrize(("name", "text", "around"), [pytest.param(*one, id=one[0]) for one in _documented()])
def test_every_public_docstring_has_an_example_that_runs(name, text, around):
    example = doctest.DocTestParser().get_doctest(text or "", dict(around) | {"np": np}, name, None, 0)
    assert example.examples, f"{name} has no example"
    report = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example, out=report.append)
    assert not report, "".join(report)
