"""Everything that Neuroscope shows of a model's neurons, gathered from a corpus in one pass and a look back.
The pass keeps a tally of fixed size; the look back reads again only the rows that are shown. Each can be killed and resumed."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, Integer

from superposition import formulas, runs
from superposition.errors import SuperpositionError
from superposition.stories.engine import subjects, tally_kernel
from superposition.stories.engine.subjects import Neurons, Subject
from superposition.stories.engine.tallies import BELOW, Sizes, Tally

Array = np.ndarray
SHARD = 128  # rows that are read between two checkpoints, or by one worker at a time
BATCH = 2048  # tokens read at once
LOGITS = 1 << 25  # logits held at once
DRAWN = 1 << 25  # values held of the tokens drawn for correlations, at most
NEIGHBOURS = ("reads", "writes", "fires")
STEPS = 127  # of a stored activation, to either side of zero
NATS = 16  # steps of a stored loss to a nat; 255 stands for none


class CorpusError(SuperpositionError):
    """A corpus that there is nothing to read in."""


@dataclass(frozen=True)
class Options:
    """What is kept: sizes of the lists, tokens shown before and after a peak, and rows on which neurons are ablated."""

    sizes: Sizes = Sizes()
    bands: int = 5
    before: int = 50
    after: int = 10
    effects: int = 10
    neighbours: int = 5
    ablated: int = 8
    seed: int = 0


@dataclass(frozen=True)
class Rows:
    """A corpus as rows of tokens, end to end; row k is `flat[start[k] : start[k + 1]]`."""

    flat: Integer[Array, "token"]
    start: Int[Array, "row_1"]

    def __len__(self) -> int:
        return len(self.start) - 1

    def lengths(self) -> Int[Array, "row"]:
        """How many tokens each row has."""
        return np.diff(self.start)

    def padded(self, which: Sequence[int] | Int[Array, "some"]) -> tuple[Int[Array, "some position"], Int[Array, "some"]]:
        """These rows side by side, the shorter ones filled up at their ends, and how long each is."""
        lengths = np.array([self.start[k + 1] - self.start[k] for k in which])
        tokens = np.zeros((len(which), lengths.max()), np.int64)
        for i, k in enumerate(which):
            tokens[i, : lengths[i]] = self.flat[self.start[k] : self.start[k + 1]]
        return tokens, lengths


def tokenise(subject: Subject, texts: Iterable[str], folder: Path | None = None) -> Rows:
    """Every text's tokens in rows no longer than the context, each behind the token that begins a row.

    With a folder the tokens lie there in a file that is mapped into memory. Raises CorpusError where there are none."""
    kind = np.uint16 if subject.codec.get_vocab_size() <= 1 << 16 else np.uint32
    begin = [] if subject.begin is None else [subject.begin]
    wide = subject.context - len(begin)
    start, pieces = [0], []
    file = open(folder / "tokens.new", "wb") if folder else None
    try:
        for some in _batched(texts, 500):
            try:
                encoded = [one.ids for one in subject.codec.encode_batch(some, add_special_tokens=False)]
            except (UnicodeError, TypeError) as error:
                raise CorpusError(f"a text is not valid Unicode: {error}") from None
            for ids in encoded:
                for at in range(0, len(ids), wide):
                    row = np.array(begin + ids[at : at + wide], kind)
                    file.write(row.tobytes()) if file else pieces.append(row)
                    start.append(start[-1] + len(row))
    finally:
        if file:
            file.close()
    if len(start) == 1:
        raise CorpusError("the corpus holds no text")
    if folder is None:
        return Rows(np.concatenate(pieces), np.array(start))
    (folder / "tokens.new").replace(folder / "tokens")
    return Rows(np.memmap(folder / "tokens", kind, "r"), np.array(start))


def _batched(items, size):
    some = []
    for item in items:
        some.append(item)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


def read_rows(subject: Subject, neurons: Neurons, rows: Rows, first: int, sizes: Sizes, seed: int) -> Tally:
    """The tally of rows, of which the first is the corpus's `first`-th."""
    tally = Tally.empty(len(neurons), sizes)
    add_rows(tally, subject, neurons, rows, range(len(rows)), first, seed)
    return tally


def add_rows(tally: Tally, subject: Subject, neurons: Neurons, rows: Rows, which: range, first: int, seed: int) -> None:
    """Let the model read these rows, and take their activations in."""
    for batch in _batched(which, max(1, BATCH // subject.context)):
        tokens, lengths = rows.padded(batch)
        acts, _ = subject.activations(tokens, neurons)
        tally.add(acts, tokens, lengths, subject.skip, first + batch[0], subject.context, seed)


@lru_cache(maxsize=1)
def _subject(name: str, context: int, seed: int, digest: str) -> Subject:
    subject = subjects.load(name, context, seed)
    if subject.digest != digest:
        raise subjects.SubjectError(f"{name}: this worker has another model of that name than where the pass was started")
    return subject


def shard(item: tuple[Any, ...]) -> dict[str, Array]:
    """One worker's share of the pass: the tally of its rows."""
    (name, context, model_seed, digest), neurons, rows, first, sizes, seed = item
    return read_rows(_subject(name, context, model_seed, digest), neurons, rows, first, sizes, seed).state()


def gather(
    subject: Subject, neurons: Neurons, rows: Rows, options: Options = Options(), job: runs.Job | None = None,
    model_seed: int = 0,
) -> dict[str, Array]:  # fmt: skip
    """All arrays of the pages, by name; the shapes stand in `SCHEMA`. What is kept in checkpoints of `job` is not done again."""
    job = job or runs.Job()
    sizes = options.sizes
    drawn = min(sizes.drawn, max(64, DRAWN // len(neurons)))
    sizes = Sizes(sizes.top, sizes.low, sizes.tokens, drawn)
    tally = _pass(subject, neurons, rows, sizes, options.seed, job, model_seed)
    found = tally.state()
    places = np.concatenate([found["top_place"], found["low_place"], _banded(tally, options.bands)], 1)
    scale = np.maximum(np.abs(tally.top_value[:, 0]), np.abs(tally.low_value[:, 0])).astype(np.float32)
    lengths = rows.lengths()
    arrays = {
        "layer": neurons.layer.astype(np.int16), "index": neurons.index.astype(np.int32),
        "n_tokens": tally.n_tokens, "n_rows": np.array(len(rows)),
        "mean": tally.mean().astype(np.float32), "deviation": tally.deviation().astype(np.float32),
        "density": (tally.positive / max(1, int(tally.n_tokens))).astype(np.float32),
        "level": tally.level.astype(np.int8), "counts": tally.counts.astype(np.uint32 if tally.n_tokens < 1 << 32 else np.int64),
        "token": found["token_id"].astype(np.int32), "token_value": found["token_value"].astype(np.float16),
        "scale": scale,
    }  # fmt: skip
    arrays |= _look_back(subject, neurons, rows, lengths, places, scale, options, job)
    arrays["peak"] = np.concatenate([tally.top_value, -tally.low_value], 1)
    arrays |= _from_weights(subject, neurons, options) | _correlated(tally, options.neighbours)
    return arrays | _ablated(subject, neurons, rows, tally.mean(), options, job)


# The arrays of `gather` and their axes. An example is one of the texts of a neuron: those with its highest activations, those
# with its lowest, and one drawn of each band. `window` holds the activations around the peaks of all examples, end to end
# (see `spans`), in steps of scale / 127; `text` the tokens of all rows that are shown, `loss` theirs in sixteenths of a nat.
SCHEMA = {
    "layer": "neuron", "index": "neuron", "n_tokens": "", "n_rows": "", "mean": "neuron", "deviation": "neuron",
    "density": "neuron", "level": "neuron", "counts": "neuron bin", "token": "neuron kept", "token_value": "neuron kept",
    "scale": "neuron", "example": "neuron example", "at": "neuron example", "window": "value", "row": "shown",
    "start": "shown_1", "text": "token", "loss": "token", "peak": "neuron extreme",
    "raised": "neuron effect", "raised_by": "neuron effect", "lowered": "neuron effect", "lowered_by": "neuron effect",
    **{f"{kind}_{end}{what}": "neuron neighbour" for kind in NEIGHBOURS for end in ("like", "unlike")
       for what in ("", "_value")},
    "ablation": "neuron", "ablation_error": "neuron",
}  # fmt: skip


def spans(
    at: Int[Array, "*some"], length: Int[Array, "*some"], before: int, after: int
) -> tuple[Int[Array, "*some"], Int[Array, "*some"]]:
    """Where the window around each peak begins in its row, and where it ends."""
    return np.maximum(at - before, 0), np.minimum(at + after + 1, length)


def windows(
    at: Int[Array, "neuron example"], length: Int[Array, "neuron example"], there: Bool[Array, "neuron example"],
    before: int, after: int,
) -> tuple[Int[Array, "neuron example"], Int[Array, "neuron example"], Int[Array, "place"]]:  # fmt: skip
    """The `spans` of all examples, and where each one's activations begin in `window`, with the end of the last behind them.

    Of an example that is not there nothing is kept."""
    begin, end = spans(at, length, before, after)
    return begin, end, np.concatenate([[0], np.cumsum(np.where(there, end - begin, 0))])


def bands(counts: Integer[Array, "bin"], number: int) -> list[Int[Array, "_"]]:
    """The bins from zero to the highest that is taken, in so many groups of about equal width, from the highest down."""
    taken = np.flatnonzero(counts[BELOW:])
    return [BELOW + group for group in np.array_split(np.arange(taken[-1] + 1 if len(taken) else 0), number)][::-1]


def _banded(tally, number):
    """A place drawn from each band of every neuron, or -1 where it is empty."""
    places = np.full((len(tally.level), number), -1)
    for n, counts in enumerate(tally.counts):
        for k, group in enumerate(bands(counts, number)):
            if len(group):
                places[n, k] = tally.bin_place[n, group[tally.bin_key[n, group].argmin()]]
    return places


def _pass(subject, neurons, rows, sizes, seed, job, model_seed):
    """The tally of all rows, here or on a cluster."""
    saved = job.load_checkpoint("pass")
    starts = list(range(0, len(rows), SHARD))
    done = saved.pop("done") if saved else np.zeros(len(starts), bool)
    tally = Tally.of_state(saved) if saved else Tally.empty(len(neurons), sizes)
    waiting = [k for k in range(len(starts)) if not done[k]]
    with job.progress("reading", len(rows)) as bar:
        bar.advance(int(done.sum()) * SHARD)
        for k, part in _shards(subject, neurons, rows, sizes, seed, job, model_seed, starts, waiting):
            if part is None:
                stop = min(starts[k] + SHARD, len(rows))
                add_rows(tally, subject, neurons, rows, range(starts[k], stop), 0, seed)
            else:
                tally.merge(part)
            done[k] = True
            bar.advance(SHARD)
            job.save_checkpoint("pass", tally.state() | {"done": done})
        if waiting:
            job.save_checkpoint("pass", tally.state() | {"done": done}, force=True)
    return tally


def _shards(subject, neurons, rows, sizes, seed, job, model_seed, starts, waiting) -> Iterator[tuple[int, Tally | None]]:
    """Each shard that waits: None where it is to be read here, its tally where a worker has read it."""
    if job.scheduler is None:
        yield from ((k, None) for k in waiting)
        return
    from superposition import cluster

    model = (subject.name, subject.context, model_seed, subject.digest)

    def item(k):
        edges = rows.start[starts[k] : starts[k] + SHARD + 1]
        own = Rows(np.array(rows.flat[edges[0] : edges[-1]]), edges - edges[0])
        return model, neurons, own, starts[k], sizes, seed

    for some in _batched(waiting, 64):  # so that no more than these wait in memory
        for position, state in cluster.spread(job.scheduler, shard, [item(k) for k in some]):
            yield some[position], Tally.of_state(state)


def _look_back(subject, neurons, rows, lengths, places, scale, options, job):
    """The rows that are shown, their losses, and the activations around every peak."""
    n_examples = places.shape[1]
    row, at = np.divmod(np.maximum(places, 0), subject.context)
    there = places >= 0
    kept, example = np.unique(row[there], return_inverse=True)
    begin, end, offset = windows(at, lengths[row], there, options.before, options.after)
    pairs = np.flatnonzero(there.ravel())[np.argsort(example, kind="stable")]
    group = np.searchsorted(np.sort(example), np.arange(len(kept) + 1))
    start = np.concatenate([[0], np.cumsum(lengths[kept])])
    saved = job.load_checkpoint("look-back") or {}
    window = saved.get("window", np.zeros(offset[-1], np.int8))
    loss = saved.get("loss", np.full(start[-1], 255, np.uint8))
    at_once = max(1, min(BATCH, LOGITS // subject.unembed().shape[1]) // subject.context)
    with job.progress("looking back", len(kept)) as bar:
        first = int(saved.get("next", 0))
        bar.advance(first)
        for batch in _batched(range(first, len(kept)), at_once):
            tokens, long = rows.padded(kept[batch])
            acts, losses = subject.activations(tokens, neurons, through=True)
            for i, k in enumerate(batch):
                loss[start[k] : start[k + 1]] = _in_steps(losses[i, : long[i]])
                for pair in pairs[group[k] : group[k + 1]]:
                    n, e = divmod(int(pair), n_examples)
                    values = acts[i, begin[n, e] : end[n, e], n] / (scale[n] or 1) * STEPS
                    window[offset[pair] : offset[pair + 1]] = np.rint(values).clip(-STEPS, STEPS)
            bar.advance(len(batch))
            job.save_checkpoint("look-back", {"window": window, "loss": loss, "next": np.array(batch[-1] + 1)})
    filled = np.full(places.shape, -1, np.int32)
    filled[there] = example
    text = np.concatenate([rows.flat[rows.start[k] : rows.start[k + 1]] for k in kept]) if len(kept) else rows.flat[:0]
    return {
        "example": filled, "at": at.astype(np.int16 if subject.context < 1 << 15 else np.int32), "window": window,
        "row": kept.astype(np.int64), "start": start.astype(np.int64), "text": np.array(text), "loss": loss,
    }  # fmt: skip


def _in_steps(losses):
    steps = np.rint(np.nan_to_num(losses, nan=np.inf) * NATS)
    return np.where(np.isnan(losses), 255, steps.clip(0, 254)).astype(np.uint8)


def _from_weights(subject, neurons, options):
    """What each neuron does to the logits, and whose weights are most and least like its own."""
    reads, writes = zip(*(subject.weights(layer) for layer in neurons.layers), strict=True)
    of = {layer: k for k, layer in enumerate(neurons.layers)}
    W = {
        "reads": np.stack([reads[of[layer]][:, k] for layer, k in zip(neurons.layer, neurons.index, strict=True)]),
        "writes": np.stack([writes[of[layer]][k] for layer, k in zip(neurons.layer, neurons.index, strict=True)]),
    }
    found: dict[str, list[Array]] = {name: [] for name in ("raised", "raised_by", "lowered", "lowered_by")}
    for some in np.array_split(np.arange(len(neurons)), -(-len(neurons) // 256)):
        effects = subject.effects(W["writes"][some])
        for name, sign in (("raised", 1), ("lowered", -1)):
            which = _highest(sign * effects, options.effects)
            found[name].append(which.astype(np.int32))
            found[f"{name}_by"].append(np.take_along_axis(effects, which, 1).astype(np.float16))
    arrays = {name: np.concatenate(parts) for name, parts in found.items()}
    for name, rows in W.items():
        arrays |= _neighbours(formulas.unit(rows), name, options.neighbours)
    return arrays


def _correlated(tally, number):
    """Which neurons fire together and apart, on the tokens drawn."""
    values = tally.drawn_value[tally.drawn_place >= 0].T.astype(np.float64)
    values -= values.mean(1, keepdims=True)
    return _neighbours(formulas.unit(values).astype(np.float32), "fires", number)


def _neighbours(unit, name, number):
    """Of every row those with the highest and the lowest products, without itself; -1 where there are fewer."""
    n = len(unit)
    arrays = {f"{name}_{end}": np.full((n, number), -1, np.int32) for end in ("like", "unlike")}
    arrays |= {f"{name}_{end}_value": np.zeros((n, number), np.float16) for end in ("like", "unlike")}
    few = min(number, n - 1)
    for some in np.array_split(np.arange(n), -(-n // 512)) if few else ():
        product = unit[some] @ unit.T
        for end, sign in (("like", 1), ("unlike", -1)):
            signed = sign * product
            signed[np.arange(len(some)), some] = -np.inf
            which = _highest(signed, few)
            arrays[f"{name}_{end}"][some, :few] = which
            arrays[f"{name}_{end}_value"][some, :few] = np.take_along_axis(product, which, 1)
    return arrays


def _highest(values: Float[Array, "row column"], number: int) -> Int[Array, "row place"]:
    """The columns of each row's highest values, from high to low, the earlier first among equals."""
    return np.argsort(-values, axis=1, kind="stable")[:, :number]


def _ablated(subject, neurons, rows, means, options, job):
    """By how much the loss rises when a neuron gives its mean everywhere, on rows drawn by their keys; nan on none.

    The error is that of a mean over the rows, each weighted by its tokens."""
    lengths = rows.lengths()
    keys = tally_kernel.keys(np.arange(len(rows)), options.seed + 1)
    which = np.sort(np.argsort(keys)[: options.ablated])
    which = which[lengths[which] > 1]
    rise = np.full((len(neurons), len(which)), np.nan)
    saved = job.load_checkpoint("ablation") or {}
    done = int(saved.get("done", 0))
    rise = saved.get("rise", rise)
    chunks = [
        some
        for layer in neurons.layers
        for some in _batched(np.flatnonzero(neurons.layer == layer).tolist(), _at_once(subject))
    ] if len(which) else []  # fmt: skip
    tokens = [rows.padded([k])[0] for k in which.tolist()]
    base = [subject.activations(t, neurons, through=True)[1][0] for t in tokens] if done < len(chunks) else []
    with job.progress("ablating", len(chunks)) as bar:
        bar.advance(done)
        for k in range(done, len(chunks)):
            some = np.array(chunks[k])
            for i, t in enumerate(tokens):
                losses = subject.ablated(t, int(neurons.layer[some[0]]), neurons.index[some], means[some])
                rise[some, i] = np.nanmean(losses.astype(np.float64) - base[i], axis=1)
            bar.advance(1)
            job.save_checkpoint("ablation", {"rise": rise, "done": np.array(k + 1)})
    weight = (lengths[which] - 1) / max(1, (lengths[which] - 1).sum())
    mean = rise @ weight if len(which) else np.full(len(neurons), np.nan)
    spread = ((rise - mean[:, None]) ** 2 * weight**2).sum(1) if len(which) > 1 else np.full(len(neurons), np.nan)
    error = np.sqrt(spread * len(which) / max(1, len(which) - 1))
    return {"ablation": mean.astype(np.float32), "ablation_error": error.astype(np.float32)}


def _at_once(subject):
    """Neurons ablated side by side: as many as their logits have room."""
    return max(1, min(32, LOGITS // (subject.context * subject.unembed().shape[1])))


def stamp(subject: Subject, neurons: Neurons, options: Options, corpus: str) -> dict[str, str]:
    """What a checkpoint must agree with to be gone on from."""
    what = json.dumps([subject.context, neurons.layer.tolist(), neurons.index.tolist(), repr(options), corpus])
    return {"config_sha256": hashlib.sha256(what.encode()).hexdigest(), "code_sha256": subject.digest}
