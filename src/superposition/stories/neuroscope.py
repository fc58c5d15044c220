"""What Neuroscope's pages show of a sibling: every neuron's texts, histogram, neighbours, logit effects and ablation.
The texts are drawn from the model itself, without the sentences that it has read, so that no data set's text is stored."""

import numpy as np

from superposition import runs
from superposition.stories.engine import gathering, repeats, sampling, subjects, text
from superposition.stories.engine.gathering import Options
from superposition.stories.engine.tallies import Sizes

Array = np.ndarray


class Config(runs.Config):
    model: str
    model_seed: int
    neurons: int
    source: text.Source
    n_stories: int
    drawn: int
    length: int
    least: int
    top: int
    low: int
    bands: int
    kept: int
    before: int
    after: int
    ablated: int


SCHEMA = gathering.SCHEMA | {"tokens_drawn": ""}


def options(config: Config) -> Options:
    """What is kept of every neuron."""
    return Options(
        Sizes(config.top, config.low, config.kept), config.bands, config.before, config.after, ablated=config.ablated,
        seed=config.seed,
    )  # fmt: skip


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Draw texts from the model, cut out what it has read, and gather what the pages show."""
    subject = subjects.load(config.model, seed=config.model_seed)
    drawn = sampling.texts(subject, config.drawn, config.length, config.seed, job)
    stories = () if config.source == "grammar" else _all(config)  # the grammar's text is ours
    kept, sentences, cut = repeats.unread(drawn, stories, config.least)
    rows = gathering.tokenise(subject, kept)
    chosen = subject.neurons((), range(config.neurons))  # the first so many of each layer
    arrays = gathering.gather(subject, chosen, rows, options(config), job, config.model_seed)
    correlated = min(options(config).sizes.drawn, int(arrays["n_tokens"]))
    return arrays | {"tokens_drawn": np.array(correlated)}, {
        "texts drawn": len(drawn), "pieces kept": len(kept), "tokens read": float(arrays["n_tokens"]),
        "sentences of six words and more": sentences, "of these read in training and cut": cut,
        "share of these": cut / max(1, sentences), "texts shown": float(len(arrays["row"])),
        "neurons that never fire": float((arrays["density"] == 0).sum()),
    }  # fmt: skip


def _all(config):
    """The stories that the model was trained on, and those that it was held against."""
    for split in ("train", "valid"):
        yield from text.read(config.source, split, config.n_stories, config.seed)
