"""A code digest changes with every edit that could change a result, and with no other."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition import digests, trees
from superposition.digests import Code, Unresolved

BASE = '''
"""Docstring."""
import numpy as np

def step(x: float, rate=0.5):
    """What it does."""
    # why
    return x * rate if x else None
'''


def test_the_canonical_tree_is_spelled_out_as_by_hand():
    tree = ast.parse('def f(x: int) -> int:\n    "doc"\n    return -x, "é"\n').body[0]
    assert trees.canonical(tree) == (
        "FunctionDef((['x'] (0, 0, False, False)[][][][Return(value=Tuple(ctx=Load(), elts=[UnaryOp(op=USub(), "
        "operand=Name(x Load), ), Constant(value='\\xe9', ), ], ), ), ])"
    )


@pytest.mark.parametrize("version", ["3.12", "3.13", "3.14"])
def test_other_versions_of_python_give_the_same_text(version):
    other = shutil.which(f"python{version}")
    if other is None or subprocess.run([other, "-c", ""], capture_output=True).returncode:
        pytest.skip(f"no python{version} that runs on the PATH")
    files = sorted(str(path) for path in Path(digests.__file__).parent.rglob("*.py"))
    code = (
        "import ast, importlib.util, sys, hashlib\n"
        f"spec = importlib.util.spec_from_file_location('trees', {trees.__file__!r})\n"
        "module = sys.modules['trees'] = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)\n"
        f"for file in {files!r}:\n"
        "    for node in ast.parse(open(file, 'rb').read()).body:\n"
        "        print(hashlib.sha256(module.canonical(node).encode()).hexdigest())"
    )
    outputs = [subprocess.run([python, "-c", code], check=True, capture_output=True).stdout for python in (sys.executable, other)]
    assert outputs[0] == outputs[1]


@pytest.fixture
def package(tmp_path):
    """Digests of a small package of its own: `package(a="...", b="...")` is that of `superposition.a.run`."""

    def digest(**modules):
        root = tmp_path / "superposition"
        shutil.rmtree(root, ignore_errors=True)
        for module, source in {"__init__": "", **modules}.items():
            file = root / f"{module}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source)
            if file.parent != root and not (file.parent / "__init__.py").exists():
                (file.parent / "__init__.py").write_text("")
        return Code(tmp_path).digest([("superposition.a", "run")])

    return digest


RUN = "from superposition.b import near, TABLE\ndef run(x):\n    return near(x) + TABLE['k'] + OWN\nOWN = 3\n"
NEAR = "TABLE = {'k': 2}\ndef near(x):\n    return helper(x) * 5\ndef helper(x):\n    return x + 7\ndef other(x):\n    return x\n"
TURNED = (
    "def other(x):\n    return x\ndef helper(x):\n    return x + 7\ndef near(x):\n    return helper(x) * 5\nTABLE = {'k': 2}\n"
)


@pytest.mark.parametrize(
    ("what", "a", "b"),
    [
        ("adding a definition", RUN + "def more():\n    return 9\n", NEAR + "MORE = 1\n"),
        ("comments, docstrings and layout", RUN.replace("def run(x):", 'def run(x):\n    """Says."""\n    # why\n'), NEAR),
        ("annotations of functions", RUN.replace("run(x)", "run(x: int) -> float"), NEAR.replace("helper(x):", "helper(x: 'A'):")),  # noqa: E501
        ("the order of definitions", "OWN = 3\n" + RUN.replace("OWN = 3\n", ""), TURNED),
        ("an edit to what is not reached", RUN, NEAR.replace("return x\n", "return 2 * x\n")),
        ("renaming a helper", RUN, NEAR.replace("helper", "assistant")),
        ("renaming a constant", RUN.replace("OWN", "MINE"), NEAR),
        ("importing by another way", RUN.replace("from superposition.b import near, TABLE", "from superposition import b")
         .replace("near(", "b.near(").replace("TABLE[", "b.TABLE["), NEAR),
        ("importing under another name", RUN.replace("near, TABLE", "near as n, TABLE as T").replace("near(x)", "n(x)").replace("TABLE[", "T["), NEAR),  # noqa: E501
        ("importing inside the function", RUN.replace("from superposition.b import near, TABLE\n", "")
         .replace("run(x):\n", "run(x):\n    from .b import near, TABLE\n"), NEAR),
        ("a local name like an unused import", "import numpy as helper\n" + RUN, NEAR),
    ],
)  # fmt: skip
def test_it_does_not_change_with(package, what, a, b):
    assert package(a=a, b=b) == package(a=RUN, b=NEAR)


def test_moving_a_definition_to_another_module_or_folder_changes_nothing(package):
    before = package(a=RUN, b=NEAR)
    moved = NEAR.replace("def helper(x):\n    return x + 7\n", "")
    assert (
        package(a=RUN, b="from superposition.far.c import helper\n" + moved, **{"far/c": "def helper(x):\n    return x + 7\n"})
        == before
    )


def test_two_copies_of_a_helper_are_one_thing(package):
    two = "def run(x):\n    return one(x) + two(x)\ndef one(x):\n    return x + 1\ndef two(x):\n    return x + 1\n"
    assert package(a=two) == package(a="def run(x):\n    return one(x) + one(x)\ndef one(x):\n    return x + 1\n")


@pytest.mark.parametrize("old,new", [("* 5", "* 6"), ("x + 7", "x - 7"), ("'k': 2", "'k': 2.0"), ("helper(x) *", "other(x) *")])
def test_any_edit_to_what_is_reached_changes_it(package, old, new):
    assert old in NEAR
    assert package(a=RUN, b=NEAR.replace(old, new)) != package(a=RUN, b=NEAR)


@pytest.mark.parametrize(
    ("what", "source", "changed"),
    [
        ("a comprehension's variable hides nothing outside it", "def run(x):\n    return [f for f in x] + f(x)\ndef f(x):\n   "
            " return 1", "return 1"),
        ("nor does the first iterable's", "def run(x):\n    return [f for f in f(x)]\ndef f(x):\n    return 1", "return 1"),
        ("a class attribute hides nothing from its methods", "class run:\n    f = 0\n    def g(self):\n        return "
            "f()\ndef f():\n    return 1", "return 1"),
        ("a default", "def run(x=f()):\n    return x\ndef f():\n    return 1", "return 1"),
        ("a decorator", "@f\ndef run(x):\n    return x\ndef f(g):\n    return g or 1", "or 1"),
        ("a global statement", "def run():\n    global F\n    F = F + 1\nF = 1", "F = 1"),
        ("a lambda in a constant", "run = lambda x: f(x)\ndef f(x):\n    return 1", "return 1"),
        ("a base class", "class run(B):\n    pass\nclass B:\n    x = 1", "x = 1"),
        ("a string inside an f-string", "def run():\n    return f'{F} and 1'\nF = 0", "and 1"),
        ("what a name is bound to twice", "run = {}\nrun['k'] = 1\n", "= 1"),
        ("a top-level statement with an effect", "import sys\ndef run():\n    return 0\nsys.setrecursionlimit(1)", "(1)"),
        ("a function that a decorator registers", "from z import register\ndef run():\n    return 0\n@register\ndef f():\n    "
            "return 1", "return 1"),
        ("mutual recursion", "def run(x):\n    return odd(x)\ndef odd(x):\n    return even(x)\ndef even(x):\n    return "
            "odd(x) + 1", "+ 1"),
        ("an annotation of a class, which may be a field", "class run:\n    x: list[1]", "[1]"),
        ("one of two names bound at once", "def run():\n    return A\nA, B = 1, 2", "1, "),
        ("a match", "def run(x):\n    match x:\n        case [F]:\n            return g(F)\ndef g(x):\n    return 1", "return 1"),
    ],
)  # fmt: skip
def test_it_sees_through(package, what, source, changed):
    assert changed in source
    assert package(a=source) != package(a=source.replace(changed, changed.replace("1", "5")))


def test_the_names_of_an_assignment_are_told_apart(package):
    source = "def run():\n    return A\nA, B = 1, 2\n"
    assert package(a=source) != package(a=source.replace("return A", "return B"))


@pytest.mark.parametrize("use", ["f(b)", "getattr(b, 'near')(x)", "vars(b)", "b.missing(x)"])
def test_a_module_as_a_value_is_all_of_it(package, use):
    a = f"from superposition import b\ndef run(x):\n    return {use}\n"
    assert package(a=a, b=NEAR) != package(a=a, b=NEAR.replace("    return x\n", "    return 2 * x\n"))


def test_an_import_by_a_name_made_at_run_time_is_the_whole_package(package):
    a = "from importlib import import_module\ndef run(x):\n    return import_module(x)\n"
    assert package(a=a, b=NEAR) != package(a=a, b=NEAR.replace("+ 7", "+ 8"))


def test_a_star_import_finds_its_definition(package):
    a = "from superposition.b import *\ndef run(x):\n    return near(x)\n"
    assert package(a=a, b=NEAR) != package(a=a, b=NEAR.replace("+ 7", "+ 8"))


def test_what_a_package_executes_counts_for_the_modules_inside(package):
    a = "from superposition.far.c import near\ndef run(x):\n    return near(x)\n"
    first, second = ({"a": a, "far/c": NEAR, "far/__init__": f"import os\nos.umask({k})\n"} for k in (1, 2))
    assert package(**first) != package(**second)


def test_edits_to_what_carries_results_do_not_count(package):
    a = "from superposition import runs\nfrom superposition.storage import f\nclass run(runs.Config):\n    x = f()\n"
    assert package(a=a, runs="Config = 1", storage="f = 1") == package(a=a, runs="Config = 2", storage="f = 2")


def test_a_name_that_is_not_there_is_an_error(package):
    with pytest.raises(Unresolved, match="superposition.a defines no 'run'"):
        package(a="x = 1")
    with pytest.raises(Unresolved, match=r"superposition\.nowhere"):
        Code().digest([("superposition.nowhere", "run")])


NAMES = st.sampled_from("abcdefgh")
BODY = st.tuples(
    st.sampled_from(["{0}(x) + {1}", "[{0}(y) for y in x]", "{1} * (lambda z: {0}(z))(x)", "x if {0}(x) else {1}"]),
    NAMES,
    st.integers(0, 9),
)


def written(bodies: dict, order: list, rename=lambda name: name) -> str:
    lines = [
        f"def {rename(name)}(x):\n    return {bodies[name][0].format(rename(bodies[name][1]), bodies[name][2])}" for name in order
    ]
    return "\n".join(lines).replace(f"def {rename('a')}(", "def run(").replace(f"{rename('a')}(", "run(")


@settings(max_examples=150, deadline=None)
@given(bodies=st.fixed_dictionaries(dict.fromkeys("abcdefgh", BODY)), order=st.permutations("abcdefgh"), edited=NAMES)
def test_of_functions_that_call_each_other_in_any_way_only_edits_of_the_reached_count(tmp_path_factory, bodies, order, edited):
    folder = tmp_path_factory.mktemp("package")
    (folder / "superposition").mkdir()
    (folder / "superposition" / "__init__.py").touch()

    def digest(text):
        (folder / "superposition" / "m.py").write_text(text)
        return Code(folder).digest([("superposition.m", "run")])

    before = digest(written(bodies, list("abcdefgh")))
    assert digest(written(bodies, order)) == before
    assert digest(written(bodies, order, rename=lambda name: f"{name}_of_another_name")) == before
    reached, name = set(), "a"
    while name not in reached:
        reached.add(name)
        name = bodies[name][1]
    form, callee, number = bodies[edited]
    changed = digest(written(bodies | {edited: (form, callee, number + 10)}, order))
    uses = "{1}" in form
    assert (changed != before) == (edited in reached and uses)


def test_the_kept_trees_give_the_same_digests_and_follow_edits(scratch):
    scratch.module("near", "def f():\n    return 1")
    scratch.module("top", "from superposition.toy.near import f\ndef run():\n    return f()")
    roots = [("superposition.toy.top", "run")]
    shutil.rmtree(scratch.root / ".work", ignore_errors=True)
    first = Code().digest(roots)
    assert (scratch.root / ".work" / "trees.txt").exists()
    assert Code().digest(roots) == first
    scratch.module("near", "def f():\n    return 2")
    assert Code().digest(roots) != first
    (scratch.root / ".work" / "trees.txt").write_text("{ broken")
    scratch.module("near", "def f():\n    return 1")
    assert Code().digest(roots) == first


def test_it_names_what_is_reached_with_the_digest_of_each_alone(package, tmp_path):
    package(a=RUN, b=NEAR)
    before = Code(tmp_path).reached([("superposition.a", "run")])
    assert {module: sorted(names) for module, names in before.items()} == {
        "superposition.a": ["OWN", "run"],
        "superposition.b": ["TABLE", "helper", "near"],
    }
    package(a=RUN, b=NEAR.replace("+ 7", "+ 8"))
    after = Code(tmp_path).reached([("superposition.a", "run")])
    assert [name for name in before["superposition.b"] if before["superposition.b"][name] != after["superposition.b"][name]] == [
        "helper"
    ]
