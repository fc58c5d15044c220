"""Results on disk: a set of files that changes from old to new in one step, and bytes that are the same each time.
A kill at any moment or a full disk leaves the old set or the new one, and reading never unpickles."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import pyarrow as pa
from filelock import FileLock, Timeout

from superposition import paths
from superposition.errors import SuperpositionError

RESULTS = "results.safetensors"
RECORD = "record.json"
_NOTES = "superposition"  # the one metadata key: safetensors writes several in random order
_TABLE = re.compile(r"[a-z0-9_]+")


class Damaged(SuperpositionError):
    """A stored set that cannot be read as what its record says it is."""


class Unwritable(SuperpositionError):
    """A file that could not be written: nothing that was there before has changed."""


class Busy(SuperpositionError):
    """Another process holds the lock."""


def pack(arrays: dict[str, np.ndarray], notes: dict[str, Any]) -> bytes:
    """The arrays and a JSON-like dictionary of notes as one safetensors file, the same bytes each time.

    Raises TypeError for an array of a kind that safetensors does not hold (objects, strings, dates)."""
    from safetensors.numpy import save

    for name, array in arrays.items():
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            raise TypeError(f"array {name!r} is of type {array.dtype}: only booleans, integers and floats can be stored")
    native = {name: np.asarray(array, array.dtype.newbyteorder("="), order="C") for name, array in arrays.items()}
    return save(native, {_NOTES: json.dumps(notes, sort_keys=True)})


def unpack(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and notes of what `pack` wrote. Raises Damaged for anything else."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    notes = _notes(data)
    try:
        return load(data), notes
    except SafetensorError as error:
        raise Damaged(f"not a whole safetensors file ({error})") from None


def pack_table(table: pa.Table) -> bytes:
    """The table as a Parquet file, the same bytes each time; metadata of its schema is dropped."""
    from pyarrow import parquet

    sink = pa.BufferOutputStream()
    parquet.write_table(table.replace_schema_metadata(None), sink, compression="zstd", version="2.6")
    return sink.getvalue().to_pybytes()


def unpack_table(data: bytes) -> pa.Table:
    """The table that `pack_table` wrote. Raises Damaged for anything else."""
    from pyarrow import parquet

    try:
        return parquet.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        raise Damaged(f"not a Parquet file ({error})") from None


def digest(files: dict[str, bytes]) -> str:
    """One SHA-256 for a set of files: that of the file where there is one, as `sha256sum FILE` prints it;
    otherwise that of the lines that `sha256sum FILE…` prints, in the order of the names."""
    sums = {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}
    if len(sums) == 1:
        return next(iter(sums.values()))
    return hashlib.sha256("".join(f"{value}  {name}\n" for name, value in sums.items()).encode()).hexdigest()


def write(path: Path, data: bytes) -> None:
    """Put `data` into the file in one step. Raises Unwritable, and leaves what was there, where it does not fit."""
    temporary = _new(path)
    try:
        _write_through(temporary, data)
        os.replace(temporary, path)
    except BaseException:
        _discard(temporary)
        raise
    _sync(path.parent)


def noted(path: Path) -> dict[str, Any]:
    """The dictionary in a JSON file, such as a manifest; empty where there is none, or it is broken."""
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return written if isinstance(written, dict) else {}


def commit(folder: Path, files: dict[str, bytes], record: bytes) -> None:
    """Replace the folder's set of files and its record, all or nothing.

    Each file is first written beside its place, as `<file>.new`; renaming the record is the commit; then the files
    are renamed into place. A kill before the commit leaves the old set, which `read` goes on reading; a kill after it
    leaves the new set, which `read` finds under both names until the next commit settles it. Only one process at a time
    may commit. Raises Unwritable where a file does not fit, with the old set whole."""
    with suppress(Damaged):
        _, earlier, pending = _find(folder)
        if pending:  # finish it, so that every `.new` file left is nobody's
            _settle(folder, earlier)
    staged = [_new(folder / name) for name in [*files, RECORD]]
    try:
        for path, data in zip(staged, [*files.values(), record], strict=True):
            _write_through(path, data)
        _sync(folder)
    except BaseException:
        _discard(*staged)
        raise
    try:
        os.replace(staged[-1], folder / RECORD)
    except BaseException:
        if staged[-1].exists():  # else an interrupt came just after the rename, and the set is committed
            _discard(*staged)
        raise
    _sync(folder)
    _settle(folder, files)


def read(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The folder's record and the files that it vouches for, by name, whether or not a commit was cut short by a kill.

    It changes nothing on disk, where a run may be about to commit. Raises Damaged, naming the file and what is wrong
    with it."""
    record, files, _ = _find(folder)
    return record, files


def prepare(folder: Path) -> None:
    """Make the folder if need be, and see that files can be put there. Raises Unwritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = "it is a file" if isinstance(error, FileExistsError) else error.strerror
        raise Unwritable(f"{shown(folder)}: no folder that can be written to ({reason})") from None


@contextmanager
def lock(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file for the length of a `with` block; the system lets go of it when the process ends.

    Raises Busy, naming `what` and the process that holds it, and Unwritable where there is no place for the file."""
    prepare(path.parent)
    holder = path.with_name(f"{path.name}.pid")  # beside it: on Windows nobody can read a locked file
    held = FileLock(path)
    try:
        held.acquire(blocking=False)
    except Timeout:
        pid = holder.read_text() if holder.exists() else "unknown"
        raise Busy(f"{what} is already running, as process {pid}: wait for it to end, or stop it") from None
    try:
        holder.write_text(str(os.getpid()))
        yield
    finally:
        held.release()


def shown(path: Path) -> str:
    """The path as messages show it: relative to the repository where it lies inside."""
    try:
        return path.resolve().relative_to(paths.root()).as_posix()
    except (ValueError, FileNotFoundError):
        return str(path)


def _new(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def _write_through(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unwritable(
            f"{shown(path)}: could not write its {len(data):,} bytes ({error.strerror}). "
            "What was stored before is untouched: make room, then run again"
        ) from None


def _discard(*files: Path) -> None:
    for path in files:
        with suppress(OSError):
            path.unlink()


def _sync(folder: Path) -> None:
    """Make renames in the folder survive a power cut; Windows opens no folders, and needs no such thing."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _settle(folder: Path, files: dict[str, bytes]) -> None:
    """Rename a committed set's files into place and drop what belongs to no set any more."""
    for name in files:
        with suppress(FileNotFoundError):
            os.replace(_new(folder / name), folder / name)
    _sync(folder)
    strays = [path for path in folder.glob("*.parquet") if path.name not in files]
    _discard(*strays, *folder.glob("*.new"))


def _find(folder: Path) -> tuple[dict[str, Any], dict[str, bytes], bool]:
    """The record, the files that match it, and whether some of these still wait to be renamed into place."""
    while True:
        raw = _bytes(folder / RECORD)
        record = _parse_record(folder / RECORD, raw)
        for pending in (False, True):
            files = _gather(folder, pending)
            if files is not None and digest(files) == record["results_sha256"]:
                return record, files, pending
        if _holds(folder / RECORD, raw):  # else a run has just stored a new set: look again
            raise Damaged(_diagnosis(folder))


def _gather(folder: Path, pending: bool) -> dict[str, bytes] | None:
    """The set's files by name, `.new` ones first where `pending`; None where one is missing."""

    def pick(name: str) -> bytes:
        if pending:
            with suppress(FileNotFoundError):  # a run may rename it into place at any moment
                return _new(folder / name).read_bytes()
        return (folder / name).read_bytes()

    try:
        files = {RESULTS: pick(RESULTS)}
        with suppress(Damaged):
            files |= {f"{table}.parquet": pick(f"{table}.parquet") for table in _tables(files[RESULTS])}
    except OSError:
        return None
    return files


def _tables(results: bytes) -> list[str]:
    tables = _notes(results).get("tables", [])
    return [table for table in tables if isinstance(table, str) and _TABLE.fullmatch(table)]


def _notes(data: bytes) -> dict[str, Any]:
    """The notes in a safetensors file's header, which is JSON behind its length in eight bytes."""
    if not data:
        raise Damaged("empty")
    size = int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8 : 8 + size].decode())
        end = max((entry["data_offsets"][1] for key, entry in header.items() if key != "__metadata__"), default=0)
        notes = json.loads(header.get("__metadata__", {}).get(_NOTES, "{}"))
    except (ValueError, AttributeError, TypeError, KeyError, IndexError):
        truncated = 0 < size < 1 << 24 and data[8:9] == b"{" and len(data) < 8 + size
        raise Damaged("truncated" if truncated else "not a safetensors file") from None
    if len(data) < 8 + size + end:
        raise Damaged(f"truncated: {len(data):,} of {8 + size + end:,} bytes")
    if not isinstance(notes, dict):
        raise Damaged("not one of ours: its notes are not a dictionary")
    return notes


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Damaged(f"{shown(path)}: {'missing' if isinstance(error, FileNotFoundError) else error.strerror}") from None


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False


def _parse_record(path: Path, raw: bytes) -> dict[str, Any]:
    try:
        record = json.loads(raw.decode())
    except ValueError as error:
        raise Damaged(f"{shown(path)}: {f'not JSON ({error})' if raw else 'empty'}") from None
    if not isinstance(record, dict) or not isinstance(record.get("results_sha256"), str):
        raise Damaged(f"{shown(path)}: has no results_sha256, so it is not the record of a run")
    return record


def _diagnosis(folder: Path) -> str:
    """Which file of a set is at fault, and how, as far as can be seen."""
    results = folder / RESULTS
    data = _bytes(results)
    try:
        names = [f"{table}.parquet" for table in _tables(data)]
    except Damaged as error:
        return f"{shown(results)}: {error}"
    for name in names:
        table = _bytes(folder / name)
        try:
            unpack_table(table)
        except Damaged as error:
            return f"{shown(folder / name)}: {error if table else 'empty'}"
    others = f" (with {', '.join(names)})" if names else ""
    return f"{shown(results)}{others}: of another run than {shown(folder / RECORD)}: the digest in it does not match"
