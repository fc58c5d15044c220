"""Text that a model has drawn, without the sentences that it has read: a small model repeats some of them word for word.
What is left are runs of sentences that stand nowhere in its data, whatever their punctuation and case."""

import re
from collections.abc import Iterable, Sequence

WORDS = 6  # a shorter sentence is anybody's
_SENTENCE = re.compile(r"""[^.!?]*[.!?]+["'”’)]*\s*""")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def sentences(text: str) -> list[str]:
    """Its whole sentences, each with its end and the space behind it; what comes after the last is left out."""
    return _SENTENCE.findall(text)


def words(text: str) -> tuple[str, ...]:
    """Its words in lower case."""
    return tuple(_WORD.findall(text.casefold()))


def read(candidates: Iterable[str], stories: Iterable[str]) -> set[tuple[str, ...]]:
    """Those of the sentences, as words, that stand in one of the stories; none of fewer than WORDS words is looked for."""
    wanted: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for sentence in map(words, candidates):
        if len(sentence) >= WORDS:
            wanted.setdefault(sentence[:WORDS], set()).add(sentence)
    found = set()
    for story in stories:
        told = words(story)
        for k, start in enumerate(zip(*(told[j:] for j in range(WORDS)), strict=False)):
            for sentence in wanted.get(start, ()):
                if told[k : k + len(sentence)] == sentence:
                    found.add(sentence)
    return found


def unread(texts: Sequence[str], stories: Iterable[str], least: int) -> tuple[list[str], int, int]:
    """The runs of sentences of the texts that stand in no story, of at least so many words; how many sentences of WORDS
    words and more the texts have, and how many of these were read."""
    each = [sentences(text) for text in texts]
    known = read((sentence for some in each for sentence in some), stories)
    runs, long, cut = [], 0, 0
    for some in each:
        run = ""
        for sentence in [*some, None]:
            said = words(sentence) if sentence is not None else ()
            long += len(said) >= WORDS
            cut += said in known
            if sentence is None or said in known:
                if len(words(run)) >= least:
                    runs.append(run.strip())
                run = ""
            else:
                run += sentence
    return runs, long, cut
