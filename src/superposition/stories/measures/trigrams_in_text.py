"""Skip trigrams: a token A that stood some way back makes C likelier after B. Found in text by counting, told by token ids."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int, Integer
from scipy import sparse

from superposition.stories.engine import tokenizer

Array = np.ndarray
NEAREST = 4  # how far before B an A lies at least: what counts up to four tokens at a time sees none of A and C together


class Task(NamedTuple):
    """One B, and for each feature its A and its C; no two features share either. `count`: how often A, B and C were seen.

    `lift`: by how much A, somewhere before, multiplies the probability of C after B."""

    destination: int
    source: Int[Array, "feature"]
    target: Int[Array, "feature"]
    count: Int[Array, "feature"]
    probability: Array
    lift: Array


def find(
    tokens: Integer[Array, "token"], n_vocab: int, destinations: int, features: int, window: int, least: int, lift: float
) -> tuple[Task, Task]:
    """Two tasks: associations, in which C is another token than A, and copies, in which it is A. Each is of the `features` best.

    Of so many most frequent tokens, B is the one after which most associations end. A stands NEAREST to `window` tokens before
    B, in the same story, before at most a quarter of all B. Of A, B → C seen at least `least` times, with C at least `lift`
    times likelier after B than without A (with ten pseudo-counts at its usual rate) and likelier than 1 in 20, those that say
    most come first, by count × log lift, and each takes its A and its C. Raises ValueError where no B has as many of both."""
    found: list[tuple[int, list, list]] = []
    for B in np.argsort(-np.bincount(tokens, minlength=n_vocab), kind="stable")[:destinations]:
        if B != tokenizer.END_ID:
            counted = _counted(tokens, int(B), n_vocab, window)
            found.append((int(B), *(_distinct(counted, least, lift, copied) for copied in (False, True))))
    destination, *tasks = max(found, key=lambda one: len(one[1]))
    if (most := min(map(len, tasks))) < features:
        raise ValueError(f"expected a token after which {features} skip trigrams of each kind end, got {most}")
    return tuple(Task(destination, *map(np.array, zip(*task[:features], strict=True))) for task in tasks)


def _counted(tokens, B, n_vocab, window):
    """How often C followed B, how often with A in reach, and how many B had A in reach."""
    place = np.flatnonzero(tokens[:-1] == B)
    place = place[place >= window]
    reach = place[:, None] - np.arange(NEAREST, window + 1)
    story = np.cumsum(tokens == tokenizer.END_ID)
    before = np.where(story[reach] == story[place][:, None], tokens[reach], tokenizer.END_ID).astype(np.int64)
    rows = np.repeat(np.arange(len(place)), before.shape[1])
    present = sparse.csr_matrix((np.ones(before.size, np.int64), (rows, before.ravel())), shape=(len(place), n_vocab))
    present.data[:] = 1
    after = tokens[place + 1].astype(np.int64)
    follows = sparse.csr_matrix((np.ones(len(place), np.int64), (np.arange(len(place)), after)), shape=(len(place), n_vocab))
    return (present.T @ follows).tocoo(), np.asarray(present.sum(0)).ravel(), np.bincount(after, minlength=n_vocab)


def _distinct(counted, least, lift, copied):
    """The (A, C, count, probability, lift) that pass, the best first, each A and each C once; C is A where it is `copied`."""
    joint, of_A, of_C = counted
    usual = of_C[joint.col] / max(of_C.sum(), 1)
    probability = (joint.data + 10 * usual) / (of_A[joint.row] + 10)
    ratio = probability / np.maximum(usual, 1e-12)
    good = (joint.data >= least) & (ratio >= lift) & (probability > 0.05) & (of_A[joint.row] <= of_C.sum() / 4)
    good &= ((joint.row == joint.col) == copied) & (joint.row != tokenizer.END_ID) & (joint.col != tokenizer.END_ID)
    A, C, count, probability, ratio = (x[good] for x in (joint.row, joint.col, joint.data, probability, ratio))
    found, taken_A, taken_C = [], set(), set()
    for k in np.lexsort((C, A, -count * np.log(ratio))):
        if A[k] not in taken_A and C[k] not in taken_C:
            taken_A.add(A[k])
            taken_C.add(C[k])
            found.append((A[k], C[k], count[k], probability[k], ratio[k]))
    return found


def prompts(
    drawn: Int[Array, "story position"], task: Task, window: int, contexts: int
) -> tuple[Int[Array, "context feature position"], Int[Array, "context"]]:
    """Beginnings of stories that end with B, each with every A in turn at one place; and where B stands.

    Of a story the first B counts that has an A in reach; there the last A before it gives way, and all else stays as it is.
    Places behind B hold what no one looks at. Raises ValueError where fewer than two stories have such a place."""
    sources, found = set(task.source.tolist()), []
    for story in drawn:
        for last in np.flatnonzero(story == task.destination):
            reach = range(last - NEAREST, max(0, last - window) - 1, -1)
            place = next((at for at in reach if int(story[at]) in sources), None)
            if place is not None:
                found.append((story, place, last))
                break
    if len(found) < 2:
        raise ValueError(f"{len(drawn)} stories: expected two with one of the task's tokens before its last, got {len(found)}")
    found = found[:contexts]
    tokens = np.stack([story for story, _, _ in found])[:, None].repeat(len(task.source), 1)
    for k, (_, place, _) in enumerate(found):
        tokens[k, :, place] = task.source
    return tokens, np.array([last for _, _, last in found])
