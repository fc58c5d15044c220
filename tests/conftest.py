"""A scratch repository for tests: its own data folder, and experiments written by the test itself."""

import os

# A worker is one of as many as there are cores: threads would wait for each other longer than they compute.
os.environ |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from importlib import invalidate_caches
from pathlib import Path

import pytest
from filelock import FileLock
from grouping import pytest_xdist_make_scheduler  # noqa: F401
from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook
from threadpoolctl import threadpool_limits

threadpool_limits(1)  # a plugin may have loaded NumPy before: with other threads BLAS rounds differently

# The folder of the part's tests would pass for a package of that name, which pandas looks for and would take a version from.
sys.modules["bottleneck"] = None  # type: ignore[assignment]

TESTS = Path(__file__).parent
SOURCE, DATA = (TESTS.parent / folder for folder in ("src", "data"))
COMPILED = (
    ".kernel", ".tally_kernel", ".attention_kernel", ".sparse_kernel", ".expected_loss", ".minimum_head_sets", ".tour_kernel",
)  # fmt: skip
OF_TREES = (".trees", ".digests")  # no arrays there, and ten times slower when checked
MODULES = [".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in SOURCE.rglob("*.py") if path.stem != "__init__"]
# Shapes and types are checked at run time; Numba compiles a kernel from its own source, which the check would wrap.
install_import_hook([name for name in MODULES if not name.endswith((*COMPILED, *OF_TREES))], "checking.checked")

import superposition.toy  # noqa: E402
from superposition import configs, runs  # noqa: E402

# No example fails for being slow: that depends on what else the machine is doing.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """A function that gives a folder of that name, filled by `make(folder)`: once, whatever the number of workers."""
    workers = os.environ.get("PYTEST_XDIST_WORKER")
    shared = tmp_path_factory.getbasetemp().parent if workers else tmp_path_factory.getbasetemp()

    def made(name: str, make: Callable[[Path], None]) -> Path:
        folder, finished = shared / name, shared / f"{name}.finished"
        with FileLock(shared / f"{name}.lock"):
            if not finished.exists():
                folder.mkdir()  # fails where making it has failed before
                make(folder)
                finished.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def quick_folder(once, kept_trees):
    """A function of an experiment's name: a repository in which its quick version was run once, whoever asks.

    `seen.json` there says which definitions were executed, and which functions drew the same random numbers."""

    def folder(name: str) -> Path:
        return once(f"quick {name.replace('/', ' ')}", partial(_run_quick, name, kept_trees))

    return folder


@pytest.fixture(scope="session")
def quick_run(quick_folder):
    """A function that gives the results of an experiment's quick version, by name.

    What must be so of any results is asked of these as well as of the stored ones: these are today's code's."""

    def results(name: str) -> runs.Results:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SUPERPOSITION_ROOT", str(quick_folder(name)))
            return runs.load(name, quick=True)

    return results


@pytest.fixture(scope="module", params=["stored", "quick"])
def either(request, quick_run):
    """Results of the test module's EXPERIMENT: the stored ones, and those of a quick run."""
    name = request.module.EXPERIMENT
    return runs.load(name) if request.param == "stored" else quick_run(name)


def _run_quick(name: str, kept_trees, root: Path) -> None:
    import executed
    import generators

    (root / "_quarto.yml").touch()
    (root / "data").symlink_to(DATA)  # all of it: an experiment may read the results of another
    with pytest.MonkeyPatch.context() as patch, kept_trees(root):
        patch.setenv("SUPERPOSITION_ROOT", str(root))
        runs.made_by(configs.module_name(name))  # reads the trees, which would take five times as long while it is watched
        with executed.recorded() as definitions, generators.made() as streams:
            runs.run(name, quick=True, device="cpu")
    seen = {"executed": sorted(definitions), "shared": sorted(generators.shared(streams))}
    (root / "seen.json").write_text(json.dumps(seen))


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


@pytest.fixture(scope="session")
def kept_trees(tmp_path_factory):
    """A function that gives a repository the package's trees that others have read: to read them anew takes a second.

    They are kept by the digest of their source, so that a repository's own modules are read all the same."""
    kept = tmp_path_factory.mktemp("trees") / "trees.txt"
    kept.touch()

    @contextmanager
    def given(root: Path):
        own = root / ".work/trees.txt"
        own.parent.mkdir(exist_ok=True)
        shutil.copy(kept, own)
        yield
        if own.exists() and own.stat().st_size > kept.stat().st_size:
            shutil.copy(own, kept)

    return given


@pytest.fixture
def scratch(tmp_path, monkeypatch, kept_trees):
    """A scratch repository, which `superposition.paths` points to for the length of the test."""
    made = Scratch(tmp_path)
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(superposition.toy, "__path__", [str(made.modules), *superposition.toy.__path__])
    modules, names = dict(sys.modules), dict(vars(superposition.toy))
    with kept_trees(tmp_path):
        yield made
    for known, before, prefix in ((sys.modules, modules, "superposition.toy."), (vars(superposition.toy), names, "")):
        for name in (prefix + path.stem for path in made.modules.iterdir()):
            known.pop(name, None)
            if name in before:
                known[name] = before[name]


SCHEDULER = """
import asyncio
from distributed import Scheduler
async def main():
    async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()
asyncio.run(main())
"""
WORKER = """
import asyncio
from distributed import Worker
async def main():
    async with Worker("{address}", nthreads=1) as worker:
        print("ready", flush=True)
        await worker.finished()
asyncio.run(main())
"""


@pytest.fixture
def processes(scratch):
    """Starts Python on some code in a process of its own, and waits for its first line; ends all after the test."""
    started = []

    def start(code):
        started.append(scratch.start(code))
        return started[-1], started[-1].stdout.readline().strip()

    yield start
    for process in reversed(started):
        process.kill()
        process.communicate()


@pytest.fixture
def scheduler(processes):
    """The address of a Dask scheduler in a process of its own, without workers."""
    pytest.importorskip("distributed")
    return processes(SCHEDULER)[1]


@pytest.fixture
def worker(processes, scheduler):
    """Starts a worker process, which runs the code `first` before it joins the cluster."""
    return lambda first="": processes(first + WORKER.format(address=scheduler))[0]


@pytest.fixture
def two_workers(scheduler, worker):
    """The address of a cluster of two worker processes, and the processes."""
    return scheduler, [worker(), worker()]
