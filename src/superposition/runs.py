"""Experiments from config to stored results, and back: `run` computes and stores, `load` checks and reads.
A kill at any moment loses nothing: results change in one step, and a run resumes where its checkpoint stands."""

import json
import platform
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from superposition import configs, paths, storage
from superposition.configs import Config, ConfigError, Experiment, names
from superposition.digests import Code, Key
from superposition.errors import SuperpositionError

__all__ = [
    "Config", "ConfigError", "Job", "Results", "ResultsError", "RunError",
    "checkpoints", "folder", "load", "names", "run", "stale",
]  # fmt: skip

RECORD_KEYS = (
    "experiment", "config", "seed", "config_sha256", "code_sha256", "reached", "used",
    "results_sha256", "device", "seconds", "versions", "metrics",
)  # fmt: skip
RESTAMPED = "restamped"  # a key that a record has besides, where `superposition restamp` took new code for it
_VERSIONS = ("numpy", "scipy", "numba", "torch", "superposition")
_TABLE = re.compile(r"[a-z0-9_]+")

quick_allowed = True
"""Whether quick runs may be made and loaded; a chapter's set-up ends that, so that none is ever frozen."""


class RunError(SuperpositionError):
    """A run that cannot start, or whose outcome is not what its module promises."""


class ResultsError(SuperpositionError):
    """Stored results that cannot be used: names the file, what is wrong with it, and the way out."""


@dataclass(frozen=True)
class Results:
    """What one run of an experiment gave: arrays and tables by name, metrics, and the record of the run.

    `axes` names those of each array, as the module's SCHEMA does, in its order; `record` is the content of record.json, empty
    before the results are stored. Printed, it is a table.

    >>> results = load("toy/intro")
    >>> results.axes["W"]
    'seed density n_features n_hidden'
    """

    name: str
    config: Config
    arrays: dict[str, np.ndarray]
    tables: dict[str, pa.Table] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)
    axes: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, key: str) -> np.ndarray | np.generic | pa.Table:
        """The array or table of that name. Raises KeyError, naming what there is."""
        if key in self.arrays:
            return self.arrays[key]
        if key in self.tables:
            return self.tables[key]
        raise KeyError(f"{self.name} has no {key!r}: it holds {', '.join([*self.arrays, *self.tables])}")

    def __str__(self) -> str:
        names = self._in_order()
        arrays = [
            (name, self.axes.get(name, ""), _sizes(self.arrays[name].shape), str(self.arrays[name].dtype)) for name in names
        ]
        tables = [(name, ", ".join(table.column_names), f"{len(table):,} rows", "table") for name, table in self.tables.items()]
        rows = [("name", "axes", "shape", "type"), *arrays, *tables]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([self.name, *lines])

    def to_xarray(self) -> Any:
        """The arrays as an xarray.Dataset with their axes named, in the order of the SCHEMA; tables stay where they are.

        An array of one axis is what xarray calls a coordinate where it has the name of that axis: `epoch` along `epoch`.
        Of two axes of one name, as in a map of pairs, the second is called `…_2`. Raises RunError where xarray, which is the
        extra `xarray`, isn't installed.

        >>> load("toy/intro").to_xarray()["W"].dims  # doctest: +SKIP
        ('seed', 'density', 'n_features', 'n_hidden')
        """
        try:
            import xarray
        except ImportError:
            raise RunError("to_xarray needs xarray, which isn't installed: pip install xarray") from None
        return xarray.Dataset(
            {name: (_told_apart(self.axes[name].split()), self.arrays[name]) for name in self._in_order()},
            attrs={"experiment": self.name} | self.metrics,
        )

    def _in_order(self) -> list[str]:
        """The arrays' names: those of the SCHEMA in its order, which the file doesn't keep."""
        return [*(name for name in self.axes if name in self.arrays), *(name for name in self.arrays if name not in self.axes)]


def _told_apart(axes: list[str]) -> list[str]:
    """
    >>> _told_apart(["matrix", "pixel", "pixel"])
    ['matrix', 'pixel', 'pixel_2']
    """
    return [axis if axis not in axes[:k] else f"{axis}_{axes[:k].count(axis) + 1}" for k, axis in enumerate(axes)]


def _sizes(shape: tuple[int, ...]) -> str:
    return " × ".join(f"{size:,}" for size in shape) or "a number"


@dataclass(frozen=True)
class Progress:
    """One bar of `Job.progress`."""

    _bar: Any
    _task: int

    def advance(self, n: int = 1) -> None:
        """Move on by `n`."""
        self._bar.advance(self._task, n)

    def update(self, text: str) -> None:
        """Show `text` beside the bar, such as the current loss."""
        self._bar.update(self._task, text=text)


class Job:
    """What an experiment's `run` is handed: its device, a progress bar, and checkpoints to resume from.

    `Job()` alone computes on the CPU and keeps no checkpoints, which suits a test or a notebook. With the address of a
    Dask scheduler, `map` spreads its items over that cluster."""

    checkpoint_seconds = 30.0

    def __init__(
        self,
        device: str = "cpu",
        folder: Path | None = None,
        stamp: dict[str, str] | None = None,
        scheduler: str | None = None,
    ):
        self.device = device
        self.scheduler = scheduler
        self.mapped = False  # whether `map` had anything to spread
        self._folder = folder
        self._stamp = stamp or {}
        self._started = time.monotonic()
        self._before = 0.0  # seconds computed by earlier, interrupted runs
        self._saved: dict[str, float] = {}
        self._begun: set[str] = set()

    @property
    def seconds(self) -> float:
        """Seconds of computation so far, with those before the checkpoint that this run resumed from."""
        return self._before + time.monotonic() - self._started

    @contextmanager
    def progress(self, description: str, total: int) -> Iterator[Progress]:
        """A progress bar on stderr for the length of a `with` block; silent where stderr is no terminal."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeRemainingColumn(), TextColumn("{task.fields[text]}"),
        )  # fmt: skip
        with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            yield Progress(bar, bar.add_task(description, total=total, text=""))

    def map(
        self, function: Callable[[Any], dict[str, np.ndarray]], items: Iterable[Any], key: str
    ) -> list[dict[str, np.ndarray]]:
        """`function` of every item, in their order: here, one after another, or on the cluster of this job.

        `function` stands at the top of a module and depends on its item alone, so the results are the same to the bit
        wherever each is computed. Those of finished items are kept in a checkpoint, named `key`; a run that was stopped
        computes the others. Raises ValueError for a function that a worker couldn't find, RunError where it returns
        something other than arrays by name, and ClusterError for a fault of the cluster."""
        items = list(items)
        _check_findable(function)
        done = self._finished(key)
        waiting = [k for k in range(len(items)) if k not in done]
        self.mapped = True
        with self.progress(key, len(items)) as progress:
            progress.advance(len(done))
            try:
                for k, state in self._computed(function, items, waiting):
                    _check_state(function, state)
                    done[k] = state
                    progress.advance()
                    if self._due(key):
                        self.save_checkpoint(key, _flat(done))
            finally:
                if waiting and done:
                    self.save_checkpoint(key, _flat(done), force=True)
        return [done[k] for k in range(len(items))]

    def _computed(
        self, function: Callable[[Any], dict[str, np.ndarray]], items: Sequence[Any], waiting: Sequence[int]
    ) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
        """Index and result of each waiting item, as they get finished."""
        if self.scheduler is None:
            for k in waiting:
                yield k, function(items[k])
        elif waiting:
            from superposition import cluster

            for position, state in cluster.spread(self.scheduler, function, [items[k] for k in waiting]):
                yield waiting[position], state

    def _finished(self, key: str) -> dict[int, dict[str, np.ndarray]]:
        """The results that the checkpoint of `map` holds, by index."""
        done: dict[int, dict[str, np.ndarray]] = {}
        for name, array in (self.load_checkpoint(key) or {}).items():
            index, _, own = name.partition("/")
            done.setdefault(int(index), {})[own] = array
        return done

    def _due(self, key: str) -> bool:
        return time.monotonic() - self._saved.get(key, self._started) >= self.checkpoint_seconds

    def load_checkpoint(self, key: str) -> dict[str, np.ndarray] | None:
        """The state last saved under `key` by a run of the same config and code, or None.

        A checkpoint of another config or code, or a broken one, is reported in one line on stderr and left alone.
        Raises ValueError for a key that this run has asked for before: it would go on from the other's state."""
        path = self._path(key)
        if key in self._begun:
            raise ValueError(f"checkpoint key {key!r}: used twice in one run: give each training or map a `key` of its own")
        self._begun.add(key)
        if path is None or not path.exists():
            return None
        try:
            state, notes = storage.unpack(path.read_bytes())
        except (storage.Damaged, OSError) as error:
            return _ignore(path, str(error))
        for what in ("config", "code"):
            if notes.get(f"{what}_sha256") != self._stamp.get(f"{what}_sha256"):
                return _ignore(path, f"of another {what}")
        self._before = max(self._before, float(notes.get("elapsed", 0.0)))
        return state

    def save_checkpoint(self, key: str, state: dict[str, np.ndarray], force: bool = False) -> None:
        """Store the state under `key` in one step, unless one was stored in the last `checkpoint_seconds`."""
        path = self._path(key)
        if path is None or not (force or self._due(key)):
            return
        now = time.monotonic()
        storage.write(path, storage.pack(state, self._stamp | {"elapsed": self.seconds}))
        self._saved[key] = now

    def forget(self) -> None:
        """Remove the checkpoints: the results are stored."""
        if self._folder is not None:
            for path in self._folder.glob("*.safetensors*"):
                path.unlink()

    def _path(self, key: str) -> Path | None:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", key):
            raise ValueError(f"checkpoint key {key!r}: use letters, digits, - and _")
        return self._folder / f"{key}.safetensors" if self._folder else None


def stacked(each: Sequence[dict[str, np.ndarray]], *grid: int) -> dict[str, np.ndarray]:
    """What `Job.map` gave for the items of a grid, in order: each array by its name, with axes of these sizes before its own.

    >>> stacked([{"a": np.array(1)}, {"a": np.array(2)}], 1, 2)["a"].tolist()
    [[1, 2]]
    """
    return {name: np.stack([one[name] for one in each]).reshape(*grid, *each[0][name].shape) for name in each[0]}


def run(
    name: str,
    quick: bool = False,
    device: str = "auto",
    out: Path | None = None,
    scheduler: str | None = None,
    model: str | None = None,
) -> Results:
    """Compute the experiment and store its results in `out`: by default data/, or .work/quick/ for a quick run.

    A quick run takes the config's `[quick]` overrides and seconds. `device` is cpu, cuda, or auto: cuda where there is
    one and the module's DEVICES hold it; a module without DEVICES computes on the CPU. A run that was killed resumes
    from its checkpoint and ends in the same bytes as if it had not been.
    With a `scheduler`, the address of a Dask cluster such as tcp://host:8786, what the experiment maps is computed there.
    With a `model`, that takes the place of the config's `models`, and `out` is wanted.
    Raises ConfigError for a faulty config, RunError where the device is missing or not the experiment's, or what its
    module returns is not what its SCHEMA says, storage.Busy where it is already running, and storage.Unwritable where
    `out` can't be written to: all but the schema before anything is computed."""
    _check_quick(name, quick)
    if model is not None and out is None:
        raise RunError(
            f"model {model!r}: expected a folder `out` for its results: data/{name} holds those of the config's models"
        )
    experiment = configs.read(name, model)
    config = experiment.quick if quick else experiment.full
    code, given = made_by(configs.module_name(name)), configs.digest(configs.given(name, quick, model))
    stamp = {"config_sha256": given, "code_sha256": code["code_sha256"]}
    device = _device(device, experiment)
    out = out or folder(name, quick)
    resumable = checkpoints(name, quick)
    with storage.lock(resumable / "lock", f"{name}{' --quick' if quick else ''}"):
        storage.prepare(out)
        job = Job(device, resumable, stamp, scheduler)
        with _recorded() as used:
            arrays, metrics, *tables = experiment.module.run(config, job)
        if scheduler is not None and not job.mapped:
            print(f"{name}: has no items to spread over {scheduler}: all of it was computed here", file=sys.stderr)
        results = Results(name, config, dict(arrays), dict(*tables), {key: float(value) for key, value in metrics.items()})
        _check_shapes(experiment, results)
        stored = _store(experiment, results, {"config_sha256": given, **code, "used": used}, job, out)
        job.forget()
    return stored


def load(name: str, place: Path | None = None, quick: bool = False, model: str | None = None) -> Results:
    """The stored results of the experiment, checked: whole, of this experiment, of the current config and SCHEMA.

    They lie in `place`, by default where `run` put them: data/<name>, or .work/quick/<name> for those of a quick run, which
    pass for no others, nor others for them; nor do those of a `model` that was given to `run`. An edit to the code since the
    run does not matter here: see `stale`.
    Raises ResultsError, naming the file and the way out.

    >>> print(load("addition/shapes"))
    addition/shapes
    name      axes          shape   type
    smallest  model enough  16 × 2  int64
    at_least  model enough  16 × 2  int64
    """
    _check_quick(name, quick)
    if place is None and not quick and name in _instead:
        return _instead[name]
    experiment = configs.read(name, model)
    place = place or folder(name, quick)
    record, files = _stored(name, place, quick)
    try:
        config = _matching(record["config"], experiment, quick, storage.shown(place / storage.RECORD))
        arrays, tables = _unpack(experiment, files, storage.shown(place / storage.RESULTS))
    except storage.Damaged as error:
        raise ResultsError(f"{error}. {_way_out(name, place, quick)}") from None
    for used in _recordings:
        used[name] = record["results_sha256"]
    return Results(name, config, arrays, tables, record["metrics"], record, experiment.module.SCHEMA)


def stale(name: str, code: Code | None = None, known: dict[str, list[str]] | None = None) -> list[str]:
    """Why the committed results are not those of the current config, code, and results they were computed from.

    Empty where they are. Imports no experiment unless its config has changed; `code` spares reading the source again, and
    `known`, to which the answer is added, looking again at results that others use too."""
    code, known = code or Code(), {} if known is None else known
    if name not in known:
        known[name] = _reasons(name, code, known)
    return known[name]


def _reasons(name: str, code: Code, known: dict[str, list[str]]) -> list[str]:
    try:
        record, _ = _stored(name, folder(name))
        if of_another_config(name):
            load(name)  # another text may say the same
        now = made_by(configs.module_name(name), code)
    except SuperpositionError as error:
        return [str(error)]
    reasons = []
    if record["code_sha256"] != now["code_sha256"]:
        reasons.append(f"data/{name}: the code has changed since the run: {differing(record['reached'], now['reached'])}")
    for source, digest in record["used"].items():
        if results_digest(source) != digest:
            reasons.append(f"data/{name}: computed from results of {source} that have changed since")
        elif why := stale(source, code, known):
            reasons.append(f"data/{name}: computed from {source}, which is stale: {why[0]}")
    return reasons


def _stored(name: str, place: Path, quick: bool = False) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The record of the experiment's results in that folder, checked, and their files. Raises ResultsError."""
    try:
        if not (place / storage.RECORD).exists() and not (place / storage.RESULTS).exists():
            raise storage.Damaged(f"{storage.shown(place)}: holds no results yet")
        record, files = storage.read(place)
        _check_record(name, record, storage.shown(place / storage.RECORD))
    except storage.Damaged as error:
        raise ResultsError(f"{error}. {_way_out(name, place, quick)}") from None
    return record, files


def _way_out(name: str, place: Path, quick: bool) -> str:
    committed = f", or git checkout -- data/{name}" if place == folder(name) and not quick else ""
    return f"Way out: superposition run {name}{' --quick' if quick else ''}{committed}"


def made_by(module: str, code: Code | None = None) -> dict[str, Any]:
    """What a record says of the code that made its results: the digest, and the definitions that it reached."""
    code, roots = code or Code(), roots_of(module)
    return {"code_sha256": code.digest(roots), "reached": lines(code.reached(roots))}


def lines(reached: dict[str, dict[str, str]]) -> dict[str, str]:
    """Definitions with their digests, by module, as records keep them: a line each."""
    return {module: " ".join(f"{name}:{digest}" for name, digest in own.items()) for module, own in reached.items()}


def roots_of(module: str) -> list[Key]:
    """The definitions of an experiment's module that its results depend on."""
    return [(module, name) for name in ("Config", "SCHEMA", "run")]


def differing(then: dict[str, str], now: dict[str, str]) -> str:
    """Which definitions are new or other than they were, by their names now, shortened to the first four."""
    known = {pair.rpartition(":")[2] for line in then.values() for pair in line.split()}
    pairs = [(module, *pair.rpartition(":")[::2]) for module, line in now.items() for pair in line.split()]
    changed = [f"{module.partition('.')[2]}.{name}" for module, name, digest in pairs if digest not in known]
    if not changed:
        return "what its definitions call"
    return ", ".join(changed[:4]) + (f" and {len(changed) - 4} more" if len(changed) > 4 else "")


_recordings: list[dict[str, str]] = []


@contextmanager
def _recorded() -> Iterator[dict[str, str]]:
    """The digests of the results that are loaded inside a `with` block, by name."""
    used: dict[str, str] = {}
    _recordings.append(used)
    try:
        yield used
    finally:
        _recordings.remove(used)


_instead: dict[str, Results] = {}


@contextmanager
def standing_in(results: dict[str, Results]) -> Iterator[None]:
    """Inside a `with` block `load` gives these results, by name, in place of the stored ones."""
    before = dict(_instead)
    _instead.update(results)
    try:
        yield
    finally:
        _instead.clear()
        _instead.update(before)


def results_digest(name: str) -> str | None:
    """What the experiment's record says of its results now; None where there is none."""
    try:
        return json.loads((paths.experiment(name) / storage.RECORD).read_text(encoding="utf-8"))["results_sha256"]
    except (OSError, ValueError, KeyError):
        return None


def of_another_config(name: str) -> bool:
    """Whether the committed results are of another config.toml than there is now, or there are none."""
    written = storage.noted(paths.experiment(name) / storage.RECORD).get("config_sha256")
    return written != configs.digest(configs.given(name))


def folder(name: str, quick: bool = False) -> Path:
    """Where a run of the experiment stores its results, unless told otherwise."""
    return paths.work() / "quick" / name if quick else paths.data() / name


def checkpoints(name: str, quick: bool = False) -> Path:
    """Where a run of the experiment keeps its checkpoints and its lock until its results are stored."""
    return paths.work() / "checkpoints" / name / ("quick" if quick else "")


def _flat(done: dict[int, dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Results by index as the one state of a checkpoint."""
    return {f"{k}/{name}": np.asarray(array) for k in sorted(done) for name, array in done[k].items()}


def _check_findable(function: Callable[..., Any]) -> None:
    """Raises ValueError unless a worker finds the function by its name."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if module is None or getattr(sys.modules.get(module), name, None) is not function:
        raise ValueError(f"Job.map: {function!r}: expected a function at the top of a module")


def _check_state(function: Callable[..., Any], state: object) -> None:
    arrays = isinstance(state, dict) and state and all(isinstance(array, (np.ndarray, np.generic)) for array in state.values())
    if not arrays:
        raise RunError(f"{function.__module__}.{function.__qualname__}: expected arrays by name, got {state!r:.80}")


def _device(wanted: str, experiment: Experiment) -> str:
    if wanted not in ("auto", "cpu", "cuda"):
        raise RunError(f"device {wanted!r}: expected auto, cpu or cuda")
    able = "cuda" in getattr(experiment.module, "DEVICES", ("cpu",))
    if wanted == "cuda" and not able:
        raise RunError(f"device 'cuda': {experiment.name} computes on the CPU only: use --device cpu, or auto")
    if wanted == "cpu" or not able:
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise RunError("device 'cuda': PyTorch finds no CUDA device here: use --device cpu, or auto")
    return "cpu"


def _check_shapes(experiment: Experiment, results: Results) -> None:
    """Hold what a module returned against its SCHEMA. Raises RunError, naming the array or metric."""
    what = experiment.module.__name__
    fault = _shape_fault(experiment.module.SCHEMA, results.arrays)
    if fault:
        raise RunError(f"{what}: {fault}")
    for metric, value in results.metrics.items():
        if not np.isfinite(value):
            raise RunError(f"{what}: metric {metric!r}: expected a finite number, got {value}")
    for table in results.tables:
        if not _TABLE.fullmatch(table) or table in results.arrays:
            raise RunError(f"{what}: table {table!r}: expected a name of a-z, 0-9 and _, which no array has")


def _shape_fault(schema: dict[str, str], arrays: dict[str, np.ndarray]) -> str | None:
    """The first thing in which the arrays differ from the schema, or None."""
    if set(arrays) != set(schema):
        got = ", ".join(sorted(arrays)) or "none"
        return f"expected the arrays {', '.join(sorted(schema))}, got {got}: SCHEMA names what run returns"
    lengths: dict[str, int] = {}
    for name, array in arrays.items():
        axes = schema[name].split()
        if array.ndim != len(axes):
            return f"array {name!r}: expected the axes {schema[name]!r}, got the shape {array.shape}"
        for axis, length in zip(axes, array.shape, strict=True):
            if lengths.setdefault(axis, length) != length:
                return f"array {name!r}: axis {axis!r} has length {length}, but {lengths[axis]} in another array"
    return None


def _store(experiment: Experiment, results: Results, origin: dict[str, Any], job: Job, folder: Path) -> Results:
    notes = {"axes": experiment.module.SCHEMA, "tables": sorted(results.tables)}
    files = {storage.RESULTS: storage.pack(results.arrays, notes)}
    files |= {f"{name}.parquet": storage.pack_table(table) for name, table in results.tables.items()}
    record = {
        "experiment": results.name,
        "config": results.config.model_dump(mode="json"),
        "seed": results.config.seed,
        **origin,
        "results_sha256": storage.digest(files),
        "device": job.device,
        "seconds": round(job.seconds, 3),
        "versions": {"python": platform.python_version()} | {name: metadata.version(name) for name in _VERSIONS},
        "metrics": results.metrics,
    }
    storage.commit(folder, files, written(record))
    return Results(
        results.name, results.config, results.arrays, results.tables, results.metrics, record, experiment.module.SCHEMA
    )


def written(record: dict[str, Any]) -> bytes:
    """A record as it is stored."""
    return (json.dumps(record, indent=2, allow_nan=False) + "\n").encode()


def _check_record(name: str, record: dict[str, Any], file: str) -> None:
    lacks = [key for key in RECORD_KEYS if key not in record]
    extra = [key for key in record if key not in (*RECORD_KEYS, RESTAMPED)]
    if lacks or extra:
        said = f"lacks {', '.join(lacks)}" if lacks else f"has the unknown {', '.join(extra)}"
        raise storage.Damaged(f"{file}: {said}: written by another version of the package")
    if record["experiment"] != name:
        raise storage.Damaged(f"{file}: expected the experiment {name!r}, got {record['experiment']!r}")
    for key in ("config", "reached", "used", "versions", "metrics"):
        if not isinstance(record[key], dict):
            raise storage.Damaged(f"{file}: {key}: expected a dictionary, got {record[key]!r}")
    if not all(isinstance(value, (int, float)) and np.isfinite(value) for value in record["metrics"].values()):
        raise storage.Damaged(f"{file}: metrics: expected finite numbers, got {record['metrics']!r}")


def _check_quick(name: str, quick: bool) -> None:
    if quick and not quick_allowed:
        raise ResultsError(f"{name}: a chapter shows the full run, never a quick one. Way out: superposition run {name}")


def _matching(then: dict[str, Any], experiment: Experiment, quick: bool, file: str) -> Config:
    """The config wanted, the full or the quick one, which that of the run has to be."""
    config = experiment.quick if quick else experiment.full
    now, other = (each.model_dump(mode="json") for each in (config, experiment.full if quick else experiment.quick))
    if then == now:
        return config
    if then == other:
        wanted, got = ("a quick", "the full") if quick else ("the full", "a quick")
        raise storage.Damaged(f"{file}: expected {wanted} run, got {got} one")
    changes = [
        f"{key} {then.get(key, 'absent')!r} -> {now.get(key, 'absent')!r}"
        for key in sorted(now.keys() | then.keys())
        if then.get(key) != now.get(key) or (key in then) != (key in now)
    ]
    raise storage.Damaged(f"{file}: config.toml has changed since the run: {'; '.join(changes)}")


def _unpack(experiment: Experiment, files: dict[str, bytes], file: str) -> tuple[dict[str, np.ndarray], dict[str, pa.Table]]:
    arrays, notes = storage.unpack(files[storage.RESULTS])
    schema = experiment.module.SCHEMA
    fault = _shape_fault(schema, arrays)
    if notes.get("axes") != schema:
        was = notes.get("axes", {})
        changed = sorted(name for name in {*was, *schema} if was.get(name) != schema.get(name))
        fault = f"an older schema: {experiment.module.__name__} has changed {', '.join(changed)}"
    if fault:
        raise storage.Damaged(f"{file}: {fault}")
    tables = {
        name.removesuffix(".parquet"): storage.unpack_table(data) for name, data in files.items() if name != storage.RESULTS
    }
    return arrays, tables


def _ignore(path: Path, reason: str) -> None:
    print(f"{storage.shown(path)}: ignored, {reason}: starting afresh", file=sys.stderr)
