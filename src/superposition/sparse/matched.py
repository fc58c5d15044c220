"""Are a trained model's features easy to recover because of how they are arranged, or because they are few?
The same autoencoders on trained models, and on as many random directions as each of them represents."""

import numpy as np
from jaxtyping import Float

from superposition import formulas, runs
from superposition.sparse import recovery

Array = np.ndarray

BASES = ("trained", "as many at random")


class Config(recovery.Config):
    pass


SCHEMA = {
    "sparsity": "sparsity",
    "represented": "sparsity seed",
    "mcc": "base sparsity seed penalty",
    "objective": "base sparsity seed penalty",
    "oracle_objective": "base sparsity seed penalty",
    "random": "base sparsity seed",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train the first width and kind of the config on both; what the random directions of a null have stands beside."""
    W, density = recovery._base(config, "20 in 5")
    given = [W, scattered(W, config.seed)]
    cell = config.widths[0], config.kinds[0]
    each = job.map(recovery._one, [(config, own, density, k, *cell, k) for k, own in enumerate(given)], "autoencoders")
    beside = job.map(recovery._beside, [(config, own, density, k) for k, own in enumerate(given)], "beside")
    arrays = runs.stacked([{name: one[name] for name in ("mcc", "objective")} for one in each], len(BASES))
    arrays["oracle_objective"] = np.stack([one["oracle_objective"] for one in beside])
    arrays["random"] = np.stack([one["null"][0, 0] for one in beside])
    arrays |= {"sparsity": 1 - density, "represented": formulas.represented(W)}
    return arrays, {f"MCC, {base}": float(best(arrays["mcc"])[k].mean()) for k, base in enumerate(BASES)}


def scattered(W: Float[Array, "*batch n m"], seed: int) -> Float[Array, "*batch n m"]:
    """Random directions of length one in place of the features that each model represents, and zeros in place of the others."""
    drawn = formulas.unit(np.random.default_rng((seed, 3)).standard_normal(W.shape))
    return (drawn * formulas.is_represented(W)[..., None]).astype(W.dtype)


def best(mcc: Float[Array, "base sparsity seed penalty"]) -> Float[Array, "base sparsity seed"]:
    """The MCC of each seed at the penalty that is best in the mean over seeds."""
    chosen = mcc.mean(-2).argmax(-1)
    return np.take_along_axis(mcc, chosen[..., None, None], -1)[..., 0]
