"""Training curves for TensorBoard: which arrays have some, what they are called, and that its own reader finds them."""

import builtins
import sys

import numpy as np
import pytest

from superposition import cli, curves, runs

SCHEMA = {
    "density": "density", "history_step": "record", "history": "record seed density", "epoch": "checkpoint",
    "accuracy": "checkpoint digit", "train_loss": "seed step", "W": "seed density n m", "final": "seed",
}  # fmt: skip


def made_up(**arrays) -> runs.Results:
    rng = np.random.default_rng(0)
    own = {
        "density": np.array([1.0, 0.05]), "history_step": np.array([10, 30, 90]), "history": rng.random((3, 2, 2)),
        "epoch": np.array([0, 5]), "accuracy": rng.random((2, 3)), "train_loss": rng.random((2, 4)),
        "W": rng.random((2, 2, 3, 2)), "final": rng.random(2),
    }  # fmt: skip
    return runs.Results("toy/made_up", runs.Config(), own | arrays)


def test_an_array_has_curves_where_an_axis_of_it_is_counted_by_steps_or_epochs_or_is_one():
    assert {name: len(found) for name, found in curves.of(made_up(), SCHEMA).items()} == {
        "history": 4, "accuracy": 3, "train_loss": 2,
    }  # fmt: skip


def test_a_curve_is_named_by_the_values_of_its_other_axes_and_its_seed_stands_apart():
    results = made_up()
    found = {(curve.tag, curve.seed): curve for curve in curves.of(results, SCHEMA)["history"]}
    assert set(found) == {(f"history/density={p}", f"seed={s}") for p in ("1", "0.05") for s in (0, 1)}
    one = found["history/density=0.05", "seed=1"]
    np.testing.assert_array_equal(one.step, [10, 30, 90])
    np.testing.assert_array_equal(one.value, results["history"][:, 1, 1])
    assert curves.of(results, SCHEMA)["accuracy"][2].tag == "accuracy/digit=2"


def test_a_training_without_counted_steps_counts_them_itself():
    np.testing.assert_array_equal(curves.of(made_up(), SCHEMA)["train_loss"][0].step, range(4))


def test_curves_of_stored_results_are_found():
    intro = runs.load("toy/intro")
    found = curves.of(intro, runs.configs.read("toy/intro").module.SCHEMA)["history"]
    assert len(found) == intro["history"][0].size
    np.testing.assert_array_equal(found[-1].value, intro["history"][:, -1, -1])


def without_tensorboard(monkeypatch):
    real = builtins.__import__

    def refuse(name, *rest):
        if name == "torch.utils.tensorboard":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)


def test_without_tensorboard_the_way_out_is_said_before_anything_is_computed(scratch, monkeypatch):
    scratch.experiment("walk", "steps = 30")
    without_tensorboard(monkeypatch)
    monkeypatch.setattr(sys, "argv", ["superposition", "run", "toy/walk", "--tensorboard", str(scratch.root / "curves")])
    with pytest.raises(SystemExit, match=r"--tensorboard needs TensorBoard: pip install 'superposition\[tensorboard\]'"):
        cli.main()
    assert not (scratch.root / "data/toy/walk/record.json").exists()


class Written(dict):
    """Stands in for PyTorch's SummaryWriter: what was added, by folder and tag."""

    def writer(self, folder):
        self.folder = folder
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def add_scalar(self, tag, value, step):
        self.setdefault((self.folder, tag), []).append((step, value))


def test_a_seed_is_a_folder_and_what_is_not_finite_or_too_much_is_left_out(monkeypatch, tmp_path):
    written = Written()
    monkeypatch.setattr(curves, "writer", lambda: written.writer)
    monkeypatch.setattr(curves, "MOST", 3)
    results = made_up(train_loss=np.array([[1.0, np.nan, 3.0, np.inf], [4.0, 3.0, 2.0, 1.0]]))
    said = curves.write(results, SCHEMA, tmp_path)
    assert written[str(tmp_path / "seed=0"), "train_loss"] == [(0, 1.0), (2, 3.0)]
    assert written[str(tmp_path / "seed=1"), "train_loss"] == [(0, 4.0), (1, 3.0), (2, 2.0), (3, 1.0)]
    assert not any(tag.startswith("history") for _, tag in written)
    assert said == f"5 curves for TensorBoard in {tmp_path}; left out, with more than 3 each: history"


def test_tensorboard_reads_back_what_run_wrote(scratch, tmp_path, monkeypatch, capsys):
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed: it is an extra")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    scratch.experiment("walk", "steps = 30")
    monkeypatch.setattr(sys, "argv", ["superposition", "run", "toy/walk", "--tensorboard", str(tmp_path)])
    with pytest.raises(SystemExit):
        cli.main()
    assert f"2 curves for TensorBoard in {tmp_path / 'toy/walk'}" in capsys.readouterr().out
    events = EventAccumulator(str(tmp_path / "toy/walk")).Reload()
    path = runs.load("toy/walk")["path"]
    for k in range(2):
        read = events.Scalars(f"path/rate={k}")
        assert [event.step for event in read] == list(range(30))
        np.testing.assert_allclose([event.value for event in read], path[:, k], rtol=1e-6)
