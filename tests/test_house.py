"""The house rules: import layers, the four rooms of an experiment, size budgets, pins, freshness, no strays."""

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from superposition import claims, digests, paths, runs

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "superposition"
PARTS = sorted(path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists() and path.name not in ("figures", "book"))

# What is no experiment lies in one of these: the models and their training, what holds exactly, what is read off a model.
FOLDERS = {"engine", "theory", "measures", "claims"}

# Imports go downwards only: a module imports from its own storey or from those below it.
STOREYS = [
    ["errors", "paths", "trees"],
    ["digests", "storage", "weights"],
    ["configs"],
    ["cluster"],
    ["runs", "formulas", "blocks", "compiled"],
    ["measuring"],
    ["metrics"],
    ["estimates", "training", "sharing", "curves", "matching"],
    ["sparse_kernel"],
    ["sparse_autoencoders"],
    ["tolerances"],
    ["claims", "bench", "restamp"],
    PARTS,
    ["figures"],
    ["book"],
    ["cli"],
]
STOREY = {name: level for level, names in enumerate(STOREYS) for name in names}


def imported(file: Path) -> set[str]:
    """The package's top-level modules that the file imports, anywhere in it."""
    package = ["superposition", *file.relative_to(SOURCE).parent.parts]
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{source}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in found if name.startswith("superposition.")}


def files() -> list[Path]:
    """What git tracks, or would on the next `git add`."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [path for name in sorted(set(listed.split("\0"))) if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("file", sorted(SOURCE.rglob("*.py")), ids=lambda file: file.relative_to(SOURCE).as_posix())
def test_imports_go_downwards_and_parts_keep_to_themselves(file):
    own = file.relative_to(SOURCE).parts[0].removesuffix(".py")
    if own == "__init__":  # the table of contents, which tests/test_contents.py holds to importing nothing
        return
    for other in imported(file):
        assert STOREY[other] <= STOREY[own], f"{own} imports {other}, which stands above it"
        assert other == own or other not in PARTS or own not in PARTS, f"part {own} imports part {other}"
        assert own != "figures" or other not in PARTS, f"figures import part {other}: they take arrays"


@pytest.mark.parametrize("name", runs.names())
def test_an_experiment_has_its_four_rooms(name):
    config = tomllib.loads((ROOT / "data" / name / "config.toml").read_text())
    module = config.get("module", name)
    part, leaf = module.split("/")
    rooms = [f"src/superposition/{module}.py", f"tests/{part}/test_{leaf}.py"]
    rooms += [f"data/{name}/{file}" for file in ("record.json", "results.safetensors")]
    assert [room for room in rooms if not (ROOT / room).is_file()] == []
    assert "quick" in config
    chapters = [ROOT / "index.qmd", *(ROOT / "chapters").rglob("*.qmd")]
    loads = re.compile(rf"""load\(["']{name}["']""")
    assert any(loads.search(chapter.read_text()) for chapter in chapters if chapter.exists()), f"no chapter loads {name}"


@pytest.mark.parametrize("part", PARTS)
def test_in_a_parts_folder_stand_its_experiments_and_all_else_in_folders_that_say_what_it_is(part):
    modules = {name for name in runs.names() if name.startswith(f"{part}/")}
    modules = {tomllib.loads((ROOT / "data" / name / "config.toml").read_text()).get("module", name) for name in modules}
    folder = SOURCE / part
    assert {f"{part}/{path.stem}" for path in folder.glob("*.py")} - {f"{part}/__init__"} == modules
    assert {path.name for path in folder.iterdir() if path.is_dir()} - {"__pycache__"} <= FOLDERS
    assert {path for path in folder.glob("*/*/**") if path.is_dir() and path.name != "__pycache__"} == set()


def test_no_two_modules_of_the_parts_share_a_name_but_claims_with_their_experiments_and_experiments_of_two_parts():
    shared = {"__init__", "bench"}
    inner = [path for part in PARTS for path in (SOURCE / part).glob("*/*.py") if path.parent.name != "claims"]
    names = [path.stem for path in inner] + sorted({path.stem for part in PARTS for path in (SOURCE / part).glob("*.py")})
    assert [name for name in sorted(names) if names.count(name) > 1 and name not in shared] == []


@pytest.mark.parametrize("name", runs.names())
def test_an_experiment_stays_under_10_mb(name):
    assert sum(file.stat().st_size for file in (ROOT / "data" / name).rglob("*")) < 10e6


def test_data_and_assets_stay_under_120_mb_and_no_file_is_over_10():
    sizes = {file.relative_to(ROOT).as_posix(): file.stat().st_size for file in files()}
    assert {name: size for name, size in sizes.items() if size > 10e6} == {}
    assert sum(size for name, size in sizes.items() if name.startswith(("data/", "assets/"))) < 120e6


# A folder that only some machine has, two names deep; and the hosts that pages load libraries and fonts from.
MACHINE = re.compile(
    rb"(?<![\w./$}<])(?:/(?:home|root|Users|work|tmp|mnt|media|opt|srv|var|private|Volumes|workspaces?)/|[A-Z]:\\\\?Users\\)[\w.-]"
)
CDN = re.compile(
    rb"//(?:cdn\.|cdn-|[\w.-]*cdnjs|[\w.-]*jsdelivr|unpkg\.|esm\.sh|[\w.-]*polyfill|fonts\.g|ajax\.googleapis|[\w.-]*bootstrapcdn)"
)


@pytest.mark.parametrize(("what", "pattern"), [("the path of a machine", MACHINE), ("the address of a CDN", CDN)])
def test_no_file_holds_the_path_of_a_machine_or_the_address_of_a_cdn(what, pattern):
    found = {}
    for file in files():
        if file != Path(__file__).resolve() and (hit := pattern.search(data := file.read_bytes())):
            found[file.relative_to(ROOT).as_posix()] = data[max(0, hit.start() - 20) : hit.end() + 30]
    assert found == {}, f"these hold {what}"


@pytest.mark.parametrize(
    ("pattern", "text", "hit"),
    [
        (MACHINE, b'open("/ho' + b'me/ada/x.txt")', True),
        (MACHINE, b"see /wo" + b"rk/book", True),
        (MACHINE, b'"C:\\Us' + b'ers\\ada"', True),
        (MACHINE, b"https://example.org/ho" + b"me/ada", False),
        (MACHINE, b"$HOME/wo" + b"rk/x", False),
        (MACHINE, b"/usr/bin/env", False),
        (CDN, b"https:/" + b"/cdn.jsdelivr.net/npm/x", True),
        (CDN, b"https:/" + b"/fonts.googleapis.com/css", True),
        (CDN, b"https://github.com/cdn", False),
    ],
)
def test_the_patterns_for_strays_find_what_they_should(pattern, text, hit):
    assert bool(pattern.search(text)) == hit


def pins() -> dict[str, str]:
    lines = [line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines()]
    found = {}
    for line in filter(None, lines):
        pin = Requirement(line)
        (specifier,) = pin.specifier
        assert specifier.operator == "==" and "*" not in specifier.version, f"{line}: not a pin"
        assert canonicalize_name(pin.name) not in found, f"{line}: pinned twice"
        found[canonicalize_name(pin.name)] = specifier.version
    return found


def test_requirements_pin_every_direct_dependency_to_a_version_that_fits_and_leave_quarto_out():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    pinned = pins()
    installed = [line for name in ("experiments", "book", "test", "cluster") for line in extras[name]]
    for direct in map(Requirement, [*project["dependencies"], *installed]):
        version = pinned.get(canonicalize_name(direct.name))
        assert version is not None, f"{direct} is not pinned"
        assert version in direct.specifier, f"{direct} is pinned to {version}"
    assert pinned["torch"] == "2.13.0"
    assert "quarto-cli" not in pinned


def libraries(folder: Path) -> Iterator[tuple[str, str]]:
    """File and top-level name of every absolute import in the Python files of the folder, wherever in a file it stands."""
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            tops = (
                [alias.name for alias in node.names] if isinstance(node, ast.Import)
                else [node.module] if isinstance(node, ast.ImportFrom) and not node.level
                else []
            )  # fmt: skip
            yield from ((file.relative_to(ROOT).as_posix(), name.split(".")[0]) for name in tops)


def test_every_library_that_the_package_or_a_test_imports_is_a_direct_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]

    def names(lines: list[str]) -> set[str]:
        wanted = list(map(Requirement, lines))
        return {canonicalize_name(name) for one in wanted for name in (one.name, *one.extras)}

    called = {
        "PIL": "pillow", "pypandoc": "pypandoc-binary", "sklearn": "scikit-learn", "xdist": "pytest-xdist", "yaml": "pyyaml"
    }  # fmt: skip
    ours = ("experiments", "book", "cluster", "bench", "tensorboard", "xarray")
    declared = names(project["dependencies"] + [line for name in ours for line in extras[name]])
    own = {"superposition", *(path.stem for path in (ROOT / "tests").rglob("*.py"))}
    for folder, allowed in ((SOURCE, declared), (ROOT / "tests", declared | names(extras["test"]))):
        imported = {(file, top) for file, top in libraries(folder) if top not in own | sys.stdlib_module_names}
        missing = [one for one in imported if canonicalize_name(called.get(one[1], one[1])) not in allowed]
        assert not missing, "imported, and not declared in pyproject.toml"


def test_the_citation_the_changelog_and_the_release_speak_of_the_version_that_is_built():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == version
    changes = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert changes[0] == "Unreleased" or changes[0] == version


@pytest.mark.parametrize("file", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda file: file.stem)
def test_a_form_names_its_fields_and_a_workflow_its_steps_and_only_with_a_version(file):
    read = yaml.safe_load(file.read_text())
    if "jobs" in read:
        steps = [step for job in read["jobs"].values() for step in job["steps"]]
        assert all("@" in step["uses"] for step in steps if "uses" in step)
    elif "body" in read:
        assert len({field["id"] for field in read["body"]}) == len(read["body"])


def test_the_package_imports_no_module_that_windows_lacks():
    unix = {"curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
    assert [one for one in libraries(SOURCE) if one[1] in unix] == []


@pytest.fixture(scope="module")
def source():
    """The package's code, and what is known of results, read once for all of them."""
    return digests.Code(), {}


@pytest.mark.parametrize("name", runs.names())
def test_committed_results_are_of_the_current_config_and_code(name, source):
    assert runs.stale(name, *source) == []


def test_the_claims_evaluate_to_what_is_committed():
    committed = json.loads((paths.data() / "claims.json").read_text())
    now = claims.as_json(claims.evaluate())
    store = "superposition claims --write stores what they evaluate to now"
    assert [claim["id"] for claim in now] == [claim["id"] for claim in committed], store
    for fresh, stored in zip(now, committed, strict=True):
        numbers = [key for key, value in stored.items() if isinstance(value, float)]
        assert {key: fresh[key] for key in numbers} == pytest.approx(
            {key: stored[key] for key in numbers}, rel=1e-9, abs=1e-12
        ), store
        assert {key: fresh[key] for key in fresh if key not in numbers} == {
            key: stored[key] for key in stored if key not in numbers
        }, store
