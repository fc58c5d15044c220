"""The checks of the claims on made-up results that lead to each verdict. What a check has no business with is nan there."""

import numpy as np
import pytest

from superposition import claims, configs, runs
from superposition.addition import carries, circuits_all_columns, dictionary, heads, reuse
from superposition.addition.engine import carry_chains, learning_curves
from superposition.addition.engine.transformer import shapes
from superposition.addition.measures import original_heat_maps
from superposition.addition.measures.concepts import FAMILIES, GAIN

SPREAD = np.array([-1e-3, 0, 1e-3])  # of three seeds


def made(name, **arrays):
    """Results of an experiment with its committed config."""
    return runs.Results(name, configs.read(name).full, {key: np.asarray(array, float) for key, array in arrays.items()})


def blank(*shape):
    return np.full(shape, np.nan)


def right(split, share, name="addition/train"):
    digits, sums = blank(2, 3, 3, 7), blank(2, 3, 3)
    digits[-1, :, split], sums[-1, :, split] = share + SPREAD[:, None], share + SPREAD
    return made(name, digit_accuracy=digits, sum_accuracy=sums)


def ending(split, share):
    """Three seeds of addition/train, and as many of addition/originals."""
    digits, sums = blank(3, 2, 2, 7), blank(3, 2, 2)
    digits[:, -1, split], sums[:, -1, split] = share + SPREAD[:, None], share + SPREAD
    return right(split, share), made("addition/originals", digit_accuracy=digits, sum_accuracy=sums)


def ahead(lead):
    sums = np.zeros((3, 3, 3))
    sums[1, :, learning_curves.TRAIN] = lead + SPREAD
    return (made("addition/train", sum_accuracy=sums),)


def above_nines(share, others=0.9):
    def accuracy(name, share):
        count, right = np.zeros((3, 3, 2, 7)), blank(1, 3, 3, 2, 7)
        count[:, learning_curves.FRESH, :, :3], right[-1, :, learning_curves.FRESH] = 10, 0.5
        right[-1, :, learning_curves.FRESH, :, 1:] = share + SPREAD[:, None, None]
        return made(name, carry_count=count, carry_accuracy=right)

    return accuracy("addition/autoregressive", share), accuracy("addition/train", others)


def errors(ratio):
    below = np.full((3, carries.SUMS, 2), 1000.0)
    below[..., 1] = 10
    below[:, 9, 1] = 10 * ratio * (1 + SPREAD)
    return (made("addition/carries", trained_below=below),)


def computed(share):
    sums = blank(2, 3, 3, 2)
    sums[:, -1, :, carry_chains.TEST] = 0.9
    by_hand, balanced = made("addition/built", sum_accuracy=[share, np.nan]), made("addition/balanced", sum_accuracy=sums)
    return by_hand, right(learning_curves.FRESH, 0.84), balanced


def shared(n_heads, n_carries):
    """So many heads alike for every carry; each brings so many carries."""
    signal = np.zeros((3, carries.DEPTHS, 7, 32))
    for carry in range(6):
        group = carry // n_carries * n_heads
        signal[:, 0, carry + 1, group : group + n_heads] = 1
    return (made("addition/carries", trained_signal=signal * (1 + SPREAD[:, None, None, None] * np.arange(1, 33))),)


def alone(least, others=0.995):
    sums, fewer = blank(3, 3), blank(3, 3)
    sums[:, learning_curves.FRESH], fewer[:, learning_curves.FRESH] = [least, others, others + 1e-3], 0.92
    return made("addition/whole", free_sum_accuracy=sums), made("addition/autoregressive", free_sum_accuracy=fewer)


def shown(found, asked):
    signal = blank(3, carries.DEPTHS, 7, 2)
    signal[:, 1, 3:6] = 1.0
    parts = {f"adder_{way}": blank(3, 7, 2) for way in ("found", "asked", "told")}
    for way, share in (("found", found), ("asked", asked), ("told", 1.0)):
        parts[f"adder_{way}"][:, 3:6] = share + SPREAD[:, None, None]
    return (made("addition/carries", adder_signal=signal, **parts),)


def reading(columns, several=0.5, alike=0.8):
    """Heads of three seeds: so many read each column, and a share of all several; their maps are so alike."""
    own, maps = np.zeros((3, 6, 32)), np.zeros((3, 6, 6, 32))
    own[:, :, :columns] = 0.6
    if several == 0:  # each column has heads of its own
        own[:] = np.kron(np.eye(6), np.ones(5)) @ np.eye(30, 32) * 0.6
    maps[:] = alike + SPREAD[:, None, None, None]
    kinds = np.stack([0.6 * np.eye(6, 32), np.zeros((6, 32))])  # one head a column, and none
    made_up = {"made_up_own": kinds, "made_up_alike": np.zeros((2, 6, 6, 32)), "made_up_between": np.zeros((2, 6))}
    names = {"own": own, "alike": maps, "between": np.full((3, 6), 0.3), "specific": own, "floor": 0 * own}
    return (made("addition/reuse", **names, **made_up),)


def ranked(rank):
    measured, lot, effect = blank(3, 5, 7, 5), blank(3, 5, 7, 2, 3, 5), blank(3, 4, 6, 100, 32)
    (
        measured[:, circuits_all_columns.LOST, 0, circuits_all_columns.RANK],
        measured[:, circuits_all_columns.LOST, 0, circuits_all_columns.PATTERNS],
    ) = rank + SPREAD, 2.0
    lot[:, circuits_all_columns.LOST, 0, 0, circuits_all_columns.MEDIAN, circuits_all_columns.RANK] = 16.0
    effect[:, circuits_all_columns.LOST, 0] = 0.0
    effect[:, circuits_all_columns.LOST, 0, :, 3] = 1.0  # one head, always missed: one combination, without noise
    return made("addition/circuits_all_columns", measured=measured, lot=lot), made("addition/circuits", effect=effect)


def striped(share):
    """Maps of ten numbers, and for the rest noise that has none of it."""
    rng = np.random.default_rng(0)
    stripes, rest = rng.normal(size=10)[original_heat_maps.RIGHT], rng.normal(size=100)
    for digit in range(10):
        rest[original_heat_maps.RIGHT == digit] -= rest[original_heat_maps.RIGHT == digit].mean()
    part = share + SPREAD
    stripes, rest = ((one - one.mean()) / one.std() for one in (stripes, rest))
    maps = np.sqrt(part)[:, None] * stripes + np.sqrt(1 - part)[:, None] * rest
    return (made("addition/circuits", original=np.repeat(maps[:, None], 32, 1)),)


def probed(name, share):
    probe = blank(3, 4)
    probe[:, original_heat_maps.PROBES.index("random around")] = 0.99
    probe[:, original_heat_maps.PROBES.index("answers given")] = 0.3
    probe[:, original_heat_maps.PROBES.index(name)] = share + SPREAD
    return (made("addition/circuits", probe=probe),)


def of_shapes(small, large):
    sweep = made("addition/sweep")
    summary = np.zeros((len(sweep.config.heads), sweep.config.seeds, len(reuse.SUMMARY)))
    for n_heads, share in ((32, small), (8, large)):
        summary[sweep.config.heads.index(n_heads), :, reuse.SEVERAL] = share + np.linspace(-1e-3, 1e-3, sweep.config.seeds)
    return sweep, made("addition/reuse", shape_summary=summary.reshape(-1, len(reuse.SUMMARY)))


def looking(heads):
    """Three models in which so many heads look at both digits of the ones, at the ones; all others look everywhere alike."""
    weights = {name: np.zeros((3, *shape)) for name, shape in shapes().items()}
    weights["W_pos"][:, range(19), range(19)] = 1.0
    weights["W_Q"][:, :heads, 12, 0] = weights["W_K"][:, :heads, 0, 0] = weights["W_K"][:, :heads, 6, 0] = 5.0
    return (made("addition/train", **{name: array.astype(np.float32) for name, array in weights.items()}),)


def round_heads(which, drawn, read=(0, 0, 0)):
    """How many of 32 heads pass for circles, in each of three seeds, as drawn and as read."""
    circle = blank(2, 3, 3, 32)
    for reading, counts in ((heads.DRAWN, drawn), (heads.READ, read)):
        for seed, count in enumerate(counts):
            circle[reading, which, seed] = np.where(np.arange(32) < count, 0.76, 0.74)
    start, gap = blank(2, 3, 3, 32), blank(2, 3, 3, 32)
    start[heads.DRAWN, which], gap[heads.DRAWN, which] = 0.3, 2.0
    return (made("addition/heads", circle=circle, start_circle=start, gap=gap),)


def poor_and_good(poor, good):
    rank, circle = blank(2, 3, 3, 32), blank(2, 3, 3, 32)
    for seed in range(3):
        rank[heads.DRAWN, heads.VALUES, seed] = np.where(np.arange(32) < poor[seed], 0.94, 0.96)
        circle[heads.DRAWN, heads.VALUES, seed] = np.where(np.arange(32) < good[seed], 0.76, 0.74)
    return (made("addition/heads", rank=rank, circle=circle),)


def twins(which, own):
    distance = blank(2, 3, 32, 6, 6)
    distance[which] = 1.4
    distance[which][..., range(6), range(6)] = own + SPREAD[:, None, None]
    return (made("addition/heads", distance=distance, tied_accuracy=np.full((3, 3), 0.97)),)


def unread(change):
    return (made("addition/heads", unread=[[0, 0, change], [900, 910, 920], [np.nan] * 3]),)


def shifted(shift):
    return (made("addition/heads", o_shift=shift + SPREAD[:, None] + np.linspace(-1, 1, 33)),)


def gains(one, other, name="addition/dictionary", **methods):
    """Results of dictionaries that gain by base: `one` for digits, `other` for all else; of other directions by their method.
    Seeds lie further apart from base to base, so that in a difference of two they don't tie."""
    config = configs.read(name).full
    told = np.zeros((len(config.bases), 3, 1, 2, 1, len(config.ks), len(FAMILIES), 5))
    beside = np.zeros((len(config.bases), 3, len(dictionary.BESIDE), len(FAMILIES), 5))
    random = np.zeros((len(config.bases), 3, 1, len(FAMILIES), 5))
    for k, base in enumerate(config.bases):
        told[k, ..., 1, :, 2, :, GAIN] = (other.get(base, 0) + (k + 1) * SPREAD)[:, None, None, None]
        told[k, ..., 1, :, 2, 0, GAIN] = (one.get(base, 0) + (k + 1) * SPREAD)[:, None, None]
    for method, (digit, rest) in methods.items():
        into = random[..., 0, :, GAIN] if method == "random" else beside[..., dictionary.BESIDE.index(method), :, GAIN]
        into[:], into[..., 0] = rest, digit
    return made(name, told=told, beside_told=beside, random_told=random)


def longer(one=-0.2, other=-0.2):
    return gains({"thousands": one}, {"thousands": other}, "addition/dictionary_longer")


def ahead_of(method):
    def check(one, other):
        places = {"thousands": 0.3, "whitened": 0.3, "logits": 0.4}
        if method == "linear probes":
            beside = {method: (0.4 + one, 0.4 + other)}
            return gains(places, places, **beside), longer()
        return gains({"thousands": 0.4 + one}, {"thousands": 0.4 + other}, **{method: (0.4, 0.4)}), longer()

    return check


def ahead_in(base, other_base):
    return lambda one, other: (gains({base: 0.4 + one, other_base: 0.4}, {base: 0.4 + other, other_base: 0.4}),)


def copies(name, sign):
    """Dictionaries with one and two active latents, and known codes, whose `name` differs by so much."""

    def check(one, other):
        values = np.zeros((1, 3, 1, 2, 1, 4))
        values[0, :, 0, 1, 0, 0], values[0, :, 0, 1, 0, 1] = 0.4 + sign * (one + SPREAD), 0.4 + sign * (other + SPREAD)
        known = np.full((1, 3, len(dictionary.CODES)), 0.4)
        return (made("addition/dictionary_longer", **{name: values, f"code_{name}": known}),)

    return check


def kept(share):
    explained, spliced = np.full((1, 3, 1, 2, 1, 4), 0.5), np.full((1, 3, 1, 2, 1, 4), 0.1)
    explained[..., 1, :, 2], spliced[..., 1, :, 2] = 0.99, 0.8 * (share + SPREAD[None, :, None, None])
    return (made("addition/dictionary_longer", explained=explained, spliced=spliced, whole=np.full((1, 3), 0.8)),)


def harm(one, other):
    own, drawn = np.zeros((2, 1, 3, 1, 2, 1, 4))
    own[:], drawn[:] = 0.4, 0.4
    own += np.array([one, other])[:, None, None] + SPREAD[:, None, None, None, None]
    return (made("addition/dictionary_longer", broken=own, broken_random=drawn),)


_MORE = [("reproduced", 0.1, 0.1, 0.2), ("partly", -0.1, -0.1, 0.2), ("not reproduced", -0.2, -0.1, -0.2)]

# By claim: how results are made up, and what the check should find: the verdict, the value, and the arguments.
CASES = {
    "train/1-test": (
        lambda share: ending(learning_curves.TEST, share),
        [("reproduced", 98.9, 0.989), ("partly", 95.1, 0.951), ("not reproduced", 94.9, 0.949)],
    ),
    "train/2-trained": (
        lambda share: ending(learning_curves.TRAIN, share),
        [("reproduced", 97.6, 0.976), ("partly", 97.4, 0.974), ("not reproduced", 95.4, 0.954)],
    ),
    "train/3-grokking": (ahead, [("reproduced", 51, 0.51), ("partly", 21, 0.21), ("corrected", 3, 0.03)]),
    "train/4-three-tokens": (
        above_nines, [("reproduced", 99.1, 0.991), ("partly", 98.5, 0.985), ("not reproduced", 90.1, 0.901)],
    ),
    "carries/1-cascade": (errors, [("reproduced", 10.1, 10.1), ("partly", 9.9, 9.9), ("not reproduced", 1.9, 1.9)]),
    "carries/2-principle": (computed, [("reproduced", 99.1, 0.991), ("partly", 95.1, 0.951), ("not reproduced", 94.9, 0.949)]),
    "carries/3-groups": (
        shared, [("reproduced", 3, 3, 3), ("partly", 3, 3, 1), ("partly", 1, 1, 3), ("not reproduced", 1, 1, 1)],
    ),
    "carries/4-shown": (
        alone, [("reproduced", 99.4, 0.991), ("partly", 99.1667, 0.984), ("not reproduced", 98.8333, 0.974)],
    ),
    "carries/5-reads": (
        shown,
        [("reproduced", 91, 0.91, 0.1), ("partly", 51, 0.51, 0.6), ("corrected", 8, 0.08, 0.9), ("not reproduced", 8, 0.08, 0.4)],
    ),
    "circuits/1-distributed": (reading, [("partly", 4, 4), ("not reproduced", 2, 2)]),
    "circuits/3-several": (reading, [("reproduced", 25, 8), ("partly", 12.5, 4), ("not reproduced", 0, 5, 0)]),
    "circuits/5-reuse": (
        reading, [("reproduced", 0.71, 4, 1, 0.71), ("partly", 0.69, 4, 1, 0.69), ("not reproduced", 0.2, 4, 1, 0.2)],
    ),
    "circuits/2-combinations": (ranked, [("reproduced", 1.1, 1.1), ("not reproduced", 1, 1.0)]),
    "circuits/4-maps": (striped, [("corrected", 91, 0.91), ("partly", 51, 0.51), ("reproduced", 20, 0.2)]),
    "circuits/6-position": (
        lambda share: probed("position 11", share), [("reproduced", 51, 0.51), ("corrected", 10, 0.1)],
    ),
    "circuits/7-context": (
        lambda share: probed("zeros around", share), [("reproduced", 97.5, 0.975), ("corrected", 84, 0.84)],
    ),
    "circuits/11-small": (of_shapes, [("reproduced", 50, 0.5, 0.2), ("partly", 50, 0.5, 0.9), ("not reproduced", 0, 0.0, 0.2)]),
    **{
        f"heads/{k + 1}-circle-in-{panel}": (
            lambda *counts, k=k: round_heads(k, counts),
            [("reproduced", 50, 0, 16, 32), ("partly", 100 / 32, 1, 1, 1), ("not reproduced", 200 / 96, 0, 1, 1)],
        )
        for k, panel in enumerate(("keys", "values", "outputs"))
    },
    "heads/4-not-as-great": (
        poor_and_good,
        [("reproduced", 6.25, (1, 2, 3), (1, 9, 9)), ("not reproduced", 6.25, (1, 2, 3), (0, 9, 9)),
         ("not reproduced", 3.125, (0, 0, 3), (1, 9, 9))],
    ),
    "heads/10-pattern": (looking, [("reproduced", 50, 16), ("partly", 1500 / 32, 15), ("not reproduced", 0, 0)]),
    **{
        f"heads/{k + 5}-columns-in-{panel}": (
            lambda own, k=k: twins(k, own), [("reproduced", 0.09, 0.09), ("partly", 0.11, 0.11), ("not reproduced", 0.31, 0.31)],
        )
        for k, panel in enumerate(("keys", "values"))
    },
    "heads/7-queries": (unread, [("reproduced", 0.02, 0.02), ("corrected", 0, 0)]),
    "heads/8-outputs": (shifted, [("reproduced", 0.09, 0.09), ("corrected", 0.11, 0.11)]),
    "dictionary/01-control": (
        lambda gain: (gains({"made up": gain}, {}),),
        [("reproduced", 0.95, 0.95), ("partly", 0.7, 0.7), ("not reproduced", 0.4, 0.4)],
    ),
    "dictionary/02-reads-off": (
        lambda one, other: (gains({"thousands": 0.1}, {"thousands": 0.1}), longer(one, other)),
        [("reproduced", 0.85, 0.85, 0.9), ("partly", 0.2, 0.2, 0.9), ("not reproduced", 0.2, 0.2, 0.5)],
    ),
    "dictionary/03-random": (ahead_of("random"), _MORE),
    "dictionary/04-neurons": (ahead_of("neurons"), _MORE),
    "dictionary/05-probes": (
        ahead_of("linear probes"),
        [("reproduced", 0.2, 0.2, 0.3), ("partly", 0.05, 0.05, 0.3), ("not reproduced", 0.04, 0.05, 0.04)],
    ),
    "dictionary/06-variance": (copies("explained", 1), _MORE),
    "dictionary/07-answers": (copies("spliced", -1), _MORE),
    "dictionary/08-faithful": (kept, [("reproduced", 96, 0.96), ("partly", 93, 0.93), ("not reproduced", 80, 0.8)]),
    "dictionary/09-causal": (harm, _MORE),
    "dictionary/10-model": (ahead_in("thousands", "untrained"), _MORE),
    "dictionary/11-all-seven": (
        ahead_in("thousands", "all seven"),
        [("reproduced", 0.01, 0.01, 0.05), ("partly", 0.05, 0.2, 0.05), ("not reproduced", -0.3, 0.2, -0.3)],
    ),
    "dictionary/12-longer": (
        lambda one, other: (gains({"thousands": 0.4}, {"thousands": 0.4}), longer(0.4 + one, 0.4 + other)),
        [("reproduced", 0.05, 0.05, 0.01), ("partly", 0.2, 0.05, 0.2), ("not reproduced", 0.3, 0.2, 0.3)],
    ),
    "dictionary/13-whitened": (ahead_in("whitened", "thousands"), _MORE),
}  # fmt: skip
CLAIMS = {claim.id.removeprefix("addition/"): claim for claim in claims.registry() if claim.id.startswith("addition/")}


@pytest.mark.parametrize("id", CLAIMS)
def test_made_up_results_lead_to_the_value_and_the_verdict_that_they_should(id):
    make, cases = CASES[id]
    for verdict, value, *arguments in cases:
        found = CLAIMS[id].check(*make(*arguments))
        assert found.estimate.value == pytest.approx(value, rel=2e-3, abs=1e-6), arguments
        assert CLAIMS[id].verdict(found) == verdict, arguments


def test_made_up_results_lead_to_each_verdict_that_a_claim_can_give():
    for id, claim in CLAIMS.items():
        assert {verdict for verdict, *_ in CASES[id][1]} == set(claim.tolerance.verdicts)


def test_where_the_interval_is_over_seeds_it_is_as_wide_as_seeds_differ():
    """Three seeds a thousandth apart: 4.303 standard errors of 0.001/√3 either way."""
    for id, argument, width in (("train/3-grokking", 0.5, 100), ("heads/5-columns-in-keys", 0.05, 1)):
        estimate = CLAIMS[id].check(*CASES[id][0](argument)).estimate
        assert (estimate.over, estimate.count) == ("seeds", 3)
        assert estimate.high - estimate.value == pytest.approx(4.3027 * width * 1e-3 / 3**0.5, rel=1e-3)
