"""Experiments that train grids of models: the arrays' axes are what the schema says, and every cell's numbers its own model's.
Of a quick run of each; each cell's loss is that of its weights alone, at the cell's own density, importance and kind."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from superposition import configs, metrics, runs
from superposition.toy import computation, correlated, demonstrating, gradual, hidden_size, privileged, regularised
from superposition.toy.engine import features, training
from superposition.toy.engine.networks import Networks, Task
from superposition.toy.measures import rotations
from superposition.toy.theory import dedicated_neurons

RNG = np.random.default_rng(0)


def by_formula(W, b, p, importance=1.0, relu=True):
    """The loss of one autoencoder on inputs from another generator, with its standard error."""
    x = RNG.random((4000, len(W))) * (RNG.random((4000, len(W))) < p)
    out = x @ W @ W.T + b
    each = (importance * (x - (np.maximum(out, 0) if relu else out)) ** 2).sum(1)
    return each.mean(), each.std() / 63


def same(arrays, loss, p, importance, relu=True, of=""):
    """Whether a cell's loss is that of its weights, to six standard errors: far less than another cell's differs."""
    W, b = (arrays[f"{name}{of}"].astype(float) for name in ("W", "b"))
    assert W.shape[:-2] == loss.shape
    p, importance = (np.broadcast_to(value, W.shape[:-1]) for value in (p, importance))
    relu = np.broadcast_to(relu, loss.shape)
    for cell in np.ndindex(loss.shape):
        mean, error = by_formula(W[cell], b[cell], p[cell], importance[cell], relu[cell])
        assert loss[cell] == pytest.approx(mean, abs=6 * error), cell


def alone(seed, W, b, p, importance=1.0, batches=64, **kind):
    """The held-out loss of one network that is made and judged by itself."""
    one = Networks([seed], *W.shape, **{"hidden": "identity", "tied": True} | kind).put(W[None], b[None])
    return training.evaluate(one, Task("uniform", "identity", p, importance), batches)[0]


@pytest.fixture
def untrained(monkeypatch):
    """Nothing is trained; gives what was to be: networks and their tasks. All biases stay 0."""
    asked = []

    def train(networks, task, steps, *_, snapshots=(), **__):
        asked.append((networks, task))
        kept = lambda part: np.repeat(part.detach().numpy()[None], 3, 0)
        return SimpleNamespace(W1=kept(networks.W1), W2=kept(networks.W2), b=kept(networks.b))

    for module in (training, computation, gradual):
        monkeypatch.setattr(module, "train", train)
    return asked


def test_the_introductions_models_are_laid_out_by_seed_and_density(quick_run):
    found = quick_run("toy/intro")
    same(found, found["loss"], found["density"][:, None], found.config.importance_decay ** np.arange(found.config.n_features))


def test_linear_and_relu_models_are_laid_out_by_kind_sparsity_and_seed(quick_run):
    found = quick_run("toy/demonstrating")
    p, relu = (1 - found["sparsity"])[:, None, None], np.array([False, True])[:, None, None]
    for k, size in enumerate(demonstrating.SIZES):
        importance = found.config.importance_decay[k] ** np.arange(found.config.n_features[k])
        same(found, found[f"loss_{size}"], p, importance, relu, of=f"_{size}")


def test_the_geometrys_models_are_laid_out_by_seed_and_density_and_equally_important(quick_run):
    found = quick_run("toy/geometry")
    same(found, found["loss"], found["density"][:, None], 1)


def test_wide_models_are_laid_out_by_seed_and_density(quick_run):
    found = quick_run("toy/wide")
    same(found, found["loss"], found["density"][:, None], found["importance"])


def test_privileged_models_are_laid_out_by_kind_sparsity_and_seed_and_each_is_turned_by_itself(quick_run):
    found = quick_run("toy/privileged")
    config, grid = found.config, found["loss"].shape
    turns = rotations.draw(config.n_hidden, config.rotations, config.seed)
    for place in np.ndindex(grid):
        seed, W, b = config.seed + int(np.ravel_multi_index(place, grid)), found["W"][place], found["b"][place]
        hidden = "relu" if privileged.MODELS[place[0]] == "rectified" else "identity"
        given = 1 - found["sparsity"][place[1]], found["importance"]
        assert found["loss"][place] == pytest.approx(alone(seed, W, b, *given, hidden=hidden), rel=1e-4)
        ends = [alone(seed, W @ turn, b, *given, 4, hidden=hidden) for turn in np.float32(turns[:8])]
        assert found["rotated_loss"][place] == pytest.approx(np.mean(ends), rel=1e-4)
        assert found["unrotated_loss"][place] == pytest.approx(alone(seed, W, b, *given, 4, hidden=hidden), rel=1e-4)
        alignment = [metrics.basis_alignment(W @ turn) for turn in turns]
        assert found["rank"][place] == np.mean(alignment < metrics.basis_alignment(W))
        assert found["null_alignment"][place] == pytest.approx(np.quantile(alignment, (0.05, 0.5, 0.95)), rel=1e-4)
        driven = [metrics.polysemanticity(np.maximum(W @ turn, 0)).mean() for turn in turns]
        assert found["null_driven"][place] == pytest.approx(np.mean(driven), rel=1e-4)


def test_mixed_models_are_laid_out_by_width_mix_weight_and_output_and_the_best_seeds_weights_are_kept(quick_run):
    found = quick_run("toy/mixed_sparsity")
    config, classes = found.config, np.repeat([0, 1], [found.config.n_dense, found.config.n_sparse])
    for place in np.ndindex(found["loss"].shape[:-1]):
        width, mix, weight, output = place
        best, m = int(found["loss"][place].argmin()), config.hidden[width]
        ratio = (
            config.weights[weight] * config.dense[mix] / config.sparse[mix]
        )  # importance of a sparse feature over a dense one's
        importance = np.array([min(1.0, 1 / ratio), min(1.0, ratio)])[classes]
        p, W = np.array([config.dense[mix], config.sparse[mix]])[classes], found["W"][place]
        own = alone(config.seed + best, W[:, :m], found["b"][place], p, importance, 16, output=("relu", "gelu")[output])
        assert found["loss"][place][best] == pytest.approx(own, rel=1e-4) and not W[:, m:].any()
        length = metrics.norms(W)
        kept = [(length[classes == k] > 0.5).sum() for k in (0, 1)]
        assert found["represented"][*place, best].tolist() == kept
        assert found["features_per_dimension"][*place, best] == pytest.approx((length**2).sum() / m, rel=1e-4)
        assert found["growth"][*place, -1, best] == pytest.approx(found["dimensionality"][*place, best], abs=1e-5)


def test_models_with_an_odd_feature_are_laid_out_by_axis_multiple_and_seed(quick_run):
    found = quick_run("toy/nonuniform")
    grid = found["loss"].shape
    for place in np.ndindex(grid):
        odd = np.ones((2, 5))
        odd[place[0], 0] = found["trained_multiplier"][place[1]]  # the density, or the importance
        seed, p = found.config.seed + int(np.ravel_multi_index(place, grid)), found.config.density * odd[0]
        assert found["loss"][place] == pytest.approx(alone(seed, found["W"][place], found["b"][place], p, odd[1]), rel=1e-4)


def test_pairs_and_sets_are_laid_out_by_kind_density_and_seed(untrained):
    config = configs.read("toy/correlated").quick
    arrays, _ = correlated.run(config, runs.Job())
    sizes = {"two": (2, 2, 2), "three": (3, 2, 2), "sets": (config.sets, config.set_size, config.set_hidden)}
    for name, (sets, size, m) in sizes.items():
        grid = arrays[f"loss_{name}"].shape
        for place in np.ndindex(grid):
            seed = config.seed + int(np.ravel_multi_index(place, grid))
            one = Networks([seed], sets * size, m, hidden="identity", tied=True)
            active = features.stack([features.windows(features.KINDS[place[0]], sets, size, config.densities[place[1]])])
            judged = training.evaluate(one, Task("uniform", "identity", active), 8, config.evaluated)[0]
            assert arrays[f"loss_{name}"][place] == pytest.approx(judged, rel=1e-4)
            np.testing.assert_array_equal(arrays[f"W_{name}"][place], one.W1[0].detach())


def test_penalised_models_are_laid_out_by_hidden_layer_price_sparsity_and_seed(untrained):
    config = configs.read("toy/regularised").quick
    arrays, _ = regularised.run(config, runs.Job())
    ((networks, task),) = untrained
    grid, n, m = arrays["loss"].shape, config.n_features, config.n_hidden
    for flat, (hidden, price, sparsity, seed) in enumerate(np.ndindex(grid)):
        kind = regularised.HIDDEN[hidden]
        start = config.seed + seed + config.seeds * sparsity  # the same for all hidden layers and prices
        W = Networks([start], n, m, tied=True).W1[0].detach().numpy()
        assert networks.hidden[flat] == kind and networks.l1[flat] == np.float32(config.l1[price])
        p, place = 1 - config.sparsities[sparsity], (hidden, price, sparsity, seed)
        assert arrays["loss"][place] == pytest.approx(alone(start, W, np.zeros(n, np.float32), p, 1.0, 16, hidden=kind), rel=1e-4)
        assert arrays["length"][place] == pytest.approx(metrics.norms(W), rel=1e-5)
        up, down = (W > 0.5).sum(0), (W < -0.5).sum(0)
        assert arrays["opposed"][place] == ((up > 0) & (down > 0)).sum()
        if seed == arrays["loss"][place[:-1]].argmin():
            assert arrays["W"][place[:-1]] == pytest.approx(W, rel=1e-5)
    assert task.active.ravel() == pytest.approx(np.broadcast_to(1 - np.array(config.sparsities)[:, None], grid).ravel())


def test_models_of_each_width_are_laid_out_by_kind_sparsity_and_seed(untrained):
    config = configs.read("toy/hidden_size").quick
    arrays, _ = hidden_size.run(config, runs.Job())
    for width, (networks, _) in enumerate(untrained):
        for flat, place in enumerate(np.ndindex(arrays["loss"].shape[1:])):
            (kind, penalised), seed = hidden_size.MODELS[place[0]], config.seed + place[1] * config.seeds + place[2]
            W = Networks([seed], config.n_features, config.hidden[width], tied=True).W1[0].detach().numpy()
            assert networks.hidden[flat] == kind and networks.l1[flat] == np.float32(config.l1 * penalised)
            given = 1 - config.sparsities[place[1]], 1.0, 16
            own = alone(seed, W, np.zeros(len(W), np.float32), *given, hidden=kind)
            assert arrays["loss"][width, *place] == pytest.approx(own, rel=1e-4)
            by_hand = [sum(abs(a * b) for i, a in enumerate(column) for b in column[:i]) for column in W.T.astype(float)]
            assert arrays["pairs"][width, :, *place] == pytest.approx(np.full(3, np.mean(by_hand)), rel=1e-4)
            up, down = (W > 0.5).sum(0), (W < -0.5).sum(0)
            assert arrays["polysemantic"][width, *place] == (up + down > 1).sum()


def test_trainings_begin_at_their_seeds_starts_made_smaller_and_are_judged_on_one_held_out_set(quick_run):
    found = quick_run("toy/dynamics")
    config, n = found.config, found.config.n_features
    for seed in range(config.seeds):
        W = Networks([config.seed + seed], n, config.n_hidden, tied=True).W1[0].detach().numpy() * np.float32(config.start_scale)
        assert found["D"][seed, 0] == pytest.approx(metrics.feature_dimensionality(W), abs=1e-5)
        one = Networks([config.seed], n, config.n_hidden, hidden="identity", tied=True).put(W[None], np.zeros((1, n), np.float32))
        judged = training.evaluate(one, Task("uniform", "identity", config.density), 1, config.held_out)[0]
        assert found["loss"][seed, 0] == pytest.approx(judged, rel=1e-4)
    assert (found["memoryless_D"][:, 0] == found["D"][: config.memoryless_seeds, 0]).all()
    assert (found["memoryless_D"][:, -1] != found["D"][: config.memoryless_seeds, -1]).any()
    W, p, size = found["set_W"][1, 0].astype(float), config.set_density, config.set_size
    x = RNG.random((40_000, len(W))) * np.repeat(RNG.random((40_000, config.sets)) < p, size, axis=1)
    each = ((x - np.maximum(x @ W @ W.T, 0)) ** 2).sum(1)
    noise = (1 / 40_000 + 1 / (4 * config.held_out)) ** 0.5
    assert found["set_loss"][1, 0] == pytest.approx(each.mean(), abs=6 * each.std() * noise)
    assert (found["step"][0], found["step"][-1], found["set_step"][-1]) == (0, config.steps, config.set_steps)


def judged_alone(target, config, seed, W1, W2, b, p):
    one = Networks([seed], len(W1), W1.shape[1], W2.shape[1])
    with torch.no_grad():
        for part, value in zip((one.W1, one.W2, one.b), (W1, W2, b), strict=True):
            part.copy_(torch.from_numpy(value))
    return dedicated_neurons.judge(one, target, np.array([p]), config.judge_batches, config.judge_batch)


def test_small_networks_for_absolute_values_are_laid_out_by_sparsity_and_seed(quick_run):
    found = quick_run("toy/absolute")
    for place in np.ndindex(found["motifs"].shape):
        parts, p = (found[f"motif_{name}"][place] for name in ("W1", "W2", "b")), 1 - found["motif_sparsity"][place[0]]
        left, _ = judged_alone("abs", found.config, 0, *parts, p)
        assert found["motif_loss"][place] == pytest.approx(left[0], rel=1e-4)


def test_networks_for_three_values_are_laid_out_by_target_activation_rate_and_seed(quick_run):
    found = quick_run("toy/computation")
    for t, target in enumerate(("abs", "square")):
        for place in np.ndindex(found["single_b"].shape[1:-1]):
            if computation.ACTIVATIONS[place[0]] == "relu":
                parts = (found[f"single_{name}"][t, *place] for name in ("W1", "W2", "b"))
                left, _ = judged_alone(target, found.config, 0, *parts, found.config.original_on[place[1]])
                row = computation.TARGETS.index(target), *place
                assert found["original_loss"][row] == pytest.approx(left.mean(), rel=1e-4)
                assert found["original_worst"][row] == pytest.approx(left.max(), rel=1e-4)


@pytest.mark.parametrize("train", [computation.many, gradual.crowd])
def test_crowds_are_laid_out_by_activation_rate_and_seed(untrained, train):
    config = configs.read(f"toy/{train.__module__.rpartition('.')[2]}").quick
    weights, left, lonely = train(config, "or", 3, 4, (1.0, 0.1), 2, runs.Job())
    for place in np.ndindex(left.shape[:-1]):
        seed, kind = config.seed + 2 * place[1] + place[2], computation.ACTIVATIONS[place[0]]
        one = Networks([seed], 6, 4, 3, hidden=kind, output=kind)
        assert (weights["W1"][place] == one.W1[0].detach().numpy()).all()
        given = "or", np.array([(1.0, 0.1)[place[1]]]), config.judge_batches, config.judge_batch
        company, by_itself = dedicated_neurons.judge(one, *given)
        assert left[place] == pytest.approx(company[0], rel=1e-4) and lonely[place] == pytest.approx(by_itself[0], rel=1e-4)


def test_stages_go_from_denser_data_to_the_cells_own(untrained):
    config = configs.read("toy/gradual").quick
    gradual.crowd(config, "abs", 3, 4, (0.3, 0.03), 2, runs.Job())
    rates = [task.active[:, 0].reshape(2, 2, 2)[0, :, 0] for _, task in untrained]
    np.testing.assert_allclose(rates, [[max(own, stage) for own in (0.3, 0.03)] for stage in (*config.stages, 0)], rtol=1e-6)
