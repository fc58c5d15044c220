"""What the toy engine's speed is measured against: the technique of Anthropic's notebook and of its replications.
That is einsum over an instance axis, two fresh uniform draws a step, autograd, and AdamW with its default flags.
The same in JAX where that is installed: one compiled scan over the steps of a stack."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np
import torch

from superposition.bench import Comparison
from superposition.toy import phase
from superposition.toy.engine import training
from superposition.toy.engine.networks import PAIRED, Networks, Task
from superposition.toy.theory import expected_loss
from superposition.training import AdamW

BATCH = 1024
# n_features, n_hidden, instances, and steps a measured stretch: enough that the faster side, too, takes some 50 ms and more.
SIZES = ((5, 2, 10, 1600), (20, 5, 7, 600), (100, 20, 20, 24), (400, 30, 30, 4))
# target, n_in, n_hidden, instances, and steps a measured stretch.
COMPUTATIONS = (("and", 2, 2, 5, 300), ("abs", 3, 6, 5, 300), ("abs", 100, 40, 5, 20))
# A corner of each phase diagram: 16 cells, 4 starts in each. The sampled training gets the rate and the steps of the
# exact one, with which it ends at the same losses (a test holds this): fewer would not do, and the originals take more.
CELLS = {
    "lowest_importance": 0.5, "highest_importance": 0.5, "importances": 1, "lowest_density": 0.01, "densities": 16,
    "starts": 4, "positive_starts": 1,
}  # fmt: skip
EXACT = phase.Config(n_features=2, n_hidden=1, steps=1000, lr=0.03, **CELLS)
PHASE = phase.Config(n_features=3, n_hidden=2, steps=600, lr=0.05, **CELLS)


def _grid(n: int, instances: int) -> tuple[np.ndarray, np.ndarray]:
    """Densities from 1 down to 1/20, one an instance, and importances 0.9^i."""
    density = np.repeat(20 ** -np.linspace(0, 1, instances)[:, None], n, axis=1)
    return density, np.tile(0.9 ** np.arange(n), (instances, 1))


def starts(config: phase.Config) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The models of a corner of a phase diagram: their first weights, densities and importances."""
    density, importance = (np.repeat(array.reshape(-1, config.n_features), config.starts, 0) for array in phase._cells(config))
    n, m = config.n_features, config.n_hidden
    return np.random.default_rng(0).standard_normal((len(density), n, m)) * (2 / (n + m)) ** 0.5, density, importance


def _autoencoders(n: int, m: int, instances: int) -> Networks:
    return Networks(list(range(instances)), n, m, hidden="identity", tied=True)


def _ours(n: int, m: int, instances: int, steps: int) -> Callable[[], None]:
    networks, task = _autoencoders(n, m, instances), Task("uniform", "identity", *_grid(n, instances))
    return lambda: training.train(networks, task, steps, BATCH, records=1)


def _reference(start: np.ndarray, density: np.ndarray, importance: np.ndarray, rates: np.ndarray) -> Callable[[], None]:
    density, importance = (torch.from_numpy(array.astype(np.float32)) for array in (density, importance))
    W = torch.nn.Parameter(torch.from_numpy(start.astype(np.float32)))
    b = torch.nn.Parameter(torch.zeros(W.shape[:2]))

    def loss() -> torch.Tensor:
        values = torch.rand(BATCH, *b.shape)
        x = torch.where(torch.rand(BATCH, *b.shape) <= density, values, torch.zeros(()))
        hidden = torch.einsum("...if,ifh->...ih", x, W)
        output = torch.relu(torch.einsum("...ih,ifh->...if", hidden, W) + b)
        return (importance * (x - output) ** 2).sum(-1).mean(0).sum()

    return _descent([W, b], loss, rates)


def _descent(parameters: list[torch.nn.Parameter], loss: Callable[[], torch.Tensor], rates: np.ndarray) -> Callable[[], None]:
    """A step for each of the learning rates, on from where the last call ended."""
    adamw = torch.optim.AdamW(parameters)

    def stretch() -> None:
        for rate in rates:
            adamw.param_groups[0]["lr"] = float(rate)
            adamw.zero_grad()
            loss().backward()
            adamw.step()

    return stretch


def _in_jax(start: np.ndarray, density: np.ndarray, importance: np.ndarray, steps: int) -> Callable[[], None]:
    """Stretches of `steps` steps, compiled as one scan; each instance has its own random keys, as it has its own data."""
    import jax
    from jax import numpy as jnp

    own, chosen = AdamW(), [jnp.asarray(array, jnp.float32) for array in (density, importance)]

    def loss(p, key, density, importance):
        active, values = jax.random.uniform(key, (2, BATCH, len(density)))
        x = jnp.where(active <= density, values, 0)
        output = jax.nn.relu(x @ p["W"] @ p["W"].T + p["b"])
        return (importance * (x - output) ** 2).sum(-1).mean()

    def adamw(p, d, first, second, t):
        first, second = own.beta1 * first + (1 - own.beta1) * d, own.beta2 * second + (1 - own.beta2) * d * d
        size = jnp.sqrt(second / (1 - own.beta2**t)) + own.eps
        return p * (1 - own.lr * own.weight_decay) - own.lr / (1 - own.beta1**t) * first / size, first, second

    def step(state, _):
        t, key, p, first, second = state
        keys = jax.random.split(key, 1 + len(density))
        d = jax.vmap(jax.grad(loss))(p, keys[1:], *chosen)
        moved = {name: adamw(p[name], d[name], first[name], second[name], t) for name in p}
        return (t + 1, keys[0], *({name: parts[k] for name, parts in moved.items()} for k in range(3))), None

    stretch = jax.jit(lambda state: jax.lax.scan(step, state, length=steps)[0])
    p = {"W": jnp.asarray(start, jnp.float32), "b": jnp.zeros(start.shape[:2], jnp.float32)}
    zeros = {name: jnp.zeros_like(values) for name, values in p.items()}
    state = [(jnp.float32(1), jax.random.key(0), p, zeros, zeros)]

    def run() -> None:
        state[0] = jax.block_until_ready(stretch(state[0]))

    return run


def _our_computation(target: str, n: int, m: int, instances: int, steps: int) -> Callable[[], None]:
    density, importance = _grid(n, instances)
    inputs = ("binary", density / 2) if target == "and" else ("signed", density)
    task = Task(inputs[0], target, inputs[1], importance[:, : _outputs(target, n)])
    model = Networks(list(range(instances)), n, m, _outputs(target, n))
    return lambda: training.train(model, task, steps, BATCH, records=1)


def _outputs(target: str, n: int) -> int:
    return n // 2 if target in PAIRED else n


def _computation_reference(target: str, n: int, m: int, instances: int, steps: int) -> Callable[[], None]:
    density, importance = (torch.from_numpy(array.astype(np.float32)) for array in _grid(n, instances))
    sizes = (instances, n, m), (instances, m, _outputs(target, n))
    W1, W2 = (torch.nn.Parameter(torch.nn.init.xavier_normal_(torch.empty(size))) for size in sizes)
    b = torch.nn.Parameter(torch.zeros(instances, _outputs(target, n)))

    def loss() -> torch.Tensor:
        values = torch.rand(BATCH, instances, n)
        values = (values < 0.5).float() if target == "and" else 2 * values - 1
        x = torch.where(torch.rand(BATCH, instances, n) <= density, values, torch.zeros(()))
        answer = x[..., 0::2] * x[..., 1::2] if target == "and" else x.abs()
        hidden = torch.relu(torch.einsum("...if,ifh->...ih", x, W1))
        output = torch.relu(torch.einsum("...ih,ihf->...if", hidden, W2) + b)
        return (importance[:, : b.shape[1]] * (answer - output) ** 2).sum(-1).mean(0).sum()

    return _descent([W1, W2, b], loss, np.full(steps, 1e-3))


def _on_samples(config: phase.Config) -> Callable[[], None]:
    return _reference(*starts(config), AdamW(config.lr, schedule="cosine").rates(config.steps))


def _exactly(config: phase.Config) -> Callable[[], None]:
    start, density, importance = starts(config)
    rates = AdamW(config.lr, schedule="cosine").rates(config.steps)
    return lambda: expected_loss.descend(start, np.zeros_like(density), density, importance, rates)


def comparisons() -> Iterator[Comparison]:
    """Training steps of a whole stack, size by size; then whole trainings, on the exact loss against samples."""
    for n, m, instances, steps in SIZES:
        start = _autoencoders(n, m, instances).W1.detach().numpy()
        yield Comparison(
            name=f"toy {n}/{m}x{instances}",
            what=f"a training step of {instances} autoencoders {n} to {m}, batch {BATCH}",
            ours=_ours(n, m, instances, steps),
            reference=_reference(start, *_grid(n, instances), np.full(steps, 1e-3)),
            repeats=5,
            units=steps,
            products=5 * 2 * BATCH * instances * n * m,
        )
        if find_spec("jax"):
            yield Comparison(
                name=f"toy {n}/{m}x{instances} JAX",
                what="the same training step in JAX: jit, scan and vmap",
                ours=_ours(n, m, instances, steps),
                reference=_in_jax(start, *_grid(n, instances), steps),
                repeats=5,
                units=steps,
            )
    for target, n, m, instances, steps in COMPUTATIONS:
        yield Comparison(
            name=f"toy computation {target} {n}-{m}x{instances}",
            what=f"a training step of {instances} networks that compute {target} from {n} inputs with {m} neurons, batch {BATCH}",
            ours=_our_computation(target, n, m, instances, steps),
            reference=_computation_reference(target, n, m, instances, steps),
            repeats=5,
            units=steps,
            products=2 * BATCH * instances * m * (2 * n + 3 * _outputs(target, n)),
        )
    models = EXACT.densities * EXACT.starts
    yield Comparison(
        name="toy exact 2/1",
        what=f"training one model 2 to 1 to the same final loss, {models} at once, on the exact loss against samples",
        ours=_exactly(EXACT),
        reference=_on_samples(EXACT),
        repeats=3,
        units=models,
    )
    yield Comparison(
        name="toy phase 3/2",
        what=f"one cell and start of the phase diagram 3 to 2, {models} at once, its optimum included, against training on "
        f"samples",
        ours=lambda: phase.train_row((PHASE, 0)),
        reference=_on_samples(PHASE),
        repeats=3,
        units=models,
    )
