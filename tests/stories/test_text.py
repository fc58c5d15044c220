"""Stories from files, folders and names: what is read, what is counted once, and what bad input is told."""

import sys
import tracemalloc
from types import SimpleNamespace

import pytest

from superposition.stories.engine import text

STORIES = ["Once there was a cat.\nIt sat.", "A dog ran — fast.", '"Hi," said <b>Tom</b>.']


def written(path, stories=STORIES, delimiter="<|endoftext|>", newline="\n"):
    path.write_bytes(newline.join(f"{story}{newline}{delimiter}" for story in stories).encode() + newline.encode())
    return path


def fault(place, split="train"):
    with pytest.raises(text.TextError) as caught:
        list(text.stories(place, split))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["TinyStories-{}.txt", "TinyStoriesV2-GPT4-{}.txt"])
def test_a_folder_gives_the_stories_of_the_file_of_the_split(name, tmp_path):
    written(tmp_path / name.format("train"))
    written(tmp_path / name.format("valid"), STORIES[:1])
    assert list(text.stories(tmp_path, "train")) == STORIES
    assert list(text.stories(tmp_path, "valid")) == STORIES[:1]


def test_a_story_keeps_its_lines_and_one_without_a_delimiter_after_it_counts(tmp_path):
    path = tmp_path / "stories.txt"
    path.write_text("\n\nOne.\n\n  Two.\n<|endoftext|>\n<|endoftext|>\n\nThree <|endoftext|> still.")
    assert list(text.stories(path, "train")) == ["One.\n\n  Two.", "Three <|endoftext|> still."]


def test_windows_line_ends_and_blanks_around_the_delimiter_do_not_hide_it(tmp_path):
    path = written(tmp_path / "a.txt", delimiter=" <|endoftext|> ", newline="\r\n")
    assert list(text.stories(path, "train"))[1:] == STORIES[1:]


def test_repeated_stories_are_given_once_and_counted_anew_on_each_reading():
    distinct = text.Distinct(["a", "b", "a", "a", "c", "b"])
    for _ in range(2):
        assert list(distinct) == ["a", "b", "c"]
        assert distinct.repeated == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "got an empty file"),
        (b"A story.\nAnother.\n", "expected stories separated by a line <|endoftext|>, got 18 bytes without one"),
        (b"<|endoftext|>\n \n<|endoftext|>\n", "got 2 lines <|endoftext|> and nothing between them"),
        (b"Good.\n<|endoftext|>\nBa\xffd.\n<|endoftext|>\n", "byte 22: expected UTF-8, got 0xff"),
        (b"Good.\n<|endoftext|>\nCut \xe2\x80", "byte 24: expected UTF-8, got 0xe2"),
    ],
)
def test_a_file_that_is_not_stories_is_told_what_is_wrong(content, said, tmp_path):
    (tmp_path / "stories.txt").write_bytes(content)
    message = fault(tmp_path / "stories.txt")
    assert said in message and str(tmp_path / "stories.txt") in message


def test_a_file_without_end_or_delimiter_is_given_up_in_bounded_memory(tmp_path):
    with open(tmp_path / "stories.txt", "wb") as file:
        file.truncate(1 << 28)
    tracemalloc.start()
    try:
        message = fault(tmp_path / "stories.txt")
        assert "byte 0: expected a line <|endoftext|> between stories, got 4,194,304 bytes without one" in message
        assert tracemalloc.get_traced_memory()[1] < 5 * text.LONGEST
    finally:
        tracemalloc.stop()


def test_stories_are_read_one_at_a_time(tmp_path):
    path = written(tmp_path / "stories.txt", [f"{k} {'x' * 10_000}" for k in range(2000)])
    tracemalloc.start()
    try:
        assert sum(1 for _ in text.stories(path, "train")) == 2000
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


def test_a_folder_without_the_split_or_with_two_of_it_is_told_which_files_there_are(tmp_path):
    assert "expected one file TinyStories-train.txt, got none" in fault(tmp_path)
    written(tmp_path / "TinyStories-train.txt")
    written(tmp_path / "Other-train.txt")
    assert "got Other-train.txt, TinyStories-train.txt" in fault(tmp_path)


@pytest.mark.parametrize("place", ["no/such/place", "nowhere", "nowhere/stories.txt", "/nowhere"])
def test_a_path_that_is_not_there_is_said_and_no_hub_asked(place, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    message = fault(place)
    assert message.startswith(f"{place}: no such file or folder: set SUPERPOSITION_TINYSTORIES to ")


def test_nothing_asks_a_hub_where_it_is_told_not_to(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert "HF_HUB_OFFLINE is set, so no hub is asked" in fault("roneneldan/TinyStories")


def test_a_data_set_by_name_is_streamed_from_its_split(monkeypatch):
    asked = []

    def load_dataset(name, split, streaming):
        asked.append((name, split, streaming))
        return iter([{"text": " One.\n"}, {"text": "Two."}])

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    assert list(text.stories("roneneldan/TinyStories", "valid")) == ["One.", "Two."]
    assert asked == [("roneneldan/TinyStories", "validation", True)]


def test_without_a_network_one_line_says_what_is_wanted(monkeypatch):
    def load_dataset(name, split, streaming):
        raise ConnectionError("Couldn't reach\nthe hub")

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    message = fault("roneneldan/TinyStories")
    assert "could not be read from Hugging Face (ConnectionError: Couldn't reach the hub): set SUPERPOSITION" in message


def test_where_no_path_is_given_the_real_text_is_asked_for_and_the_grammar_is_not(monkeypatch):
    monkeypatch.delenv(text.VARIABLE, raising=False)
    with pytest.raises(text.TextError, match="the real stories are wanted, and no path to them is given: set SUPERPOSITION_TINY"):
        text.read("text", "train", 10, 0)
    assert len(list(text.read("grammar", "train", 10, 0))) == 10


def test_at_most_as_many_stories_are_read_as_wanted_and_the_path_is_the_environments(tmp_path, monkeypatch):
    written(tmp_path / "TinyStories-train.txt", STORIES[:1] * 2 + STORIES)
    monkeypatch.setenv(text.VARIABLE, str(tmp_path))
    stories = text.read("text", "train", 4, 0)
    assert (list(stories), stories.repeated) == (STORIES[:2], 2)


def test_the_grammars_splits_share_no_draw():
    train, valid = (set(text.read("grammar", split, 50, 3)) for split in ("train", "valid"))
    assert len(train & valid) == 0
