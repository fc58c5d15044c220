"""What is held against closed forms; models against what was done to them; measures of models whose answer is known by hand."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from superposition import metrics, runs
from superposition.figures import sparse as figures
from superposition.sparse import measured
from superposition.sparse.engine import known, readouts
from superposition.sparse.engine.known import CHANGES, NAMES, WITHOUT, Known

EXPERIMENT = "sparse/measured"
PAIRS, PENTAGONS = np.concatenate([np.eye(20), -np.eye(20)]), known.polygons(5)


@pytest.fixture(scope="module")
def models():
    return known.models(0, 0.97)


def stack(*models):
    return readouts.Stack(models, torch.Generator().manual_seed(0))


def test_polygons_are_regular_and_turning_keeps_all_angles(models):
    assert metrics.feature_dimensionality(PENTAGONS) == pytest.approx(np.full(50, 0.4))
    assert metrics.cosines(models["pairs, turned"].W) == pytest.approx(metrics.cosines(PAIRS))
    assert np.abs(models["turned"].W).max() < 0.95


def test_spectrum_alone_keeps_singular_values_and_hidden_axes_and_loses_the_angles(models):
    for name, W in (("pentagons", PENTAGONS), ("trained", models["trained, S = 0.97"].W)):
        mixed = models[f"{name}, spectrum alone"].W
        assert mixed.T @ mixed == pytest.approx(W.T @ W, abs=1e-6)
        assert np.abs(metrics.cosines(mixed) - metrics.cosines(W)).max() > 0.3


def test_what_a_linear_code_carries_is_one_feature_a_dimension_or_all_that_few_causes_move(models):
    carried = {name: one.linear() for name, one in models.items()}
    assert {name for name, value in carried.items() if value != pytest.approx(20)} == {"low-rank data", "pairs, correlated"}
    assert carried["low-rank data"] == pytest.approx(60)
    assert carried["pairs, correlated"] == pytest.approx(30)


def test_the_variance_of_a_cause_is_that_of_draws():
    one = Known(np.eye(20), 0.4)
    assert stack(one).hidden().features(50_000).var().item() == pytest.approx(one.variance, rel=0.02)


def test_hidden_vectors_and_features_have_unit_spread_whatever_their_scale(models):
    two = models["pentagons, 3 times as long"], models["low-rank data"]
    made = stack(*two)
    c = made.hidden().features(50_000)
    assert made.hidden().vectors(c).var(1).mean(1).tolist() == pytest.approx([1, 1], rel=0.05)
    spread = (c @ made.features()).var(1)
    assert spread[0, :50].mean().item() == pytest.approx(1, rel=0.05) and spread[1].mean().item() == pytest.approx(1, rel=0.05)
    assert (spread[0, 50:] == 0).all()


def test_orthogonal_features_are_held_whole_and_two_in_one_dimension_as_a_closed_form_says():
    opposite = Known(np.array([[1.0], [-1.0]]), 0.5)
    whole = Known(np.eye(2), 0.5)
    held = readouts.held(stack(whole, opposite), 300, 512, 8192, 0.03, 0.0)
    assert held[0] == pytest.approx([1, 1], abs=0.005)
    # x' = E[x | x - y] is best: x itself where both are not active; a ReLU of x - y does at least as well as slope 1, no bias.
    x, y = np.random.default_rng(0).random((2, 400_000)) * (np.random.default_rng(1).random((2, 400_000)) < 0.5)
    plain = 1 - ((np.maximum(x - y, 0) - x) ** 2).mean() / x.var()
    best = max(
        1 - ((np.maximum(a * (x - y) + b, 0) - x) ** 2).mean() / x.var()
        for a in np.linspace(0.5, 1.2, 15) for b in np.linspace(-0.1, 0.3, 17)
    )  # fmt: skip
    assert plain < held[1].mean() == pytest.approx(best, abs=0.01)


def test_probes_are_ridge_regression_and_the_area_is_scikit_learns():
    rng = np.random.default_rng(0)
    h, x = rng.standard_normal((1, 300, 3)).astype(np.float32), rng.standard_normal((1, 300, 2)).astype(np.float32)
    a, b = readouts.regression(torch.from_numpy(x), torch.from_numpy(h))
    fitted = Ridge(alpha=0.3).fit(h[0], x[0])
    assert a[0].numpy() == pytest.approx(fitted.coef_.T, abs=1e-4) and b[0, 0].numpy() == pytest.approx(
        fitted.intercept_, abs=1e-4
    )
    active = rng.random((300, 2)) < 0.2
    area = readouts.told_apart(torch.from_numpy(x[0]), torch.from_numpy(active.astype(np.float32)))
    assert area.tolist() == pytest.approx([roc_auc_score(active[:, k], x[0, :, k]) for k in range(2)], abs=1e-6)


def test_measures_of_weights_and_data_are_right_where_they_can_be_worked_out():
    said = measured.of_weights(PAIRS)
    for name in ("squared norm", "over half", "1 / D", "exp(H) of lengths", "on a neuron"):
        assert said[name] == pytest.approx(2), name
    assert [said[name] for name in ("effective rank", "interference", "coherence")] == pytest.approx([1, 1, 1])
    assert said["alignment"] == pytest.approx(20) and said["squared cosine"] == pytest.approx(20 / 39)
    of_data = measured.of_data(Known(np.diag([1.0, 2.0]), 0.1))
    assert of_data["participation ratio"] == pytest.approx(25 / 17 / 2)
    shares = np.array([1, 2]) / 3
    assert of_data["known exp(H)"] == pytest.approx(np.exp(-(shares * np.log(shares)).sum()) / 2)


def test_a_probe_of_two_opposite_features_hears_both_alike(models):
    config = runs.configs.read(EXPERIMENT).quick
    whole, half = measured.of_probes(stack(models["turned"], models["pairs"]), config)
    assert whole["cross-talk"] == pytest.approx(0, abs=1e-3) and whole["probes"] == 1
    assert half["cross-talk"] == pytest.approx(1, abs=0.4)


def test_a_dictionary_that_is_the_features_has_all_of_them_and_silent_latents_do_not_count(models):
    config = runs.configs.read(EXPERIMENT).full
    rows = np.concatenate([PAIRS, PAIRS[:1]])
    use, fires = np.array([1.0] * 40 + [0]), np.array([0.1] * 40 + [0])
    said = measured.of_dictionary(models["pairs"], use, fires, rows, PAIRS[:20], config)
    for name in ("SAE exp(H)", "live latents", "found"):
        assert said[name] == pytest.approx(2), name
    assert said["MCC"] == pytest.approx(1) and said["MMCS"] == pytest.approx(0.5)


def made_up(truth, said):
    config = runs.configs.read(EXPERIMENT).full
    return runs.Results(EXPERIMENT, config, {"truth": np.asarray(truth), "said": np.asarray(said)})


def test_a_measure_that_is_the_truth_orders_all_and_is_never_mistaken_and_one_that_falls_is_turned_round():
    truth = np.linspace(0.5, 3, len(NAMES))[None]
    said = np.repeat(truth[:, None], len(measured.MEASURES), 1)
    turn = np.array([-1.0 if name in measured.FALLING else 1.0 for name in measured.MEASURES])
    results = made_up(truth, said * turn[:, None])
    assert measured.rank_correlations(results) == pytest.approx(np.ones((1, len(measured.MEASURES))))
    assert measured.told_from_none(results) == pytest.approx(np.ones((1, len(measured.MEASURES))))
    flat = made_up(truth, np.ones_like(said))
    assert (measured.rank_correlations(flat) == 0).all() and (measured.told_from_none(flat) == 0.5).all()
    assert measured.alarms(results)[0, 0].tolist() == (truth[0, : len(WITHOUT)] > measured.ALARM).tolist()


def test_a_change_is_what_stands_after_it_over_what_stood_before():
    truth = np.arange(1.0, 1 + len(NAMES))[None]
    results = made_up(truth, np.repeat(truth[:, None] ** 2, len(measured.MEASURES), 1))
    assert measured.held(results, NAMES[3]) == 4
    for name, (before, after) in CHANGES.items():
        ratio = (1 + NAMES.index(after)) / (1 + NAMES.index(before))
        of_truth, of_measures = measured.after_over_before(results, name)
        assert of_truth == pytest.approx(ratio) and of_measures == pytest.approx(ratio**2)


def test_the_figure_prints_the_truth_and_every_count_in_its_cell():
    truth, said = np.array([1.0, 2.0]), np.array([[1.0, 2.0, 0.5], [2.0, 8.0, 16.0]])
    ax = figures.counts_by_model(truth, said, ["one", "two"], ["a", "b", "c"], 1).axes[0]
    assert [text.get_text() for text in ax.texts] == ["1.0", "1.0", "2.0", "0.5", "2.0", "2.0", "8.0", "16.0"]
    assert ax.images[0].get_array().tolist() == [[0, 0, 1, -1], [0, 0, 2, 2]]


def test_the_figure_of_latents_has_a_dot_for_each_model_in_every_panel():
    latents = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]])
    figure = figures.latents_by_setting(np.array([1.0, 1.5, 2.0]), latents, np.array([True, False, True]), ["one", "two"])
    for ax, own in zip(figure.axes, latents, strict=True):
        dots = np.concatenate([line.get_xydata() for line in ax.lines if line.get_marker() in "os"])
        assert sorted(map(tuple, dots)) == sorted(zip([1.0, 1.5, 2.0], own, strict=True))


def test_what_is_said_is_finite_and_shares_lie_between_0_and_1(either):
    assert np.isfinite(either["said"]).all() and (either["truth"] >= 0).all() and (either["latents"] > 0).all()
    for name in ("coherence", "MCC", "MMCS"):
        values = either["said"][:, measured.MEASURES.index(name)]
        assert ((values >= 0) & (values <= 1 + 1e-5)).all(), name
