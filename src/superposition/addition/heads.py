"""Where every head puts digits and places: rings, arcs and twins, and what the sums lose when these are taken away.
Reads the models of addition/train: run that first, and this again after it."""

import numpy as np
import torch
from jaxtyping import Float
from numpy.polynomial import Polynomial

from superposition import runs
from superposition.addition.engine import data, learning_curves, streams
from superposition.addition.engine.lookup import N_TOKENS, Lookup
from superposition.addition.engine.transformer import Transformer

Array = np.ndarray

MODELS = "addition/train"
MATRICES = ("K", "V", "O")  # those whose digits a loss has ever asked about; Q's it has not
KEYS, VALUES, OUTPUTS = range(len(MATRICES))
READINGS = ("as drawn", "as read")
DRAWN, READ = range(len(READINGS))
CIRCLE = 0.75  # set before looking: an ellipse whose axes are as 1 to 0.27 has this circle share
BASES = ("ring", "arc")
TIES = ("none", "own column", "next column")
CHANGES = ("columns tied", "a and b exchanged")
N_OUT = 10
LEVELS = (0, 2, 4, 6, 8, 9)  # how many functions of the digit a filter keeps


class Config(runs.Config):
    shuffles: int
    phases: int
    n_sums: int


_EACH = "reading matrix seed head"
SCHEMA = {
    "QKV": "seed qkv row head d_head", "WOU": "seed head d_head n_out",
    "power": f"{_EACH} frequency", "circle": _EACH, "gap": _EACH, "roundness": _EACH, "explained": f"basis {_EACH}",
    "rank": _EACH, "null_circle": f"{_EACH} quantile", "null_power": f"{_EACH} frequency", "start_circle": _EACH, "start_gap": _EACH,  # noqa: E501
    "distance": "kv seed head column other", "start_distance": "kv seed head column other",
    "shared": "matrix seed digit xy", "shared_share": "matrix seed function", "start_shared": "matrix seed function",
    "phased_share": "draw matrix seed", "phased_gap": "draw matrix seed", "in_common": "matrix seed head",
    "overlap": "matrix seed matrix_too seed_too", "common_in": "basis matrix seed",
    "winners": "matrix seed head", "start_winners": "matrix seed head", "real_winners": "seed head",
    "unread": "qkv seed", "logit_spread": "seed", "o_shift": "seed head",
    "tied_accuracy": "tie seed", "tied_alone": "seed head", "changed": "change unit seed",
    "kept_accuracy": "basis subject level seed",
    "epoch": "checkpoint", "film_circle": "checkpoint reading matrix head", "film_distance": "checkpoint kv head",
}  # fmt: skip
QUANTILES = (0.5, 0.95)
SUBJECTS = ("K", "V", "O")


# --- where things are ---------------------------------------------------------------------------------------------


def digits(
    QKV: Float[Array, "*batch 3 row head 2"], WOU: Float[Array, "*batch head 2 n_out"]
) -> Float[Array, "*batch 4 head 10 2"]:
    """The ten digits in the plane of each head: as queries, keys and values at position 0, and as the O that they are read by.

    A head that finds the value v adds v · O_c to the logit of the answer c."""
    tokens, places = QKV[..., :N_OUT, :, :], QKV[..., N_TOKENS : N_TOKENS + 1, :, :]
    inward = np.moveaxis(tokens + places, -3, -2)
    return np.concatenate([inward, np.swapaxes(WOU, -1, -2)[..., None, :, :, :]], -4)


def places(QKV: Float[Array, "*batch 3 row head 2"]) -> Float[Array, "*batch 3 head 19 2"]:
    """The 19 positions as queries, keys and values: those of a and b hold the digit 0, the answers' hold `=`, as in real sums."""
    held = np.where(np.arange(data.N_CTX) < data.N_INPUTS, 0, data.EQUALS)
    return np.moveaxis(QKV[..., N_TOKENS:, :, :] + QKV[..., held, :, :], -3, -2)


def as_read(
    QKV: Float[Array, "*batch 3 row head 2"], WOU: Float[Array, "*batch head 2 n_out"]
) -> Float[Array, "*batch 3 head 10 2"]:
    """The digits of K, V and O in planes that the model can't stretch: distances are those of what reads them.

    K by the seven answers' queries, V by the logits, O by the ten values. A head may stretch its K if it shrinks its Q, so a
    picture of either alone shows a shape that the model doesn't know; scores and logits it does."""
    _, keys, values, outputs = np.moveaxis(digits(QKV, WOU), -4, 0)
    asking = places(QKV)[..., 0, :, data.N_INPUTS :, :]
    stretched = []
    for shown, reader in ((keys, asking), (values, _centred(outputs)), (outputs, _centred(values))):
        value, vector = np.linalg.eigh(np.swapaxes(reader, -1, -2) @ reader)
        stretched.append(shown @ (vector * np.sqrt(np.maximum(value, 0))[..., None, :]))
    return np.stack(stretched, -4)


def both(
    QKV: Float[Array, "*batch 3 row head 2"], WOU: Float[Array, "*batch head 2 n_out"]
) -> Float[Array, "2 3 *batch head 10 2"]:
    """The digits of K, V and O, as drawn and as read, in front of the other axes."""
    drawn = digits(QKV, WOU)[..., 1:, :, :, :]
    return np.stack([np.moveaxis(points, -4, 0) for points in (drawn, as_read(QKV, WOU))])


# --- what shape that is -------------------------------------------------------------------------------------------


def _centred(points: Float[Array, "*batch n 2"]) -> Float[Array, "*batch n 2"]:
    return points - points.mean(-2, keepdims=True)


def spectrum(points: Float[Array, "*batch 10 2"]) -> Float[Array, "*batch 9"]:
    """Shares of the power of the path 0, 1, …, 9 at the frequencies 1 to 9; f and 10 − f go around in opposite senses.

    A regular decagon has all of it at one. A straight line has at most a third there, and as much at its opposite."""
    x, y = np.moveaxis(_centred(points).astype(float), -1, 0)
    power = np.abs(np.fft.fft(x + 1j * y, axis=-1)[..., 1:]) ** 2
    return power / power.sum(-1, keepdims=True)


def by_frequency(shares: Float[Array, "*batch 9"]) -> Float[Array, "*batch 5"]:
    """The shares at the frequencies 1 to 5, both senses together."""
    return np.concatenate([shares[..., :4] + shares[..., :4:-1], shares[..., 4:5]], -1)


def circle(shares: Float[Array, "*batch 9"]) -> Float[Array, "*batch"] | np.floating:
    """The largest share at one frequency in one sense: 1 for a regular decagon in any multiple's order,
    about a third by chance."""
    return shares.max(-1)


def roundness(shares: Float[Array, "*batch 9"]) -> Float[Array, "*batch"] | np.floating:
    """The axes' ratio of the ellipse at the strongest frequency: 1 for a circle, 0 for a line."""
    strongest = by_frequency(shares).argmax(-1)[..., None]
    one, other = (np.sqrt(np.take_along_axis(shares, index, -1)[..., 0]) for index in (strongest, 8 - strongest))
    return np.abs(one - other) / (one + other)


def gap(points: Float[Array, "*batch 10 2"]) -> Float[Array, "*batch"] | np.floating:
    """The way from 9 back to 0 over the mean of the nine steps up: 1 for a ring, 9 for a line of even steps."""
    step = np.linalg.norm(np.diff(points, axis=-2), axis=-1).mean(-1)
    return np.linalg.norm(points[..., 9, :] - points[..., 0, :], axis=-1) / step


def functions(basis: str) -> Float[Array, "9 10"]:
    """Nine orthonormal functions of a digit, in the order of a filter, all orthogonal to the constant.

    ring: cosine and sine of frequency 1, of 2, … ; arc: polynomials of degree 1, 2, …, so that two of them make a parabola."""
    x = np.arange(10)
    if basis == "ring":
        waves = [wave(2 * np.pi * f * x / 10) for f in range(1, 6) for wave in (np.cos, np.sin)][:9]
    else:
        waves = [Polynomial.basis(k, domain=[0, 9], window=[-1, 1])(x) for k in range(1, 10)]
    Q, _ = np.linalg.qr(np.stack([np.ones(10), *waves], 1))
    return Q[:, 1:].T


def filtered(points: Float[Array, "*batch 10 2"], basis: str, keep: int) -> Float[Array, "*batch 10 2"]:
    """The digits with only the first `keep` functions of them left, and their mean. Nothing that stretches the plane matters."""
    chosen = functions(basis)[:keep]
    return points.mean(-2, keepdims=True) + chosen.T @ (chosen @ points)


def explained(points: Float[Array, "*batch 10 2"], basis: str) -> Float[Array, "*batch"] | np.floating:
    """The share of the digits' variance that the first two functions hold: an ellipse, or a parabola."""
    left = filtered(points, basis, 2)
    return (_centred(left) ** 2).sum((-1, -2)) / (_centred(points) ** 2).sum((-1, -2))


def shared(points: Float[Array, "*batch head 10 2"]) -> tuple[Float[Array, "*batch 10"], Float[Array, "*batch 10 2"]]:
    """What the planes of all heads have in common, however each is stretched or turned: shares, and the digits in the best plane.

    A plane of heads holds two functions of the digit, whose projection doesn't change when it is stretched. The shares are the
    eigenvalues of the mean projection over 2: the first two add up to 1 where all planes are one, and to a third where 32 are
    drawn at random. The axes of the best plane are as long as the roots of their shares."""
    axes = _axes(points)
    share, function = np.linalg.eigh((axes @ np.swapaxes(axes, -1, -2)).mean(-3) / 2)
    share, function = np.maximum(share[..., ::-1], 0), function[..., ::-1]
    return share, function[..., :2] * np.sqrt(share[..., None, :2])


def _axes(points: Float[Array, "*batch 10 2"]) -> Float[Array, "*batch 10 2"]:
    """Two orthonormal functions of the digit for each plane."""
    return np.linalg.svd(_centred(points).astype(float), full_matrices=False)[0]


def overlap(one: Float[Array, "*#batch 10 2"], other: Float[Array, "*#batch 10 2"]) -> Float[Array, "*batch"] | np.floating:
    """How much of one plane lies in another: 1 where both hold the same two functions of the digit, 0 where none of one's."""
    return ((np.swapaxes(_axes(one), -1, -2) @ _axes(other)) ** 2).sum((-1, -2)) / 2


def random_phases(points: Float[Array, "*batch 10 2"], rng: np.random.Generator) -> Float[Array, "*batch 10 2"]:
    """The same walks with each frequency's part begun at any digit, or between two: its ellipse stays as it is.

    Both coordinates begin at the same one, so that it doesn't matter how a plane is stretched or turned."""
    waves = np.fft.rfft(_centred(points).astype(float), axis=-2)
    turn = np.exp(2j * np.pi * rng.random((*waves.shape[:-1], 1)))
    turn[..., 5, :] = np.where(turn[..., 5, :].real > 0, 1, -1)  # up and down at every step: only a sign is free
    return np.fft.irfft(waves * turn, N_OUT, axis=-2)


def phased(points: Float[Array, "*batch head 10 2"], draws: int, seed: int) -> tuple[Float[Array, "draw *batch"], ...]:
    """The null in which heads share nothing but how often they go around: planarities, and the common planes' gaps."""
    rng = streams.generator(seed, stream=streams.PHASES)
    found = [shared(random_phases(points, rng)) for _ in range(draws)]
    return np.stack([share[..., :2].sum(-1) for share, _ in found]), np.stack([gap(plane) for _, plane in found])


def winners(points: Float[Array, "*batch 10 2"]) -> Float[Array, "*batch"] | np.floating:
    """How many of the ten lie furthest out in some direction, of 360:
    those that a head can let win by a value that points there."""
    angle = np.radians(np.arange(360))
    furthest = (points @ np.stack([np.cos(angle), np.sin(angle)])).argmax(-2)
    return (furthest[..., None] == np.arange(10)).any(-2).sum(-1).astype(float)


def distances(where: Float[Array, "*batch 19 2"]) -> Float[Array, "*batch 6 6"]:
    """From each position of a to each of b, over the spread of the twelve (their root mean square distance from the mean)."""
    inputs = where[..., : data.N_INPUTS, :]
    spread = np.sqrt((_centred(inputs) ** 2).sum(-1).mean(-1))
    a, b = inputs[..., : data.N_DIGITS, :], inputs[..., data.N_DIGITS :, :]
    return np.linalg.norm(a[..., :, None, :] - b[..., None, :, :], axis=-1) / spread[..., None, None]


def shuffled(points: Float[Array, "*batch 10 2"], shuffles: int, seed: int) -> tuple[Float[Array, "..."], ...]:
    """The null in which digits change places: each head's rank in circle share, its null's quantiles, and its mean power.

    The points stay where they are, and only the order in which they are joined is drawn anew."""
    rng = streams.generator(seed, stream=streams.ORDER_OF_DIGITS)
    own = circle(spectrum(points))
    null, power = np.empty((shuffles, *own.shape)), np.zeros((*own.shape, 5))
    for k in range(shuffles):
        shares = spectrum(points[..., rng.permutation(10), :])
        null[k], power = circle(shares), power + by_frequency(shares) / shuffles
    return (null < own - 1e-9).mean(0), np.moveaxis(np.quantile(null, QUANTILES, axis=0), 0, -1), power


# --- what the model makes of it -----------------------------------------------------------------------------------


def said(tables: Lookup, seen: Array) -> Array:
    """The answers of a model of these tables."""
    return _logits(tables, seen).argmax(-1).numpy()


def accuracy(tables: Lookup, sums: tuple[Array, Array]) -> float:
    """The share of digits that a model of these tables gets right."""
    seen, answers = sums
    return float((said(tables, seen) == answers).mean())


def _logits(tables: Lookup, seen: Array) -> torch.Tensor:
    """The logits of the answers, few sums at a time: the memory is then used again, not asked for anew."""
    with torch.no_grad():
        return torch.cat([tables.logits(some) for some in torch.from_numpy(seen).split(250)])


def tied(tables: Lookup, tie: str) -> Lookup:
    """Keys and values of each position of a and its partner in b replaced by their mean: the own column's,
    or (a null) the next's."""
    if tie == "none":
        return tables
    a = torch.arange(N_TOKENS, N_TOKENS + data.N_DIGITS)
    b = a + data.N_DIGITS if tie == "own column" else (a + data.N_DIGITS).roll(-1)
    QKV = tables.QKV.clone()
    QKV[1:, a] = QKV[1:, b] = (QKV[1:, a] + QKV[1:, b]) / 2
    return Lookup(QKV, tables.out, tables.WOU)


def tied_alone(tables: Lookup, sums: tuple[Array, Array]) -> list[float]:
    """The accuracy with the two places of each column made identical in one head at a time."""
    whole, found = tied(tables, "own column").QKV, []
    for head in range(whole.shape[2]):
        QKV = tables.QKV.clone()
        QKV[:, :, head] = whole[:, :, head]
        found.append(accuracy(Lookup(QKV, tables.out, tables.WOU), sums))
    return found


def exchanged(seen: Array) -> Array:
    """The same sums with a and b in each other's places."""
    a, b, marks = np.split(seen, [data.N_DIGITS, data.N_INPUTS], 1)
    return np.concatenate([b, a, marks], 1)


def changed(tables: Lookup, seen: Array) -> list[tuple[float, float]]:
    """The shares of digits and of whole sums that come out differently when columns are tied, or a and b exchanged."""
    before = said(tables, seen)
    others = said(tied(tables, "own column"), seen), said(tables, exchanged(seen))
    return [(float((before != after).mean()), float((before != after).any(-1).mean())) for after in others]


def real_winners(tables: Lookup, seen: Array) -> Array:
    """Of each head the number of answers that it puts first in more than one of a hundred of its outputs on these sums."""
    with torch.no_grad():
        some = [
            tables.contributions(tables.attend(part).z).argmax(-1).flatten(0, 1) for part in torch.from_numpy(seen).split(250)
        ]
    first = torch.cat(some).numpy()
    return ((first[..., None] == np.arange(N_OUT)).mean(0) > 0.01).sum(-1).astype(float)


def kept(tables: Lookup, subject: str, basis: str, keep: int) -> Lookup:
    """Keys or values of the digits, or the answers in O, with only the first functions of them left."""
    if subject == "O":
        WOU = filtered(tables.WOU.swapaxes(-1, -2).numpy(), basis, keep).astype(np.float32)
        return Lookup(tables.QKV, tables.out, torch.from_numpy(WOU).swapaxes(-1, -2))
    QKV, x = tables.QKV.clone(), "QKV".index(subject)
    points = QKV[x, :N_OUT].movedim(0, -2).numpy()
    QKV[x, :N_OUT] = torch.from_numpy(filtered(points, basis, keep).astype(np.float32)).movedim(-2, 0)
    return Lookup(QKV, tables.out, tables.WOU)


def unread(tables: Lookup, sums: tuple[Array, Array]) -> list[float]:
    """By how much a logit changes at most where the ten digits change places among the queries, the keys, the values."""
    before, found = _logits(tables, sums[0]), []
    for x in range(3):
        QKV = tables.QKV.clone()
        QKV[x, :N_OUT] = QKV[x, :N_OUT].roll(3, 0)
        after = _logits(Lookup(QKV, tables.out, tables.WOU), sums[0])
        found.append(float((after - before).abs().max()))
    return found


def _interventions(models: list[Lookup], sums: list[tuple[Array, Array]]) -> dict[str, Array]:
    pairs = list(zip(models, sums, strict=True))
    filters = [[[(x, basis, n) for n in LEVELS] for x in SUBJECTS] for basis in BASES]
    return {
        "unread": np.array([unread(*pair) for pair in pairs]).T,
        "logit_spread": np.array([float(_logits(model, own[0]).std(-1).mean()) for model, own in pairs]),
        "real_winners": np.stack([real_winners(model, own[0]) for model, own in pairs]),
        "tied_accuracy": np.array([[accuracy(tied(model, tie), own) for model, own in pairs] for tie in TIES]),
        "tied_alone": np.array([tied_alone(*pair) for pair in pairs]),
        "changed": np.moveaxis(np.array([changed(model, own[0]) for model, own in pairs]), 0, -1),
        "kept_accuracy": np.array([[[[accuracy(kept(model, *filter), own) for model, own in pairs]
                                     for filter in row] for row in block] for block in filters]),
    }  # fmt: skip


# --- all of it ----------------------------------------------------------------------------------------------------


def tables(models: list[Transformer]) -> list[Lookup]:
    """What each model exactly is."""
    with torch.no_grad():
        return [Lookup.of(model) for model in models]


def _stacked(models: list[Lookup]) -> tuple[Array, Array]:
    return np.stack([model.QKV.numpy() for model in models]), np.stack([model.WOU.numpy() for model in models])


def _measured(points: Float[Array, "2 3 seed head 10 2"], config: Config) -> dict[str, Array]:
    shares = spectrum(points)
    rank, null, null_power = shuffled(points, config.shuffles, config.seed)
    share, plane = shared(points[0])
    flat = plane.reshape(-1, N_OUT, 2)
    phased_share, phased_gap = phased(points[0], config.phases, config.seed)
    return {
        "power": by_frequency(shares), "circle": circle(shares), "gap": gap(points), "roundness": roundness(shares),
        "explained": np.stack([explained(points, basis) for basis in BASES]),
        "rank": rank, "null_circle": null, "null_power": null_power,
        "shared": plane, "shared_share": share, "winners": winners(points[0]),
        "phased_share": phased_share, "phased_gap": phased_gap, "in_common": overlap(points[0], plane[..., None, :, :]),
        "overlap": overlap(flat[:, None], flat[None]).reshape(*plane.shape[:2], *plane.shape[:2]),
        "common_in": np.stack([overlap(plane, functions(basis)[:2].T) for basis in BASES]),
    }  # fmt: skip


def _at_the_start(trained: runs.Results) -> dict[str, Array]:
    size = trained.config
    fresh = [Transformer(size.n_heads, size.d_head, size.seed + k) for k in range(size.seeds)]
    QKV, WOU = _stacked(tables(fresh))
    points = both(QKV, WOU)
    return {
        "start_circle": circle(spectrum(points)), "start_gap": gap(points),
        "start_shared": shared(points[0])[0], "start_winners": winners(points[0]),
        "start_distance": np.moveaxis(distances(places(QKV)[:, 1:]), 1, 0),
    }  # fmt: skip


def _film(trained: runs.Results) -> dict[str, Array]:
    QKV, WOU = trained["film_QKV"], trained["film_WOU"]
    twins = np.diagonal(distances(places(QKV)[:, 1:]), axis1=-2, axis2=-1)
    return {
        "epoch": trained["epoch"], "film_distance": np.median(twins, -1),
        "film_circle": np.moveaxis(circle(spectrum(both(QKV, WOU))), 2, 0),
    }  # fmt: skip


def shifts(b_O: Float[Array, "seed d_model"], WOU: Float[Array, "seed head 2 n_out"]) -> Float[Array, "seed head"]:
    """How far the original's O panel stands from its place, over the radius of its ring:
    it adds b_O[head] to both coordinates."""
    radius = np.sqrt((_centred(np.swapaxes(WOU, -1, -2)) ** 2).sum(-1).mean(-1))
    return np.sqrt(2) * np.abs(b_O[:, : WOU.shape[1]]) / radius


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Measure every head of every seed, of its start, and of the film's checkpoints; then take away and see what is lost."""
    trained = runs.load(MODELS)
    models = tables(learning_curves.transformers(trained))
    QKV, WOU = _stacked(models)
    fresh = learning_curves.sums(trained.config, "at once")[learning_curves.SPLITS.index("fresh")]
    sums = [(seen[: config.n_sums], right[: config.n_sums]) for seen, right in zip(fresh.seen, fresh.answers, strict=True)]
    arrays = {
        "QKV": QKV, "WOU": WOU, "o_shift": shifts(trained["b_O"], WOU),
        "distance": np.moveaxis(distances(places(QKV)[:, 1:]), 1, 0),
    } | _measured(both(QKV, WOU), config) | _at_the_start(trained) | _film(trained) | _interventions(models, sums)  # fmt: skip
    arrays = {name: array.astype(np.float32) if array.dtype == float else array for name, array in arrays.items()}
    own = np.diagonal(arrays["distance"], axis1=-2, axis2=-1)
    found = {f"circle {name}": float(np.median(arrays["circle"][0, k])) for k, name in enumerate(MATRICES)}
    return arrays, found | {f"twins {name}": float(np.median(own[k])) for k, name in enumerate("KV")}


# --- what came of it ----------------------------------------------------------------------------------------------------


def own_column(distance: Float[Array, "*batch column column"]) -> Float[Array, "*batch column"]:
    """The distances of a:i to b:i."""
    return np.diagonal(distance, axis1=-2, axis2=-1)


def other_columns(distance: Float[Array, "*batch column column"]) -> Float[Array, "*batch pair"]:
    """The distances of a:i to b:j of other columns."""
    return distance[..., ~np.eye(distance.shape[-1], dtype=bool)]


def by_seed(distance: Float[Array, "seed *rest"]) -> Float[Array, "seed"]:
    """Medians over heads and pairs of positions."""
    return np.median(distance.reshape(len(distance), -1), axis=1)


def examples(results: runs.Results, seed: int = 0) -> tuple[int, int, int]:
    """Three heads of a seed to show, by their digits in V as drawn: the best circle that goes around once, the best that goes
    around twice, and the head with the least circle share."""
    share, frequency = results["circle"][DRAWN, VALUES, seed], results["power"][DRAWN, VALUES, seed].argmax(-1) + 1
    return *(int(np.where(frequency == times, share, 0).argmax()) for times in (1, 2)), int(share.argmin())


def apart(points: Float[Array, "10 2"], steps: int) -> Float[Array, "pair"]:
    """From each digit to the one so many steps on, over the digits' spread (their root mean square distance from the mean)."""
    spread = np.sqrt((_centred(points) ** 2).sum(-1).mean())
    return np.linalg.norm(points[steps:] - points[:-steps], axis=-1) / spread


def between_seeds(results: runs.Results, matrix: int) -> Float[Array, "pair"]:
    """How much the common planes of two seeds overlap, for each ordered pair."""
    found = results["overlap"][matrix, :, matrix]
    return found[~np.eye(len(found), dtype=bool)]


def passing(results: runs.Results, reading: int, matrix: int) -> Float[Array, "seed"]:
    """The share of heads whose digits have CIRCLE of their power at one frequency in one sense."""
    return (results["circle"][reading, matrix] >= CIRCLE).mean(-1)
