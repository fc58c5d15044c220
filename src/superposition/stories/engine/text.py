"""Stories from a file or folder in TinyStories' own format, from a data set on Hugging Face, or from the grammar.
They are read one at a time, repeated ones are left out and counted, and nothing else about the text is changed."""

import logging
import os
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Literal

from superposition.errors import SuperpositionError
from superposition.stories.engine import grammar

Source = Literal["text", "grammar"]
Split = Literal["train", "valid"]

VARIABLE = "SUPERPOSITION_TINYSTORIES"
DELIMITER = b"<|endoftext|>"
LONGEST = 1 << 22  # bytes between two delimiters
WANTED = (
    f"set {VARIABLE} to the folder of TinyStories-train.txt and TinyStories-valid.txt, "
    "or to the name of a data set on Hugging Face, such as roneneldan/TinyStories"
)


class TextError(SuperpositionError):
    """Stories that cannot be read: says which file, what is wrong with it, and what is wanted."""


class Distinct:
    """The stories without those that came before, which are counted in `repeated`.

    Of each story only 8 bytes of a hash are kept."""

    def __init__(self, stories: Iterable[str]):
        self._stories = stories
        self.repeated = 0

    def __iter__(self) -> Iterator[str]:
        self.repeated, seen = 0, set()
        for story in self._stories:
            key = blake2b(story.encode(), digest_size=8).digest()
            if key in seen:
                self.repeated += 1
            else:
                seen.add(key)
                yield story


def read(source: Source, split: Split, n_stories: int, seed: int) -> Distinct:
    """At most `n_stories` stories: real ones from where the environment says, or, with `seed`, the grammar's.

    Raises TextError where real text is wanted and the environment names none."""
    if source == "grammar":
        return Distinct(story.text for story in grammar.stories(n_stories, [seed, split == "valid"]))
    given = os.environ.get(VARIABLE)
    if not given:
        raise TextError(f"the real stories are wanted, and no path to them is given: {WANTED}")
    return Distinct(islice(stories(given, split), n_stories))


def stories(place: str | Path, split: Split) -> Iterator[str]:
    """The stories of a file, of the folder's file for this split, or of a data set by its name, `owner/name`.

    Raises TextError. A hub is asked only for a name that is no path, and never where HF_HUB_OFFLINE is set."""
    path = Path(place)
    if path.is_dir():
        return _from_file(_of_split(path, split))
    if path.exists():
        return _from_file(path)
    owner, slash, name = str(place).partition("/")
    if not (owner and slash and name) or "/" in name or name.endswith(".txt"):
        raise TextError(f"{place}: no such file or folder: {WANTED}")
    return _from_hub(str(place), split)


def _of_split(folder: Path, split: Split) -> Path:
    """The file of that split, named as in the data set: TinyStories-train.txt, TinyStoriesV2-GPT4-valid.txt."""
    found = sorted(folder.glob(f"*-{split}.txt"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise TextError(f"{folder}: expected one file TinyStories-{split}.txt, got {names}")
    return found[0]


def _from_file(path: Path) -> Iterator[str]:
    try:
        with open(path, "rb") as file:
            yield from _split(file, path)
    except OSError as error:
        raise TextError(f"{path}: {error.strerror}") from None


def _split(file, path):
    """The stories between lines that hold the delimiter alone."""
    lines, start, delimiters, found = [], 0, 0, 0
    while line := file.readline(LONGEST):
        is_delimiter = line.strip() == DELIMITER
        delimiters += is_delimiter
        if not is_delimiter:
            lines.append(line)
        if file.tell() - start > LONGEST:
            raise TextError(
                f"{path}: byte {start:,}: expected a line {DELIMITER.decode()} between stories, got {LONGEST:,} bytes without one"
            )
        if is_delimiter:
            for story in _decoded(lines, start, path):
                found += 1
                yield story
            lines, start = [], file.tell()
    if not delimiters:
        size = file.tell()
        what = f"{size:,} bytes without one" if size else "an empty file"
        raise TextError(f"{path}: expected stories separated by a line {DELIMITER.decode()}, got {what}")
    for story in _decoded(lines, start, path):
        found += 1
        yield story
    if not found:
        raise TextError(f"{path}: expected stories, got {delimiters} lines {DELIMITER.decode()} and nothing between them")


def _decoded(lines, start, path):
    """The story of these lines, or none where they are blank."""
    data = b"".join(lines)
    try:
        story = data.decode().strip()
    except UnicodeDecodeError as error:
        bad = data[error.start]
        raise TextError(f"{path}: byte {start + error.start:,}: expected UTF-8, got 0x{bad:02x} ({error.reason})") from None
    if story:
        yield story


def _from_hub(name: str, split: Split) -> Iterator[str]:
    if os.environ.get("HF_HUB_OFFLINE", "0") not in ("0", ""):
        raise TextError(f"{name}: no such file or folder, and HF_HUB_OFFLINE is set, so no hub is asked: {WANTED}")
    import datasets

    for library in ("datasets", "huggingface_hub"):  # which tell of each of their attempts
        logging.getLogger(library).setLevel(logging.CRITICAL)
    try:
        rows = datasets.load_dataset(name, split="train" if split == "train" else "validation", streaming=True)
        for row in rows:
            yield row["text"].strip()
    except Exception as error:  # whatever the network, the hub and their libraries raise
        reason = " ".join(str(error).split())[:200]
        raise TextError(f"{name}: could not be read from Hugging Face ({type(error).__name__}: {reason}): {WANTED}") from None
