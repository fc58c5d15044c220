"""The training step of `transformer.Transformer` as one compiled loop: a batch forward, backward and AdamW.
Each core trains its own models; an example goes forward and back through one answer position at a time."""

# Why it is fast: a query is one of few kinds (a token at a position), and for a query of one kind every token in every
# place is a row of a table: exp(score), and exp(score) times the value, for all heads. What a head finds is a sum of such
# rows and a division; on the way back one vector is added to the same rows. The tables fit in the second-level cache.
# Heads run along the last axis.

import numpy as np
from numba import njit

from superposition import training
from superposition.compiled import spread

_compiled = njit(fastmath=True, error_model="numpy")  # Python's check for division by zero would keep loops from vectorising
_free = njit(nogil=True, error_model="numpy")
UNROLL = 4  # rows that go by together, so that what they are added to is read and written less often


@_compiled
def _views(flat, sizes):
    """The parts of a flat vector of parameters (or of their gradient, or moments).

    R: embeddings of tokens, then of positions; W and b: queries, keys and values, of (d_head, head) each."""
    tokens, positions, heads, width, model, out = sizes
    rows, inner = tokens + positions, heads * width
    ends = np.cumsum(np.array([rows * model, model * 3 * inner, 3 * inner, inner * model, model, model * out, out]))
    R = flat[: ends[0]].reshape(rows, model)
    W = flat[ends[0] : ends[1]].reshape(model, 3 * inner)
    b = flat[ends[1] : ends[2]]
    W_O = flat[ends[2] : ends[3]].reshape(inner, model)
    b_O = flat[ends[3] : ends[4]]
    W_U = flat[ends[4] : ends[5]].reshape(model, out)
    b_U = flat[ends[5] : ends[6]]
    return R, W, b, W_O, b_O, W_U, b_U


@_compiled
def _add_product(a, b, out):
    """out += a b."""
    n, inner = a.shape[0], a.shape[1]
    fours = inner - inner % UNROLL
    for i in range(n):
        for k in range(0, fours, UNROLL):
            a0, a1, a2, a3 = a[i, k], a[i, k + 1], a[i, k + 2], a[i, k + 3]
            for j in range(b.shape[1]):
                out[i, j] += a0 * b[k, j] + a1 * b[k + 1, j] + a2 * b[k + 2, j] + a3 * b[k + 3, j]
        for k in range(fours, inner):
            for j in range(b.shape[1]):
                out[i, j] += a[i, k] * b[k, j]


@_compiled
def _add_product_right(a, b, out):
    """out += a bᵀ."""
    for i in range(a.shape[0]):
        for k in range(b.shape[0]):
            total = a.dtype.type(0)
            for j in range(b.shape[1]):
                total += a[i, j] * b[k, j]
            out[i, k] += total


@_compiled
def _exponential(score, entries):
    """exp(score - its largest value over the first `entries`), head by head, and 0 after these; in place."""
    n, heads = score.shape
    for h in range(heads):
        top = score[0, h]
        for d in range(1, entries):
            top = max(top, score[d, h])
        for d in range(entries):
            score[d, h] = np.exp(score[d, h] - top)
        for d in range(entries, n):
            score[d, h] = 0


@_compiled
def _tables(parts, sizes, kinds):
    """What a query of each kind and each token in its place amount to.

    P: embeddings as queries, keys and values; q: queries, scaled; score: exp(score) by token, then by position, whose
    product is that of a token in its place; v: values by position and token; direct: logits without the heads; T: what the
    heads' values do to the logits."""
    tokens, positions, heads, width, model, out = sizes
    R, W, b, W_O, b_O, W_U, b_U = parts
    dtype, inner = R.dtype, heads * width
    zero, scale = dtype.type(0), dtype.type(1 / np.sqrt(width))  # noqa: F841
    P = np.zeros((tokens + positions, 3 * inner), dtype)
    _add_product(R, W, P)
    RU, WOU = np.zeros((tokens + positions, out), dtype), np.zeros((inner, out), dtype)
    _add_product(R, W_U, RU)
    _add_product(W_O, W_U, WOU)
    constant = b_U.copy()
    for c in range(out):
        for i in range(model):
            constant[c] += b_O[i] * W_U[i, c]

    count = len(kinds)
    q, score = np.empty((count, inner), dtype), np.zeros((count, tokens + positions, heads), dtype)
    direct = np.empty((count, out), dtype)
    for i in range(count):
        token, place = kinds[i, 0], tokens + kinds[i, 1]
        for k in range(inner):
            q[i, k] = (P[token, k] + P[place, k] + b[k]) * scale
        for c in range(out):
            direct[i, c] = RU[token, c] + RU[place, c] + constant[c]
        for d in range(tokens + positions):
            for j in range(width):
                for h in range(heads):
                    score[i, d, h] += q[i, j * heads + h] * P[d, inner + j * heads + h]
        _exponential(score[i, :tokens], tokens)
        _exponential(score[i, tokens:], kinds[i, 1] + 1)
    v = np.empty((positions, tokens, inner), dtype)
    for p in range(positions):
        for d in range(tokens):
            for k in range(inner):
                v[p, d, k] = P[d, 2 * inner + k] + P[tokens + p, 2 * inner + k] + b[2 * inner + k]
    T = np.ascontiguousarray(WOU.T)
    return P, q, score, v, direct, T


@_compiled
def _rows(place, score, v, table):
    """The table of one kind of query: row (position, token) is exp(score), then exp(score) times each value, by head."""
    tokens, inner, heads = v.shape[1], v.shape[2], score.shape[1]
    for p in range(place + 1):
        for d in range(tokens):
            row = table[p * tokens + d]
            for h in range(heads):
                row[h] = score[d, h] * score[tokens + p, h]
            for j in range(0, inner, heads):
                for h in range(heads):
                    row[heads + j + h] = row[h] * v[p, d, j + h]


@_compiled
def _rows_back(place, v, table, dtable, dscore, dv):
    """The way back of `_rows`. The gradient of an exp(score) is taken with respect to the score."""
    tokens, inner, heads = v.shape[1], v.shape[2], dscore.shape[1]
    ds = np.empty(heads, v.dtype)
    for p in range(place + 1):
        for d in range(tokens):
            row, drow = table[p * tokens + d], dtable[p * tokens + d]
            for h in range(heads):
                ds[h] = row[h] * drow[h]
            for j in range(0, inner, heads):
                for h in range(heads):
                    ds[h] += row[heads + j + h] * drow[heads + j + h]
                    dv[p, d, j + h] += row[h] * drow[heads + j + h]
            for h in range(heads):
                dscore[d, h] += ds[h]
                dscore[tokens + p, h] += ds[h]


@_compiled
def _numbers(seen, place, tokens, zero, rows):
    """The rows of the tokens that a query at `place` sees, filled up with the row of zeros; how many these are."""
    for p in range(place + 1):
        rows[p] = p * tokens + seen[p]
    count = place + 1
    while count % UNROLL:
        rows[count] = zero
        count += 1
    return count


@_compiled
def _attend(table, rows, count, heads, total, z):
    """What the heads of one query find: z = Σ exp(score) value / Σ exp(score); the first `heads` of total become 1/Σ."""
    total[:] = 0
    for n in range(0, count, UNROLL):
        r0, r1, r2, r3 = table[rows[n]], table[rows[n + 1]], table[rows[n + 2]], table[rows[n + 3]]
        for k in range(total.size):
            total[k] += r0[k] + r1[k] + r2[k] + r3[k]
    for h in range(heads):
        total[h] = 1 / total[h]
    for j in range(0, z.size, heads):
        for h in range(heads):
            z[j + h] = total[heads + j + h] * total[h]


@_compiled
def _attend_back(dtable, rows, count, heads, total, z, dz):
    """The way back of `_attend`; total becomes its own gradient."""
    for j in range(0, z.size, heads):
        for h in range(heads):
            total[heads + j + h] = dz[j + h] * total[h]
    total[:heads] = 0
    for j in range(0, z.size, heads):
        for h in range(heads):
            total[h] -= total[heads + j + h] * z[j + h]
    for n in range(count):
        row = dtable[rows[n]]
        for k in range(total.size):
            row[k] += total[k]


@_compiled
def _cross_entropy(logits, answer):
    """The loss of one answer; the logits become its gradient."""
    top = logits.max()
    chosen, total = logits[answer] - top, logits.dtype.type(0)
    for c in range(logits.size):
        logits[c] = np.exp(logits[c] - top)
        total += logits[c]
    for c in range(logits.size):
        logits[c] /= total
    logits[answer] -= 1
    return np.log(total) - chosen


@_compiled
def _tables_back(parts, gradients, sizes, kinds, P, q, dscore, dv, ddirect, dT):
    """The way back of `_tables`: from the gradient of the tables to that of the parameters, which it adds to."""
    tokens, positions, heads, width, model, out = sizes
    R, W, b, W_O, b_O, W_U, b_U = parts
    dR, dW, db, dW_O, db_O, dW_U, db_U = gradients
    dtype, inner = R.dtype, heads * width
    scale = dtype.type(1 / np.sqrt(width))
    dP, dRU = np.zeros_like(P), np.zeros((tokens + positions, out), dtype)
    dq = np.empty(inner, dtype)
    for i in range(len(kinds)):
        token, place = kinds[i, 0], tokens + kinds[i, 1]
        dq[:] = 0
        for d in range(tokens + positions):
            for j in range(0, inner, heads):
                for h in range(heads):
                    dq[j + h] += dscore[i, d, h] * P[d, inner + j + h]
                    dP[d, inner + j + h] += dscore[i, d, h] * q[i, j + h]
        for k in range(inner):
            step = dq[k] * scale
            dP[token, k] += step
            dP[place, k] += step
            db[k] += step
        for c in range(out):
            dRU[token, c] += ddirect[i, c]
            dRU[place, c] += ddirect[i, c]
            db_U[c] += ddirect[i, c]
    for p in range(positions):
        for d in range(tokens):
            for k in range(inner):
                dP[d, 2 * inner + k] += dv[p, d, k]
                dP[tokens + p, 2 * inner + k] += dv[p, d, k]
                db[2 * inner + k] += dv[p, d, k]
    for i in range(model):
        for c in range(out):
            db_O[i] += W_U[i, c] * db_U[c]
            dW_U[i, c] += b_O[i] * db_U[c]
    dWOU = np.ascontiguousarray(dT.T)
    R_T, W_OT = np.ascontiguousarray(R.T), np.ascontiguousarray(W_O.T)
    _add_product(R_T, dP, dW)
    _add_product_right(dP, W, dR)
    _add_product(R_T, dRU, dW_U)
    _add_product_right(dRU, W_U, dR)
    _add_product(W_OT, dWOU, dW_U)
    _add_product_right(dWOU, W_U, dW_O)


@_compiled
def _gradient(theta, dtheta, sizes, kinds, seen, answers, order):
    """The mean loss of the examples in `order`; its gradient is left in dtheta."""
    tokens, positions, heads, width, model, out = sizes
    inner, dtype, n_answers = heads * width, theta.dtype, answers.shape[1]
    parts = _views(theta, sizes)
    P, q, score, v, direct, T = _tables(parts, sizes, kinds)
    dscore, dv, ddirect, dT = np.zeros_like(score), np.zeros_like(v), np.zeros_like(direct), np.zeros_like(T)
    zero = positions * tokens
    table, dtable = np.zeros((zero + 1, heads + inner), dtype), np.empty((zero + 1, heads + inner), dtype)
    total, z, dz, logits = np.empty(heads + inner, dtype), np.empty(inner, dtype), np.empty(inner, dtype), np.empty(out, dtype)
    rows = np.empty(positions + UNROLL, np.int64)
    loss, weight = 0.0, dtype.type(1 / (order.size * n_answers))
    for i in range(len(kinds)):
        token, place = kinds[i]
        _rows(place, score[i], v, table)
        dtable[:] = 0
        for e in order:
            if seen[e, place] != token:
                continue
            count = _numbers(seen[e], place, tokens, zero, rows)
            _attend(table, rows, count, heads, total, z)
            _read(direct[i], T, z, logits)
            loss += _cross_entropy(logits, answers[e, place - positions + n_answers])
            dz[:] = 0
            for c in range(out):
                pull = logits[c] * weight
                ddirect[i, c] += pull
                for k in range(inner):
                    dz[k] += pull * T[c, k]
                    dT[c, k] += pull * z[k]
            _attend_back(dtable, rows, count, heads, total, z, dz)
        _rows_back(place, v, table, dtable, dscore[i], dv)
    dtheta[:] = 0
    _tables_back(parts, _views(dtheta, sizes), sizes, kinds, P, q, dscore, dv, ddirect, dT)
    return loss * weight


@_compiled
def _read(direct, T, z, logits):
    """Logits of one query from what its heads found."""
    for c in range(logits.size):
        total = direct[c]
        for k in range(z.size):
            total += T[c, k] * z[k]
        logits[c] = total


_adamw = _compiled(training.adamw)


@_free
def _loss(theta, dtheta, sizes, kinds, seen, answers, order):
    return _gradient(theta, dtheta, sizes, kinds, seen, answers, order)


def gradients(theta, sizes, kinds, seen, answers, order):
    """Mean loss and gradient of every model on one batch each: (loss, dtheta), in the precision of theta."""
    dtheta = np.empty_like(theta)
    return spread(lambda m: _loss(theta[m], dtheta[m], sizes, kinds, seen[m], answers[m], order[m]), len(theta)), dtheta


@_free
def _advance(theta, first, second, sizes, kinds, seen, answers, order, step, lr, optimiser):
    """Train one model in place on the batches of `order`, counted from `step` on; its mean loss."""
    dtheta, loss = np.empty_like(theta), 0.0
    for t in range(len(order)):
        loss += _gradient(theta, dtheta, sizes, kinds, seen, answers, order[t])
        _adamw(theta, dtheta, first, second, lr, *optimiser, step + t)
    return loss / len(order)


def advance(theta, first, second, sizes, kinds, seen, answers, order, step, lr, optimiser):
    """Train every model in place on the batches order[model], counted from `step` on; their mean loss, model by model.

    `optimiser` holds AdamW's weight decay, betas and eps."""
    own = lambda m: (theta[m], first[m], second[m], sizes, kinds, seen[m], answers[m], order[m])
    return spread(lambda m: _advance(*own(m), step, lr, optimiser), len(theta))


@_free
def _logits(theta, sizes, kinds, seen, n_answers, found):
    """The logits of one model for its examples, left in `found`."""
    tokens, positions, heads, width, model, out = sizes
    zero, inner, dtype = positions * tokens, heads * width, theta.dtype
    P, q, score, v, direct, T = _tables(_views(theta, sizes), sizes, kinds)
    table, rows = np.zeros((zero + 1, heads + inner), dtype), np.empty(positions + UNROLL, np.int64)
    total, z = np.empty(heads + inner, dtype), np.empty(inner, dtype)
    for i in range(len(kinds)):
        token, place = kinds[i]
        _rows(place, score[i], v, table)
        for e in range(len(seen)):
            if seen[e, place] == token:
                count = _numbers(seen[e], place, tokens, zero, rows)
                _attend(table, rows, count, heads, total, z)
                _read(direct[i], T, z, found[e, place - positions + n_answers])


def logits(theta, sizes, kinds, seen, n_answers):
    """The logits of every model for its own examples: (model, example, answer, out)."""
    found = np.empty((*seen.shape[:2], n_answers, sizes[-1]), theta.dtype)
    spread(lambda m: _logits(theta[m], sizes, kinds, seen[m], n_answers, found[m]), len(theta))
    return found
