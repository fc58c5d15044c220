"""Training curves for TensorBoard: every stored quantity that has an axis of training, written once a run is done.
A seed is a run there, so that curves of several seeds lie over each other."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Num

from superposition import runs
from superposition.errors import SuperpositionError

Array = np.ndarray
MOST = 500  # curves of one array: what has more, such as weights, is no curve to look at
TIMES = ("step", "epoch")


class CurvesError(SuperpositionError):
    """TensorBoard is not installed, or a run has no curves."""


@dataclass(frozen=True)
class Curve:
    """One quantity over training: its name with its place on the other axes, the seed's index or "", steps and values."""

    tag: str
    seed: str
    step: Num[Array, "record"]
    value: Float[Array, "record"]


def writer() -> Any:
    """PyTorch's `SummaryWriter`. Raises CurvesError where TensorBoard is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise CurvesError("--tensorboard needs TensorBoard: pip install 'superposition[tensorboard]'") from None
    return SummaryWriter


def clocks(schema: Mapping[str, str], arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The axes of training, each with its steps: those that an array named `…step` or `epoch` counts, or so named themselves."""
    lengths = {axis: length for name, axes in schema.items() for axis, length in zip(axes.split(), arrays[name].shape)}
    found = {axis: np.arange(lengths[axis]) for axis in TIMES if axis in lengths}
    counted = {axes: name for name, axes in schema.items() if name.endswith(TIMES) and axes in lengths}
    return found | {axis: arrays[name] for axis, name in counted.items()}


def of(results: runs.Results, schema: Mapping[str, str]) -> dict[str, list[Curve]]:
    """The curves of every array that has an axis of training, by its name.

    Another axis is named by its values where an array has its name, else by index: `history/density=0.05`."""
    steps, found = clocks(schema, results.arrays), {}
    for name, axes in schema.items():
        over = [axis for axis in axes.split() if axis in steps]
        if len(over) == 1 and not name.endswith(TIMES) and results[name].dtype.kind in "biuf":
            found[name] = list(_curves(name, axes.split(), over[0], steps[over[0]], results.arrays, schema))
    return found


def _curves(
    name: str, axes: list[str], over: str, step: Array, arrays: Mapping[str, Array], schema: Mapping[str, str]
) -> Iterator[Curve]:
    """All curves of one array."""
    others, values = [axis for axis in axes if axis != over], np.moveaxis(arrays[name], axes.index(over), -1)
    for place in product(*map(range, values.shape[:-1])):
        labels = {axis: _label(axis, index, arrays, schema) for axis, index in zip(others, place, strict=True)}
        seed = " ".join(text for axis, text in labels.items() if axis.endswith("seed"))
        yield Curve(
            "/".join([name, *(text for axis, text in labels.items() if not axis.endswith("seed"))]), seed, step, values[place]
        )


def _label(axis: str, index: int, arrays: Mapping[str, Array], schema: Mapping[str, str]) -> str:
    return f"{axis}={arrays[axis][index]:g}" if schema.get(axis) == axis else f"{axis}={index}"


def write(results: runs.Results, schema: Mapping[str, str], folder: Path) -> str:
    """Write the curves as TensorBoard reads them, into `folder`, a folder there for each seed; returns what to say of it.

    Arrays of more than `MOST` curves are left out, and values that are not finite. Raises CurvesError where TensorBoard is
    not installed."""
    make, found = writer(), of(results, schema)
    kept = [curve for curves in found.values() if len(curves) <= MOST for curve in curves]
    by_seed: dict[str, list[Curve]] = {}
    for curve in kept:
        by_seed.setdefault(curve.seed, []).append(curve)
    for seed, curves in by_seed.items():
        with make(str(folder / seed)) as out:
            for curve in curves:
                for step, value in zip(curve.step.tolist(), curve.value.tolist(), strict=True):
                    if math.isfinite(value):
                        out.add_scalar(curve.tag, value, step)
    left = [name for name, curves in found.items() if len(curves) > MOST]
    said = f"{len(kept)} curves for TensorBoard in {folder}" if kept else f"{results.name} stores no curves for TensorBoard"
    return f"{said}; left out, with more than {MOST} each: {', '.join(left)}" if left else said
