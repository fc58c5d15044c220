"""The bilingual grammar: a translation is a function of its sentence, and French agrees with itself."""

import re
from collections import Counter

import pytest

from superposition.bottleneck.engine import bilingual

PAIRS = bilingual.pairs(3000, 0)
GENDER = {french: gender for _, french, gender in (*bilingual.BEINGS, *bilingual.THINGS)}
FEMININE = {feminine for _, masculine, feminine, _ in bilingual.QUALITIES if feminine != masculine}
MASCULINE = {masculine for _, masculine, feminine, _ in bilingual.QUALITIES if feminine != masculine} | {"vieil"}


def singular(word):
    others = {many: one for one, many in bilingual.PLURALS.items()}
    known = {*GENDER, *FEMININE, *MASCULINE, *(quality[1] for quality in bilingual.QUALITIES)}
    return others.get(word, word if word in known else word.removesuffix("s"))


def phrases(french):
    """The noun phrases of a French sentence without its place, as lists of words."""
    for _, place in bilingual.PLACES:
        french = french.replace(f" {place}", "")
    verbs = "|".join(form for action in bilingual.ACTIONS for form in action[2:])
    return [re.sub("l'", "l' ", part).split() for part in re.split(rf" (?:{verbs}) ", french.removesuffix(" ."))]


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("the old cat sees the green ball in the garden .", "le vieux chat voit le ballon vert dans le jardin ."),
        ("the green girl sees the apples .", "la fille verte voit les pommes ."),
        ("some old horses sell the red star .", "de vieux chevaux vendent l'étoile rouge ."),
        ("the teachers want some small books on the beach .", "les maîtresses veulent de petits livres sur la plage ."),
    ],
)
def test_known_sentences_have_their_translation(english, french):
    assert {pair.english: pair.french for pair in PAIRS}[english] == french


def test_sentences_differ_come_again_with_their_seed_and_keep_their_translation():
    assert len({pair.english for pair in PAIRS}) == len(PAIRS) == 3000
    assert bilingual.pairs(50, 0) == PAIRS[:50]
    known = {pair.english: pair.french for pair in PAIRS}
    shared = [pair for pair in bilingual.pairs(3000, 9) if pair.english in known]
    assert len(shared) > 100 and all(known[pair.english] == pair.french for pair in shared)


def test_in_french_article_and_adjective_agree_with_the_noun_in_gender_and_number():
    for pair in PAIRS:
        for words in phrases(pair.french):
            (noun,) = [word for word in words if singular(word) in GENDER]
            gender, several = GENDER[singular(noun)], words[0] in ("les", "des", "de")
            assert (singular(noun) != noun) == several, pair
            if words[0] in ("le", "un"):
                assert gender == "m", pair
            if words[0] in ("la", "une"):
                assert gender == "f", pair
            for word in {*words[1:]} - {noun}:
                assert singular(word) not in (FEMININE if gender == "m" else MASCULINE), pair
                assert several == (word.endswith(("s", "x")) and word != "vieux") or word == "vieux", pair


def test_the_verb_is_in_the_number_of_its_subject_in_both_languages():
    for pair in PAIRS:
        one, many, un, plusieurs = next(action for action in bilingual.ACTIONS if action[0] == pair.values["action"])
        several = pair.values["subject several"]
        assert f" {many if several else one} " in pair.english and f" {plusieurs if several else un} " in pair.french


def test_an_article_is_elided_before_a_vowel_and_nowhere_else():
    text = " ".join(pair.french for pair in PAIRS)
    assert re.search(r"\b(le|la) [aeiouyé]", text) is None
    assert set(re.findall(r"l'(.)", text)) <= set(bilingual.VOWELS)
    assert re.search(r"\ba [aeiou]|\ban [^aeiou]", " ".join(pair.english for pair in PAIRS)) is None


def test_what_is_frequent_is_frequent_and_most_qualities_follow_their_noun():
    subjects = Counter(pair.values["subject"] for pair in PAIRS)
    assert subjects.most_common(1)[0][0] == "dog" and len(subjects) == len(bilingual.BEINGS)
    assert any("chiens noirs" in pair.french for pair in PAIRS) and any("petit chien" in pair.french for pair in PAIRS)
    assert any(" vieil " in pair.french for pair in PAIRS)


def test_more_sentences_than_there_are_is_an_error(monkeypatch):
    for name in ("BEINGS", "THINGS", "QUALITIES", "ACTIONS", "PLACES"):
        monkeypatch.setattr(bilingual, name, getattr(bilingual, name)[:1])
    assert len(bilingual.pairs(128, 0)) == 128  # with a quality or not, one or several, known or not, twice; a place or not
    with pytest.raises(ValueError, match="129 different sentences"):
        bilingual.pairs(129, 0)
