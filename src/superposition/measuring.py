"""The measures of superposition for weight matrices in files, one line a matrix: what `superposition measure` prints.
Beside each measure stands what directions at random, of the same lengths, would give."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Shaped

from superposition import blocks, formulas, weights
from superposition.errors import SuperpositionError
from superposition.weights import Tensor, WeightsError

Array = np.ndarray
Axis = Literal["rows", "columns"]

MOST_TENSORS = 10_000  # in one table
MOST_DRAWN = 250  # in one picture
DRAWN_FEATURES = 1_000  # up to so many, random directions are drawn
_DRAWN = 100_000  # numbers in all, of the draws; where a single one has more, it is one
_DRAWN_SIZE = 1 << 23  # numbers in one draw, of a matrix that is measured in blocks
LARGEST_SIDE = 8_192  # of the smaller side of a matrix, whose square must fit in memory
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class MeasuringError(SuperpositionError, ValueError):
    """A matrix that cannot be measured: says what is wrong with it."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Measured:
    """The measures of one matrix: of `n` features that aren't zero, which lie in its `features`, in `m` dimensions.

    D_i has its mean over features and its `quantiles` at QUANTILES; interference its mean over features, polysemanticity
    over the neurons in use. In `random` stands what the same would be for random directions of the same lengths;
    `welch` is the least mean squared cosine that so many directions can have. `lengths` are the least, the median and the
    greatest ‖W_i‖, `represented` how many are above the toy models' bar and `over_half` how many above half of the greatest.
    `notes`: what the reader should know. Printed, it is a table."""

    file: str = ""
    tensor: str = ""
    dtype: str = ""
    shape: tuple[int, ...]
    features: Axis
    n: int
    m: int
    dimensionality: float
    quantiles: tuple[float, ...]
    features_per_dimension: float
    interference: float
    polysemanticity: float
    effective_features: float
    effective_rank: float
    squared_cosine: float
    basis_alignment: float
    lengths: tuple[float, float, float]
    represented: int
    over_half: int
    welch: float
    random: dict[str, float]
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """File and tensor, or the file where that holds nothing else."""
        return f"{self.file}: {self.tensor}" if self.tensor else self.file

    def as_json(self) -> dict[str, Any]:
        """As plain dictionaries, lists and numbers, in the order above."""
        return asdict(self)

    def __repr__(self) -> str:
        return "\n".join(_lines(self))


def matrices(paths: Sequence[Path], only: str = "*") -> tuple[list[Tensor], list[str], list[str]]:
    """The matrices in files and model folders whose names match the pattern, then what is at fault, and what is left out.

    Tensors of other than two axes are left out where a file holds several, such as a model its biases."""
    found: list[Tensor] = []
    faults, notes = [], []
    for path in paths:
        try:
            tensors = [tensor for tensor in weights.tensors(path) if fnmatchcase(tensor.name, only)]
            if not tensors:
                raise WeightsError(f"{path}: no tensor's name matches {only!r}")
            flat = [tensor for tensor in tensors if len(tensor.shape) == 2 or not tensor.name]
            if not flat:
                raise WeightsError(f"{path}: holds no matrix, only tensors of other than two axes, such as {tensors[0].name}")
            if len(flat) > MOST_TENSORS:
                most = f"at most {MOST_TENSORS:,} are measured at once: choose some by name"
                raise WeightsError(f"{path}: holds {len(flat):,} matrices, and {most}")
        except WeightsError as error:
            faults.append(str(error))
            continue
        found += flat
        if others := len(tensors) - len(flat):
            notes.append(f"{path}: {others:,} of {len(tensors):,} tensors have other than two axes, and are left out")
    return found, faults, notes


def of_tensor(tensor: Tensor, features: Axis | None = None) -> Measured:
    """The measures of a tensor in a file. Raises MeasuringError and WeightsError, naming both."""
    name = f"{tensor.file}: {tensor.name}" if tensor.name else str(tensor.file)
    if tensor.fault:
        raise MeasuringError(f"{name}: {tensor.fault}")
    try:
        _check(tensor.shape)
        found = measure(tensor.stored(), features, tensor.numbers)
    except MeasuringError as error:
        raise MeasuringError(f"{name}: {error}") from None
    notes = ("whole numbers, converted to float64", *found.notes) if tensor.whole else found.notes
    return replace(found, file=str(tensor.file), tensor=tensor.name, dtype=tensor.dtype, notes=notes)


def measure(
    W: Shaped[Array, "..."], features: Axis | None = None, numbers: Callable[[Array], Array] = weights.float64
) -> Measured:
    """The measures of a matrix: those of its float64 copy, which is never made as a whole.

    `features` is the axis that they lie along: by default the longer one, and the rows of a square matrix, which is noted.
    `numbers` makes float64 of what is stored. The random directions beside them are drawn for up to DRAWN_FEATURES features;
    for more, where formulas are within a percent, they are formulas.
    Raises MeasuringError where there is nothing to measure, and for NaN and infinity.

    >>> found = measure(np.array([[1, 0], [0, 1], [0, -1]]))
    >>> found.features, found.n, found.m, round(found.dimensionality, 3)
    ('rows', 3, 2, 0.667)
    """
    found, lengths = _against_formulas(W, features, numbers)
    return _against_draws(found, lengths) if found.n <= DRAWN_FEATURES and W.size <= _DRAWN_SIZE else found


def report(W: Float[Array, "..."], features: Axis | None = None) -> Measured:
    """As `measure`, with random directions that are drawn for any number of features, a large matrix's once."""
    return _against_draws(*_against_formulas(W, features, weights.float64))


def _against_draws(found: Measured, lengths: Float[Array, "n"]) -> Measured:
    """The measures of features of these lengths, beside those of random directions: the mean of some draws."""
    rng, draws = np.random.default_rng(0), min(50, 1 + _DRAWN // (found.n * found.m))
    random = (formulas.unit(rng.standard_normal((found.n, found.m))) for _ in range(draws))
    drawn = [_against_formulas(lengths[:, None] * one, "rows", weights.float64)[0] for one in random]
    return replace(found, random={key: float(np.mean([getattr(one, key) for one in drawn])) for key, *_ in ROWS})


def _against_formulas(
    W: Shaped[Array, "..."], features: Axis | None, numbers: Callable[[Array], Array]
) -> tuple[Measured, Float[Array, "k"]]:
    """The measures of a matrix, beside what formulas say of random directions, and the lengths of its features."""
    _check(W.shape)
    if features not in (None, "rows", "columns"):
        raise MeasuringError(f"features: expected 'rows', 'columns' or None, got {features!r}")
    upright = W.shape[0] >= W.shape[1]
    taken: Axis = features or ("rows" if upright else "columns")
    tall, numbers = W if upright else W.T, partial(_scaled, numbers, 0)
    pieces = blocks.cut(tall, numbers)
    by_row, by_column = _peaks(pieces)
    rows, columns = (by_row, by_column) if upright else (by_column, by_row)
    _check_finite(rows)
    scale = int(np.frexp(rows.max())[1])
    if abs(scale) < 100:  # else fourth powers could leave the range of float64
        scale = 0
    else:
        pieces = blocks.cut(tall, partial(_scaled, numbers, scale))
    of_features, of_dimensions = (rows, columns) if taken == "rows" else (columns, rows)
    other: Axis = "columns" if taken == "rows" else "rows"
    notes = [f"square, and its {taken} are taken: the outputs of a Linear, the inputs of GPT-2's Conv1D"]
    notes = notes if W.shape[0] == W.shape[1] and features is None else []
    notes += _zeros(of_features, taken, "left out") + _zeros(of_dimensions, other, "dimensions that no feature uses")
    if not of_features.any():
        raise MeasuringError(f"all {len(of_features):,} {taken} are zero")
    sums = blocks.in_blocks(pieces, "rows" if upright == (taken == "rows") else "columns")
    return _measured(sums, scale, of_features > 0, taken, W.shape, tuple(notes))


def _measured(
    sums: blocks.Blockwise, scale: int, live: Shaped[Array, "n"], taken: Axis, shape: tuple[int, ...], notes: tuple[str, ...]
) -> tuple[Measured, Float[Array, "k"]]:
    """All measures from the sums of a matrix that was divided by 2 to the power of `scale`, and the lengths of its features."""
    squares, n, m = sums.squares[live], int(live.sum()), len(sums.neuron_squares)
    lengths = np.sqrt(squares)
    dimensionality, polysemanticity, total = sums.feature_dimensionality()[live], sums.polysemanticity(), squares.sum()
    measured = Measured(
        shape=shape, features=taken, n=n, m=m, notes=notes,
        dimensionality=float(dimensionality.mean()),
        quantiles=tuple(np.quantile(dimensionality, QUANTILES).tolist()),
        features_per_dimension=_unscaled(sums.features_per_dimension(), scale),
        interference=_unscaled(float(sums.interference()[live].mean()), scale),
        polysemanticity=float(polysemanticity[sums.neuron_squares > 0].mean()),
        effective_features=sums.effective_features(),
        effective_rank=sums.effective_rank(),
        squared_cosine=sums.squared_cosine(),
        basis_alignment=sums.basis_alignment(),
        lengths=tuple(np.ldexp([lengths.min(), np.median(lengths), lengths.max()], scale).tolist()),
        represented=int((lengths > np.ldexp(formulas.REPRESENTED, -scale)).sum()),
        over_half=int((lengths > lengths.max() / 2).sum()),
        welch=formulas.welch_bound(n, m),
        random={
            "dimensionality": float((squares / (squares + (total - squares) / m)).mean()),
            "interference": _unscaled(float((total - squares).mean()) / m, scale),
            "polysemanticity": float((m + 2) / (3 * m) * total**2 / (squares**2).sum()),
            "squared_cosine": 1 / m,
            "basis_alignment": 3 * m / (m + 2),
        },
    )  # fmt: skip
    return measured, np.ldexp(lengths, scale)


def _check(shape: tuple[int, ...]) -> None:
    sizes = " × ".join(f"{size:,}" for size in shape)
    if len(shape) == 3:
        raise MeasuringError(f"is a stack, {sizes}, and a matrix has two axes: take one, W[0]")
    if len(shape) != 2:
        raise MeasuringError(f"has {len(shape)} {'axis' if len(shape) == 1 else 'axes'}, and a matrix has two")
    if 0 in shape:
        raise MeasuringError(f"is {sizes}: it has no {'columns' if shape[0] else 'rows'}")
    if min(shape) > LARGEST_SIDE:
        raise MeasuringError(f"is {sizes}, and the smaller side may be {LARGEST_SIDE:,}, whose square fits in memory")


def _check_finite(rows: Float[Array, "n"]) -> None:
    """Raise MeasuringError where the largest number of a row is none."""
    bad = ~np.isfinite(rows)
    if bad.any():
        what = " and ".join(name for name, here in (("NaN", np.isnan(rows)), ("infinity", np.isinf(rows))) if here.any())
        raise MeasuringError(f"{bad.sum():,} of {len(rows):,} rows hold {what}, the first is row {bad.argmax():,}, from 0")


def _zeros(peaks: Float[Array, "k"], axis: Axis, what: str) -> list[str]:
    zero = peaks == 0
    first = f"the first is {axis[:-1]} {zero.argmax():,}, from 0"
    return [f"{zero.sum():,} of {len(zero):,} {axis} are zero ({first}): {what}"] if zero.any() else []


def _scaled(numbers: Callable[[Array], Array], scale: int, stored: Shaped[Array, "..."]) -> Float[Array, "..."]:
    return np.ldexp(numbers(stored), -scale) if scale else numbers(stored)


def _unscaled(value: float, scale: int) -> float:
    """What goes with the square of the scale. Raises MeasuringError where float64 doesn't hold it."""
    with np.errstate(over="ignore", under="ignore"):
        whole = float(np.ldexp(value, 2 * scale))
    if not np.isfinite(whole) or (whole == 0) != (value == 0):
        raise MeasuringError(f"has numbers of about 1e{round(scale * np.log10(2)):+d}, whose squares float64 does not hold")
    return whole


def _peaks(pieces: list[Callable[[], Array]]) -> tuple[Float[Array, "n"], Float[Array, "k"]]:
    """The largest absolute number of each row and each column; NaN where there is one."""
    by_row, by_column = [], np.zeros(1)
    for piece in pieces:
        size = np.abs(piece())
        by_row.append(size.max(1))
        by_column = np.maximum(by_column, size.max(0))
    return np.concatenate(by_row), by_column


HEADERS = ("tensor", "features", "D_i", "‖W‖²/m", "interference", "a neuron", "exp(H)", "rank", "m·cos²")
LEGEND = (
    "D_i, interference: mean over features. a neuron: features that a neuron has in effect, exp(H): features in effect, "
    "rank: effective rank. m·cos²: squared cosine of two features, 1 for random directions."
)
NULLS = "In brackets: random directions of the same lengths; of m·cos², the least that there can be (Welch)."
LONGER = "Features are taken along the longer side of each matrix: --features rows, or columns, takes others."


def cells(found: Measured, nulls: bool, several: bool) -> tuple[str, ...]:
    """A line of the table with HEADERS: with what stands beside the measures, and named with its file, or without."""
    beside = lambda value, other: f"{_short(value)} ({_short(other)})" if nulls else _short(value)
    return (
        printable(found.name if several else found.tensor or found.file),
        f"{found.n:,} {found.features} in {found.m:,}",
        beside(found.dimensionality, found.random["dimensionality"]),
        _short(found.features_per_dimension),
        beside(found.interference, found.random["interference"]),
        beside(found.polysemanticity, found.random["polysemanticity"]),
        f"{found.effective_features:,.1f}", f"{found.effective_rank:,.1f}",
        beside(found.squared_cosine * found.m, found.welch * found.m),
    )  # fmt: skip


ROWS = (
    ("dimensionality", "D_i, mean", "share of a dimension that a feature has"),
    ("interference", "interference, mean", "how far the others cover a feature's direction"),
    ("polysemanticity", "features a neuron", "in effect; means something in a privileged basis only"),
    ("basis_alignment", "basis alignment", "kurtosis: from 1, spread evenly, to the dimensions there are, one neuron each"),
    ("squared_cosine", "cos², mean", "of two features"),
    ("effective_rank", "effective rank", "exp of the singular values' entropy"),
    ("features_per_dimension", "features a dimension", "‖W‖²/m; lengths alone decide it"),
    ("effective_features", "effective features", "exp of the entropy of squared lengths; lengths alone decide it"),
)


def _lines(found: Measured) -> Iterator[str]:
    """The measures as a table, a line each, and what to read them with."""
    rows, columns = found.shape
    longer = found.shape[found.features == "columns"] == max(found.shape)
    other = "columns" if found.features == "rows" else "rows"
    yield (
        f"{found.n:,} features in {found.m:,} dimensions: the {found.features}, the {'longer' if longer else 'shorter'} axis of "
        f'{rows:,} × {columns:,} (features="{other}" takes the others)'
    )
    yield f"\n{'':22}{'W':>10}{'random':>10}"
    for key, name, what in ROWS:
        value = getattr(found, key)
        yield f"{name:22}{_short(value):>10}{_short(found.random[key]) if key in found.random else '':>10}  {what}"
    low, *_, high = map(_short, found.quantiles)
    yield f"\nrandom: directions at random of the same lengths. D_i of the middle 90%: {low} to {high}."
    yield f"The least mean cos² that so many directions can have (Welch): {_short(found.welch)}."
    least, median, longest = map(_short, found.lengths)
    half = _short(found.lengths[-1] / 2)
    yield f"Lengths: {least} to {longest}, median {median}. A toy model gives a feature that it keeps whole length 1, so"
    yield f"there `represented` means longer than {formulas.REPRESENTED}, as {found.represented:,} are here."
    yield f"Where W has another scale, that says nothing: {found.over_half:,} are longer than {half}, half of the longest."
    yield from found.notes


def _short(value: float) -> str:
    """Three digits, without an exponent where it can be read without."""
    return f"{value:,.0f}" if 999.5 <= value < 1e6 else f"{value:#.3g}".removesuffix(".")


def series(found: Sequence[Measured]) -> tuple[Array, Array, Array, Array]:
    """For a picture, with an axis of matrices each: the quantiles of D_i, what it is for random directions, m·cos², and
    the least that this can be."""
    points = [(one.random["dimensionality"], one.squared_cosine * one.m, one.welch * one.m) for one in found]
    random, cosines, welch = np.array(points).T
    return np.array([one.quantiles for one in found]), random, cosines, welch


def printable(text: str) -> str:
    """A name from a file with what would steer a terminal or turn its text around made visible."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
