"""`superposition neuroscope` from its first check to the last file: model and corpus are tried before anything is read.
All that was computed lies in the site's folder, in `.neuroscope`, until the site is whole, so a stopped run goes on there."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from superposition import runs, storage
from superposition.stories.engine import gathering, neuron_site, page_model, sampling, subjects, text
from superposition.stories.engine.gathering import Options, Rows
from superposition.stories.engine.subjects import Subject
from superposition.stories.measures import orders

SAMPLES = "samples"
KEPT = 200, 50  # tokens before a peak and behind it whose activations are kept: nearly all of a story, a part of a long text
LARGEST = 1 << 13  # neurons of a layer that is put in order: their cosines lie in memory


def make(
    model: str, corpus: str, out: Path, layers: Sequence[int] = (), neurons: Sequence[int] = (), context: int | None = None,
    texts: int = 2000, ablated: int = 4, seed: int = 0, scheduler: str | None = None,
) -> Path:  # fmt: skip
    """Build the site of the model's neurons over the corpus in `out`, and return the page to open.

    Raises SubjectError, TextError, SiteError or CorpusError for what is wrong, before the pass."""
    neuron_site.check(out)
    if corpus != SAMPLES:
        _check(corpus)
    subject = subjects.load(model, context)
    return build(subject, corpus, out, layers, neurons, texts, ablated, seed, scheduler)


def build(
    subject: Subject, corpus: str, out: Path, layers: Sequence[int] = (), neurons: Sequence[int] = (), texts: int = 2000,
    ablated: int = 4, seed: int = 0, scheduler: str | None = None,
) -> Path:  # fmt: skip
    """The same of a model that is loaded already, such as one made with `TransformerBridge.boot_native`."""
    chosen, options = subject.neurons(layers, neurons), Options(before=KEPT[0], after=KEPT[1], ablated=ablated, seed=seed)
    place = out / ".neuroscope"
    with storage.lock(place / "lock", f"neuroscope into {out}"):
        stamp = gathering.stamp(subject, chosen, options, f"{_identity(corpus)} {texts}")
        job = runs.Job("cpu", place, stamp, scheduler)
        rows = _rows(subject, corpus, texts, seed, place, job, stamp)
        arrays = gathering.gather(subject, chosen, rows, options, job)
        page, why = page_model.of_subject(subject)
        drawn = min(options.sizes.drawn, int(arrays["n_tokens"]))
        said = f"text drawn from the model itself ({texts:,} texts)" if corpus == SAMPLES else Path(corpus).name
        about = neuron_site.About(
            subject.name, said, f"Every MLP neuron of {subject.name} that was chosen, over {said}.", subject.context,
            subject.begin, subject.norm, options, drawn,
        )  # fmt: skip
        placed = list(_orders(subject, chosen, job))
        with job.progress("writing", len(chosen)) as bar:
            neuron_site.write(out, arrays, about, subject.bytes_of(), page, why, placed, bar.advance)
    shutil.rmtree(place)
    return out / "index.html"


def _check(corpus):
    """An unreadable or empty corpus is found before the model is loaded."""
    try:
        next(iter(text.stories(corpus, "train")))
    except text.TextError as error:
        wanted = f"expected a file or folder of stories, a data set's name on Hugging Face, or {SAMPLES}"
        raise text.TextError(str(error).replace(text.WANTED, wanted)) from None


def _orders(subject, neurons, job):
    """Tours through what the neurons of each layer that is shown whole read and write; of no larger layer than has room."""
    whole = [k for k in neurons.layers if (neurons.layer == k).sum() == subject.sizes[k] <= LARGEST]
    with job.progress("ordering", len(whole)) as bar:
        for layer in whole:
            reads, writes = subject.weights(layer)
            for name, W in (("W_in", reads.T), ("W_out", writes)):
                yield {"name": name, "layer": layer, "order": orders.tour(orders.cosines(W))}
            bar.advance()


def _identity(corpus):
    """What tells a corpus from its next version: names, sizes and times of its files."""
    path = Path(corpus)
    files = sorted(path.glob("*.txt")) if path.is_dir() else [path] if path.exists() else []
    return corpus + "".join(f" {file} {(stat := os.stat(file)).st_size} {stat.st_mtime_ns}" for file in files)


def _rows(subject, corpus, texts, seed, place, job, stamp) -> Rows:
    """The corpus as rows of tokens, kept in a file; read anew only where that file is of something else."""
    made = storage.noted(place / "rows.json")
    if made.get("stamp") == stamp and (place / "tokens").exists():
        kind = np.uint16 if subject.codec.get_vocab_size() <= 1 << 16 else np.uint32
        return Rows(np.memmap(place / "tokens", kind, "r"), np.load(place / "start.npy", allow_pickle=False))
    rows = gathering.tokenise(subject, _texts(subject, corpus, texts, seed, job), place)
    np.save(place / "start.npy", rows.start)
    storage.write(place / "rows.json", json.dumps({"stamp": stamp}).encode())
    return rows


def _texts(subject, corpus, texts, seed, job) -> Iterator[str]:
    if corpus == SAMPLES:
        yield from sampling.texts(subject, texts, subject.context, seed, job)
        return
    total = 0
    with job.progress("cutting into tokens", 0) as bar:
        for story in text.Distinct(text.stories(corpus, "train")):
            yield story
            total += 1
            if total % 1000 == 0:
                bar.update(f"{total:,} texts")
