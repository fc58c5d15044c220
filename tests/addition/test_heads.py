"""The heads' planes hold what the transformer computes, and the measures of their shapes agree with known shapes."""

import numpy as np
import pytest
import torch
from scipy.spatial import ConvexHull

from superposition import runs
from superposition.addition import heads
from superposition.addition.engine import data, learning_curves
from superposition.addition.engine.lookup import N_TOKENS, Lookup
from superposition.addition.heads import apart, between_seeds, by_seed, examples, other_columns, own_column, passing

ANGLE = 2 * np.pi * np.arange(10) / 10
DIAL = np.stack([np.cos(ANGLE), np.sin(ANGLE)], 1)
LINE = np.arange(10.0)[:, None] * [1.0, 2.0]


@pytest.fixture
def tables(random_model):
    """The tables of one random model, and the same as arrays."""
    with torch.no_grad():
        return Lookup.of(random_model(torch.float32))


@pytest.fixture
def sums():
    a, b = data.draw(5, 60).T
    return data.tokens(a, b), data.answers(a, b)


def arrays(tables):
    return tables.QKV.numpy(), tables.WOU.numpy()


def test_planes_hold_the_queries_keys_and_values_that_the_transformer_computes(random_model):
    model = random_model(torch.float32)
    with torch.no_grad():
        QKV, WOU = arrays(Lookup.of(model))
        a, b = np.arange(10), np.zeros(10, int)
        x = model.W_E[torch.from_numpy(data.tokens(a, b)).long()] + model.W_pos
        for k, (W, bias) in enumerate(((model.W_Q, model.b_Q), (model.W_K, model.b_K), (model.W_V, model.b_V))):
            true = (torch.einsum("bpm,hmd->hbpd", x, W) + bias[:, None, None]).numpy()
            assert heads.digits(QKV, WOU)[k] == pytest.approx(true[:, :, 0], abs=1e-4)
            assert heads.places(QKV)[k] == pytest.approx(true[:, 0], abs=1e-4)
        value = torch.tensor([0.7, -0.2])
        logits = (value @ model.W_O[3] @ model.W_U).numpy()
    assert heads.digits(QKV, WOU)[3, 3] @ value.numpy() == pytest.approx(logits, abs=1e-4)


def test_no_logit_depends_on_the_queries_of_digits_or_of_the_places_they_stand_in(tables, sums):
    QKV = tables.QKV.clone().requires_grad_()
    Lookup(QKV, tables.out, tables.WOU).logits(torch.from_numpy(sums[0])).square().sum().backward()
    asked = QKV.grad.abs().amax((-1, -2)) > 0
    assert not asked[0, :10].any() and not asked[0, N_TOKENS : N_TOKENS + data.N_INPUTS].any()
    assert asked[0, data.EQUALS] and asked[0, N_TOKENS + data.N_INPUTS :].all() and asked[1:, :10].all()


def test_queries_of_digits_may_change_places_and_keys_and_values_may_not(tables, sums):
    queries, keys, values = heads.unread(tables, sums)
    assert queries == 0 and keys > 0.01 and values > 0.01


@pytest.mark.parametrize(
    ("points", "share", "round", "step"),
    [
        (DIAL, 1, 1, 1),
        (DIAL[::-1] * 3 + 7, 1, 1, 1),
        (DIAL * [1, 0.5], 0.9, 0.5, None),  # (1 + r)² / 2(1 + r²)
        (LINE, 1 / np.sin(np.pi / 10) ** 2 / 33, 0, 9),
    ],
)
def test_a_dial_an_ellipse_and_a_line_have_the_shares_that_they_should(points, share, round, step):
    shares = heads.spectrum(points)
    assert shares.sum() == pytest.approx(1)
    assert heads.circle(shares) == pytest.approx(share) and heads.roundness(shares) == pytest.approx(round, abs=1e-6)
    if step:
        assert heads.gap(points) == pytest.approx(step)


@pytest.mark.parametrize("times", [1, 2, 3, 4])
def test_a_dial_that_goes_around_several_times_is_found_at_that_frequency_in_either_sense(times):
    several = DIAL[times * np.arange(10) % 10]
    for points in (several, several * [1, -1]):
        power = heads.by_frequency(heads.spectrum(points))
        assert power.argmax() == times - 1 and power.max() == pytest.approx(1)
    assert heads.by_frequency(heads.spectrum(several * [1, 0]))[times - 1] == pytest.approx(1)


def test_what_the_model_reads_does_not_change_when_a_head_is_stretched_and_what_is_drawn_does(tables):
    QKV, WOU = (array.astype(float) for array in arrays(tables))
    A = np.random.default_rng(0).normal(size=(2, 32, 2, 2)) + 2 * np.eye(2)
    undone = np.linalg.inv(A)
    stretched = QKV.copy()
    stretched[0] = np.einsum("rhd,hed->rhe", QKV[0], undone[0])
    stretched[1] = np.einsum("rhd,hde->rhe", QKV[1], A[0])
    stretched[2] = np.einsum("rhd,hde->rhe", QKV[2], A[1])
    other = undone[1] @ WOU
    names = [heads.as_read(QKV, WOU), heads.as_read(stretched, other)]
    gram = [np.einsum("xhid,xhjd->xhij", one, one) for one in (x - x.mean(-2, keepdims=True) for x in names)]
    assert gram[1] == pytest.approx(gram[0], rel=1e-6, abs=1e-8)
    drawn = [heads.circle(heads.spectrum(heads.digits(*one))) for one in ((QKV, WOU), (stretched, other))]
    assert np.abs(drawn[0] - drawn[1])[1:].mean() > 0.05


def test_distances_as_read_are_those_of_scores_and_of_logits(tables):
    QKV, WOU = arrays(tables)
    keys, values, _ = heads.as_read(QKV, WOU)
    queries = heads.places(QKV)[0, :, data.N_INPUTS :]
    drawn = heads.digits(QKV, WOU)
    scores, logits = drawn[1] @ queries.swapaxes(-1, -2), drawn[2] @ WOU
    logits = logits - logits.mean(-1, keepdims=True)
    for read, known in ((keys, scores), (values, logits)):
        ours, theirs = (np.linalg.norm(x[:, 4] - x[:, 9], axis=-1) for x in (read, known))
        assert ours == pytest.approx(theirs, rel=1e-3)


def test_a_shuffle_is_never_rounder_than_a_dial_and_a_random_walk_ranks_anywhere():
    rank, null, power = heads.shuffled(DIAL[None], 300, 0)
    assert rank[0] > 0.97  # a shuffle may be a rotation of the dial
    assert 0.25 < null[0, 0] < 0.4 and null[0, 1] < 0.7
    assert power[0] == pytest.approx([2 / 9, 2 / 9, 2 / 9, 2 / 9, 1 / 9], abs=0.03)
    walks = np.random.default_rng(1).normal(size=(400, 10, 2))
    assert heads.shuffled(walks, 100, 0)[0].mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("basis", heads.BASES)
def test_functions_are_orthonormal_and_all_nine_keep_everything(basis):
    functions = heads.functions(basis)
    assert functions @ functions.T == pytest.approx(np.eye(9), abs=1e-12) and functions.sum(1) == pytest.approx(
        np.zeros(9), abs=1e-12
    )
    points = np.random.default_rng(2).normal(size=(3, 10, 2))
    assert heads.filtered(points, basis, 9) == pytest.approx(points)
    assert np.ptp(heads.filtered(points, basis, 0), axis=-2) == pytest.approx(np.zeros((3, 2)))


def test_two_waves_keep_an_ellipse_and_two_polynomials_a_parabola_and_neither_keeps_the_other():
    ellipse, x = DIAL @ np.array([[1.0, 0.4], [0.2, 0.6]]) + 3, np.arange(10.0)
    parabola = np.stack([x, (x - 3) ** 2], 1)
    for points, own, other in ((ellipse, "ring", "arc"), (parabola, "arc", "ring")):
        assert heads.filtered(points, own, 2) == pytest.approx(points) and heads.explained(points, own) == pytest.approx(1)
        assert heads.explained(points, other) < 0.97


def test_heads_that_stretch_and_turn_one_dial_share_its_plane_and_random_ones_share_a_third():
    rng = np.random.default_rng(3)
    views = DIAL @ rng.normal(size=(32, 2, 2)) + rng.normal(size=(32, 1, 2))
    share, plane = heads.shared(views)
    assert share[:2] == pytest.approx([0.5, 0.5]) and share[2:] == pytest.approx(np.zeros(8), abs=1e-12)
    assert heads.circle(heads.spectrum(plane)) == pytest.approx(1) and heads.gap(plane) == pytest.approx(1)
    share, _ = heads.shared(rng.normal(size=(200, 32, 10, 2)))
    assert share.sum(-1) == pytest.approx(np.ones(200)) and share[:, :2].sum(-1).mean() == pytest.approx(1 / 3, abs=0.03)


def test_two_planes_overlap_by_the_functions_that_they_share_however_they_are_stretched():
    rng = np.random.default_rng(5)
    (cos, sin), twice = DIAL.T, DIAL[2 * np.arange(10) % 10].T[0]
    for other, share in ((DIAL, 1), (np.stack([cos, twice], 1), 0.5), (DIAL[2 * np.arange(10) % 10], 0)):
        for _ in range(3):
            assert heads.overlap(DIAL @ rng.normal(size=(2, 2)) + 5, other @ rng.normal(size=(2, 2))) == pytest.approx(
                share, abs=1e-9
            )
    between = np.stack([np.cos(0.3) * cos + np.sin(0.3) * twice, sin], 1)
    assert heads.overlap(DIAL, between) == pytest.approx((1 + np.cos(0.3) ** 2) / 2)


def test_what_each_head_has_in_the_common_plane_adds_up_to_the_planarity():
    points = np.random.default_rng(6).normal(size=(32, 10, 2))
    share, plane = heads.shared(points)
    assert heads.overlap(points, plane).mean() == pytest.approx(share[:2].sum())


def test_new_phases_leave_every_frequency_its_ellipse_and_do_not_care_how_a_plane_is_stretched():
    points, A = np.random.default_rng(7).normal(size=(50, 10, 2)), np.array([[1.0, 0.7], [-0.2, 3.0]])
    moved = heads.random_phases(points, np.random.default_rng(8))
    assert heads.spectrum(moved) == pytest.approx(heads.spectrum(points))
    assert np.abs(moved - (points - points.mean(-2, keepdims=True))).max() > 0.5
    assert heads.random_phases(points @ A, np.random.default_rng(8)) == pytest.approx(moved @ A)


def test_heads_that_go_around_once_share_a_plane_in_the_null_as_well_but_the_null_has_no_gap_at_a_place_of_its_own():
    rng = np.random.default_rng(9)
    arc = np.stack([np.cos(0.8 * ANGLE), np.sin(0.8 * ANGLE)], 1)
    _, plane = heads.shared(arc @ rng.normal(size=(32, 2, 2)))
    share, gap = heads.phased(arc @ rng.normal(size=(32, 2, 2)), 40, 0)
    assert share.shape == gap.shape == (40,) and share.min() > 0.8
    assert heads.gap(plane) > 2 and np.quantile(gap, 0.975) < 1.6 and gap.mean() == pytest.approx(1, abs=0.1)
    dials, _ = heads.phased(DIAL @ rng.normal(size=(32, 2, 2)), 3, 0)
    assert dials == pytest.approx(np.ones(3))


def test_winners_are_the_corners_of_the_digits_hull():
    assert heads.winners(DIAL) == 10 and heads.winners(LINE) == 2
    inside = np.concatenate([DIAL[::2], 0.5 * DIAL[1::2]])
    assert heads.winners(inside) == 5
    points = np.random.default_rng(4).normal(size=(50, 10, 2))
    corners = np.array([len(ConvexHull(some).vertices) for some in points])
    assert np.abs(heads.winners(points) - corners).max() <= 1  # a corner that wins in less than a degree is none here
    assert heads.winners(points).mean() == pytest.approx(corners.mean(), abs=0.1)


def test_distance_is_zero_for_the_same_point_and_counts_in_root_mean_square_spreads():
    where = np.zeros((19, 2))
    where[:12, 0] = np.tile([0, 1, 2, 3, 4, 5], 2)
    where[12:] = 100  # answers don't count
    found = heads.distances(5 * where + 1)
    spread = np.sqrt(35 / 12)
    assert found == pytest.approx(np.abs(np.subtract.outer(np.arange(6), np.arange(6))) / spread)
    assert own_column(found) == pytest.approx(np.zeros(6)) and other_columns(found).shape == (30,)
    assert by_seed(np.stack([found, found + 1]))[1] - by_seed(np.stack([found, found]))[0] == pytest.approx(1)


def test_digits_apart_are_chords_of_a_dial_over_its_radius():
    for steps, pairs in ((1, 9), (5, 5)):
        assert apart(7 * DIAL + 2, steps) == pytest.approx(np.full(pairs, 2 * np.sin(np.pi * steps / 10)))


def test_heads_to_show_are_the_best_circle_the_best_that_goes_around_twice_and_the_worst():
    config = heads.Config(shuffles=1, phases=1, n_sums=1)
    circle, power = np.zeros((2, 3, 2, 4)), np.zeros((2, 3, 2, 4, 5))
    circle[heads.DRAWN, heads.VALUES, 0] = 0.9, 0.8, 0.95, 0.3
    power[heads.DRAWN, heads.VALUES, 0, [0, 1, 2, 3], [0, 1, 1, 0]] = 1
    made = runs.Results("made", config, {"circle": circle, "power": power})
    assert examples(made) == (0, 2, 3)
    assert passing(made, heads.DRAWN, heads.VALUES).tolist() == [0.75, 0]
    assert passing(made, heads.READ, heads.KEYS).tolist() == [0, 0]


def test_the_overlap_between_seeds_leaves_out_each_seed_with_itself():
    overlap = np.zeros((3, 2, 3, 2))
    overlap[1, :, 1] = [[1, 0.4], [0.6, 1]]
    made = runs.Results("made", heads.Config(shuffles=1, phases=1, n_sums=1), {"overlap": overlap})
    assert between_seeds(made, 1).tolist() == [0.4, 0.6]


def test_a_model_whose_columns_are_tied_cannot_tell_a_from_b(tables):
    a, b = data.draw(5, 40).T
    one, other = torch.from_numpy(data.tokens(a, b)), torch.from_numpy(data.tokens(b, a))
    assert float((tables.logits(one) - tables.logits(other)).abs().max()) > 0.01
    tied = heads.tied(tables, "own column")
    assert float((tied.logits(one) - tied.logits(other)).abs().max()) < 1e-4
    shifted = heads.tied(tables, "next column")
    assert shifted.QKV[1:, N_TOKENS + 2] == pytest.approx(shifted.QKV[1:, N_TOKENS + 6 + 3])
    assert heads.tied(tables, "none") is tables


def test_to_exchange_a_and_b_changes_nothing_where_columns_are_tied_and_what_is_changed_is_counted(tables, sums):
    a, b = data.draw(5, 60).T
    assert (heads.exchanged(sums[0]) == data.tokens(b, a)).all()
    tied, swapped = heads.changed(heads.tied(tables, "own column"), sums[0])
    assert tied == swapped == (0, 0)
    before, after = (heads.said(tables, seen) for seen in (sums[0], data.tokens(b, a)))
    different = before != after
    assert heads.changed(tables, sums[0])[1] == pytest.approx((different.mean(), different.any(1).mean()))
    assert 0 < different.mean() < different.any(1).mean()


def test_tying_one_head_alone_ties_that_head_and_no_other(tables, sums):
    answers = heads.said(tables, sums[0])
    found = heads.tied_alone(tables, (sums[0], answers))
    single = tables.QKV.clone()
    single[:, :, 5] = heads.tied(tables, "own column").QKV[:, :, 5]
    expected = (heads.said(Lookup(single, tables.out, tables.WOU), sums[0]) == answers).mean()
    assert len(found) == 32 and found[5] == pytest.approx(expected) and min(found) < 1


def test_answers_that_win_on_real_sums_are_those_that_a_head_puts_first(tables, sums):
    with torch.no_grad():
        z = tables.attend(torch.from_numpy(sums[0])).z.numpy().reshape(-1, 32, 2)
    for head in (0, 7):
        first = [(z[k, head] @ tables.WOU[head].numpy()).argmax() for k in range(len(z))]
        often = [answer for answer in range(10) if first.count(answer) > len(first) / 100]
        assert heads.real_winners(tables, sums[0])[head] == len(often)


def test_filters_cut_down_the_digits_of_one_matrix_and_nothing_else(tables):
    cut = heads.kept(tables, "V", "ring", 2)
    assert torch.equal(cut.QKV[:2], tables.QKV[:2]) and torch.equal(cut.QKV[2, 10:], tables.QKV[2, 10:])
    points = cut.QKV[2, :10].movedim(0, -2).numpy()
    assert heads.explained(points, "ring") == pytest.approx(np.ones(32), abs=1e-4)
    answers = heads.kept(tables, "O", "arc", 2)
    assert torch.equal(answers.QKV, tables.QKV) and torch.equal(answers.out, tables.out)
    assert heads.explained(np.swapaxes(answers.WOU.numpy(), -1, -2), "arc") == pytest.approx(np.ones(32), abs=1e-4)
    whole = heads.kept(tables, "K", "arc", 9)
    assert whole.QKV.numpy() == pytest.approx(tables.QKV.numpy(), abs=1e-4)


def test_accuracy_is_the_share_of_digits_right(tables, sums):
    said = tables.logits(torch.from_numpy(sums[0])).argmax(-1).numpy()
    assert heads.accuracy(tables, (sums[0], said)) == 1
    wrong = said.copy()
    wrong[:, 0] = (wrong[:, 0] + 1) % 10
    assert heads.accuracy(tables, (sums[0], wrong)) == pytest.approx(6 / 7)


def test_the_originals_shift_is_b_o_over_the_radius():
    WOU = np.tile(2 * DIAL.T, (1, 3, 1, 1))
    b_O = np.zeros((1, 128))
    b_O[0, 1] = -0.5
    assert heads.shifts(b_O, WOU)[0] == pytest.approx([0, np.sqrt(2) * 0.5 / 2, 0])


def test_a_run_takes_away_from_every_model_and_tries_it_on_its_own_sums(quick_run):
    found, trained, seed = quick_run("addition/heads"), runs.load("addition/train"), 2
    model, drawn = learning_curves.transformers(trained)[seed], trained.config
    pairs = data.draw(drawn.seed + seed, drawn.n_train + drawn.n_test + drawn.n_fresh)[-drawn.n_fresh :][: found.config.n_sums]
    sums, tables = (data.tokens(*pairs.T), data.answers(*pairs.T)), heads.tables([model])[0]
    with torch.no_grad():
        right = model(torch.from_numpy(sums[0]))[:, data.N_INPUTS :].argmax(-1).numpy() == sums[1]
    assert found["tied_accuracy"][heads.TIES.index("none"), seed] == pytest.approx(right.mean())
    for basis, subject, level in ((0, 1, 0), (1, 0, 2), (1, 2, 1)):
        less = heads.kept(tables, heads.SUBJECTS[subject], heads.BASES[basis], heads.LEVELS[level])
        assert found["kept_accuracy"][basis, subject, level, seed] == pytest.approx(heads.accuracy(less, sums))
    assert found["changed"][..., seed] == pytest.approx(np.array(heads.changed(tables, sums[0])))


def test_without_trained_models_the_run_says_what_to_run(scratch):
    folder = scratch.root / "data" / "addition" / "train"
    folder.mkdir(parents=True)
    sizes = "seeds = 1\nn_heads = 32\nd_head = 2\nn_train = 9\nn_test = 9\nn_fresh = 9\nepochs = 1\nbatch = 4\nlr = 0.1\nweight_decay = 0.0"  # noqa: E501
    (folder / "config.toml").write_text(f"{sizes}\n[quick]\n")
    with pytest.raises(runs.ResultsError, match="addition/train: holds no results yet.*superposition run addition/train"):
        heads.run(heads.Config(shuffles=2, phases=2, n_sums=2), runs.Job())
