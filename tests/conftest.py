"""A scratch repository for tests: its own data folder, and experiments written by the test itself."""

import os
import subprocess
import sys
from importlib import invalidate_caches
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

SOURCE = Path(__file__).parents[1] / "src"
COMPILED = (".kernel", ".attention_kernel", ".expected_loss", ".minimum_head_sets")
MODULES = [".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in SOURCE.rglob("*.py") if path.stem != "__init__"]
# Shapes and types are checked at run time; Numba compiles a kernel from its own source, which the check would wrap.
install_import_hook([name for name in MODULES if not name.endswith(COMPILED)], "checking.checked")

import superposition.toy  # noqa: E402


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items):
    """Side by side, the tests of a file stay together, and so do all that look at the built editions, which are built once."""
    for item in items:
        looks = any(name.endswith("edition") for name in item.fixturenames)
        item.add_marker(pytest.mark.xdist_group("editions" if looks else item.path.stem))


WALK = '''
"""A random walk in a fold: each step depends on the last, as training does."""
import time
import numpy as np
from superposition import runs

class Config(runs.Config):
    steps: int = 40
    rates: tuple[float, ...] = (3.7, 3.9)
    pause: float = 0.0

SCHEMA = {"path": "step rate", "last": "rate"}

def run(config, job):
    rates = np.array(config.rates)
    saved = job.load_checkpoint("walk")
    start, path = (int(saved["step"]), saved["path"]) if saved else (0, np.zeros((config.steps, len(rates))))
    print("from", start, flush=True)
    x = path[start - 1] if start else np.full(len(rates), 0.3)
    with job.progress("walking", config.steps) as bar:
        for step in range(start, config.steps):
            noise = np.random.Generator(np.random.Philox(key=config.seed, counter=step)).random(len(rates))
            x = rates * (1 - x) * x * (0.99 + 0.01 * noise)
            path[step] = x
            bar.advance(1)
            bar.update(text=f"{x[0]:.2f}")
            time.sleep(config.pause)
            job.save_checkpoint("walk", {"step": np.array(step + 1), "path": path})
    return {"path": path, "last": x}, {"mean": path.mean()}
'''


class Scratch:
    """A repository in a temporary folder, whose experiments are modules of `superposition.toy` for one test."""

    WALK = WALK

    def __init__(self, root: Path):
        self.root = root
        self.modules = root / "modules"
        self.modules.mkdir()
        (root / "_quarto.yml").touch()
        (root / "data").mkdir()

    def experiment(self, leaf: str, config: str = "", source: str = WALK) -> str:
        """Write (or rewrite) the experiment toy/`leaf`; returns its name."""
        self.module(leaf, source)
        folder = self.root / "data" / "toy" / leaf
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.toml").write_text(config)
        return f"toy/{leaf}"

    def module(self, leaf: str, source: str) -> None:
        """Write (or rewrite) the module superposition.toy.`leaf`; the next import reads it anew."""
        (self.modules / f"{leaf}.py").write_text(source)
        sys.modules.pop(f"superposition.toy.{leaf}", None)
        vars(superposition.toy).pop(leaf, None)
        invalidate_caches()

    def start(self, code: str, **options) -> subprocess.Popen:
        """Start Python on `code`, with the scratch experiments in place."""
        prelude = f"import superposition.toy; superposition.toy.__path__.insert(0, {str(self.modules)!r})\n"
        environment = os.environ | {"SUPERPOSITION_ROOT": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-c", prelude + code]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, env=environment, cwd=self.root, **(pipes | options))


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """A scratch repository, which `superposition.paths` points to for the length of the test."""
    made = Scratch(tmp_path)
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(superposition.toy, "__path__", [str(made.modules), *superposition.toy.__path__])
    modules, names = dict(sys.modules), dict(vars(superposition.toy))
    yield made
    for known, before, prefix in ((sys.modules, modules, "superposition.toy."), (vars(superposition.toy), names, "")):
        for name in (prefix + path.stem for path in made.modules.iterdir()):
            known.pop(name, None)
            if name in before:
                known[name] = before[name]
