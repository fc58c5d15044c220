"""What reading a corpus for Neuroscope costs, for models of several shapes, and putting a large layer in order.
Times are the processor's, whatever else it does, and stand in the record alone: arrays are the same everywhere."""

from collections.abc import Callable
from statistics import median
from time import process_time

import numpy as np

from superposition import runs
from superposition.stories.engine import neuroscope_bench, order_bench
from superposition.stories.measures import orders, surrogates

Array = np.ndarray


class Config(runs.Config):
    names: tuple[str, ...]
    n_layers: tuple[int, ...]
    d_models: tuple[int, ...]
    n_heads: tuple[int, ...]
    n_entries: tuple[int, ...]
    context: int
    read: int
    before: int
    ordered: int
    dim: int
    repeats: int
    stories: int


SCHEMA = {"parameters": "model", "neurons": "model"}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Time the pass and the bare forward pass of every shape, then an order of random rows and one of their surrogates."""
    metrics: dict[str, float] = {}
    shapes = zip(config.names, config.n_layers, config.d_models, config.n_heads, config.n_entries, strict=True)
    parameters, neurons = [], []
    with job.progress("timing", len(config.names) + 1) as bar:
        for name, n_layers, d_model, n_heads, n_entries in shapes:
            subject = neuroscope_bench.shaped(n_layers, d_model, n_heads, config.context, n_entries)
            ours, bare, _ = neuroscope_bench.reading(subject, config.read, config.before)
            seconds = _medians(config.repeats, ours, bare)
            for what, each in zip(("pass", "forward pass"), seconds, strict=True):
                metrics[f"{name}: {what}, tokens a second"] = config.read * config.context / each
            parameters.append(sum(p.numel() for p in subject.bridge.original_model.parameters()))
            neurons.append(len(subject.neurons()))
            bar.advance()
        W = order_bench.rows(config.ordered, config.dim)
        rng = np.random.default_rng(config.seed)
        order, surrogate = _medians(
            config.repeats,
            lambda: orders.tour(orders.cosines(W)),
            lambda: orders.greedy(orders.cosines(surrogates.rotated(W, rng))),
        )
    metrics |= {"order, seconds": order, "surrogate, seconds": surrogate}
    return {"parameters": np.array(parameters), "neurons": np.array(neurons)}, metrics


def _medians(repeats: int, *works: Callable[[], object]) -> list[float]:
    """Median seconds of processor time of each, which take turns after one untimed run of each."""
    times: list[list[float]] = [[] for _ in works]
    for turn in range(repeats + 1):
        for own, work in zip(times, works, strict=True):
            start = process_time()
            work()
            if turn:
                own.append(process_time() - start)
    return [median(own) for own in times]
