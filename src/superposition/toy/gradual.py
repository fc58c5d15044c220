"""The networks of `computation` and `absolute` again, trained on dense data first and then on sparser and sparser data.
In dense data other inputs keep a ReLU busy; in sparse data one that is silent for its own input stays silent."""

import numpy as np
from jaxtyping import Float

from superposition import formulas, runs
from superposition.toy.computation import ACTIVATIONS, LOGIC, stack
from superposition.toy.engine.networks import Networks
from superposition.toy.engine.training import train
from superposition.toy.theory import dedicated_neurons
from superposition.toy.theory.dedicated_neurons import TARGETS
from superposition.training import AdamW

Array = np.ndarray


class Config(runs.Config):
    outputs: int
    hidden: int
    stages: tuple[float, ...]
    on: tuple[float, ...]
    seeds: int
    stage_steps: int
    steps: int
    batch: int
    lr: float
    few_outputs: int
    few_seeds: int
    middle_outputs: int
    middle_seeds: int
    large_outputs: int
    large_seeds: int
    n_features: int
    n_hidden: int
    importance_decay: float
    sparsity_stages: tuple[float, ...]
    sparsities: tuple[float, ...]
    hundred_seeds: int
    hundred_stage_steps: int
    hundred_steps: int
    hundred_batch: int
    hundred_lr: float
    judge_batches: int
    judge_batch: int


SCHEMA = {
    # As in `computation`: what is left of each output's variance, in company and alone, and how many share a neuron.
    "loss": "target activation on seed output",
    "alone": "target activation on seed output",
    "inputs_per_neuron": "target activation on seed",
    "outputs_per_neuron": "target activation on seed",
    "logic_best_W1": "logic activation on sixteen hidden",
    "logic_best_W2": "logic activation on hidden output",
    "single_best_W1": "single activation on output hidden",
    "single_best_W2": "single activation on hidden output",
    # Half as many neurons as outputs, in the sparsest data.
    "few_loss": "target activation few_seed few_output",
    "middle_loss": "target activation middle_seed middle_output",
    "large_loss": "target activation large_seed large_output",
    # As in `absolute`: |x| of a hundred features in forty neurons.
    "sparsity": "sparsity",
    "hundred_loss": "sparsity hundred_seed n_features",
    "hundred_inputs_per_neuron": "sparsity hundred_seed n_hidden",
    "hundred_size": "sparsity hundred_seed n_hidden",
    "hundred_best_W1": "sparsity n_features n_hidden",
}


def crowd(
    config: Config, target: str, n_out: int, m: int, on: tuple[float, ...], seeds: int, job: runs.Job
) -> tuple[dict[str, Array], Array, Array]:
    """Train n_out outputs in m neurons, in stages: weights, and what each output has left, in company and alone."""
    networks, rates = stack(target, n_out, m, on, seeds, config.seed)
    for k, rate in enumerate([*config.stages, 0.0]):
        given = dedicated_neurons.task(target, np.maximum(rates, rate)[:, None])
        steps = config.stage_steps if rate else config.steps
        train(networks, given, steps, config.batch, AdamW(config.lr, schedule="cosine"), job=job, key=f"{target}-{n_out}-{m}-{k}")
    grid = len(ACTIVATIONS), len(on), seeds
    judged = dedicated_neurons.judge(networks, target, rates, config.judge_batches, config.judge_batch)
    return networks.weights(*grid), *(one.reshape(*grid, n_out) for one in judged)


def crowds(config: Config, job: runs.Job) -> dict[str, Array]:
    """Every target at every rate, and at the lowest rate in three sizes."""
    found: dict[str, list[Array]] = {}
    for target in TARGETS:
        weights, left, alone = crowd(config, target, config.outputs, config.hidden, config.on, config.seeds, job)
        W1, W2, kind = weights["W1"], weights["W2"], "logic" if target in LOGIC else "single"
        row = {"loss": left, "alone": alone, "inputs_per_neuron": formulas.polysemanticity(W1).mean(-1)}
        row |= {"outputs_per_neuron": formulas.polysemanticity(W2.swapaxes(-1, -2)).mean(-1)}
        best = left.mean(-1).argmin(-1)[..., None, None, None]
        row |= {f"{kind}_best_{name}": np.take_along_axis(W, best, 2)[:, :, 0] for name, W in (("W1", W1), ("W2", W2))}
        for name in ("few", "middle", "large"):
            n_out, seeds = getattr(config, f"{name}_outputs"), getattr(config, f"{name}_seeds")
            row[f"{name}_loss"] = crowd(config, target, n_out, n_out // 2, config.on[-1:], seeds, job)[1][:, 0]
        for name, values in row.items():
            found.setdefault(name, []).append(values)
    return {name: np.stack(parts) for name, parts in found.items()}


def hundred(config: Config, job: runs.Job) -> dict[str, Array]:
    """|x| of many features of falling importance, at every sparsity by way of the milder ones."""
    n, m, seeds, sparsities = config.n_features, config.n_hidden, config.hundred_seeds, np.array(config.sparsities)
    importance, grid = config.importance_decay ** np.arange(n), (len(sparsities), seeds)
    networks = Networks([config.seed + i % seeds for i in range(len(sparsities) * seeds)], n, m)
    on = np.repeat(1 - sparsities, seeds)
    for k, rate in enumerate([*(1 - s for s in config.sparsity_stages), 0.0]):
        given = dedicated_neurons.task("abs", np.maximum(on, rate)[:, None], importance)
        steps = config.hundred_stage_steps if rate else config.hundred_steps
        train(
            networks, given, steps, config.hundred_batch, AdamW(config.hundred_lr, schedule="cosine"), job=job, key=f"hundred-{k}"
        )
    left = dedicated_neurons.judge(networks, "abs", on, config.judge_batches, config.judge_batch)[0].reshape(*grid, n)
    W1, W2 = (networks.weights(*grid)[name] for name in ("W1", "W2"))
    size = np.linalg.norm(W1, axis=-2) * np.linalg.norm(W2, axis=-1)
    return {
        "sparsity": sparsities, "hundred_loss": left, "hundred_inputs_per_neuron": formulas.polysemanticity(W1),
        "hundred_size": size, "hundred_best_W1": W1[np.arange(len(left)), (left @ importance).argmin(1)],
    }  # fmt: skip


def weighted(loss: Float[Array, "*batch n"], decay: float) -> Float[Array, "*batch"]:
    """The mean share of the variance that is left, weighted by the importances decay^i."""
    importance = decay ** np.arange(loss.shape[-1])
    return loss @ importance / importance.sum()


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """The crowds, then the hundred features."""
    arrays = crowds(config, job) | hundred(config, job)
    least = arrays["loss"][:, :, -1].mean((-1, -2))
    return arrays, {f"left {t} {a}": float(least[i, j]) for i, t in enumerate(TARGETS) for j, a in enumerate(ACTIVATIONS)}
