"""Train transformers of `transformer` with AdamW, several at once, each on its own sums: the compiled step of `attention_kernel`.
Also their logits, which the same kernel computes; results are the same to the bit on any number of threads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8

from superposition import runs
from superposition.addition.engine import attention_kernel, data, streams
from superposition.addition.engine.data import EQUALS, N_ANSWERS, N_CTX, N_INPUTS, VOCAB
from superposition.addition.engine.transformer import D_MODEL, N_OUT, Transformer, shapes
from superposition.training import AdamW, through

Array = np.ndarray
_INWARD = ("Q", "K", "V")


def sizes(n_heads: int, d_head: int) -> tuple[int, ...]:
    """The kernel's own description of the model's shape."""
    return len(VOCAB), N_CTX, n_heads, d_head, D_MODEL, N_OUT


def queries(reading: data.Reading) -> Int[Array, "kind 2"]:
    """What a query can be, as token and position, position by position."""
    digit = [EQUALS] if reading == "at once" else list(range(10))
    first = [(EQUALS, N_INPUTS)]
    return np.array(first + [(token, place) for place in range(N_INPUTS + 1, N_CTX) for token in digit])


def flat(parameters: Mapping[str, Array]) -> Float[Array, "n_parameters"]:
    """The parameters in the kernel's order, heads last."""
    p = parameters
    inward = [np.moveaxis(p[f"W_{x}"], (1, 2), (0, 1)).reshape(D_MODEL, -1) for x in _INWARD]
    biases = [p[f"b_{x}"].T.ravel() for x in _INWARD]
    outward = p["W_O"].swapaxes(0, 1)
    parts = [p["W_E"], p["W_pos"], np.concatenate(inward, 1), *biases, outward, p["b_O"], p["W_U"], p["b_U"]]
    return np.concatenate([part.ravel() for part in parts])


def named(vector: Float[Array, "n_parameters"], n_heads: int, d_head: int) -> dict[str, Array]:
    """The parameters by name: the inverse of `flat`."""
    R, W, b, W_O, b_O, W_U, b_U = attention_kernel._views.py_func(vector, sizes(n_heads, d_head))
    W, b = W.reshape(D_MODEL, 3, d_head, n_heads), b.reshape(3, d_head, n_heads)
    found = {"W_E": R[: len(VOCAB)], "W_pos": R[len(VOCAB) :], "b_O": b_O, "W_U": W_U, "b_U": b_U}
    found |= {f"W_{x}": np.moveaxis(W[:, k], (0, 1), (1, 2)) for k, x in enumerate(_INWARD)}
    found |= {f"b_{x}": b[k].T for k, x in enumerate(_INWARD)}
    found["W_O"] = W_O.reshape(d_head, n_heads, D_MODEL).swapaxes(0, 1)
    return {name: np.ascontiguousarray(found[name]) for name in shapes(n_heads, d_head)}


@dataclass(frozen=True)
class Examples:
    """The sums of several models, each its own: what it sees, the digits to give, and the carry into each of these."""

    seen: UInt8[Array, "model example n_ctx"]
    answers: UInt8[Array, "model example n_answers"]
    carry: Int[Array, "model example n_answers"]
    chain: Int[Array, "model example n_answers"]

    @classmethod
    def of(cls, pairs: Int[Array, "model example 2"], reading: data.Reading) -> "Examples":
        """The examples of these pairs of numbers, as the model is to read them."""
        a, b = np.moveaxis(pairs, -1, 0)
        return cls(data.tokens(a, b, reading), data.answers(a, b), data.carries(a, b), data.chains(a, b))


@dataclass(frozen=True)
class Trainees:
    """Models in training: their parameters and AdamW's moments, each flat, and their shape."""

    n_heads: int
    d_head: int
    reading: data.Reading
    theta: Float[Array, "model n_parameters"]
    first: Float[Array, "model n_parameters"]
    second: Float[Array, "model n_parameters"]

    @classmethod
    def start(cls, seeds: Sequence[int], n_heads: int, d_head: int, reading: data.Reading) -> "Trainees":
        """Models at their start, one a seed."""
        theta = np.stack([flat(arrays(Transformer(n_heads, d_head, seed))) for seed in seeds])
        return cls(n_heads, d_head, reading, theta, np.zeros_like(theta), np.zeros_like(theta))

    def parameters(self) -> dict[str, Array]:
        """The parameters of all models by name, each with a first axis for the model."""
        each = [named(vector, self.n_heads, self.d_head) for vector in self.theta]
        return {name: np.stack([one[name] for one in each]) for name in each[0]}

    def logits(self, seen: UInt8[Array, "model example n_ctx"]) -> Float[Array, "model example n_answers n_out"]:
        """The logits of every model for its own examples."""
        return attention_kernel.logits(self.theta, sizes(self.n_heads, self.d_head), queries(self.reading), seen, N_ANSWERS)


def arrays(model: Transformer) -> dict[str, Array]:
    """The parameters of a model as arrays."""
    return {name: tensor.detach().numpy() for name, tensor in model.named_parameters()}


def gradient(model: Transformer, examples: Examples, reading: data.Reading = "at once") -> tuple[float, dict[str, Array]]:
    """The mean loss of one model over its examples (of one model), and the gradient by name, in the model's precision."""
    order = np.arange(examples.seen.shape[1])[None]
    size = sizes(model.n_heads, model.d_head)
    of_each = flat(arrays(model))[None], size, queries(reading), examples.seen, examples.answers, order
    loss, dtheta = attention_kernel.gradients(*of_each)
    return float(loss[0]), named(dtheta[0], model.n_heads, model.d_head)


def orders(seeds: Sequence[int], epoch: int, examples: int, batch: int) -> Int[Array, "model step batch"]:
    """The batches of an epoch: whole ones, in an order of each seed's own. What is left over waits for another epoch."""
    steps = examples // batch
    drawn = [streams.generator(seed, stream=streams.ORDER, part=epoch).permutation(examples)[: steps * batch] for seed in seeds]
    return np.stack(drawn).reshape(len(seeds), steps, batch)


def train(
    models: Trainees,
    examples: Examples,
    seeds: Sequence[int],
    epochs: int,
    batch: int,
    optimiser: AdamW,
    stops: Sequence[int],
    watch: Callable[[Trainees], dict[str, Array]],
    job: runs.Job,
    key: str = "training",
) -> tuple[Float[Array, "epoch model"], dict[str, Array]]:
    """Train the models in place; returns the mean loss of every epoch, and what `watch` saw after the epochs in `stops`.

    `stops` counts epochs from 0, the start, to `epochs`. A run that was killed goes on from its last checkpoint, named
    `key`, to the bit-identical end. Raises FloatingPointError where a loss is not finite: the kernel takes the exponential
    of a token's and of a place's part of a score separately, each relative to its largest."""
    rates, first = optimiser.rates(epochs), watch(models)
    state = {"theta": models.theta, "first": models.first, "second": models.second, "loss": np.zeros((epochs, len(seeds)))}
    watched = {name: np.zeros((len(stops), *array.shape), array.dtype) for name, array in first.items()}
    for name, array in first.items():
        watched[name][np.array(stops) == 0] = array

    def stretch(before: int, epoch: int) -> None:
        order = orders(seeds, epoch, examples.seen.shape[1], batch)
        state["loss"][before] = _advance(models, examples, order, before, optimiser, rates[before])
        if not np.isfinite(state["loss"][before]).all():
            raise FloatingPointError(f"epoch {epoch}: loss {state['loss'][before]}: scores out of float32's range")
        for name, array in watch(models).items() if epoch in stops else ():
            watched[name][np.array(stops) == epoch] = array

    state |= {f"watched {name}": array for name, array in watched.items()}
    through(range(epochs + 1), stretch, state, job, key, f"{len(seeds)} models")
    return state["loss"], watched


def _advance(models, examples, order, epoch, optimiser, lr):
    """One epoch of every model, in place; returns its mean loss."""
    shape = sizes(models.n_heads, models.d_head), queries(models.reading)
    state = models.theta, models.first, models.second
    of_each = examples.seen, examples.answers, order
    return attention_kernel.advance(*state, *shape, *of_each, epoch * order.shape[1], lr, optimiser.numbers)
