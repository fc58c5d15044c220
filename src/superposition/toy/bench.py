"""What the toy engine's speed is measured against: the technique of Anthropic's notebook and of its replications.
That is einsum over an instance axis, two fresh uniform draws a step, autograd, and AdamW with its default flags."""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from superposition.bench import Comparison
from superposition.toy import networks, training
from superposition.toy.models import Autoencoders

BATCH = 1024
# n_features, n_hidden, instances, and steps a measured stretch: enough that it takes a good fraction of a second.
SIZES = ((5, 2, 10, 400), (20, 5, 7, 150), (100, 20, 20, 12), (400, 30, 30, 2))
# target, n_in, n_hidden, instances, and steps a measured stretch.
COMPUTATIONS = (("and", 2, 2, 5, 300), ("abs", 3, 6, 5, 300), ("abs", 100, 40, 5, 20))


def _grid(n: int, instances: int) -> tuple[np.ndarray, np.ndarray]:
    """Densities from 1 down to 1/20, one an instance, and importances 0.9^i."""
    density = np.repeat(20 ** -np.linspace(0, 1, instances)[:, None], n, axis=1)
    return density, np.tile(0.9 ** np.arange(n), (instances, 1))


def _ours(n: int, m: int, instances: int, steps: int) -> Callable[[], None]:
    model, grid = Autoencoders(list(range(instances)), n, m), _grid(n, instances)
    return lambda: training.train(model, *grid, steps, BATCH, records=1)


def _reference(n: int, m: int, instances: int, steps: int) -> Callable[[], None]:
    density, importance = (torch.from_numpy(array.astype(np.float32)) for array in _grid(n, instances))
    W = torch.nn.Parameter(torch.nn.init.xavier_normal_(torch.empty(instances, n, m)))
    b = torch.nn.Parameter(torch.zeros(instances, n))

    def loss() -> torch.Tensor:
        values = torch.rand(BATCH, instances, n)
        x = torch.where(torch.rand(BATCH, instances, n) <= density, values, torch.zeros(()))
        hidden = torch.einsum("...if,ifh->...ih", x, W)
        output = torch.relu(torch.einsum("...ih,ifh->...if", hidden, W) + b)
        return (importance * (x - output) ** 2).sum(-1).mean(0).sum()

    return _descent([W, b], loss, steps)


def _descent(parameters: list[torch.nn.Parameter], loss: Callable[[], torch.Tensor], steps: int) -> Callable[[], None]:
    adamw = torch.optim.AdamW(parameters, lr=1e-3)

    def stretch() -> None:
        for _ in range(steps):
            adamw.zero_grad()
            loss().backward()
            adamw.step()

    return stretch


def _our_computation(target: str, n: int, m: int, instances: int, steps: int) -> Callable[[], None]:
    density, importance = _grid(n, instances)
    inputs = ("binary", density / 2) if target == "and" else ("signed", density)
    task = networks.Task(inputs[0], target, inputs[1], importance[:, : _outputs(target, n)])
    model = networks.Networks(list(range(instances)), n, m, _outputs(target, n))
    return lambda: networks.train(model, task, steps, BATCH, records=1)


def _outputs(target: str, n: int) -> int:
    return n // 2 if target in networks.PAIRED else n


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

    return _descent([W1, W2, b], loss, steps)


def comparisons() -> Iterator[Comparison]:
    """One row a size: training steps of the whole stack, ours against the reference."""
    for n, m, instances, steps in SIZES:
        yield Comparison(
            name=f"toy {n}/{m}x{instances}",
            what=f"a training step of {instances} autoencoders {n} to {m}, batch {BATCH}",
            ours=_ours(n, m, instances, steps),
            reference=_reference(n, m, instances, steps),
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
        )
