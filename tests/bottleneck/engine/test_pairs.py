"""Sentence pairs from the grammar and from files, and what is said of files at fault."""

import gzip

import pytest

from superposition.bottleneck.engine import bilingual, pairs

COUNTS = {"train": 30, "val": 4, "test_2016_flickr": 6}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Multi30k's file names, three lines each, one split unpacked."""
    for split in pairs.SPLITS:
        for language, word in (("en", "dog"), ("fr", "chien")):
            data = "".join(f"{word} {split} {k}é\n" for k in range(3)).encode()
            if split == "val":
                (tmp_path / f"{split}.{language}").write_bytes(data)
            else:
                (tmp_path / f"{split}.{language}.gz").write_bytes(gzip.compress(data, mtime=0))
    monkeypatch.setenv(pairs.VARIABLE, str(tmp_path))
    return tmp_path


def test_the_grammars_splits_share_no_sentence_and_keep_their_translations():
    splits = pairs.read("grammar", COUNTS, 5)
    assert {split: (len(english), len(french)) for split, (english, french) in splits.items()} == {
        k: (n, n) for k, n in COUNTS.items()
    }
    told = {pair.english: pair.french for pair in bilingual.pairs(40, 5)}
    drawn = [pair for split in splits.values() for pair in zip(*split, strict=True)]
    assert dict(drawn) == told and len(drawn) == 40


def test_real_pairs_are_read_packed_or_not_and_no_more_of_them_than_wanted(folder):
    splits = pairs.read("text", COUNTS | {"train": 2}, 0)
    assert splits["train"] == (["dog train 0é", "dog train 1é"], ["chien train 0é", "chien train 1é"])
    assert splits["val"][1][2] == "chien val 2é" and len(splits["test_2016_flickr"][0]) == 3


def test_without_a_path_to_the_real_pairs_one_sentence_names_the_variable(monkeypatch):
    monkeypatch.delenv(pairs.VARIABLE, raising=False)
    with pytest.raises(pairs.PairsError, match=rf"^the real sentence pairs are wanted.*set {pairs.VARIABLE} to the folder"):
        pairs.read("text", COUNTS, 0)


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        ("train.fr.gz", None, "No such file"),
        ("train.fr.gz", b"chien\n", "[Nn]ot a gzip"),
        ("train.en.gz", gzip.compress(b"dog\n" * 99, mtime=0)[:-9], "ended before"),
        ("val.fr", b"chi\xffen\n" * 3, "invalid start byte"),
        ("val.fr", b"chien\n" * 2, "expected as many French lines as English ones, got 2 and 3"),
    ],
)
def test_a_file_at_fault_is_named_with_its_fault(folder, name, data, fault):
    (folder / name).unlink()
    if data is not None:
        (folder / name).write_bytes(data)
    with pytest.raises(pairs.PairsError, match=fault) as error:
        pairs.read("text", COUNTS, 0)
    assert str(folder) in str(error.value) and "\n" not in str(error.value)
