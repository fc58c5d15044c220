"""A stored set changes from old to new in one step: killed at every single step, on a full disk, on garbage."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from superposition import storage

ARRAYS = {"W": np.arange(6, dtype=np.float32).reshape(2, 3), "flag": np.array([True]), "n": np.array(3)}


def a_set(number: int, tables: int = 0, size: int = 3) -> tuple[dict[str, bytes], bytes]:
    """Files and record that all carry the same number."""
    names = [f"t{index}" for index in range(tables)]
    files = {storage.RESULTS: storage.pack({"x": np.full(size, number)}, {"tables": names})}
    files |= {f"{name}.parquet": storage.pack_table(pa.table({"x": [number] * size})) for name in names}
    return files, json.dumps({"number": number, "results_sha256": storage.digest(files)}).encode()


def test_packed_arrays_come_back_as_they_were_with_their_notes():
    arrays, notes = storage.unpack(storage.pack(ARRAYS, {"axes": {"W": "a b"}}))
    assert notes == {"axes": {"W": "a b"}}
    assert set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)


def test_views_and_foreign_byte_orders_are_stored_by_value():
    wide = np.arange(24, dtype=">f8").reshape(4, 6)
    arrays, _ = storage.unpack(storage.pack({"t": wide.T, "s": wide[::2, ::-1]}, {}))
    np.testing.assert_array_equal(arrays["t"], wide.T)
    np.testing.assert_array_equal(arrays["s"], wide[::2, ::-1])


def test_the_same_content_gives_the_same_bytes_in_another_process():
    code = (
        "import hashlib, numpy as np, pyarrow as pa; from superposition import storage\n"
        "a = storage.pack({'b': np.ones(3), 'a': np.zeros(2, 'i4')}, {'z': 1, 'y': [2]})\n"
        "t = storage.pack_table(pa.table({'x': [1, 2], 's': ['a', None]}))\n"
        "print(hashlib.sha256(a + t).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(seen) == 1


@pytest.mark.parametrize("array", [np.array([{}]), np.array(["a"]), np.array([1j]), np.array(["2020-01-01"], "M8[D]")])
def test_what_safetensors_cannot_hold_is_refused_by_name(array):
    with pytest.raises(TypeError, match="'bad' is of type"):
        storage.pack({"bad": array}, {})


def test_the_digest_is_what_sha256sum_prints(tmp_path):
    files = {"results.safetensors": b"abc", "b.parquet": b"def", "a.parquet": b""}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    lines = subprocess.run(["sha256sum", *sorted(files)], cwd=tmp_path, check=True, capture_output=True).stdout
    assert storage.digest(files) == hashlib.sha256(lines).hexdigest()
    assert storage.digest({"one": b"abc"}) == hashlib.sha256(b"abc").hexdigest()


def test_what_is_committed_is_read_and_nothing_else_is_left(tmp_path):
    for number, tables in ((1, 2), (2, 1), (3, 0)):
        files, record = a_set(number, tables)
        storage.commit(tmp_path, files, record)
        found, read = storage.read(tmp_path)
        assert (found["number"], read) == (number, files)
        assert {path.name for path in tmp_path.iterdir()} == {*files, "record.json"}


KILLS = """
import json, os, signal, sys
from pathlib import Path
from types import SimpleNamespace
from superposition import storage
sys.path.insert(0, {tests!r})
from test_storage import a_set

folder = Path({folder!r})
PUT = storage._write_through
os.fsync = lambda handle: None  # slow, and a kill, unlike a power cut, loses nothing that the system was handed

def die_at(step):
    # SIGKILL this process just before its `step`-th operation on the disk; half-way through one that writes.
    count = 0
    def counted(real):
        def operation(*given):
            nonlocal count
            count += 1
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given)
        return operation
    operations = {{name: counted(getattr(os, name)) for name in ("replace", "fsync")}}
    storage.os = SimpleNamespace(**vars(os) | operations)
    Path.unlink = counted(Path.unlink)
    def half(path, data):
        nonlocal count
        count += 1
        if count == step:
            path.write_bytes(data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        PUT(path, data)
    storage._write_through = half

def commit(step, number):
    # In a child that is killed at the step; returns whether it was.
    pid = os.fork()
    if pid == 0:
        die_at(step)
        storage.commit(folder, *SETS[number])
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL

def check(*allowed):
    # The set on disk is one of the allowed ones, whole.
    record, files = storage.read(folder)
    number = record["number"]
    assert number in allowed, (number, allowed)
    assert files == SETS[number][0]
    return number

SETS = [a_set(0, tables=2), a_set(1, tables=1), a_set(2, tables=2)]
kills = {{0: 0, 1: 0}}
first = 1
while True:
    second = 1
    while True:
        storage.commit(folder, *SETS[0])
        was_killed = commit(first, 1)
        if second % 2:  # as if nobody had looked in between
            standing = (0, 1)
        else:
            standing = (check(0, 1),)
        again = commit(second, 2)
        found = check(*standing, 2)
        assert again or found == 2
        kills[1] += again
        second += 1
        if not again:
            break
    kills[0] += was_killed
    first += 1
    if not was_killed:
        break
print(json.dumps(kills))
"""


def test_killed_at_any_step_the_old_set_or_the_new_one_is_there_never_a_mix(tmp_path):
    """Two commits in a row, each killed at every operation on the disk: all pairs of moments."""
    code = KILLS.format(tests=os.path.dirname(__file__), folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    kills = json.loads(done.stdout)
    assert kills["0"] >= 12 and kills["1"] >= 150


RANDOM_KILLS = """
import json, os, random, signal, sys, time
from pathlib import Path
from superposition import storage
sys.path.insert(0, {tests!r})
from test_storage import a_set

folder, draw, seen = Path({folder!r}), random.Random(0), 0
FILES = [a_set(number, number % 3, size=1 << (number % 17))[0] for number in range(51)]

def commit(number):
    files = FILES[number % len(FILES)]
    record = {{"number": number, "results_sha256": storage.digest(files)}}
    storage.commit(folder, files, json.dumps(record).encode())

start = time.monotonic()
for _ in range(5):
    commit(0)
typical = (time.monotonic() - start) / 5
kills = 0
while kills < 50 or seen < 50:
    kills += 1
    pid = os.fork()
    if pid == 0:
        while True:
            seen += 1
            commit(seen)
    time.sleep(draw.uniform(0, 5 * typical))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    record, files = storage.read(folder)
    assert record["number"] >= seen
    seen = record["number"]
    assert files == FILES[seen % len(FILES)]
"""


def test_killed_at_random_moments_of_storing_no_set_is_lost_or_mixed(tmp_path):
    code = RANDOM_KILLS.format(tests=os.path.dirname(__file__), folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def half_done(folder, number):
    """As a kill leaves the folder that comes just after the record was renamed."""
    files, record = a_set(number)
    (folder / "results.safetensors.new").write_bytes(files[storage.RESULTS])
    (folder / "record.json").write_bytes(record)
    return json.loads(record), files


def test_reading_a_half_done_commit_changes_nothing_on_disk_and_the_next_commit_settles_it(tmp_path):
    storage.commit(tmp_path, *a_set(1))
    new = half_done(tmp_path, 2)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert storage.read(tmp_path) == new
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    storage.commit(tmp_path, *a_set(3))
    _assert_untouched(tmp_path, a_set(3))


def test_a_reader_meets_a_writer_that_renames_files_into_place_under_its_hands(tmp_path, monkeypatch):
    storage.commit(tmp_path, *a_set(1))
    new = half_done(tmp_path, 2)
    real = Path.read_bytes

    def read(path):
        if path.name.endswith(".new"):
            path.rename(path.with_suffix(""))
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    assert storage.read(tmp_path) == new


def test_a_reader_that_meets_a_writer_looks_again(tmp_path, monkeypatch):
    storage.commit(tmp_path, *a_set(1))
    real = storage._parse_record
    later = iter([lambda: storage.commit(tmp_path, *a_set(2))])

    def parse(path, raw):
        record = real(path, raw)
        next(later, lambda: None)()  # a run stores its results just after the record was read
        return record

    monkeypatch.setattr(storage, "_parse_record", parse)
    assert storage.read(tmp_path)[0]["number"] == 2


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b"garbage", "not a safetensors file"),
        (b"\x80\x04\x95" + b"pickle" * 30, "not a safetensors file"),
        (os.urandom(4096), "not a safetensors file"),
        (a_set(1)[0][storage.RESULTS][:-1], "truncated"),
        (a_set(1)[0][storage.RESULTS][:40], "truncated"),
        (a_set(1)[0][storage.RESULTS][:3], "not a safetensors file"),
        (a_set(7)[0][storage.RESULTS], "of another run"),
        (a_set(1)[0][storage.RESULTS] + b"\0", "of another run"),
        (b"\x02\0\0\0\0\0\0\0[]", "not a safetensors file"),
        (b'\x08\0\0\0\0\0\0\0{"x": 1}', "not a safetensors file"),
    ],
)
def test_a_damaged_results_file_is_named_with_what_is_wrong(tmp_path, data, what):
    storage.commit(tmp_path, *a_set(1))
    (tmp_path / storage.RESULTS).write_bytes(data)
    with pytest.raises(storage.Damaged, match=what) as caught:
        storage.read(tmp_path)
    assert str(tmp_path / storage.RESULTS) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("record.json", None, "missing"),
        ("record.json", b"", "empty"),
        ("record.json", b"{", "not JSON"),
        ("record.json", b"\xff", "not JSON"),
        ("record.json", b"[]", "not the record of a run"),
        ("record.json", b"{}", "not the record of a run"),
        ("results.safetensors", None, "missing"),
        ("t0.parquet", None, "missing"),
        ("t0.parquet", b"", "empty"),
        ("t0.parquet", b"PAR1 garbage PAR1", "not a Parquet file"),
    ],
)
def test_every_other_damage_is_named_too(tmp_path, name, data, what):
    storage.commit(tmp_path, *a_set(1, tables=1))
    if data is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(storage.Damaged, match=what) as caught:
        storage.read(tmp_path)
    assert str(tmp_path / name) in str(caught.value)


def test_notes_cannot_make_a_reader_open_files_elsewhere(tmp_path):
    (tmp_path / "secret.parquet").write_bytes(b"secret")
    folder = tmp_path / "set"
    folder.mkdir()
    files = {storage.RESULTS: storage.pack({}, {"tables": ["../secret", 3, "t/../../secret"]})}
    storage.commit(folder, files, json.dumps({"results_sha256": storage.digest(files)}).encode())
    assert set(storage.read(folder)[1]) == {storage.RESULTS}


def _assert_untouched(folder, old):
    assert storage.read(folder) == (json.loads(old[1]), old[0])
    assert {path.name for path in folder.iterdir()} == {*old[0], "record.json"}


@pytest.mark.parametrize("name", ["results.safetensors", "t0.parquet", "record.json"])
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs the device that is always full")
def test_a_full_disk_is_an_error_that_names_file_and_bytes_and_the_old_set_stays(tmp_path, name):
    old, new = a_set(1, tables=1), a_set(2, tables=1)
    storage.commit(tmp_path, *old)
    (tmp_path / f"{name}.new").symlink_to("/dev/full")
    size = len({**new[0], "record.json": new[1]}[name])
    with pytest.raises(storage.Unwritable, match=f"could not write its {size:,} bytes .*No space left") as caught:
        storage.commit(tmp_path, *new)
    assert str(caught.value).startswith(str(tmp_path / name))
    _assert_untouched(tmp_path, old)


def test_a_file_over_the_size_limit_is_the_same_error(tmp_path):
    old = a_set(1)
    storage.commit(tmp_path, *old)
    code = f"""
import resource, sys
from pathlib import Path
sys.path.insert(0, {os.path.dirname(__file__)!r})
from superposition import storage
from test_storage import a_set
new = a_set(2, tables=1, size=5000)
resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))
try:
    storage.commit(Path({str(tmp_path)!r}), *new)
except storage.Unwritable as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(tmp_path / "results.safetensors"))
    assert "File too large" in done.stdout
    _assert_untouched(tmp_path, old)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if not mount or subprocess.run([mount, "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root alone")
    yield folder
    subprocess.run([umount, folder], check=True)


def test_a_disk_that_runs_full_loses_nothing_and_the_next_smaller_set_fits(small_disk):
    old = a_set(1, tables=1, size=2000)
    storage.commit(small_disk, *old)
    with pytest.raises(storage.Unwritable, match="No space left"):
        storage.commit(small_disk, *a_set(2, tables=2, size=7000))
    _assert_untouched(small_disk, old)
    storage.commit(small_disk, *a_set(3))
    assert storage.read(small_disk)[0]["number"] == 3


def test_writing_one_file_replaces_it_or_leaves_it(tmp_path):
    path = tmp_path / "folder" / "file.json"
    storage.write(path, b"old")
    (path.parent / "file.json.new").mkdir()
    with pytest.raises(storage.Unwritable, match="3 bytes"):
        storage.write(path, b"new")
    assert path.read_bytes() == b"old"
    (path.parent / "file.json.new").rmdir()
    storage.write(path, b"new")
    assert [(file.name, file.read_bytes()) for file in path.parent.iterdir()] == [("file.json", b"new")]


def test_an_interrupt_just_after_the_commit_keeps_the_new_set(tmp_path, monkeypatch):
    storage.commit(tmp_path, *a_set(1))
    new = a_set(2)
    real = os.replace

    def interrupted(source, target):
        real(source, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(storage.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        storage.commit(tmp_path, *new)
    monkeypatch.undo()
    assert storage.read(tmp_path) == (json.loads(new[1]), new[0])


def test_a_lock_is_held_by_one_process_and_names_it(tmp_path):
    path = tmp_path / "locks" / "lock"
    with storage.lock(path, "toy/intro"):
        with pytest.raises(storage.Busy, match=f"toy/intro is already running, as process {os.getpid()}:"):
            with storage.lock(path, "toy/intro"):
                pass
    with storage.lock(path, "toy/intro"):
        pass


def test_a_lock_with_no_place_for_its_file_is_named(tmp_path):
    (tmp_path / "locks").touch()
    with pytest.raises(storage.Unwritable, match="locks: no folder that can be written to"):
        with storage.lock(tmp_path / "locks" / "lock", "toy/intro"):
            pass
