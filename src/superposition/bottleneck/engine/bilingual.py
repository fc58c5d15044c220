"""A small grammar of English sentences with their French translations: each English sentence has exactly one.
What differs between the languages is there in little: gender, agreement, elision, and adjectives behind their nouns."""

from dataclasses import dataclass

import numpy as np

# English, French, the French gender. The first of each list is the most frequent: the k-th is as likely as 1 / (k + 1).
BEINGS = (
    ("dog", "chien", "m"), ("girl", "fille", "f"), ("boy", "garçon", "m"), ("woman", "femme", "f"), ("child", "enfant", "m"),
    ("cat", "chat", "m"), ("nurse", "infirmière", "f"), ("friend", "ami", "m"), ("teacher", "maîtresse", "f"),
    ("horse", "cheval", "m"),
)  # fmt: skip
THINGS = (
    ("ball", "ballon", "m"), ("apple", "pomme", "f"), ("book", "livre", "m"), ("flower", "fleur", "f"), ("tree", "arbre", "m"),
    ("house", "maison", "f"), ("hat", "chapeau", "m"), ("car", "voiture", "f"), ("star", "étoile", "f"), ("cake", "gâteau", "m"),
)  # fmt: skip
# English, French masculine and feminine, whether it stands before the noun in French.
QUALITIES = (
    ("red", "rouge", "rouge", False), ("small", "petit", "petite", True), ("green", "vert", "verte", False),
    ("big", "grand", "grande", True), ("black", "noir", "noire", False), ("old", "vieux", "vieille", True),
    ("white", "blanc", "blanche", False), ("tired", "fatigué", "fatiguée", False),
)  # fmt: skip
# English after one and after several, French likewise.
ACTIONS = (
    ("sees", "see", "voit", "voient"), ("finds", "find", "trouve", "trouvent"), ("carries", "carry", "porte", "portent"),
    ("draws", "draw", "dessine", "dessinent"), ("wants", "want", "veut", "veulent"), ("sells", "sell", "vend", "vendent"),
)  # fmt: skip
PLACES = (
    ("in the garden", "dans le jardin"), ("on the beach", "sur la plage"), ("at school", "à l'école"),
    ("in the street", "dans la rue"), ("near the river", "près de la rivière"), ("in the forest", "dans la forêt"),
)  # fmt: skip
PLURALS = {"child": "children", "woman": "women", "cheval": "chevaux", "chapeau": "chapeaux", "gâteau": "gâteaux"}
VOWELS = "aeiouyé"


@dataclass(frozen=True)
class Pair:
    """A sentence in both languages. `values` holds what was drawn: the features of the sentence, by slot."""

    english: str
    french: str
    values: dict[str, str | bool | None]


def pairs(count: int, seed: int) -> list[Pair]:
    """So many different sentences with their translations, in the order in which they are drawn.

    Raises ValueError where the grammar has not nearly so many.

    >>> pairs(1, 2)[0].english.split()[0] in ("the", "a", "an", "some")
    True
    """
    rng = np.random.default_rng(seed)
    found: dict[str, Pair] = {}
    for _ in range(20 * count + 100):
        if len(found) == count:
            return list(found.values())
        pair = _sentence(rng)
        found.setdefault(pair.english, pair)
    raise ValueError(f"{count:,} different sentences: the grammar has too few of them")


def _sentence(rng: np.random.Generator) -> Pair:
    values: dict[str, str | bool | None] = {}
    who, whom = (_phrase(rng, role, nouns, values) for role, nouns in (("subject", BEINGS), ("object", THINGS)))
    action = _drawn(rng, ACTIONS)
    where = _drawn(rng, PLACES) if rng.random() < 0.6 else None
    values |= {"action": action[0], "place": where and where[0]}
    several = int(bool(values["subject several"]))
    english, french = (
        [who[side], action[2 * side + several], whom[side], *([where[side]] if where else []), "."] for side in (0, 1)
    )
    return Pair(" ".join(english), " ".join(french), values)


def _phrase(rng, role, nouns, values):
    """A noun with its article and perhaps a quality, in both languages."""
    noun, named, gender = _drawn(rng, nouns)
    quality = _drawn(rng, QUALITIES) if rng.random() < 0.5 else None
    several, known = bool(rng.random() < 0.3), bool(rng.random() < 0.6)
    values |= {f"{role}": noun, f"{role} quality": quality and quality[0], f"{role} several": several, f"{role} known": known}
    english = [quality[0]] if quality else []
    english.append(_plural(noun) if several else noun)
    english.insert(0, "the" if known else "some" if several else "an" if english[0][0] in "aeiou" else "a")
    french, before = [_plural(named) if several else named], False
    if quality:
        own, before = quality[1 if gender == "m" else 2], quality[3]
        own = "vieil" if own == "vieux" and not several and named[0] in VOWELS else own
        french.insert(0 if before else 1, _plural(own) if several else own)
    return " ".join(english), _article(gender, several, known, before, french[0]) + " ".join(french)


def _article(gender: str, several: bool, known: bool, before: bool, following: str) -> str:
    """With the space behind it where there is one. Before an adjective, "des" becomes "de"."""
    if known and not several and following[0] in VOWELS:
        return "l'"
    if several:
        return "les " if known else "de " if before else "des "
    return {("m", True): "le ", ("f", True): "la ", ("m", False): "un ", ("f", False): "une "}[gender, known]


def _plural(word: str) -> str:
    return PLURALS.get(word, word if word[-1] in "sx" else word + "s")


def _drawn(rng, options):
    """One of the options, the first the most likely."""
    total = np.cumsum(1 / np.arange(1, len(options) + 1))
    return options[int(np.searchsorted(total, rng.random() * total[-1]))]
