"""Items spread over two worker processes: the same bytes as here, a killed worker costs one item, faults are plain."""

import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from superposition import cluster, runs

MAPPED = """
import os
import time
from pathlib import Path
import numpy as np
from superposition import runs

class Config(runs.Config):
    items: int = 8
    pause: float = 0.0
    log: str = ""
    fatal: int = -1
    signal: int = 9

SCHEMA = {"x": "item draw", "whole": "item"}

def one(item):
    k, seed, pause, log, fatal, signal = item
    if log:
        with open(Path(log) / f"{k}", "a") as file:
            file.write(f"{os.getpid()}\\n")
        if k == fatal and len((Path(log) / f"{k}").read_text().split()) == 1:
            os.kill(os.getpid(), signal)
    time.sleep(pause)
    rng = np.random.default_rng((seed, k))
    return {"x": rng.standard_normal(64).cumsum(), "whole": np.array(k)}

def run(config, job):
    items = [(k, config.seed, config.pause, config.log, config.fatal, config.signal) for k in range(config.items)]
    results = job.map(one, items, "items")
    return {name: np.stack([result[name] for result in results]) for name in SCHEMA}, {}
"""


def bytes_of(scratch, leaf):
    return (scratch.root / f"data/toy/{leaf}/results.safetensors").read_bytes()


def attempts(log):
    """For each item the processes that began it."""
    return {int(file.name): [int(pid) for pid in file.read_text().split()] for file in log.iterdir()}


def test_a_cluster_gives_the_bytes_that_this_machine_gives_and_computes_none_of_them_here(scratch, two_workers, tmp_path):
    log = tmp_path / "log"
    log.mkdir()
    address, workers = two_workers
    runs.run(scratch.experiment("here", "", MAPPED))
    runs.run(scratch.experiment("there", f'log = "{log}"\npause = 0.1', MAPPED), scheduler=address)
    assert bytes_of(scratch, "here") == bytes_of(scratch, "there")
    began = attempts(log)
    assert sorted(began) == list(range(8)) and all(len(pids) == 1 for pids in began.values())
    assert {pid for pids in began.values() for pid in pids} == {worker.pid for worker in workers}


def test_the_phase_diagram_on_a_cluster_is_the_local_one_to_the_bit(scratch, two_workers):
    committed = Path(__file__).parents[1] / "data/toy/phase/config.toml"
    config = 'module = "toy/phase"\n' + committed.read_text()
    for leaf, address in (("here", None), ("there", two_workers[0])):
        folder = scratch.root / f"data/toy/{leaf}"
        folder.mkdir(parents=True)
        (folder / "config.toml").write_text(config)
        runs.run(f"toy/{leaf}", quick=True, out=folder, scheduler=address)
    assert bytes_of(scratch, "here") == bytes_of(scratch, "there")


def test_a_worker_killed_half_way_costs_its_item_only(scratch, two_workers, tmp_path):
    log = tmp_path / "log"
    log.mkdir()
    address, _ = two_workers
    runs.run(scratch.experiment("there", f'items = 6\nlog = "{log}"\nfatal = 0', MAPPED), scheduler=address)
    runs.run(scratch.experiment("here", "items = 6", MAPPED))
    assert bytes_of(scratch, "here") == bytes_of(scratch, "there")
    began = attempts(log)
    assert {k: len(pids) for k, pids in began.items()} == {0: 2, 1: 1, 2: 1, 3: 1, 4: 1, 5: 1}


def test_a_stopped_map_goes_on_with_the_items_that_are_left_to_the_same_bytes(scratch, tmp_path):
    log = tmp_path / "log"
    log.mkdir()
    name = scratch.experiment("there", f'log = "{log}"\nfatal = 3\nsignal = {signal.SIGINT:d}', MAPPED)
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # what runs in the background ignores it
    process = scratch.start(f"{heard}\nfrom superposition import runs\nruns.run({name!r})")
    process.communicate()
    assert process.returncode
    begun = attempts(log)
    runs.run(name)
    runs.run(scratch.experiment("here", "", MAPPED))
    assert bytes_of(scratch, "here") == bytes_of(scratch, "there")
    done = attempts(log)
    twice = {k for k, pids in done.items() if len(pids) == 2}
    assert begun.keys() == {0, 1, 2, 3} and done.keys() == set(range(8)) and twice == {3}


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch, scratch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "SECONDS", 1)
    with pytest.raises(cluster.ClusterError, match="scheduler tcp://127.0.0.1:1: no answer within 1 s"):
        runs.run(scratch.experiment("there", "", MAPPED), scheduler="tcp://127.0.0.1:1")


def test_a_cluster_without_workers_is_named(scratch, scheduler):
    with pytest.raises(cluster.ClusterError, match="it has no workers"):
        runs.run(scratch.experiment("there", "", MAPPED), scheduler=scheduler)


def test_a_missing_dask_is_named_with_the_way_to_get_it(monkeypatch, scratch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(cluster.ClusterError, match=r"pip install 'superposition\[cluster\]'"):
        runs.run(scratch.experiment("there", "", MAPPED), scheduler="tcp://127.0.0.1:1")


def test_a_worker_with_other_code_is_refused(scratch):
    name = scratch.experiment("there", "", MAPPED)
    module = runs.configs.read(name).module
    with pytest.raises(cluster.ClusterError, match="another version of superposition.toy.there"):
        cluster._shard(module.one, (0, 0, 0.0, ""), "other")


def test_an_experiment_without_items_says_that_it_was_computed_here(scratch, capsys):
    runs.run(scratch.experiment("walk", "steps = 3"), scheduler="tcp://127.0.0.1:1")
    assert "no items to spread over tcp://127.0.0.1:1" in capsys.readouterr().err


def test_a_function_that_no_worker_could_find_is_refused_here_too():
    with pytest.raises(ValueError, match="a function at the top of a module"):
        runs.Job().map(lambda item: {"x": np.array(item)}, [1], "items")
