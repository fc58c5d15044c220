"""The same models along a path: each stage starts from the last one's weights, in slightly sparser data.
If the polytopes of `geometry` were traps for training, a slow path would end in other ones."""

import numpy as np

from superposition import formulas, runs
from superposition.toy.engine import training
from superposition.toy.engine.networks import Networks, Task
from superposition.training import AdamW

Array = np.ndarray


class Config(runs.Config):
    n_features: int
    n_hidden: int
    stages: int
    highest: float  # of 1 / (1 - S)
    seeds: int
    steps: int  # of a stage
    batch: int
    lr: float
    warmup: int


DEVICES = ("cpu", "cuda")
SCHEMA = {
    "density": "density",
    "W": "seed density n_features n_hidden",
    "b": "seed density n_features",
    "loss": "seed density",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train the seeds through all stages; the densities are those of `geometry`, one stage each.

    A stage restarts the optimiser, and draws data of its own."""
    density = config.highest ** -np.linspace(0, 1, config.stages)
    seeds = [config.seed + k for k in range(config.seeds)]
    networks = Networks(seeds, config.n_features, config.n_hidden, hidden="identity", tied=True).to(job.device)
    optimiser = AdamW(config.lr, 0.0, schedule="cosine", warmup=config.warmup)
    ends: dict[str, list[Array]] = {"W": [], "b": [], "loss": []}
    for stage, p in enumerate(density):
        networks.seeds = [config.seed + config.seeds * stage + k for k in range(config.seeds)]
        task = Task("uniform", "identity", p)
        training.train(networks, task, config.steps, config.batch, optimiser, records=1, job=job, key=f"stage{stage}")
        weights = networks.weights(config.seeds)
        ends["W"].append(weights["W1"].astype(np.float16))
        ends["b"].append(weights["b"].astype(np.float16))
        ends["loss"].append(training.evaluate(networks, task))
    arrays = {name: np.stack(of_stages, axis=1) for name, of_stages in ends.items()}
    per_dimension = formulas.features_per_dimension(arrays["W"].astype(np.float32)).mean(0)
    return arrays | {"density": density}, {
        "features per dimension, densest": float(per_dimension[0]), "sparsest": float(per_dimension[-1]),
    }  # fmt: skip
