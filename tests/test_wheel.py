"""The wheel in an empty folder: all that needs no repository works with the package's own dependencies alone."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]

# Numba compiles nothing here: that its code is right is for other tests.
PROGRAM = """
import sys
import numpy as np
import superposition
from superposition import Autoencoders, exact, metrics, polytopes

assert superposition.__file__.startswith(sys.prefix), superposition.__file__
W = np.array([[1.0, 0], [0, 1], [0, -1]])
np.save("W.npy", W)
assert metrics.report(W).represented == 3 and polytopes.clusters(W).size.tolist() == [1, 2]
assert 0 <= exact.loss(W, np.zeros(3), 0.1) < 0.1
assert Autoencoders.of(W, np.zeros(3)).b.shape == (1, 3)
import superposition.figures.matrices, superposition.figures.style, superposition.stories.engine.scope
import superposition.toy.engine.training
for needy in (lambda: superposition.load("toy/intro"), superposition.addition.load):
    try:
        needy()
    except FileNotFoundError as error:
        assert "needs the book's repository" in str(error), error
"""
# Ends every import of a distribution that the package doesn't depend on.
HOOK = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}: it is not among the package's own dependencies", name=name)
sys.meta_path.insert(0, Absent())
"""


def needed(names: list[str]) -> set[str]:
    """The distributions that these bring with them, and themselves."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        for line in metadata.requires(name) or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Python of a fresh environment with the wheel, in which only its own dependencies can be imported."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    built = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder), str(source)]
    subprocess.run(built, check=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", symlinks=os.name != "nt")
    python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    site = Path(
        subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True).strip()
    )
    install = [*pip, "--python", str(python), "install", "--no-deps", "--no-index", "--no-compile", str(wheel)]
    subprocess.run(install, check=True)
    (site / "shared.pth").write_text(sysconfig.get_path("purelib") + "\nimport absent\n")
    (line,) = (ROOT / "pyproject.toml").read_text().split("\ndependencies = [")[1:]
    own = needed([Requirement(name.strip(' ",')).name for name in line.split("]")[0].strip().splitlines()])
    foreign = {
        name for name, owners in metadata.packages_distributions().items()
        if not own & {canonicalize_name(owner) for owner in owners} and name != "superposition"
    }  # fmt: skip
    (site / "absent.py").write_text(HOOK.format(names=foreign))
    return python


def ran(python, folder, *arguments):
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "SUPERPOSITION_ROOT")}
    environment["NUMBA_DISABLE_JIT"] = "1"
    return subprocess.run([python, *arguments], cwd=folder, env=environment, capture_output=True, text=True)


def test_a_wheel_in_an_empty_folder_does_all_that_needs_no_repository_and_says_what_does(installed, tmp_path):
    ended = ran(installed, tmp_path, "-c", PROGRAM)
    assert ended.returncode == 0, ended.stderr
    command = installed.parent / "superposition"
    measured = ran(command, tmp_path, "measure", "W.npy")
    assert measured.returncode == 0 and "3 rows in 2" in measured.stdout, measured.stderr
    listed = ran(command, tmp_path, "list")
    assert listed.returncode == 1 and "needs the book's repository" in listed.stderr
    absent = ran(installed, tmp_path, "-c", "import sklearn")
    assert "not among the package's own dependencies" in absent.stderr
