"""What the checks of the toy claims read: stored results with arrays replaced, made so that one verdict follows by hand."""

from dataclasses import replace

import numpy as np
import pytest

from superposition import claims, runs
from superposition.toy.computation import PRINTED, printed_constants
from superposition.toy.nonuniform import AXES
from superposition.toy.phase import fixed_border

CLAIMS = {claim.id: claim for claim in claims.registry()}
RNG = np.random.default_rng(0)
SIZES = ("small", "large")


def judged(id, *made):
    """The verdict of a claim on its results, with the arrays of `made` in place of the stored ones: a dict an experiment."""
    claim = CLAIMS[id]
    loaded = [runs.load(name) for name in claim.experiments]
    changed = [replace(one, arrays=one.arrays | arrays) for one, arrays in zip(loaded, made, strict=True)]
    return claim.verdict(claim.check(*changed))


def about(value, shape):
    """Values near this one, no two the same: seeds that tie have an interval of their own."""
    return value * (1 + 1e-4 * RNG.standard_normal(shape))


def arrows(*degrees):
    angle = np.radians(degrees)
    return np.stack([np.cos(angle), np.sin(angle)], -1)


# --- intro: shapes are 0 orthogonal, 2 two pairs, 3 pentagon, 4 other ---


@pytest.mark.parametrize(("good", "verdict"), [(256, "reproduced"), (128, "partly"), (100, "not reproduced")])
def test_orthogonal_counts_seeds_that_keep_the_first_two_features_alone(good, verdict):
    W = np.zeros((256, 10, 5, 2))
    W[:, :, :2] = np.eye(2)
    W[good:, :, 2] = 0.6  # a third one
    assert judged("toy/intro/1-orthogonal", {"W": W, "shape": np.zeros((256, 10), int)}) == verdict


@pytest.mark.parametrize(("best", "verdict"), [(3, "reproduced"), (4, "not reproduced")])
def test_the_pentagon_is_asked_of_the_best_seeds_alone(best, verdict):
    loss, shape = np.full((256, 10), 1.1), np.full((256, 10), 7 - best)
    loss[:40], shape[:40] = 1.0, best
    assert judged("toy/intro/3-pentagon", {"W": np.ones((256, 10, 5, 2)), "shape": shape, "loss": loss}) == verdict


def test_the_notebooks_start_is_held_against_ours():
    shape = np.where(np.arange(256)[:, None] < 70, 3, 4) * np.ones((1, 10), int)
    assert judged("toy/intro/6-start", {"shape": shape, "notebook_shape": shape[::-1]}) == "reproduced"
    assert judged("toy/intro/6-start", {"shape": shape, "notebook_shape": np.roll(shape, 30, 0) * 0 + 4}) == "corrected"


# --- demonstrating ---


def kept(count, model, n, m, where=0):
    """Models that represent m features, from `where` on, in the first `count` of eight seeds; in the others one more."""
    W = np.zeros((2, 7, 8, n, m))
    W[model, :, :, where : where + m] = np.eye(m)
    W[model, :, count:, -1, 0] = 1
    return W


@pytest.mark.parametrize(
    ("count", "where", "verdict"), [(8, 0, "reproduced"), (5, 0, "partly"), (3, 0, "not reproduced"), (8, 1, "not reproduced")]
)
@pytest.mark.parametrize(("id", "model"), [("1-linear", 0), ("2-dense", 1)])
def test_exactly_the_most_important_features_are_asked_for(id, model, count, where, verdict):
    made = {"W_small": kept(count, model, 20, 5, where), "W_large": kept(count, model, 80, 20, where)}
    assert judged(f"toy/demonstrating/{id}", made) == verdict


@pytest.mark.parametrize(
    ("held", "verdict"), [((1, 2, 3, 4, 5, 6, 7), "reproduced"), ((1, 2, 2, 4, 5, 6, 7), "partly"), ((3,) * 7, "not reproduced")]
)
def test_ever_more_features_means_more_at_every_step(held, verdict):
    made = {f"W_{size}": np.zeros((2, 7, 8, n, m)) for size, n, m in (("small", 20, 5), ("large", 80, 20))}
    for W in made.values():
        for k, count in enumerate(held):
            W[1, k, :, :count, 0] = 1
        W[1, :, 0, -1, 0] = 1  # one seed has one more throughout
    assert judged("toy/demonstrating/3-more", made) == verdict


@pytest.mark.parametrize(
    ("early", "late", "verdict"),
    [
        ("pairs", "groups", "reproduced"),
        ("pairs", "pairs", "partly"),
        ("groups", "groups", "partly"),
        ("groups", "pairs", "not reproduced"),
    ],
)
def test_pairs_come_before_groups_at_both_sizes(early, late, verdict):
    """Two pairs or a pentagon; a third of the seeds has a lone feature besides, so that seeds differ."""
    made = {f"W_{size}": np.zeros((2, 7, 8, n, m)) for size, n, m in (("small", 20, 5), ("large", 80, 20))}
    for W in made.values():
        for s, kind in zip((1, 2, 5, 6), (early, early, late, late), strict=True):
            shape = arrows(0, 180, 90, 270) if kind == "pairs" else arrows(0, 72, 144, 216, 288)
            W[1, s, :, : len(shape), :2] = shape
        W[1, :, :3, -1, -1] = 1
    assert judged("toy/demonstrating/4-order", made) == verdict


@pytest.mark.parametrize(
    ("ranks", "verdict"), [((0, 1, 3), "reproduced"), ((1, 0, 3), "not reproduced"), ((0, 3, 1), "not reproduced")]
)
def test_less_important_features_are_shared_first(ranks, verdict):
    """Ten lone features, five pairs and two pentagons, in blocks whose order is given."""
    W = np.zeros((2, 7, 8, 80, 20))
    first = np.array(ranks) * 20
    for seed in range(8):
        W[1, 2:4, seed, first[0] + seed % 2 : first[0] + seed % 2 + 10, :10] = np.eye(10)
        for k in range(5):
            W[1, 2:4, seed, first[1] + 2 * k : first[1] + 2 * k + 2, 10 + k] = [1, -1]
        for k in range(2):
            group = first[2] + 5 * k + seed // 4
            W[1, 2:4, seed, group : group + 5, 15 + 2 * k : 17 + 2 * k] = arrows(0, 72, 144, 216, 288)
    assert judged("toy/demonstrating/4b-less-important-first", {"W_large": W}) == verdict


@pytest.mark.parametrize(("worst", "verdict"), [(0.9, "reproduced"), (1.1, "not reproduced")])
def test_superposition_pays_where_no_size_and_sparsity_says_otherwise(worst, verdict):
    made = {f"linear_optimum_{size}": np.ones(7) for size in SIZES} | {f"loss_{size}": about(0.5, (2, 7, 8)) for size in SIZES}
    made["loss_small"][1, 3] = about(worst, 8)
    made["loss_small"][1, 0] = 2  # at S = 0 nothing is asked
    assert judged("toy/demonstrating/5-pays", made) == verdict


@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        (np.linspace(1, 2, 20), "reproduced"),
        (1.0 + (np.arange(20) > 9), "partly"),
        (np.r_[np.linspace(1, 2, 19), 1.9], "not reproduced"),
    ],
)
def test_growth_is_smooth_without_falls_and_jumps(path, verdict):
    W = np.zeros((8, 20, 100, 20))
    W[..., 0, 0] = np.sqrt(20 * (path + about(1e-3, (8, 20))))
    assert judged("toy/demonstrating/6-smooth", {"W": W}) == verdict


# --- geometry ---


@pytest.mark.parametrize(
    ("alone", "stays", "verdict"), [(True, 16, "reproduced"), (False, 16, "partly"), (True, 1, "not reproduced")]
)
def test_a_plateau_at_one_needs_features_with_a_dimension_of_their_own(alone, stays, verdict):
    """So many densities at one dimension a feature, as four axes or as four pairs half as long; then an even slide to ½."""
    W = np.zeros((3, 32, 8, 4))
    own, shared = np.r_[np.eye(4), 0 * np.eye(4)], np.r_[np.eye(4), -np.eye(4)] / np.sqrt(2)
    for seed in range(3):
        for k, per_feature in enumerate(np.r_[np.ones(stays + seed), np.linspace(1, 0.5, 32 - stays - seed)]):
            W[seed, k] = (own if alone else shared) / np.sqrt(per_feature)
    assert judged("toy/geometry/1-one", {"W": W}) == verdict


@pytest.mark.parametrize(("sizes", "verdict"), [(3, "reproduced"), (1, "partly"), (0, "not reproduced")])
def test_digons_are_asked_for_at_every_size(sizes, verdict):
    pair, lone = np.zeros((3, 2, 5, 4)), np.zeros((3, 2, 5, 4))
    pair[..., 0, 0], pair[..., 1, 0], lone[..., 0, 0] = 1, -1, 1
    assert judged("toy/geometry/4-digons", *({"W": pair if k < sizes else lone} for k in range(3))) == verdict


@pytest.mark.parametrize(("found", "verdict"), [(6, "reproduced"), (1, "partly"), (0, "not reproduced")])
def test_a_short_training_hides_what_longer_ones_find(found, verdict):
    """A triangle in every model of so many of the long trainings, and in none of the short one."""
    made = []
    for name, loss in (("toy/geometry_training", 1.0), ("toy/geometry_training_short", 1.1)):
        results = runs.load(name)
        W = np.zeros(results["W"].shape)
        W[..., 0, 0], W[..., 1, :2], W[..., 2, :2] = 1, [-0.5, 0.75**0.5], [-0.5, -(0.75**0.5)]
        W[:, ::2, 0, 3:6, 2:4] = W[:, ::2, 0, :3, :2]  # every other seed has another, so that seeds don't tie
        made.append({"W": W, "loss": about(loss, results["loss"].shape)})
    made[0]["W"][found:], made[1]["W"][:] = 0, 0
    assert judged("toy/geometry/9-training", *made) == verdict


# --- phase ---


@pytest.mark.parametrize(("good", "verdict"), [(16, "reproduced"), (8, "partly"), (7, "not reproduced")])
def test_a_start_finds_the_optimum_within_one_per_cent(good, verdict):
    factor = np.where(np.arange(16) < good, 1.009, 1.011)[:, None, None]
    assert judged("toy/phase/3-found", {"loss": np.ones((64, 64)), "start_loss": factor * np.ones((1, 64, 64))}) == verdict


@pytest.mark.parametrize(("smooth", "verdict"), [(True, "reproduced"), (False, "not reproduced")])
def test_a_picture_is_noisy_beside_that_of_the_best_start(smooth, verdict):
    norm, loss = RNG.random((16, 64, 64)), np.ones((16, 64, 64))
    loss[0] = 0.5
    if smooth:
        norm[0] = 0.5
    assert judged("toy/phase/5-noise", {"start_norm": norm, "start_loss": loss}) == verdict


@pytest.mark.parametrize(("factor", "verdict"), [(1.009, "reproduced"), (1.02, "not reproduced")])
def test_one_cell_is_enough_against_the_family_of_fixed_shapes(factor, verdict):
    fixed = np.ones((64, 64))
    fixed[3, 5] = factor
    assert judged("toy/phase/6-family", {"loss": np.ones((64, 64)), "fixed_loss": fixed}) == verdict


@pytest.mark.parametrize(("last", "verdict"), [(1.04, "reproduced"), (1.06, "not reproduced")])
def test_one_importance_is_enough_against_the_border(last, verdict):
    border = fixed_border(runs.load("toy/phase")["importance"])
    border[np.flatnonzero(np.isfinite(border))[-1]] *= last
    assert judged("toy/phase/7-border", {"border": border}) == verdict


# --- dynamics ---


@pytest.mark.parametrize(("good", "verdict"), [(100, "reproduced"), (50, "partly"), (49, "not reproduced")])
def test_features_are_counted_near_the_levels_at_either_sparsity(good, verdict):
    """At S = 0.55 all of them; at 0.8 so many, at nothing, three eighths, two fifths and a half in turn."""
    D = np.full((2, 16, 401, 100), 0.25)
    D[0], D[1, :, :, :good] = 0.49, np.array([0.01, 0.37, 0.41, 0.51])[np.arange(good) % 4]
    assert judged("toy/dynamics/1-levels", {"D": D[0]}, {"D": D[1]}) == verdict


@pytest.mark.parametrize(("factor", "verdict"), [(1.005, "reproduced"), (1.02, "not reproduced")])
def test_an_optimiser_without_memory_ends_where_the_other_does_at_either_sparsity(factor, verdict):
    made = [{"loss": np.ones((16, 401)), "memoryless_loss": about(by, (4, 401))} for by in (1.0, factor)]
    assert judged("toy/dynamics/5-forgetful", *made) == verdict


@pytest.mark.parametrize(("good", "verdict"), [(32, "reproduced"), (16, "partly"), (15, "not reproduced")])
def test_an_octahedron_has_its_pairs_across_the_sets(good, verdict):
    W = np.zeros((32, 160, 6, 3))
    W[:, :, :3], W[:, :, 3:] = np.eye(3), -np.eye(3)
    W[good:, :, 1] = -W[good:, :, 0]  # a pair within a set
    assert judged("toy/dynamics/7-octahedron", {"set_W": W}) == verdict


# --- correlated: kinds are correlated, independent, anticorrelated ---

CROSS, PAIRED = arrows(0, 90, 180, 270), arrows(0, 180, 90, 270)


@pytest.mark.parametrize(
    ("correlated", "independent", "verdict"),
    [(CROSS, PAIRED, "reproduced"), (arrows(0, 45, 180, 225), PAIRED, "partly"), (CROSS, CROSS, "not reproduced")],
)
def test_correlated_pairs_turn_away_from_being_antipodal(correlated, independent, verdict):
    W = np.zeros((3, 6, 32, 4, 2))
    W[0], W[1] = correlated, independent
    W[1, :, 0] = CROSS
    if independent is CROSS:
        W[0, :, 1] = PAIRED
    assert judged("toy/correlated/1b-orthogonal-found", {"W_two": W}) == verdict


@pytest.mark.parametrize(
    ("good", "near", "verdict"), [(15, 15, "reproduced"), (31, 15, "reproduced"), (15, 20, "partly"), (0, 20, "not reproduced")]
)
def test_antipodal_pairs_are_asked_of_the_models_near_the_least_loss_alone(good, near, verdict):
    W, loss = np.zeros((3, 6, 32, 4, 2)), np.ones((3, 6, 32))
    W[:] = CROSS
    W[2, :, :good] = PAIRED
    loss[2, :, :near] = 0.4
    assert judged("toy/correlated/3-antipodal", {"W_two": W, "loss_two": loss}) == verdict


@pytest.mark.parametrize(
    ("degrees", "others", "verdict"),
    [((0, 30), (0, 180), "reproduced"), ((0, 30), (0, 30), "not reproduced"), ((0, 180), (0, 180), "not reproduced")],
)
def test_side_by_side_is_more_than_opposite_and_than_independent_features(degrees, others, verdict):
    W = np.zeros((3, 6, 32, 6, 2))
    W[0], W[1] = np.tile(arrows(*degrees), (3, 1)), np.tile(arrows(*others), (3, 1))
    for kind in (0, 1):
        W[kind, :, kind, :2] = CROSS[:2]  # a pair at right angles in one seed
    assert judged("toy/correlated/2-side", {"W_three": W}) == verdict


@pytest.mark.parametrize(("across", "verdict"), [(10, "reproduced"), (6, "partly"), (4, "not reproduced")])
def test_partners_are_of_the_other_set(across, verdict):
    """Features of the first set and their opposites in the second; the others are paired within their sets."""
    W = np.zeros((2, 6, 8, 20, 10))
    W[..., :10, :], W[..., 10:, :] = np.eye(10), -np.eye(10)
    for k in range(across, 10, 2):
        W[..., [k + 1, 10 + k, 11 + k], :] = np.eye(10)[[k, k + 1, k + 1]] * [[-1], [1], [-1]]
    assert judged("toy/correlated/7-partners", {"W_sets": W}) == verdict


# --- nonuniform ---


@pytest.mark.parametrize(("wrong", "verdict"), [(0, "reproduced"), (2, "reproduced"), (5, "not reproduced")])
def test_models_are_counted_that_end_in_another_than_the_best_shape(wrong, verdict):
    results = runs.load("toy/nonuniform")
    shape = np.zeros((2, 21, 64), int)
    for axis in range(len(AXES)):
        shape[axis, results["trained_multiplier"] < results["crossing"][axis].mean()] = 1
    shape[:, :, :wrong] = 3
    shape[0, 0, 0] = 0
    if wrong:
        assert judged("toy/nonuniform/6b-trained", {"shape": shape}) == verdict


@pytest.mark.parametrize(
    ("slope", "missing", "verdict"),
    [(1.3, 0, "reproduced"), (1.1, 0, "not reproduced"), (1.3, 1, "not reproduced"), (1.3, 5, "not reproduced")],
)
def test_two_losses_cross_at_an_angle_in_every_sample(slope, missing, verdict):
    log = np.log(runs.load("toy/nonuniform")["multiplier"])
    crossing = np.exp(about(0.1, (2, 5))) * np.exp(log[20])
    crossing[:, :missing] = np.nan
    loss = np.stack([log, slope * log])[None] * np.ones((2, 1, 1))
    assert judged("toy/nonuniform/2-crossing-density", {"crossing": crossing, "branch_loss": loss}) == verdict


# --- mixed densities: mixes are both dense, mixed, both sparse ---


@pytest.mark.parametrize(
    ("widths", "verdict"), [((1, 0.95), "reproduced"), ((0.8, 0.95), "partly"), ((0.8, 0.85), "not reproduced")]
)
def test_dense_features_are_apart_at_every_width(widths, verdict):
    D = about(np.array(widths)[:, None, None, None, None, None], (2, 3, 4, 2, 32, 2))
    assert judged("toy/mixed_sparsity/1-dense", {"dimensionality": D}) == verdict


@pytest.mark.parametrize(("gap", "verdict"), [(0.3, "corrected"), (0.1, "reproduced")])
def test_rarity_is_not_the_reason_where_weight_alone_parts_the_classes(gap, verdict):
    D = about(0.4, (2, 3, 4, 2, 32, 2))
    D[:, 1, ..., 0] += 0.4
    D[:, 2, ..., 0] += gap
    assert judged("toy/mixed_sparsity/3-opportunity", {"dimensionality": D}) == verdict


# --- regularised ---


@pytest.mark.parametrize(("kept", "verdict"), [(32, "reproduced"), (60, "not reproduced"), (64, "not reproduced")])
def test_features_are_counted_that_stay_with_the_price(kept, verdict):
    length = np.ones((4, 6, 5, 8, 64))
    length[:, 1:, ..., kept:] = 0.4
    assert judged("toy/regularised/4-fewer", {"length": length}) == verdict


@pytest.mark.parametrize(("single", "verdict"), [(0.95, "reproduced"), (0.5, "not reproduced"), (0.0, "not reproduced")])
def test_monosemantic_neurons_are_counted_also_where_all_seeds_agree(single, verdict):
    assert judged("toy/regularised/3-monosemantic", {"single": np.full((4, 6, 5, 8), single)}) == verdict


# --- adversarial ---


@pytest.mark.parametrize(("growth", "verdict"), [(3.2, "reproduced"), (2, "partly"), (0.9, "not reproduced")])
def test_growth_is_that_of_the_means_from_the_densest_to_the_sparsest(growth, verdict):
    values = np.linspace(1, growth, 12)[:, None] * np.ones(16) + 0.1 * np.sin(np.arange(16))
    made = {"excess_relative": values * 0.04, "relative_radius": np.full(12, 0.2)}
    assert judged("toy/adversarial/1-grows", made) == verdict


@pytest.mark.parametrize(("most", "least", "verdict"), [(3, 1.5, "reproduced"), (3, 0.9, "partly"), (0.5, 0.9, "not reproduced")])
def test_a_model_with_superposition_is_more_vulnerable_at_every_sparsity(most, least, verdict):
    excess = about(most, (12, 16))
    excess[-2] = about(least, 16)
    assert judged("toy/adversarial/4-equal-loss", {"excess": excess, "equal_excess": np.ones((12, 16))}) == verdict


# --- privileged ---


@pytest.mark.parametrize(("harmless", "verdict"), [(0, "reproduced"), (20, "partly"), (40, "not reproduced")])
def test_turns_harm_every_rectified_model(harmless, verdict):
    """Of 288 models so many are as good turned."""
    ratio = about(2.0, (3, 9, 32))
    ratio[2].flat[:harmless] = about(1.0, harmless)
    assert judged("toy/privileged/4-privileged", {"rotated_loss": ratio, "unrotated_loss": np.ones((3, 9, 32))}) == verdict


@pytest.mark.parametrize(("low", "verdict"), [(2, "reproduced"), (8, "corrected")])
def test_a_free_basis_has_five_per_cent_of_its_models_below_five_per_cent(low, verdict):
    """Of 32 models at every sparsity."""
    rank = np.full((3, 9, 32), 0.5)
    rank[0, :, :low] = 0.01
    assert judged("toy/privileged/6-free", {"rank": rank}) == verdict


# --- hidden size ---


@pytest.mark.parametrize(
    ("single", "turned", "verdict"), [(0.0, 0.0, "corrected"), (0.05, 0.5, "reproduced"), (0.5, 0.0, "not reproduced")]
)
def test_polysemanticity_that_a_turned_model_has_too_says_nothing(single, turned, verdict):
    made = {name: np.full((6, 4, 2, 8), value) for name, value in (("single", single), ("null_single", turned))}
    assert judged("toy/hidden_size/1-polysemantic", made) == verdict


@pytest.mark.parametrize(("last", "verdict"), [(0.95, "reproduced"), (0.6, "partly"), (0.4, "not reproduced")])
def test_the_published_rate_holds_at_every_width_above_the_number_of_features(last, verdict):
    results = runs.load("toy/hidden_size")
    rate = results.config.n_features**2 / (4 * results["n_hidden"]) * np.r_[9, np.ones(4), last]
    assert judged("toy/hidden_size/4-by-chance", {"alone_polysemantic": about(rate[:, None, None], (6, 2, 64))}) == verdict


# --- computation ---


def test_a_surprise_is_corrected_where_every_cell_has_a_network_that_is_solved():
    worst = np.ones((5, 2, 5, 40))
    worst[:, 0, :, :3] = 0
    assert judged("toy/computation/02-surprising", {"original_worst": worst}) == "corrected"
    worst[1, 0, 2] = 1  # OR at one density
    assert judged("toy/computation/02-surprising", {"original_worst": worst}) == "reproduced"


@pytest.mark.parametrize(("off", "verdict"), [(0, "reproduced"), (2, "partly"), (3, "not reproduced")])
def test_published_losses_lie_within_the_range_of_ours(off, verdict):
    """Networks whose mean loss is the printed one, but for the ReLU and GELU ones of so many functions."""
    results, left = runs.load("toy/computation"), np.zeros((5, 2, 5, 40))
    for t, (target, printed) in enumerate(PRINTED.items()):
        constants = printed_constants(results, target)
        scale = constants[0] if target == "abs" else constants.mean()
        left[t] = np.array(printed)[:, None, None] / scale * (1.2 if t < off else 1)
    assert judged("toy/computation/03-losses", {"original_loss": left}) == verdict


@pytest.mark.parametrize(
    ("left", "solved", "wide", "verdict"),
    [(0.2, 0, 30, "reproduced"), (0.005, 0, 30, "not reproduced"), (0.2, 1, 30, "not reproduced"), (0.2, 0, 0, "not reproduced")],
)
def test_two_neurons_are_too_few_where_more_can_and_they_cannot(left, solved, wide, verdict):
    share, worst, loss = np.ones((5, 2, 5, 5)), np.ones((5, 2, 5, 40)), np.ones((1, 3, 5, 40))
    share[2, 0, :, 2] = left
    worst[2, 0, 0, :solved] = 0
    loss[0, 2, :, :wide] = 0
    assert judged("toy/computation/06-neurons", {"original_share": share, "original_worst": worst, "wide_loss": loss}) == verdict


@pytest.mark.parametrize(("sign", "verdict"), [(-1, "corrected"), (1, "reproduced")])
def test_the_product_of_both_layers_hides_an_even_function(sign, verdict):
    """Each |x| by two neurons, one for either side of 0, as the product sees them with opposite signs or with the same."""
    W1, W2 = np.zeros((2, 2, 5, 40, 3, 6)), np.zeros((2, 2, 5, 40, 6, 3))
    for k in range(3):
        W1[..., k, 2 * k], W1[..., k, 2 * k + 1] = 1, sign
        W2[..., 2 * k, k], W2[..., 2 * k + 1, k] = 1, 1
    noise = 1 + 1e-3 * RNG.standard_normal((2, 2, 5, 40, 3, 6))
    assert judged("toy/computation/07-product", {"single_W1": W1 * noise, "single_W2": W2}) == verdict


# --- dropout: 11 rates, of which the seventh is ½; 8 sparsities, of which the last six are sparse ---


@pytest.mark.parametrize(("models", "verdict"), [(0, "not reproduced"), (3, "partly"), (8, "reproduced")])
def test_negative_numbers_on_the_diagonal_are_counted_at_extreme_rates(models, verdict):
    """So many of each seed's eight sparsities; three seeds have one more, or one less."""
    diagonal = np.ones((11, 8, 8, 20))
    diagonal[9:, :models, :, 4] = -0.1
    diagonal[9:, max(0, models - 1), :3, 5] = -0.1
    assert judged("toy/dropout/12-diagonal", {"diagonal": diagonal}) == verdict


@pytest.mark.parametrize(
    ("counts", "verdict"), [((6,) * 4, "reproduced"), ((6, 6, 6, 12), "partly"), ((12,) * 4, "not reproduced")]
)
def test_superposition_is_suppressed_at_every_sparsity(counts, verdict):
    """Features of equal length: twelve without dropout, so many at a rate of one half at S = 0.8, 0.9, 0.95 and 0.99."""
    W = np.zeros((11, 8, 8, 64, 12))
    W[..., :12, :] = np.eye(12) * about(1, (11, 8, 8, 1, 1))
    for k, count in zip(range(4, 8), counts, strict=True):
        W[6, k, :, count:] = 0
    W[..., 0, 0] *= about(1, (11, 8, 8)) ** 100
    assert judged("toy/dropout/04-suppression", {"W": W}) == verdict


@pytest.mark.parametrize(
    ("equal", "falling", "verdict"), [(2, 2, "reproduced"), (1, 2, "partly"), (2, 1, "partly"), (1, 1, "not reproduced")]
)
def test_redundancy_is_asked_of_both_choices_of_importances(equal, falling, verdict):
    """Neurons for each direction in use: all of them, or every second one twice."""

    def stack(n, m, each):
        W = np.zeros((11, 8, 8, n, m))
        W[..., : m // each, : m // each] = np.eye(m // each)
        return {"W": W * (1 + 1e-3 * RNG.standard_normal(W.shape))}

    assert judged("toy/dropout/03-redundant", stack(20, 6, falling), stack(64, 12, equal)) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.3, 1.0, "reproduced"), (0.3, 0.0, "partly"), (1.0, 1.0, "not reproduced")]
)
def test_pairs_go_and_come_by_sparsity(low, high, verdict):
    """Without dropout all are pairs at S = 0.5 and none at 0.99; with it this share of seeds' pairs is left, or come."""
    W = np.zeros((11, 8, 8, 64, 12))
    W[..., :12, :], W[..., 12:24, :] = np.eye(12), -np.eye(12)
    W[:6, 7, :, 12:24] = 0
    gone = int(round(8 * (1 - low)))
    W[6, 2, :gone, 12:24] = 0
    if high:
        W[6, 7, :, 12:24] = 0
    made = {"W": W}, {"W": W.copy()}
    assert judged("toy/dropout/11-pairs", *made) == verdict


# --- shares and means that are read off one array, or two: filled with numbers, seeds alike or nearly so ---


def filled(*shape, at=None, value=1.0, rest=0.0):
    """An array of `rest` with `value` at a place."""
    array = np.full(shape, float(rest))
    array[at or ...] = value
    return array


FIVE = np.arange(5) < 3  # of five sparsities, three
RANK, SIZE, GELU = (4, 6, 5, 8), (6, 9, 4, 2, 8), (2, 3, 4, 2, 32)


def more_with_gelu(mix):
    return {"features_per_dimension": about(1, GELU) + filled(*GELU, at=(slice(None), mix, slice(None), 1))}


def grown(at):
    return {"participation": about(1, SIZE) * filled(*SIZE, at=(slice(None), at), value=1.3, rest=1)}


def flipped(value, width):
    return {"classifier_flipped": about(value, (2, 6, 8)) * filled(2, 6, 8, at=(width, -1))}


def neurons(at=None):
    """Effective features of rectified models' neurons: 1, and 2 at a place."""
    return {"W": np.ones((3, 9, 32, 10, 5)), "polysemanticity": filled(3, 9, 32, 5, at=at, value=2 if at else 1, rest=1)}


@pytest.mark.parametrize(
    ("id", "verdict", "made"),
    [
        ("toy/regularised/1-activation", "reproduced", {"rank": filled(*RANK, at=(slice(1, 4), 0))}),
        ("toy/regularised/1-activation", "partly", {"rank": filled(*RANK, at=(slice(1, 3), 0))}),
        ("toy/regularised/1-activation", "not reproduced", {"rank": filled(*RANK, at=(0, 0))}),
        ("toy/regularised/2-l1-alone", "reproduced", {"rank": filled(*RANK, at=(0, 3))}),
        ("toy/regularised/2-l1-alone", "partly", {"rank": filled(*RANK, at=(0, 3, FIVE))}),
        ("toy/regularised/2-l1-alone", "not reproduced", {"rank": filled(*RANK, at=(0, 4))}),
        ("toy/privileged/5-aligned", "reproduced", {"rank": filled(3, 9, 32, at=(2, slice(4, None)))}),
        ("toy/privileged/5-aligned", "partly", {"rank": filled(3, 9, 32, at=(2, slice(4, None), slice(0, 20)))}),
        ("toy/privileged/5-aligned", "not reproduced", {"rank": filled(3, 9, 32, at=(2, slice(7, None)))}),
        ("toy/privileged/1-monosemantic", "reproduced", neurons()),
        ("toy/privileged/1-monosemantic", "partly", neurons(at=(..., [0, 1]))),
        ("toy/privileged/1-monosemantic", "not reproduced", neurons(at=...)),
        ("toy/privileged/3-polysemantic", "reproduced", neurons(at=(2, slice(6, None)))),
        ("toy/privileged/3-polysemantic", "partly", neurons(at=(2, slice(7, None)))),
        ("toy/privileged/3-polysemantic", "not reproduced", neurons()),
        ("toy/privileged/3b-polysemantic-found", "reproduced", neurons(at=(2, 6))),
        ("toy/privileged/3b-polysemantic-found", "partly", neurons(at=(2, 6, ..., [0, 1, 2]))),
        ("toy/privileged/3b-polysemantic-found", "not reproduced", neurons()),
        ("toy/privileged/2-mixed", "reproduced", neurons(at=(2, 3, ..., 0))),
        ("toy/privileged/2-mixed", "not reproduced", neurons()),
        ("toy/hidden_size/5-winner", "reproduced", {"alone_kept": filled(6, 2, 64, at=(slice(1, None), 1))}),
        ("toy/hidden_size/5-winner", "partly", {"alone_kept": filled(6, 2, 64, at=(slice(1, 5), 1))}),
        ("toy/hidden_size/5-winner", "not reproduced", {"alone_kept": filled(6, 2, 64, at=(slice(1, 3), 1))}),
        ("toy/hidden_size/3-development", "reproduced", grown(-1)),
        ("toy/hidden_size/3-development", "not reproduced", grown(5)),
        ("toy/computation/01-worse", "reproduced", {"original_loss": filled(5, 2, 5, 40, at=(slice(None), 0))}),
        ("toy/computation/01-worse", "partly", {"original_loss": filled(5, 2, 5, 40, at=(slice(None), 0, slice(0, 3)))}),
        ("toy/computation/01-worse", "not reproduced", {"original_loss": filled(5, 2, 5, 40, at=(4, 0))}),
        ("toy/computation/08-stacks", "corrected", {"original_loss": np.ones((5, 2, 5, 40))}),
        ("toy/computation/08-stacks", "partly", {"original_loss": filled(5, 2, 5, 40, at=(4, 0, 2), value=0, rest=1)}),
        ("toy/computation/08-stacks", "reproduced", {"original_loss": filled(5, 2, 5, 40, at=(4, 0), value=0, rest=1)}),
        ("toy/adversarial/8-other-task", "reproduced", flipped(0.2, 0)),
        ("toy/adversarial/8-other-task", "partly", flipped(0.05, 0)),
        ("toy/adversarial/8-other-task", "not reproduced", flipped(0.2, 1)),
        ("toy/dropout/06-free", "cannot fail", {"turned_loss": about(1, (11, 8, 8)), "noisy_loss": np.ones((11, 8, 8))}),
        ("toy/mixed_sparsity/5-gelu", "reproduced", more_with_gelu(mix=1)),
        ("toy/mixed_sparsity/5-gelu", "not reproduced", more_with_gelu(mix=0)),
    ],
)  # fmt: skip
def test_shares_and_means_are_of_the_right_model_place_and_side(id, verdict, made):
    assert judged(id, made) == verdict
