"""New code for results that it does not change: `superposition restamp`, for a change that should leave the numbers alone.
A quick run by the code that made the results and one by the present code, both on this machine, must give the same bytes."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from superposition import configs, paths, runs, storage
from superposition.digests import Code, Unresolved
from superposition.errors import SuperpositionError


class RestampError(SuperpositionError):
    """Results that can't take the present code's digest: says why, and the command that computes them anew."""


def restamp(name: str) -> str | None:
    """Let the stored results of the experiment stand as those of the present code, where a quick run shows no difference.

    Returns the commit whose code made them, None where they are fresh already. The quick run of that commit and the
    present one are made on this machine, since the bytes of another processor differ by rounding; data are the present.
    Raises RestampError, naming the first array that differs, or where config or data have changed, or no commit fits."""
    again = f"superposition run {name}"
    reasons = runs.stale(name)
    if not reasons:
        return None
    place = paths.experiment(name)
    if not (place / storage.RECORD).exists():
        raise RestampError(f"data/{name}: holds no results yet: {again}")
    record, files = storage.read(place)
    if others := [reason for reason in reasons if "the code has changed" not in reason]:
        raise RestampError(f"{others[0]}: the results have to be computed anew: {again}")
    with tempfile.TemporaryDirectory() as folder:
        then, now = Path(folder, "then"), Path(folder, "now")
        commit = _check_out_maker(name, record["code_sha256"], then)
        if commit is None:
            raise RestampError(
                f"data/{name}: no commit's code has the digest {record['code_sha256'][:12]} of the record: {again}"
            )
        _quick(name, then / "src", then / "results")
        _quick(name, Path(__file__).parents[1], now)
        _compare(name, then / "results", now, again)
    code = runs.made_by(configs.module_name(name))
    note = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "from": record["code_sha256"], "commit": commit}
    record |= code | {runs.RESTAMPED: [*record.get(runs.RESTAMPED, []), note]}
    storage.commit(place, files, runs.written(record))
    return commit


def _check_out_maker(name: str, digest: str, folder: Path) -> str | None:
    """Checks out a commit at which the experiment's code has that digest: the newest that stored a record of it, or, where
    the record came from another branch and no commit that stored one fits, the newest since."""
    stored = _git("log", "--format=%H", "--", f"data/{name}/{storage.RECORD}").split()
    if not stored:
        return None
    module = configs.module_name(name)
    for commit in [*stored, *_git("log", "--format=%H", f"{stored[0]}..HEAD", "--", "src").split()]:
        shutil.rmtree(folder, ignore_errors=True)
        _check_out(commit, folder)
        with suppress(Unresolved):  # the module has another name there
            if Code(folder / "src").digest(runs.roots_of(module)) == digest:
                return commit
    return None


def _check_out(commit: str, folder: Path) -> None:
    """The package as it was at the commit, in folder/src."""
    archive = subprocess.run(["git", "archive", commit, "src"], cwd=paths.root(), check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")


def _quick(name: str, source: Path, out: Path) -> None:
    """A quick run by the package at `source`, with the present configs and data."""
    environment = os.environ | {"PYTHONPATH": str(source), "SUPERPOSITION_ROOT": str(paths.root())}
    program = "from superposition.cli import main; main()"
    command = [sys.executable, "-c", program, "run", name, "--quick", "--device", "cpu", "--out", str(out)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        lines = ended.stderr.strip().splitlines() or ["no message"]
        raise RestampError(f"{name}: the quick run of {source} failed: {lines[-1]}")


def _compare(name: str, then: Path, now: Path, again: str) -> None:
    """Raises RestampError where two stored results differ in one byte."""
    if sorted(file.name for file in then.iterdir()) != sorted(file.name for file in now.iterdir()):
        raise RestampError(f"{name}: a quick run stores other files than before: {again}")
    for file in sorted(now.iterdir()):
        if file.name == storage.RECORD or file.read_bytes() == (then / file.name).read_bytes():
            continue
        what = file.name
        if file.name == storage.RESULTS:
            old, new = (storage.unpack((place / file.name).read_bytes())[0] for place in (then, now))
            what = next((key for key in new if key not in old or not _same(old[key], new[key])), "the schema")
        raise RestampError(f"{name}: {what} differs between a quick run by the old code and one by the present: {again}")


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(["git", *arguments], cwd=paths.root(), check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise RestampError(f"restamp reads the code of earlier commits, and git said: {error}") from None
