"""What goes wrong for a person at the keyboard: one clear message, and no traceback on the command line.
Every error of this kind names the file or name at fault and the way out."""

from collections.abc import Iterable
from difflib import get_close_matches


class SuperpositionError(Exception):
    """A fault of input, files or machine, not of the code: its message is all that the reader needs."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The sentence ` Did you mean …?` with the nearest of the `known` names, empty where none is near.

    A name's last part counts as the name, so that `intro` finds `toy/intro`."""
    spellings: dict[str, str] = {}
    for name in known:
        spellings.setdefault(name.rpartition("/")[2], name)
        spellings[name] = name
    near = get_close_matches(word, spellings, n=1, cutoff=0.5)
    return f" Did you mean {spellings[near[0]]}?" if near else ""
