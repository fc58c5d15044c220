"""A code digest changes with every edit that could change a result, and with no other."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from superposition import digests

BASE = '''
"""Docstring."""
import numpy as np

def step(x: float, rate=0.5):
    """What it does."""
    # why
    return x * rate if x else None
'''


def test_the_canonical_tree_is_spelled_out_as_by_hand():
    tree = ast.parse('def f(x):\n    "doc"\n    return -x, "é"\n')
    assert digests.canonical(tree) == (
        "Module(body=[FunctionDef(args=arguments(args=[arg(arg='x')]), "
        "body=[Return(value=Tuple(ctx=Load(), elts=[UnaryOp(op=USub(), operand=Name(ctx=Load(), id='x')), "
        "Constant(value='\\xe9')]))], name='f')])"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# why", "# because"),
        ('"""What it does."""', '"""Other words,\n    on two lines."""'),
        ('"""Docstring."""', ""),
        ("x * rate if x else None", "(x*rate if x\n            else None)"),
        ("def step", "\n\n\n\ndef step"),
    ],
)
def test_comments_docstrings_and_layout_do_not_count(old, new):
    assert old in BASE
    assert digests.canonical(ast.parse(BASE.replace(old, new))) == digests.canonical(ast.parse(BASE))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rate=0.5", "rate=0.25"),
        ("rate=0.5", "rate=1"),
        ("x * rate", "x / rate"),
        ("x * rate", "rate * x"),
        ("else None", "else 0"),
        ("x: float", "x: int"),
        ("def step", "def stop"),
        ("import numpy as np", "import numpy"),
    ],
)
def test_every_other_edit_counts(old, new):
    assert old in BASE
    assert digests.canonical(ast.parse(BASE.replace(old, new))) != digests.canonical(ast.parse(BASE))


def test_equal_values_of_different_types_differ():
    trees = [digests.canonical(ast.parse(source)) for source in ("1", "1.0", "True", "'1'", "b'1'", "1j", "None", "...", "()", "[]")]
    assert len(set(trees)) == len(trees)


@pytest.mark.parametrize("version", ["3.12", "3.13", "3.14"])
def test_other_versions_of_python_give_the_same_text(version):
    other = shutil.which(f"python{version}")
    if other is None or subprocess.run([other, "-c", ""], capture_output=True).returncode:
        pytest.skip(f"no python{version} that runs on the PATH")
    files = sorted(str(path) for path in Path(digests.__file__).parent.rglob("*.py"))
    code = (
        "import ast, importlib.util, sys, hashlib\n"
        f"spec = importlib.util.spec_from_file_location('digests', {digests.__file__!r})\n"
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)\n"
        f"for file in {files!r}:\n"
        "    print(hashlib.sha256(module.canonical(ast.parse(open(file, 'rb').read())).encode()).hexdigest())"
    )
    outputs = [subprocess.run([python, "-c", code], check=True, capture_output=True).stdout for python in (sys.executable, other)]
    assert outputs[0] == outputs[1]


CHAIN = {
    "top": "from superposition.toy import near\nimport numpy",
    "near": "def late():\n    from .far import value\n    return value",
    "far": "import superposition.toy.farther as f\nvalue = 1",
    "farther": "x = 1",
    "other": "y = 1",
}


@pytest.fixture
def chain(scratch):
    for leaf, source in CHAIN.items():
        scratch.module(leaf, source)

    def digest_after(leaf=None, source=""):
        if leaf:
            scratch.module(leaf, source)
        return digests.code_digest(["superposition.toy.top"])

    return digest_after


@pytest.mark.parametrize("leaf", ["top", "near", "far", "farther"])
def test_an_edit_to_any_module_it_imports_near_or_far_counts(chain, leaf):
    assert chain() != chain(leaf, CHAIN[leaf] + "\nz = 2")


def test_an_edit_to_a_module_it_does_not_import_does_not_count(chain):
    assert chain() == chain("other", "y = 2")


def test_modules_that_import_each_other_are_no_trouble(chain):
    assert chain("farther", "from superposition.toy import top")


def test_the_order_in_which_modules_are_named_does_not_count(scratch, chain):
    names = ["superposition.toy.top", "superposition.toy.other"]
    assert digests.code_digest(names) == digests.code_digest(names[::-1]) != chain()


def test_nothing_is_executed(chain):
    assert chain("farther", "raise SystemExit")


@pytest.fixture
def read(monkeypatch):
    """Names of the modules whose source is read into the digest."""
    seen = []
    real = digests._tree

    def tree(name):
        seen.append(name)
        return real(name)

    monkeypatch.setattr(digests, "_tree", tree)
    return seen


@pytest.mark.parametrize(("module", "counts"), [("runs", False), ("claims", False), ("storage", False), ("metrics", True)])
def test_edits_to_what_carries_results_do_not_count_and_those_to_measures_do(scratch, monkeypatch, module, counts):
    scratch.module("top", "from superposition import runs, metrics\nfrom superposition.claims import claim")
    before = digests.code_digest(["superposition.toy.top"])
    real = digests._tree
    edited = ast.parse("EDITED = True")
    monkeypatch.setattr(digests, "_tree", lambda name: edited if name == f"superposition.{module}" else real(name))
    assert (digests.code_digest(["superposition.toy.top"]) != before) == counts


def test_a_name_that_a_package_re_exports_leads_to_the_module_that_defines_it(scratch, read):
    package = scratch.modules / "pack"
    package.mkdir()
    (package / "__init__.py").write_text('"""Doc."""\nfrom .one import a as first\nfrom .two import b\n__all__ = ["first", "b"]')
    (package / "one.py").write_text("a = 1")
    (package / "two.py").write_text("b = 1")
    scratch.module("top", "from superposition.toy.pack import first")
    before = digests.code_digest(["superposition.toy.top"])
    assert "superposition.toy.pack.one" in read
    assert "superposition.toy.pack.two" not in read
    (package / "two.py").write_text("b = 2")
    assert digests.code_digest(["superposition.toy.top"]) == before
    (package / "one.py").write_text("a = 2")
    assert digests.code_digest(["superposition.toy.top"]) != before


@pytest.mark.parametrize("source", ["from superposition.toy import pack", "import superposition.toy.pack", "from .pack import *"])
def test_a_package_imported_whole_brings_all_that_it_re_exports(scratch, read, source):
    package = scratch.modules / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("from .one import a")
    (package / "one.py").write_text("a = 1")
    scratch.module("top", source)
    digests.code_digest(["superposition.toy.top"])
    assert "superposition.toy.pack.one" in read


def test_a_package_that_computes_counts_for_the_modules_inside(scratch):
    package = scratch.modules / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("SCALE = 1")
    (package / "one.py").write_text("a = 1")
    scratch.module("top", "from superposition.toy.pack.one import a")
    before = digests.code_digest(["superposition.toy.top"])
    (package / "__init__.py").write_text("SCALE = 2")
    assert digests.code_digest(["superposition.toy.top"]) != before


def test_a_module_without_source_is_named():
    with pytest.raises(ModuleNotFoundError, match=r"superposition\.nowhere"):
        digests.code_digest(["superposition.nowhere"])
