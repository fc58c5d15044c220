"""Every experiment end to end in its quick version: twice to the same bytes, and shaped as the committed one."""

import json
import sys
from functools import cache

import numpy as np
import pytest
from passed import unless_passed

from superposition import configs, digests, paths, runs

GROUND = [f"src/superposition/{module}.py" for module in ("runs", "storage", "configs", "digests", "trees")]
code = cache(digests.Code)

# These draw from a seed as the start of the network with this seed does, and the order of an epoch as a validation story.
# They did before anyone looked, and keep it: with streams of their own, hours of stored results would be of other draws.
# None of them is held against the other. Stories of the grammar are drawn by quick runs alone, and of costs only times are kept.
START = "toy.engine.networks.Networks._start"
ALIKE = [
    {START, "toy.absolute._counted"}, {START, "toy.engine.largest_feature.train"}, {START, "toy.hidden_size.alone"},
    {START, "toy.intro.null_shares"}, {START, "toy.nonuniform._disturbed"},
    {"toy.compressed.mixing", "toy.engine.labelled.Stack.create"},
    {"toy.compressed._at_p", "toy.compressed._crowd", "toy.compressed._dense"},
    {"sparse.measured.of_dictionaries", "sparse.measured.of_seed"},
    {"stories.engine.grammar.stories", "stories.engine.pretraining.windows"},
    {"stories.engine.grammar.stories", "stories.attention.asked"},
    {"stories.engine.grammar.stories", "stories.clusters.analysed"},
    {
        "bottleneck.engine.feature_transformer.FeatureTransformer.__init__",
        "bottleneck.engine.original_transformer.OriginalTransformer.__init__", "bottleneck.engine.original_transformer.train",
    },
    {"bottleneck.moving_features.train_original", "bottleneck.moving_features.train_stack"},
    {"bottleneck.engine.marian.create", "bottleneck.engine.narrowing.two_linears"},
    {"bottleneck.engine.marian.create", "bottleneck.engine.translator_training.train"},
    {"stories.costs.run", "stories.engine.neuroscope_bench.reading", "stories.engine.order_bench.rows"},
]  # fmt: skip


def shape(results: runs.Results) -> dict:
    """What a chapter relies on: names, types and axes, whatever the sizes."""
    return {
        "arrays": {name: (array.dtype, array.ndim) for name, array in results.arrays.items()},
        "tables": {name: table.schema for name, table in results.tables.items()},
        "metrics": set(results.metrics),
    }


def differing(once: runs.Results, again: runs.Results) -> dict[str, float]:
    """The arrays whose bytes differ, with the share of their numbers that do."""
    pairs = {name: (once[name], again[name]) for name in once.arrays.keys() & again.arrays.keys()}
    share = lambda a, b: float(np.mean(a != b)) if a.shape == b.shape else 1.0
    return {name: share(a, b) for name, (a, b) in pairs.items() if a.tobytes() != b.tobytes()}


@pytest.fixture
def askers(monkeypatch):
    """The names of the modules that ask a job for its device."""
    names = set()

    def device(job):
        names.add(sys._getframe(1).f_globals["__name__"])
        return "cpu"

    monkeypatch.setattr(runs.Job, "device", property(device, lambda *_: None), raising=False)
    return names


def not_reached(name: str, executed: list[tuple[str, list[str]]]) -> list[str]:
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
def test_a_run_is_reproducible_and_as_committed_on_the_devices_it_names_by_code_its_digest_covers_with_no_stream_drawn_twice(
    name, tmp_path, monkeypatch, askers, quick_folder, quick_run, kept_trees
):
    committed, experiment = runs.load(name), configs.read(name)
    used = {other: runs.results_digest(other) for other in (name, *committed.record["used"])}
    devices = getattr(experiment.module, "DEVICES", None)
    made_of = [code().digest(runs.roots_of(configs.module_name(name))), configs.given(name, quick=True), used, devices]
    tests = ("tests/test_experiments.py", "tests/executed.py", "tests/generators.py")
    with unless_passed(f"experiments/{name}", made_of, *tests, *GROUND):
        once, seen = quick_run(name), json.loads((quick_folder(name) / "seen.json").read_text())
        assert not_reached(name, seen["executed"]) == []
        assert [functions for functions in seen["shared"] if {*functions} not in ALIKE] == []
        (tmp_path / "_quarto.yml").touch()
        (tmp_path / "data").symlink_to(paths.data())
        monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
        with kept_trees(tmp_path):
            again = runs.run(name, quick=True, device="cpu")
        assert differing(once, again) == {}
        assert again.record["results_sha256"] == once.record["results_sha256"]
        assert shape(again) == shape(committed)
        askers.discard("superposition.runs")
        assert bool(askers) == bool(devices), f"DEVICES, and who asks for a device: {askers}"
