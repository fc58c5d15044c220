"""Every experiment end to end in its quick version: twice to the same bytes, and shaped as the committed one."""

import sys
from functools import cache

import pytest
from passed import unless_passed

from superposition import configs, paths, runs
from superposition.digests import Code

GROUND = [f"src/superposition/{module}.py" for module in ("runs", "storage", "configs")]
code = cache(Code)


def shape(results: runs.Results) -> dict:
    """What a chapter relies on: names, types and axes, whatever the sizes."""
    return {
        "arrays": {name: (array.dtype, array.ndim) for name, array in results.arrays.items()},
        "tables": {name: table.schema for name, table in results.tables.items()},
        "metrics": set(results.metrics),
    }


@pytest.fixture
def askers(monkeypatch):
    """The names of the modules that ask a job for its device."""
    names = set()

    def device(job):
        names.add(sys._getframe(1).f_globals["__name__"])
        return "cpu"

    monkeypatch.setattr(runs.Job, "device", property(device, lambda *_: None), raising=False)
    return names


@pytest.mark.parametrize("name", runs.names())
def test_an_experiment_runs_reproducibly_as_committed_and_on_the_devices_that_it_names(name, tmp_path, monkeypatch, askers):
    committed, experiment = runs.load(name), configs.read(name)
    used = {other: runs.results_digest(other) for other in (name, *committed.record["used"])}
    devices = getattr(experiment.module, "DEVICES", None)
    made_of = [code().digest(runs.roots_of(configs.module_name(name))), configs.given(name, quick=True), used, devices]
    with unless_passed(f"experiments/{name}", made_of, "tests/test_experiments.py", *GROUND):
        data, digests = paths.data(), []  # all of it: an experiment may read the results of another
        for attempt in ("first", "second"):
            root = tmp_path / attempt
            root.mkdir()
            (root / "_quarto.yml").touch()
            (root / "data").symlink_to(data)
            monkeypatch.setenv("SUPERPOSITION_ROOT", str(root))
            quick = runs.run(name, quick=True, device="cpu")
            digests.append(quick.record["results_sha256"])
            assert shape(quick) == shape(runs.load(name, runs.folder(name, quick=True)))
        assert digests[0] == digests[1]
        assert shape(quick) == shape(committed)
        askers.discard("superposition.runs")
        assert bool(askers) == bool(devices), f"DEVICES, and who asks for a device: {askers}"
