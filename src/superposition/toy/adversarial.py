"""How much harm does a small change of the input do to a model with superposition, and how much to one without?
Elhage et al. 2022, "Relationship to Adversarial Robustness": more than three times as much,
in step with features per dimension."""

import numpy as np
import torch
from jaxtyping import Float

from superposition import formulas, runs
from superposition.toy.engine import features, largest_feature, training
from superposition.toy.measures import attacks
from superposition.toy.theory.linear_model import linear_optimum
from superposition.training import AdamW

Array = np.ndarray

# The ratio of the published replication, with its attack and with no attack at all.
REPLICATION_RADII = (0.1, 0.0)


class Config(runs.Config):
    n_features: int
    n_hidden: int
    importance_decay: float
    densities: int
    lowest_density: float
    common_density: float
    seeds: int
    steps: int
    batch: int
    lr: float
    radius: float
    radii: tuple[float, ...]
    relative_radius: float
    inputs: int
    bounded: int
    attack_steps: int
    classifier_densities: int
    classifier_seeds: int
    classifier_steps: int
    classifier_batch: int
    classifier_lr: float
    classifier_inputs: int


_OF_MODEL = (
    "clean", "excess", "excess_by_feature", "excess_by_random", "excess_relative", "excess_common",
    "equal_dimensions", "equal_excess", "equal_clean", "lower_checked", "upper_checked", "gain", "gain_bound",
)  # fmt: skip
_OF_CLASSIFIER = ("right", "flipped", "flipped_common", "kept", "kept_common", "features_per_dimension")
DEVICES = ("cpu", "cuda")
SCHEMA = (
    {name: "density seed" for name in (*_OF_MODEL, "loss")}
    | {
        "density": "density",
        "W": "density seed n_features n_hidden",
        "b": "density seed n_features",
        "history_step": "record",
        "history": "record density seed",
        "linear_optimum": "density",
        "radius": "radius",
        "excess_by_radius": "radius density seed",
        "relative_radius": "density",
        "replication": "replication_radius density seed",
        "example_x": "density n_features",
        "example_delta": "density n_features",
        "example_seed": "density",
        "classifier_density": "classifier_density",
        "classifier_width": "classifier_width",
    }
    | {f"classifier_{name}": "classifier_width classifier_density classifier_seed" for name in _OF_CLASSIFIER}
)


def dedicated(
    loss: Float[Array, "*batch"], density: Float[Array, "*batch"], importance: Float[Array, "n"]
) -> tuple[Float[Array, "*batch"], Float[Array, "*batch n"], Float[Array, "*batch n"]]:
    """The model without superposition that has exactly this loss: its dimensions, its diagonal of W Wᵀ, its bias.

    It gives the most important features a dimension each and guesses the mean of the rest; the feature at the border gets
    its dimension in part, x' = a x + (1 − a) mean, which costs I (1 − a)² Var(x). A whole number of dimensions has the loss
    of `linear_model.linear_optimum`. A loss above that of guessing everything is met by guessing everything."""
    n = len(importance)
    variance, mean = features.variance(density), density / 2
    left = np.append(np.cumsum(importance[::-1])[::-1], 0)  # importance left over when the first k are represented
    wanted = np.clip(loss / variance, 0, left[0])
    whole = np.minimum((left[None] > wanted.reshape(-1, 1)).sum(-1) - 1, n - 1).clip(min=0).reshape(wanted.shape)
    part = 1 - np.sqrt(np.clip((wanted - left[whole + 1]) / importance[whole], 0, 1))
    diagonal = np.where(np.arange(n) < whole[..., None], 1.0, np.where(np.arange(n) == whole[..., None], part[..., None], 0.0))
    return whole + part, diagonal, (1 - diagonal) * mean[..., None]


def replication_ratio(
    W: Float[Array, "*batch n m"], b: Float[Array, "*batch n"], loss: Float[Array, "*batch"],
    linear_loss: Float[Array, "*batch"], importance: Float[Array, "n"], radius: float,
) -> Float[Array, "*batch"]:  # fmt: skip
    """The vulnerability of keltin13's notebook: it attacks the input 0, and asks for the row of W Wᵀ as the output.

    The largest Σ_j I_j (M_ij − x'_j)² over features i, with x' the output for `radius` M_i / ‖M_i‖ and M = W Wᵀ, less the
    test loss; over the same for a linear model that keeps the n_hidden most important features."""
    M = np.einsum("...ih,...jh->...ij", W, W)
    out = np.maximum(radius * formulas.unit(M) @ M + b[..., None, :], 0)
    worst = (importance * (M - out) ** 2).sum(-1).max(-1)
    # The linear model's rows are unit vectors, and its output for a change along one is `radius` times that row.
    return (worst - loss) / (importance[0] * (1 - radius) ** 2 - linear_loss)


def _excess(worst: attacks.Worst) -> Float[Array, "model"]:
    return (worst.error - worst.clean).mean(-1).numpy()


def _examples(worst: attacks.Worst, x: torch.Tensor, best: Array, n_seeds: int) -> dict[str, Array]:
    """At each density, of the best seed's inputs the one that is harmed most."""
    chosen = np.arange(len(best)) * n_seeds + best
    point = (worst.error - worst.clean)[chosen].argmax(-1).numpy()
    return {"example_x": x[chosen, point].numpy(), "example_delta": worst.delta[chosen, point].numpy(), "example_seed": best}


def _attacked(config: Config, arrays: dict[str, Array], density: Array, importance: Array, job: runs.Job) -> dict[str, Array]:
    """All attacks on the autoencoders, and on their equals without superposition."""
    shape = density.shape
    n = config.n_features
    b = torch.from_numpy(arrays["b"].reshape(-1, n))
    C = torch.from_numpy(np.einsum("dsih,dsjh->dsij", arrays["W"], arrays["W"]).reshape(-1, n, n))
    weight = torch.tensor(importance, dtype=torch.float32)
    seeds = [config.seed + k for k in range(density.size)]
    x = largest_feature.held_out(seeds, density.ravel(), config.inputs, n)
    norm = np.repeat(x.norm(dim=-1).mean(-1).numpy().reshape(shape).mean(1), shape[1]) * config.relative_radius
    everywhere = torch.full((density.size,), config.radius)

    def strike(C, b, x, target, radius, weight=weight):
        return attacks.attack(C, b, x, attacks.Target(target, weight), radius, config.attack_steps, config.seed)

    with job.progress("attacks", len(config.radii) + 5) as progress:
        main = strike(C, b, x, x, everywhere)
        progress.advance()
        relative = strike(C, b, x, x, torch.tensor(norm, dtype=torch.float32))
        progress.advance()
        common = largest_feature.held_out(seeds, np.full(density.size, config.common_density), config.inputs, n)
        on_common = strike(C, b, common, common, everywhere)
        progress.advance()
        gain = strike(C, b, x, attacks.output(C, b, x), everywhere, torch.ones(n))
        progress.advance()
        dimensions, diagonal, bias = dedicated(arrays["loss"], density, importance)
        no_interference = torch.diag_embed(torch.tensor(diagonal.reshape(-1, n), dtype=torch.float32))
        equal = strike(no_interference, torch.tensor(bias.reshape(-1, n), dtype=torch.float32), x, x, everywhere)
        progress.advance()
        by_radius = []
        for radius in config.radii:
            by_radius.append(_excess(strike(C, b, x, x, torch.full_like(everywhere, radius))))
            progress.advance()
    few = slice(config.bounded)
    limit = config.radius * attacks.gain_bound(C, b, x[:, few], everywhere, weight)
    upper = (main.clean[:, few].sqrt() + limit) ** 2
    gains = attacks.gain_bound(C, b, x[:, few], everywhere, torch.ones(n))
    of_model = {
        "clean": main.clean.mean(-1).numpy(), "excess": _excess(main),
        "excess_by_feature": (main.by_feature - main.clean).mean(-1).numpy(),
        "excess_by_random": (main.by_random - main.clean).mean(-1).numpy(),
        "excess_relative": _excess(relative), "excess_common": _excess(on_common),
        "equal_dimensions": dimensions, "equal_excess": _excess(equal), "equal_clean": equal.clean.mean(-1).numpy(),
        "lower_checked": (main.error - main.clean)[:, few].mean(-1).numpy(),
        "upper_checked": (upper - main.clean[:, few]).mean(-1).numpy(),
        "gain": gain.error[:, few].sqrt().amax(-1).numpy() / config.radius, "gain_bound": gains.amax(-1).numpy(),
    }  # fmt: skip
    broken = int((main.error[:, few] > upper * (1 + 1e-4) + 1e-6).sum())
    if broken:
        raise runs.RunError(f"{broken} attacks exceed their upper bound: the attack or the bound is wrong")
    return (
        {name: array.reshape(shape).astype(np.float64) for name, array in of_model.items()}
        | {"excess_by_radius": np.stack(by_radius).reshape(-1, *shape), "relative_radius": norm.reshape(shape)[:, 0]}
        | _examples(main, x, arrays["loss"].argmin(1), shape[1])
    )


def _classified(config: Config, importance: Array, job: runs.Job) -> dict[str, Array]:
    """The second task: classifiers with few dimensions, and with one for each feature."""
    n, widths = config.n_features, (config.n_hidden, config.n_features)
    density = config.lowest_density ** np.linspace(0, 1, config.classifier_densities)
    shape = config.classifier_densities, config.classifier_seeds
    of_each = np.repeat(density, config.classifier_seeds)
    seeds = [config.seed + k for k in range(of_each.size)]
    own = largest_feature.held_out(seeds, of_each, config.classifier_inputs, n).numpy()
    common = largest_feature.held_out(seeds, np.full_like(of_each, config.common_density), config.classifier_inputs, n).numpy()
    found: dict[str, list[Array]] = {name: [] for name in _OF_CLASSIFIER}
    for width in widths:
        schedule = config.classifier_steps, config.classifier_batch, config.classifier_lr
        W, C, c = largest_feature.train(seeds, of_each, importance, width, *schedule, job)
        found["features_per_dimension"].append(formulas.effective_features(W) / config.n_hidden)
        for x, suffix in ((own, ""), (common, "_common")):
            right, distance = largest_feature.distances(C, c, x)
            possible = largest_feature.true_distance(x)
            safe = right & (possible > config.radius)
            found[f"flipped{suffix}"].append(_rate(safe & (distance < config.radius), safe))
            found[f"kept{suffix}"].append(_rate(np.where(right, distance, 0), np.where(right, possible, 0)))
            if not suffix:
                found["right"].append(_rate(right, x.max(-1) > 0))
    results = {f"classifier_{name}": np.stack(rows).reshape(2, *shape).astype(np.float64) for name, rows in found.items()}
    return results | {"classifier_density": density, "classifier_width": np.array(widths)}


def _rate(part: Array, whole: Array) -> Array:
    """The sum of `part` over that of `whole`, a model each; 0 where there is nothing."""
    total = whole.sum(-1)
    return np.divide(part.sum(-1), total, out=np.zeros(total.shape), where=total > 0)


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train, attack, bound; then the second task."""
    n, m = config.n_features, config.n_hidden
    density = config.lowest_density ** np.linspace(0, 1, config.densities)
    importance = config.importance_decay ** np.arange(n)
    of_each = np.broadcast_to(density[:, None], (config.densities, config.seeds))
    arrays, _ = training.train_grid(
        np.broadcast_to(of_each[..., None], (*of_each.shape, n)), importance, m, True, config.steps, config.batch,
        AdamW(config.lr, schedule="cosine"), config.seed, job,
    )  # fmt: skip
    linear = linear_optimum(density, importance, m)
    arrays |= {"density": density, "linear_optimum": linear, "radius": np.array(config.radii)}
    arrays |= _attacked(config, arrays, of_each, importance, job)
    given = arrays["W"], arrays["b"], arrays["loss"], np.broadcast_to(linear[:, None], of_each.shape), importance
    arrays["replication"] = np.stack([replication_ratio(*given, radius) for radius in REPLICATION_RADII])
    arrays |= _classified(config, importance, job)
    vulnerability = arrays["excess"].mean(1) / config.radius**2
    return arrays, {
        "vulnerability, dense": float(vulnerability[0]),
        "vulnerability, sparsest": float(vulnerability[-1]),
        "vulnerability, largest": float(vulnerability.max()),
    }


def vulnerability(found: runs.Results, excess: str = "excess", radius: float | None = None) -> Float[Array, "density seed"]:
    """(L' − L) / (L'₀ − L₀): the excess error under attack over that of the linear model with as many dimensions.

    The linear model that keeps whole features passes an attack on the most important one through, and errs by its
    square: L'₀ − L₀ is the radius squared times the largest importance, 1, for every input."""
    return found[excess] / np.square(found.config.radius if radius is None else radius)


@torch.no_grad()
def of_empty(found: runs.Results) -> tuple[Float[Array, "density seed"], Float[Array, "density seed"]]:
    """The excess error under the main attack on the empty input, where no feature is active: of the models, of their equals."""
    config, shape, n = found.config, found["loss"].shape, found.config.n_features
    importance = config.importance_decay ** np.arange(n)
    _, diagonal, bias = dedicated(found["loss"], np.broadcast_to(found["density"][:, None], shape), importance)
    products = np.einsum("dsih,dsjh->dsij", found["W"], found["W"]), diagonal[..., None] * np.eye(n)
    x, radius = torch.zeros(found["loss"].size, 1, n), torch.full((found["loss"].size,), config.radius)
    target = attacks.Target(x, torch.tensor(importance, dtype=torch.float32))
    harm = []
    for C, b in zip(products, (found["b"], bias), strict=True):
        of_each = (torch.tensor(part.reshape(len(x), *part.shape[2:]), dtype=torch.float32) for part in (C, b))
        harm.append(_excess(attacks.attack(*of_each, x, target, radius, config.attack_steps, config.seed)).reshape(shape))
    return harm[0], harm[1]


def active(found: runs.Results) -> Float[Array, "density seed"]:
    """The share of the attacked inputs in which a feature is active."""
    of_each = np.broadcast_to(found["density"][:, None], found["loss"].shape)
    seeds = [found.config.seed + k for k in range(of_each.size)]
    x = largest_feature.held_out(seeds, of_each.ravel(), found.config.inputs, found.config.n_features)
    return (x > 0).any(-1).double().mean(-1).numpy().reshape(of_each.shape)


def on_active(found: runs.Results) -> tuple[Float[Array, "density seed"], Float[Array, "density seed"]]:
    """The vulnerability over the inputs in which a feature is active: of the models, and of their equals in loss.

    A mean over all inputs is one over what share of them is empty, too; what the empty ones suffer is taken out."""
    share, radius = active(found), found.config.radius**2
    whole = found["excess"], found["equal_excess"]
    both = [(mean - (1 - share) * empty) / share / radius for mean, empty in zip(whole, of_empty(found), strict=True)]
    return both[0], both[1]


def relative(found: runs.Results) -> Float[Array, "density seed"]:
    """The vulnerability under the paper's allowance, a tenth of the average input's length."""
    return found["excess_relative"] / found["relative_radius"][:, None] ** 2


def correlations(x: Float[Array, "density seed"], y: Float[Array, "density seed"]) -> Float[Array, "seed"]:
    """Pearson's correlation over the densities, for every seed."""
    return np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(x.T, y.T, strict=True)])


def sharing(found: runs.Results) -> Float[Array, "density seed"]:
    """Features per dimension of every model."""
    return formulas.features_per_dimension(found["W"])
