"""Every experiment end to end in its quick version: in seconds, twice to the same bytes, and shaped as the committed one."""

import pytest
from executed import recorded

from superposition import configs, digests, paths, runs


def shape(results: runs.Results) -> dict:
    """What a chapter relies on: names, types and axes, whatever the sizes."""
    return {
        "arrays": {name: (array.dtype, array.ndim) for name, array in results.arrays.items()},
        "tables": {name: table.schema for name, table in results.tables.items()},
        "metrics": set(results.metrics),
    }


def not_reached(name: str, executed: set[tuple[str, tuple[str, ...]]]) -> list[str]:
    """What was executed and is not among the definitions that the experiment's digest covers."""
    reached = digests.Code().reached(runs.roots_of(configs.module_name(name)))
    covered = lambda module, names: {*names, digests.EFFECTS} & reached.get(module, {}).keys()
    return sorted(f"{module}: {' '.join(names)}" for module, names in executed if not covered(module, names))


@pytest.mark.parametrize("name", runs.names())
def test_an_experiment_runs_quickly_reproducibly_and_as_committed_and_executes_only_what_its_digest_covers(name, tmp_path, monkeypatch):
    committed = runs.load(name)
    data, digests = paths.data(), []  # all of it: an experiment may read the results of another
    for attempt in ("first", "second"):
        root = tmp_path / attempt
        root.mkdir()
        (root / "_quarto.yml").touch()
        (root / "data").symlink_to(data)
        monkeypatch.setenv("SUPERPOSITION_ROOT", str(root))
        with recorded() as executed:
            quick = runs.run(name, quick=True, device="cpu")
        assert not_reached(name, executed) == []
        digests.append(quick.record["results_sha256"])
        assert shape(quick) == shape(runs.load(name, quick=True))
    assert digests[0] == digests[1]
    assert shape(quick) == shape(committed)
