"""A network of the original's shape that nobody trained: its weights are computed, and it adds.
Four heads for each of the six columns turn a column and all below it into 1/(distance to a pole); a linear program reads them."""

import numpy as np
from jaxtyping import Float
from scipy.optimize import linprog

from superposition import runs
from superposition.addition.engine import carry_chains, learning_curves, transformer_training
from superposition.addition.engine.data import EQUALS, N_ANSWERS, N_CTX, N_DIGITS, N_INPUTS, VOCAB
from superposition.addition.engine.transformer import N_OUT, Transformer, shapes

Array = np.ndarray
SPLITS = ("test", "long")  # as in addition/balanced
NEVER = -40.0  # a score so low that float32 forgets it beside the others
RANGE = 2 * N_OUT  # u, a column with all below it as its decimals, lies between 0 and 20


class Config(runs.Config):
    n_sums: int
    poles: tuple[float, ...]
    near: float
    points: int


SCHEMA = {name: axes.removeprefix("seed ") for name, axes in learning_curves.PARAMETERS.items()} | {
    "read": "function n_out",
    "lead": "point",
    "u": "point",
    "digit_accuracy": "split answer",
    "sum_accuracy": "split",
    "carry_accuracy": "split carry chain",
}


def functions(u: Float[Array, "point"], poles: tuple[float, ...]) -> Float[Array, "point function"]:
    """1, and for every pole 1/|u − pole|, which is what a head can make of a column; poles lie outside 0 to 20."""
    return np.stack([np.ones_like(u), *(1 / np.abs(u - pole) for pole in poles)], -1)


def points(near: float, count: int) -> Float[Array, "point"]:
    """Points between 0 and 20 that gather at the whole numbers from both sides, as near as `near`."""
    steps = np.geomspace(near, 0.5, count)
    return (np.arange(RANGE)[:, None] + np.concatenate([steps, 1 - steps[::-1]])).ravel()


def readout(config: Config) -> tuple[Float[Array, "function n_out"], Float[Array, "point"]]:
    """How to read the digit ⌊u⌋ mod 10 from the functions of u, as linear logits, and the least lead of the right digit.

    A linear program makes the lead over each other digit, relative to the distance from the nearest whole number, as large
    as it can be with coefficients of at most 1 for functions made orthonormal. Raises RuntimeError where no lead is possible."""
    u = points(config.near, config.points)
    values, mix = np.linalg.qr(functions(u, config.poles))
    values *= len(u) ** 0.5
    count, right = values.shape[1], np.floor(u).astype(int) % N_OUT
    rows = np.zeros((len(u), N_OUT, N_OUT, count))
    every = np.arange(len(u))
    for digit in range(N_OUT):
        rows[every, digit, digit] += values
        rows[every, digit, right] -= values
    distance = np.repeat(np.minimum(u % 1, 1 - u % 1), N_OUT)
    other = (np.arange(N_OUT) != right[:, None]).ravel()
    system = np.column_stack([rows.reshape(len(other), -1), distance])[other]
    goal = np.zeros(system.shape[1])
    goal[-1] = -1
    found = linprog(
        goal, A_ub=system, b_ub=np.zeros(len(system)), bounds=[(-1, 1)] * (goal.size - 1) + [(None, None)], method="highs"
    )
    if not found.success or found.x[-1] <= 0:
        raise RuntimeError(f"no linear reading of {count} functions tells the digits of u")
    lead = -(system[:, :-1] @ found.x[:-1]).reshape(len(u), -1).min(1)
    read = np.linalg.solve(mix / len(u) ** 0.5, found.x[:-1].reshape(N_OUT, count).T)
    return read - read.mean(1, keepdims=True), lead  # what all digits share costs precision and decides nothing


def heads(config: Config) -> tuple[Float[Array, "qkv row head d_head"], Float[Array, "head d_head n_out"]]:
    """The tables of `lookup.Lookup` that make these functions: queries, keys and values by row; and how each head is read.

    A head serves one answer: there it weights a column by its power of ten, at the others it looks at `=`, whose value is 0.
    With key and value of a digit d as log(w·f(d)) and 1/f(d), the head is Σ w / Σ w·f(d): f is linear in d, so the sum of w·f
    is the distance of u from the pole. u is moved by half of its last decimal, so that no sum lies on a border.
    The last head serves the millions: its f is 1 and its value d, so that it is u itself."""
    read, _ = readout(config)
    width, digit = len(config.poles), np.arange(10)
    n_heads = N_DIGITS * width + 1
    QKV, out = np.zeros((3, len(VOCAB) + N_CTX, n_heads, 2)), np.zeros((n_heads, 2, N_OUT))
    for head in range(n_heads):
        answer, kind = divmod(head, width)
        column = min(answer, N_DIGITS - 1)
        power = np.where(np.arange(N_DIGITS) <= column, 10.0 ** (np.arange(N_DIGITS) - column), 0)
        total = 2 * power.sum()
        if answer < N_DIGITS:
            pole = config.poles[kind]
            f = -np.sign(pole) * (digit - (pole - _half(answer)) / total)
            _serve(QKV[:, :, head], answer, power, np.log(f), 1 / (total * f))
            out[head, 0] = read[1 + kind]
        else:
            _serve(QKV[:, :, head], answer, power, np.zeros(10), total * digit)
            out[head, 0, 1] = 1
    return QKV, out


def _half(answer):
    """Half of the last decimal of an answer's u."""
    return 0.5 * 10.0**-answer


def constants(config: Config) -> Float[Array, "answer n_out"]:
    """The logits of each answer without any head: the millions are 1 where u, the hundred thousands, is 10 or more."""
    found = np.tile(readout(config)[0][0], (N_ANSWERS, 1))
    found[N_DIGITS] = -1
    found[N_DIGITS, :2] = N_OUT - _half(N_DIGITS - 1), 0
    return found


def _serve(tables, answer, power, score, value):
    """Fill in one head: its queries ask for columns at its own answer, for `=` at the others."""
    query, key, worth = tables
    place = len(VOCAB)
    query[place + N_INPUTS :, 1] = 2**0.5
    query[place + N_INPUTS + answer] = 2**0.5, 0
    key[:10, 0], worth[:10, 0] = score, value
    key[place : place + N_INPUTS, 0] = np.tile(np.log(np.maximum(power, np.exp(NEVER))), 2)
    key[place + N_INPUTS :, 0] = NEVER
    key[EQUALS, 1] = -NEVER


def transformer(config: Config) -> Transformer:
    """The network itself, in float64: of its stream each token, position and logit has a dimension; some heads are left over."""
    QKV, out = heads(config)
    used, rows = QKV.shape[2], QKV.shape[1]
    parameters = {name: np.zeros(shape) for name, shape in shapes().items()}
    parameters["W_E"][:, : len(VOCAB)] = np.eye(len(VOCAB))
    parameters["W_pos"][:, len(VOCAB) : rows] = np.eye(N_CTX)
    for name, table in zip(("W_Q", "W_K", "W_V"), QKV, strict=True):
        parameters[name][:used, :rows] = table.swapaxes(0, 1)
    parameters["W_O"][:used, :, rows : rows + N_OUT] = out
    parameters["W_U"][rows : rows + N_OUT] = np.eye(N_OUT)
    parameters["W_pos"][N_INPUTS:, rows : rows + N_OUT] = constants(config)
    return Transformer.of(parameters)


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Build the network, round it to float32, and try it on uniform sums and on sums with long chains."""
    model = transformer(config).float()
    parameters = transformer_training.arrays(model)
    theta = transformer_training.flat(parameters)[None]
    one = transformer_training.Trainees(model.n_heads, model.d_head, "at once", theta, theta, theta)
    drawn = [carry_chains.draw(config.seed + 1000 * (k + 1), config.n_sums, k) for k in range(len(SPLITS))]
    judged = learning_curves.judge(one, [transformer_training.Examples.of(pairs[None], "at once") for pairs in drawn])
    read, lead = readout(config)
    arrays = parameters | {"read": read, "lead": lead, "u": points(config.near, config.points)}
    arrays |= {name: judged[name][0].astype(np.float32) for name in ("digit_accuracy", "sum_accuracy", "carry_accuracy")}
    return arrays, {split: float(arrays["sum_accuracy"][k]) for k, split in enumerate(SPLITS)}
