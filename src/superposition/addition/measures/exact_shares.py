"""What shares of a head's variance digits and pairs have, exactly: expectations over all 10¹² sums, by one integral each.
A head is z = N/D, two sums over places; 1/D = ∫ e^(−sD) ds makes a product of them, and digits are independent."""

import numpy as np
from jaxtyping import Float

from superposition.addition.engine import data
from superposition.addition.engine.lookup import Lookup

Array = np.ndarray
STEP = 0.25  # of ln s: a sum over points so far apart errs by e^(−π²/STEP) of such an integral
TERMS = ("digits", "pair", "sum", "pair below", "pair above")
DIGITS, PAIR, SUM, BELOW, ABOVE = range(len(TERMS))


def shares(tables: Lookup, answer: int) -> Float[Array, "term"]:
    """What share of the variance of z at an answer each of TERMS accounts for, of all heads together; digits are uniform.

    `digits`: those of the own column, each for itself; a share is 0 where there is no such column."""
    exact = _Exact(tables, answer)
    mean, total = exact.mean(()), exact.variance().sum()
    found = np.zeros(len(TERMS))
    for term, column in ((PAIR, answer), (BELOW, answer - 1), (ABOVE, answer + 1)):
        if 0 <= column < data.N_DIGITS:
            table = exact.mean((column, column + data.N_DIGITS)) - mean
            found[term] = (table**2).mean((0, 1)).sum()
            if term == PAIR:
                found[DIGITS] = sum((table.mean(axis) ** 2).mean(0).sum() for axis in (0, 1))
                along = [np.trace(table[::-1], offset) for offset in range(-9, 10)]  # what pairs of one sum add up to
                found[SUM] = sum((one**2).sum() / (10 - abs(k)) for k, one in enumerate(along, -9)) / 100
    return found / total


class _Exact:
    """Of one answer: e^(−sE), and the same times E V and (E V)², mean over the digits of each place."""

    def __init__(self, tables, answer):
        tables = Lookup(*(part.detach().double() for part in (tables.QKV, tables.out, tables.WOU)))
        E = tables.E(data.VOCAB.index("="))[answer].numpy()
        EV = E[..., None] * tables.V.numpy()
        self.E, self.EV = (np.concatenate([part[: data.N_INPUTS, :10], _all(part)]) for part in (E, EV))
        least = self.E.min(1).sum(0)  # by head: what D is at least
        last = np.log(60 / least.min())
        self.s = np.exp(np.arange(np.log(1e-14 / self.E.max()), last, STEP))
        self.weight, self.least = self.s * STEP, np.exp(-self.s[:, None] * least)
        self.each = np.exp(-self.s[:, None, None, None] * (self.E - self.E.min(1, keepdims=True)))
        self.phi = self.each.mean(2)
        self.first = (self.each[..., None] * self.EV).mean(2) / self.phi[..., None]
        self.second = (self.each[..., None] * self.EV**2).mean(2) / self.phi[..., None]

    def mean(self, fixed):
        """E[z] given the digits of two places, as a table; of all sums for no place."""
        free = [p for p in range(len(self.E)) if p not in fixed]
        product, total = self.least * self.phi[:, free].prod(1), self.first[:, free].sum(1)
        if not fixed:
            return np.einsum("s,sh,shd->hd", self.weight, product, total)
        one, other = fixed
        left, right = self.each[:, one], self.each[:, other]
        said = total[:, None, None] + self.EV[one][None, :, None] + self.EV[other][None, None]
        return np.einsum("s,sh,sxh,syh,sxyhd->xyhd", self.weight, product, left, right, said, optimize=True)

    def variance(self):
        """Of z, by head and dimension."""
        whole = self.first.sum(1) ** 2 + (self.second - self.first**2).sum(1)
        square = np.einsum("s,sh,shd->hd", self.weight * self.s, self.least * self.phi.prod(1), whole)
        return square - self.mean(()) ** 2


def _all(part):
    """The places that hold `=`, as ten digits that are all alike."""
    equals = part[data.N_INPUTS :, data.VOCAB.index("=")]
    return np.repeat(equals[:, None], 10, 1)
