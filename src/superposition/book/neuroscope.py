"""The sites of Neuroscope that come with the book, `neuroscope/train_1l` and `neuroscope/train_2l`, from stored results.
Nothing is computed but the pages; an experiment that has not been run yet has no site."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from superposition import paths, runs
from superposition.runs import Results

EXPERIMENTS = {"stories/train_1l": "stories/neuroscope_1l", "stories/train_2l": "stories/neuroscope_2l"}  # by their models
ORDERING = "stories/ordering"


def sites(folder: Path) -> list[Path]:
    """Write them below the built book, and return the pages to open."""
    return [_site(folder / "neuroscope", runs.load(name)) for name in EXPERIMENTS.values() if _stored(name)]


def page(model: str) -> str | None:
    """Where the model's site opens, seen from the top of the book; None where it has none.

    >>> page("stories/train_1l"), page("another")
    ('neuroscope/train_1l/index.html', None)
    """
    return f"neuroscope/{_leaf(model)}/index.html" if model in EXPERIMENTS else None


def _leaf(model):
    return model.rpartition("/")[2]


def made_of() -> list[Path]:
    """The files that they are made of."""
    package = Path(__file__).parents[1]
    names = (*EXPERIMENTS, *EXPERIMENTS.values(), ORDERING)
    records = [paths.experiment(name) / "record.json" for name in names]
    code = [Path(__file__), *(package / "neuroscope").iterdir(), *(package / "stories/engine").glob("*.py")]
    return [file for file in (*records, *code) if file.is_file()]


def _stored(name):
    return (paths.experiment(name) / "record.json").is_file()


def _site(folder: Path, results: Results) -> Path:
    from superposition.stories import neuroscope as experiment  # which imports torch: not for a book that is up to date
    from superposition.stories.engine import neuron_site, page_model, subjects, tokenizer

    config = results.config
    trained, site = runs.load(config.model), folder / _leaf(config.model)
    codec = tokenizer.of_array(trained["tokenizer"])
    cut = results.metrics["of these read in training and cut"] / max(1, results.metrics["sentences of six words and more"])
    text = (
        f"A sibling of the TinyStories models ({config.model}), over {results['n_rows']:,} pieces of text that it has drawn itself. "
        f"Sentences of six words and more that stand in its training data, {100 * cut:.1f}% of them, were cut out."
    )
    layers = trained.config.n_layers
    title = f"A sibling of TinyStories, {layers} layer{'s'[: layers > 1]}"
    about = neuron_site.About(
        title, "text drawn from the model itself", text, trained.config.context, tokenizer.END_ID, "LN",
        experiment.options(config), int(results["tokens_drawn"]),
    )  # fmt: skip
    runnable = page_model.of_stacked(trained, config.model_seed)
    orders = list(_orders(config.model, config.model_seed))
    neuron_site.write(site, results.arrays, about, subjects.token_bytes(codec), runnable, "", orders)
    return site / "index.html"


def _orders(model: str, seed: int) -> Iterator[dict[str, Any]]:
    """The orders of the neurons of this model, where that experiment has been run."""
    if not _stored(ORDERING):
        return
    from superposition.stories import ordering

    found = runs.load(ORDERING)
    for k, one in enumerate(found["matrices"].to_pylist()):
        if (one["model"], one["seed"]) == (model, seed) and one["layer"] >= 0:
            yield {"name": one["kind"], "layer": one["layer"], "order": ordering.order(found, k)}


if __name__ == "__main__":
    sites(paths.book())
