"""Runs are reproducible, resume bit-identically after a kill, and refuse results that are not what they say."""

import json
import random
import shutil
import signal
import time
from contextlib import nullcontext

import numpy as np
import pyarrow as pa
import pytest
import torch

from superposition import runs, storage

SEQUENCE = """
import numpy as np
import pyarrow as pa
from superposition import runs

class Config(runs.Config):
    n: int = 3
    give: str = "right"

SCHEMA = {"x": "n", "xx": "n m"}

def run(config, job):
    x = np.arange(config.n)
    arrays = {"x": x, "xx": np.ones((config.n, 2))}
    metrics = {"sum": x.sum()}
    tables = {"words": pa.table({"word": ["a", "b"], "count": [1, 2]})}
    exec(config.give if config.give != "right" else "")
    return arrays, metrics, tables
"""


@pytest.fixture
def walk(scratch):
    return scratch.experiment("walk", "steps = 30\n[quick]\nsteps = 5")


@pytest.fixture
def sequence(scratch):
    return scratch.experiment("sequence", "", SEQUENCE)


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_load_gives_what_run_computed(sequence):
    ran, loaded = runs.run(sequence), runs.load(sequence)
    np.testing.assert_array_equal(loaded["x"], [0, 1, 2])
    assert loaded["x"].dtype == ran["x"].dtype
    assert loaded["words"] == ran["words"] == pa.table({"word": ["a", "b"], "count": [1, 2]})
    assert loaded.metrics == {"sum": 3.0}
    assert (loaded.config, loaded.record) == (ran.config, ran.record)


def digest_of_walk() -> str:
    return runs.made_by("superposition.toy.walk")["code_sha256"]


def test_an_unknown_array_is_an_error_that_says_what_there_is(sequence):
    with pytest.raises(KeyError, match="toy/sequence has no 'y': it holds x, xx, words"):
        runs.run(sequence)["y"]


def test_the_record_has_its_keys_and_says_what_ran(walk, scratch):
    runs.run(walk, device="cpu")
    record = json.loads((scratch.root / "data/toy/walk/record.json").read_text())
    assert list(record) == [
        "experiment", "config", "seed", "config_sha256", "code_sha256", "reached", "used",
        "results_sha256", "device", "seconds", "versions", "metrics",
    ]  # fmt: skip
    assert record["config"] == {"seed": 0, "steps": 30, "rates": [3.7, 3.9], "pause": 0.0}
    assert (record["experiment"], record["seed"], record["device"]) == ("toy/walk", 0, "cpu")
    assert record["versions"]["numpy"] == np.__version__
    assert record["code_sha256"] == digest_of_walk()
    assert [pair.partition(":")[0] for pair in record["reached"]["superposition.toy.walk"].split()] == ["Config", "SCHEMA", "run"]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(scratch):
    results = {}
    for leaf, seed in (("a", 1), ("b", 1), ("c", 2)):
        runs.run(scratch.experiment(leaf, f"seed = {seed}\nsteps = 9"))
        results[leaf] = (scratch.root / f"data/toy/{leaf}/results.safetensors").read_bytes()
    assert results["a"] == results["b"] != results["c"]


def test_a_quick_run_stays_out_of_data(walk, scratch):
    quick = runs.run(walk, quick=True)
    assert quick["path"].shape == (5, 2)
    assert set(files_of(scratch.root / "data/toy/walk")) == {"config.toml"}
    assert (scratch.root / ".work/quick/toy/walk/results.safetensors").exists()
    assert runs.load(walk, quick=True)["path"].shape == (5, 2)


def test_results_go_to_the_folder_asked_for(walk, scratch, tmp_path):
    runs.run(walk, out=tmp_path / "there")
    assert set(files_of(tmp_path / "there")) == {"results.safetensors", "record.json"}
    assert runs.load(walk, tmp_path / "there").metrics == runs.load(walk, tmp_path / "there").record["metrics"]


@pytest.mark.parametrize(
    ("give", "message"),
    [
        ("arrays.pop('x')", "expected the arrays x, xx, got xx: SCHEMA names what run returns"),
        ("arrays['y'] = x", "expected the arrays x, xx, got x, xx, y: SCHEMA names what run returns"),
        ("arrays['xx'] = x", "array 'xx': expected the axes 'n m', got the shape (3,)"),
        ("arrays['xx'] = np.ones((4, 2))", "array 'xx': axis 'n' has length 4, but 3 in another array"),
        ("metrics['sum'] = float('nan')", "metric 'sum': expected a finite number, got nan"),
        ("metrics['sum'] = np.inf", "metric 'sum': expected a finite number, got inf"),
        ("tables['x'] = tables['words']", "table 'x': expected a name"),
        ("tables['../x'] = tables['words']", "table '../x': expected a name"),
    ],
)
def test_a_module_that_returns_other_than_its_schema_stores_nothing(scratch, give, message):
    name = scratch.experiment("sequence", f"give = {json.dumps(give)}", SEQUENCE)
    with pytest.raises(runs.RunError) as caught:
        runs.run(name)
    assert str(caught.value).startswith(f"superposition.toy.sequence: {message}")
    assert set(files_of(scratch.root / "data/toy/sequence")) == {"config.toml"}


def test_arrays_may_hold_nan(scratch):
    name = scratch.experiment("sequence", "give = \"arrays['x'] = x * np.nan\"", SEQUENCE)
    assert np.isnan(runs.run(name)["x"]).all()
    assert np.isnan(runs.load(name)["x"]).all()


def test_auto_takes_cuda_where_there_is_one_and_cuda_alone_needs_one(scratch, monkeypatch):
    walk = scratch.experiment("walk", "steps = 3", scratch.WALK + '\nDEVICES = ("cpu", "cuda")\n')
    for available, expected in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda available=available: available)
        assert runs.run(walk, quick=True).record["device"] == expected
    with pytest.raises(runs.RunError, match="finds no CUDA device here"):
        runs.run(walk, device="cuda")
    with pytest.raises(runs.RunError, match="expected auto, cpu or cuda"):
        runs.run(walk, device="tpu")


def test_an_experiment_that_computes_on_the_cpu_says_so_where_there_is_cuda_and_refuses_it(walk, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert runs.run(walk).record["device"] == "cpu"
    capsys.readouterr()
    with pytest.raises(runs.RunError, match="device 'cuda': toy/walk computes on the CPU only"):
        runs.run(walk, device="cuda")
    assert capsys.readouterr().out == "", "refused before anything is computed"


@pytest.mark.parametrize("place", ["a file", "a file/below", "refused"])
def test_a_place_that_results_cannot_go_to_is_found_out_before_anything_is_computed(walk, tmp_path, monkeypatch, capsys, place):
    (tmp_path / "a file").write_text("mine")
    if place == "refused":  # as on a read-only disk; root may write everywhere else
        monkeypatch.setattr(storage, "TemporaryFile", _refused)
    with pytest.raises(storage.Unwritable, match=f"{place}: no folder that can be written to"):
        runs.run(walk, out=tmp_path / place)
    assert capsys.readouterr().out == "" and (tmp_path / "a file").read_text() == "mine"


def _refused(dir):
    if dir.name == "refused":
        raise OSError(30, "Read-only file system")
    return nullcontext()


def test_two_runs_of_one_experiment_at_once_are_refused_with_the_process_named(scratch):
    name = scratch.experiment("walk", "steps = 1\npause = 3600\n[quick]\npause = 0")
    with scratch.start(f"from superposition import runs; runs.run({name!r}, device='cpu')") as first:
        first.stdout.readline()
        with pytest.raises(storage.Busy, match=f"toy/walk is already running, as process {first.pid}:"):
            runs.run(name)
        runs.run(name, quick=True)  # a quick run of it is another matter
        first.kill()
    scratch.experiment("walk", "steps = 1")
    runs.run(name)  # the lock dies with its process


# Resuming

RESUMED = "from superposition import runs\nruns.Job.checkpoint_seconds = {every}\nruns.run({name!r}, device='cpu')"


@pytest.fixture
def uninterrupted(scratch):
    """The config of a run of a second, and the bytes that it gives when left alone."""
    config = "steps = 400\npause = 0.002\nseed = 7"
    name = scratch.experiment("straight", config)
    runs.run(name, device="cpu")
    return config, (scratch.root / "data/toy/straight/results.safetensors").read_bytes()


@pytest.mark.parametrize("seed", [0, 1])
def test_killed_at_random_moments_a_run_resumes_to_the_same_bytes(scratch, uninterrupted, seed):
    config, expected = uninterrupted
    name = scratch.experiment("walk", config)
    draw, starts = random.Random(seed), []
    kill = True
    while kill:
        kill = len(starts) < 4 or starts[-1] == 0
        with scratch.start(RESUMED.format(name=name, every=0)) as process:
            starts.append(int(process.stdout.readline().removeprefix("from ")))
            if kill:
                time.sleep(draw.uniform(0, 0.12))
                process.send_signal(signal.SIGKILL)
            _, errors = process.communicate()
            assert process.returncode == (-signal.SIGKILL if kill else 0), errors
    assert starts[0] == 0 and starts == sorted(starts) and starts[-1] > 0
    folder = scratch.root / "data/toy/walk"
    assert (folder / "results.safetensors").read_bytes() == expected
    assert not list(scratch.root.glob(".work/checkpoints/toy/walk/*.safetensors*"))


def test_the_seconds_of_a_resumed_run_count_those_before_the_kill(scratch, capsys):
    name = scratch.experiment("walk", "steps = 8\npause = 0.1")
    with scratch.start(RESUMED.format(name=name, every=0)) as process:
        process.stdout.readline()
        checkpoint = scratch.root / ".work/checkpoints/toy/walk/walk.safetensors"
        while not (checkpoint.exists() and storage.unpack(checkpoint.read_bytes())[0]["step"] >= 5):
            time.sleep(0.02)
        process.kill()
    results = runs.run(name, device="cpu")
    assert int(capsys.readouterr().out.removeprefix("from ")) >= 5
    assert results.record["seconds"] >= 0.8


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda scratch, path: scratch.experiment("walk", "steps = 30\nseed = 5"), "of another config"),
        (lambda scratch, path: scratch.experiment("walk", "steps = 30", scratch.WALK.replace("0.99", "0.98")), "of another code"),
        (lambda scratch, path: path.write_bytes(path.read_bytes()[:-3]), "truncated"),
        (lambda scratch, path: path.write_bytes(b"garbage"), "not a safetensors file"),
        (lambda scratch, path: path.write_bytes(b""), "empty"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_reported_in_one_line_and_not_used(scratch, walk, capsys, change, reason):
    stopped = scratch.WALK.replace("time.sleep(config.pause)", "if step == 20: raise KeyboardInterrupt")
    scratch.experiment("walk", "steps = 30", stopped)
    runs.Job.checkpoint_seconds, before = 0.0, runs.Job.checkpoint_seconds
    try:
        with pytest.raises(KeyboardInterrupt):
            runs.run(walk)
    finally:
        runs.Job.checkpoint_seconds = before
    path = scratch.root / ".work/checkpoints/toy/walk/walk.safetensors"
    assert path.exists()
    scratch.experiment("walk", "steps = 30", scratch.WALK)
    _stamp_with_the_code_of_now(path)
    change(scratch, path)
    capsys.readouterr()
    runs.run(walk)
    said = capsys.readouterr()
    assert said.out == "from 0\n"
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith(".work/checkpoints/toy/walk/walk.safetensors: ignored, ") and reason in said.err
    assert not path.exists()


def _stamp_with_the_code_of_now(path):
    state, notes = storage.unpack(path.read_bytes())
    path.write_bytes(storage.pack(state, notes | {"code_sha256": digest_of_walk()}))


def test_checkpoints_are_spaced_unless_forced(tmp_path):
    job = runs.Job(folder=tmp_path)
    job.save_checkpoint("state", {"x": np.ones(1)})
    assert job.load_checkpoint("state") is None
    job.save_checkpoint("state", {"x": np.ones(1)}, force=True)
    job.save_checkpoint("state", {"x": np.zeros(1)})
    np.testing.assert_array_equal(runs.Job(folder=tmp_path).load_checkpoint("state")["x"], [1])


TWICE = """
import numpy as np
from superposition import runs

class Config(runs.Config):
    keys: tuple[str, str] = ("first", "second")

SCHEMA = {"x": "sum"}

def add(job, key, step):
    x = job.load_checkpoint(key) or {"x": np.zeros(1)}
    job.save_checkpoint(key, {"x": x["x"] + step}, force=True)
    return x["x"] + step

def square(item):
    return {"x": np.array([item**2])}

def run(config, job):
    return {"x": np.concatenate([add(job, key, 1) for key in config.keys])}, {}
"""


@pytest.mark.parametrize("again", ["run", "map"])
def test_a_key_used_twice_in_one_run_is_an_error_that_says_what_to_do(scratch, again):
    source = TWICE.replace("add(job, key, 1)", 'job.map(square, [1], key)[0]["x"]') if again == "map" else TWICE
    np.testing.assert_array_equal(runs.run(scratch.experiment("twice", "", source))["x"], [1, 1])
    clashing = scratch.experiment("twice", 'keys = ["training", "training"]', source)
    with pytest.raises(ValueError, match="checkpoint key 'training': used twice in one run: give each .* of its own"):
        runs.run(clashing)


def test_a_key_used_twice_is_an_error_even_where_no_checkpoint_was_due(scratch):
    calm = TWICE.replace(", force=True", "")
    with pytest.raises(ValueError, match="used twice in one run"):
        runs.run(scratch.experiment("twice", 'keys = ["training", "training"]', calm), quick=True)


def test_a_job_without_a_folder_keeps_no_checkpoints():
    job = runs.Job()
    job.save_checkpoint("state", {"x": np.ones(1)}, force=True)
    assert (job.device, job.load_checkpoint("state")) == ("cpu", None)


@pytest.mark.parametrize("key", ["../state", "a/b", "", "a b"])
def test_a_checkpoint_stays_in_its_folder(tmp_path, key):
    with pytest.raises(ValueError, match="checkpoint key"):
        runs.Job(folder=tmp_path).save_checkpoint(key, {}, force=True)


def test_progress_is_silent_where_there_is_no_terminal(capfd):
    with runs.Job().progress("working", 10) as bar:
        bar.advance(3)
        bar.update(text="loss 1")
    assert capfd.readouterr() == ("", "")


# Loading

WAY_OUT = "Way out: superposition run toy/walk, or git checkout -- data/toy/walk"


@pytest.fixture
def stored(walk, scratch):
    runs.run(walk)
    return scratch.root / "data/toy/walk"


def refusal(name="toy/walk"):
    with pytest.raises(runs.ResultsError) as caught:
        runs.load(name)
    assert str(caught.value).endswith(WAY_OUT)
    return str(caught.value)


def test_results_that_were_never_computed_name_the_command(walk):
    assert refusal() == f"data/toy/walk: holds no results yet. {WAY_OUT}"


@pytest.mark.parametrize("name", ["record.json", "results.safetensors"])
def test_a_missing_file_is_named(stored, name):
    (stored / name).unlink()
    assert refusal() == f"data/toy/walk/{name}: missing. {WAY_OUT}"


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x80\x04K\x01.", b"{}"])
@pytest.mark.parametrize("name", ["record.json", "results.safetensors"])
def test_an_empty_or_foreign_file_is_named(stored, name, data):
    (stored / name).write_bytes(data)
    assert refusal().startswith(f"data/toy/walk/{name}: ")


def test_a_truncated_results_file_is_named_at_any_length(stored):
    whole = (stored / "results.safetensors").read_bytes()
    for length in range(0, len(whole), 7):
        (stored / "results.safetensors").write_bytes(whole[:length])
        assert refusal().startswith("data/toy/walk/results.safetensors: ")


def test_a_flipped_bit_is_noticed(stored):
    whole = bytearray((stored / "results.safetensors").read_bytes())
    whole[-1] ^= 1
    (stored / "results.safetensors").write_bytes(whole)
    assert "the digest in it does not match" in refusal()


def test_results_of_another_experiment_are_refused(stored, scratch):
    other = scratch.experiment("other", "steps = 3")
    runs.run(other)
    shutil.copy(scratch.root / "data/toy/other/results.safetensors", stored)
    assert "of another run" in refusal()
    shutil.copy(scratch.root / "data/toy/other/record.json", stored)
    assert "data/toy/walk/record.json: expected the experiment 'toy/walk', got 'toy/other'" in refusal()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"last": "rate"', '"final": "rate"', "final, last"),
        ('"last": "rate"', '"last": "model"', "last"),
        ('"last": "rate"', '"last": "rate", "more": "rate"', "more"),
        ('"step rate"', '"rate step"', "path"),
    ],
)
def test_results_of_an_older_schema_are_refused_with_the_arrays_that_changed(stored, scratch, old, new, said):
    assert old in scratch.WALK
    scratch.experiment("walk", "steps = 30", scratch.WALK.replace(old, new))
    where = "data/toy/walk/results.safetensors"
    assert refusal() == f"{where}: an older schema: superposition.toy.walk has changed {said}. {WAY_OUT}"


@pytest.mark.parametrize("key", ["experiment", "config", "code_sha256", "metrics", "versions"])
def test_a_record_that_lacks_a_key_is_refused_with_the_key(stored, key):
    record = json.loads((stored / "record.json").read_text())
    del record[key]
    (stored / "record.json").write_text(json.dumps(record))
    assert refusal().startswith(f"data/toy/walk/record.json: lacks {key}")


@pytest.mark.parametrize(("key", "value"), [("metrics", {"mean": float("nan")}), ("metrics", {"mean": "x"}), ("config", 3)])
def test_a_record_with_a_wrong_value_is_refused(stored, key, value):
    record = json.loads((stored / "record.json").read_text())
    (stored / "record.json").write_text(json.dumps(record | {key: value}))
    assert refusal().startswith(f"data/toy/walk/record.json: {key}: expected ")


def test_a_config_that_changed_since_the_run_names_keys_old_and_new(stored, scratch):
    scratch.experiment("walk", "steps = 60\nrates = [3.7]")
    assert refusal() == (
        f"data/toy/walk/record.json: config.toml has changed since the run: rates [3.7, 3.9] -> [3.7]; steps 30 -> 60. {WAY_OUT}"
    )


@pytest.mark.parametrize("place", ["data/toy/walk", "elsewhere"])
def test_a_quick_run_passes_for_a_full_one_in_no_folder_nor_a_full_one_for_it(walk, scratch, place):
    folder = scratch.root / place
    runs.run(walk, quick=True, out=folder)
    assert runs.load(walk, folder, quick=True)["path"].shape == (5, 2)
    with pytest.raises(runs.ResultsError, match=f"^{place}/record.json: expected the full run, got a quick one. Way out: "):
        runs.load(walk, folder)
    runs.run(walk, out=folder)
    assert runs.load(walk, folder)["path"].shape == (30, 2)
    with pytest.raises(runs.ResultsError, match="expected a quick run, got the full one. Way out: .* toy/walk --quick$"):
        runs.load(walk, folder, quick=True)


def test_a_quick_run_in_the_data_folder_is_stale(walk, scratch):
    runs.run(walk, quick=True, out=scratch.root / "data/toy/walk")
    (reason,) = runs.stale(walk)
    assert "expected the full run, got a quick one" in reason


def test_where_quick_runs_are_not_allowed_none_is_made_or_loaded(walk, monkeypatch):
    runs.run(walk)
    runs.run(walk, quick=True)
    monkeypatch.setattr(runs, "quick_allowed", False)
    for refused in (runs.run, runs.load):
        with pytest.raises(runs.ResultsError, match="toy/walk: a chapter shows the full run, never a quick one"):
            refused(walk, quick=True)
    assert runs.load(walk)["path"].shape == (30, 2)


def test_a_comment_in_the_config_or_new_quick_values_age_nothing(stored, scratch):
    scratch.experiment("walk", "# a comment\nsteps = 30 # more\nseed = 0\n[quick]\nsteps = 2")
    assert runs.stale("toy/walk") == []


def test_an_edit_to_the_code_makes_results_stale_but_loadable(stored, scratch):
    assert runs.stale("toy/walk") == []
    scratch.experiment("walk", "steps = 30", scratch.WALK.replace("A random walk", "A walk"))
    assert runs.stale("toy/walk") == []
    scratch.experiment("walk", "steps = 30", scratch.WALK.replace("0.99", "0.98"))
    assert runs.stale("toy/walk") == ["data/toy/walk: the code has changed since the run: toy.walk.run"]
    assert runs.load("toy/walk")["path"].shape == (30, 2)


READER = """
from superposition import runs

class Config(runs.Config):
    pass

SCHEMA = {"last": "rate"}

def run(config, job):
    return {"last": runs.load("toy/walk")["last"]}, {}
"""


def test_results_age_by_the_results_that_their_run_loaded_and_by_what_ages_those(stored, scratch):
    scratch.experiment("reader", "", READER)
    scratch.experiment("second", "", READER.replace("toy/walk", "toy/reader"))
    runs.run("toy/reader")
    runs.run("toy/second")
    used = json.loads((scratch.root / "data/toy/reader/record.json").read_text())["used"]
    assert used == {"toy/walk": runs.load("toy/walk").record["results_sha256"]}
    assert runs.stale("toy/reader") == runs.stale("toy/second") == []
    scratch.experiment("walk", "steps = 30\nseed = 1")
    assert "toy/walk, which is stale" in runs.stale("toy/second")[0]
    runs.run("toy/walk")
    assert runs.stale("toy/reader") == ["data/toy/reader: computed from results of toy/walk that have changed since"]
    assert "toy/reader, which is stale" in runs.stale("toy/second")[0]


def test_what_another_run_loads_meanwhile_is_not_recorded(stored, scratch):
    runs.load("toy/walk")
    assert runs.run("toy/walk").record["used"] == {}


def test_what_cannot_be_loaded_is_stale_for_that_reason(stored, scratch):
    scratch.experiment("walk", "steps = 31")
    assert "steps 30 -> 31" in runs.stale("toy/walk")[0]
    scratch.experiment("walk", "steps = 'x'")
    assert "expected an integer" in runs.stale("toy/walk")[0]


def test_an_earlier_result_survives_a_run_that_fails_to_store(stored, scratch, monkeypatch):
    before = files_of(stored)
    real = storage._write_through

    def full(path, data):
        if path.name == "record.json.new":
            raise storage.Unwritable(f"{path}: could not write its {len(data)} bytes")
        real(path, data)

    monkeypatch.setattr(storage, "_write_through", full)
    with pytest.raises(storage.Unwritable):
        runs.run("toy/walk")
    assert files_of(stored) == before


def test_names_are_the_folders_that_hold_a_config(scratch):
    for leaf in ("b", "a"):
        scratch.experiment(leaf)
    (scratch.root / "data/toy/empty").mkdir()
    assert runs.names() == ["toy/a", "toy/b"]


def test_printed_results_are_a_table_of_names_axes_shapes_and_types_in_the_order_of_the_schema(scratch):
    results = runs.run(scratch.experiment("walk"))
    loaded = runs.load("toy/walk")
    assert str(loaded) == str(results)
    assert [line.split() for line in str(loaded).splitlines()[1:]] == [
        ["name", "axes", "shape", "type"],
        ["path", "step", "rate", "40", "×", "2", "float64"],
        ["last", "rate", "2", "float64"],
    ]


def test_results_become_a_dataset_with_the_schemas_axes(scratch):
    pytest.importorskip("xarray", reason="xarray is an extra")
    results = runs.run(scratch.experiment("walk"))
    found = results.to_xarray()
    assert list(found.data_vars) == ["path", "last"] and found["path"].dims == ("step", "rate")
    np.testing.assert_array_equal(found["path"], results["path"])
