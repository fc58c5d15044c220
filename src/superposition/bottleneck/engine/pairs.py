"""Sentences in English and French: Multi30k's from a folder that the environment names, or the grammar's.
No sentence of the data is stored anywhere: what is kept of it are weights, pieces of words, and numbers."""

import gzip
import os
from pathlib import Path
from typing import Literal

from superposition.bottleneck.engine import bilingual
from superposition.errors import SuperpositionError

Source = Literal["text", "grammar"]
Split = Literal["train", "val", "test_2016_flickr"]

VARIABLE = "SUPERPOSITION_MULTI30K"
SPLITS: tuple[Split, ...] = ("train", "val", "test_2016_flickr")
_WANTED = f"set {VARIABLE} to the folder of Multi30k's train.en.gz, train.fr.gz, val.en.gz … test_2016_flickr.fr.gz"


class PairsError(SuperpositionError):
    """Sentence pairs that cannot be read: says which file, what is wrong with it, and what is wanted."""


def read(source: Source, counts: dict[Split, int], seed: int) -> dict[Split, tuple[list[str], list[str]]]:
    """For each split at most so many English sentences, and their French translations in the same order.

    Real ones from where the environment says, or, with `seed`, the grammar's, no two of them alike.
    Raises PairsError where real ones are wanted and the environment names no folder, or a file in it is at fault.

    >>> {split: len(french) for split, (_, french) in read("grammar", {"train": 3, "val": 2}, 0).items()}
    {'train': 3, 'val': 2}
    """
    if source == "grammar":
        drawn = iter(bilingual.pairs(sum(counts.values()), seed))
        each = {split: [next(drawn) for _ in range(count)] for split, count in counts.items()}
        return {split: ([pair.english for pair in own], [pair.french for pair in own]) for split, own in each.items()}
    given = os.environ.get(VARIABLE)
    if not given:
        raise PairsError(f"the real sentence pairs are wanted, and no path to them is given: {_WANTED}")
    return {split: _of_split(Path(given), split, count) for split, count in counts.items()}


def _of_split(folder: Path, split: Split, count: int) -> tuple[list[str], list[str]]:
    english, french = (_lines(folder / f"{split}.{language}.gz") for language in ("en", "fr"))
    if len(english) != len(french):
        raise PairsError(
            f"{folder}: {split}: expected as many French lines as English ones, got {len(french)} and {len(english)}"
        )
    return english[:count], french[:count]


def _lines(path: Path) -> list[str]:
    """The lines of a gzip file, or of the same file unpacked where that is what is there."""
    plain = path.with_suffix("")
    try:
        data = plain.read_bytes() if plain.is_file() else gzip.decompress(path.read_bytes())
        return [line.strip() for line in data.decode().splitlines()]
    except (OSError, EOFError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PairsError(f"{path}: {reason}: {_WANTED}") from None
