"""Every experiment end to end in its quick version: twice to the same bytes, and shaped as the committed one."""

import sys
from functools import cache

import pytest
from executed import recorded
from passed import unless_passed

from superposition import configs, digests, paths, runs

GROUND = [f"src/superposition/{module}.py" for module in ("runs", "storage", "configs", "digests", "trees")]
code = cache(digests.Code)


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


def not_reached(name: str, executed: set[tuple[str, tuple[str, ...]]]) -> list[str]:
    """What was executed and is not among the definitions that the experiment's digest covers.

    Checking configs and schemas of results that it loads is no part of it: those results age by themselves."""
    used = runs.load(name).record["used"]
    loaded = code().reached([(configs.module_name(other), part) for other in used for part in ("Config", "SCHEMA")])
    reached = code().reached(runs.roots_of(configs.module_name(name)))
    covered = lambda module, names: {*names, digests.EFFECTS} & reached.get(module, {}).keys()
    return sorted(
        f"{module}: {' '.join(names)}"
        for module, names in executed
        if not covered(module, names) and not {*names} & loaded.get(module, {}).keys()
    )


@pytest.mark.parametrize("name", runs.names())
def test_an_experiment_runs_reproducibly_as_committed_on_the_devices_it_names_and_executes_only_what_its_digest_covers(
    name, tmp_path, monkeypatch, askers
):
    committed, experiment = runs.load(name), configs.read(name)
    used = {other: runs.results_digest(other) for other in (name, *committed.record["used"])}
    devices = getattr(experiment.module, "DEVICES", None)
    made_of = [code().digest(runs.roots_of(configs.module_name(name))), configs.given(name, quick=True), used, devices]
    with unless_passed(f"experiments/{name}", made_of, "tests/test_experiments.py", "tests/executed.py", *GROUND):
        data, sums = paths.data(), []  # all of it: an experiment may read the results of another
        for attempt in ("first", "second"):
            root = tmp_path / attempt
            root.mkdir()
            (root / "_quarto.yml").touch()
            (root / "data").symlink_to(data)
            monkeypatch.setenv("SUPERPOSITION_ROOT", str(root))
            with recorded() as executed:
                quick = runs.run(name, quick=True, device="cpu")
            assert not_reached(name, executed) == []
            sums.append(quick.record["results_sha256"])
            assert shape(quick) == shape(runs.load(name, quick=True))
        assert sums[0] == sums[1]
        assert shape(quick) == shape(committed)
        askers.discard("superposition.runs")
        assert bool(askers) == bool(devices), f"DEVICES, and who asks for a device: {askers}"
