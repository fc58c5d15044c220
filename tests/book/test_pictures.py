"""An experiment's pictures are those of its chapter, from any results of it; one that can't be drawn spoils no other."""

import re
from pathlib import Path

import pytest

from superposition import paths, runs
from superposition.book import freeze, pictures
from superposition.book.assets import registry

CHAPTER = Path("chapters/toy/walk.qmd")
CELLS = {
    "setup": "from superposition import book, runs\nfrom superposition.figures import style\nbook.setup()",
    "load": 'walk = runs.load("toy/walk")\nlength, fifth = len(walk["path"]), walk["path"][4:5, 0]',
    "fig-none": "style.figure()[0]",
    "broken": 'late = walk["path"][20]',
    "tbl-walk": 'book.table({"steps": [length]})',
    "drawn": 'fig, axes = style.figure()\naxes[0, 0].plot(walk["path"])',
    "fig-path": 'axes[0, 0].set_title("a walk")\nfig',
    "fig-late": "other, axes = style.figure()\naxes[0, 0].plot(late)\nother",
    "fig-fifth": "other, axes = style.figure()\naxes[0, 0].plot(fifth)\nother",
}


@pytest.fixture
def walk(scratch, monkeypatch):
    """The experiment toy/walk, and its chapter."""
    monkeypatch.setattr(registry, "ASSETS", ())
    cells = "\n\n".join(f'```{{python}}\n#| label: {k}\n#| fig-cap: "{k} & <b>"\n{code}\n```' for k, code in CELLS.items())
    (scratch.root / CHAPTER).parent.mkdir(parents=True)
    (scratch.root / CHAPTER).write_text(f"# Walk\n\n{cells}\n\nIt is `{{python}} str(100 // length)` long.\n")
    (scratch.root / "_quarto.yml").write_text(f"book: {{chapters: [{CHAPTER}]}}\n")
    return scratch.experiment("walk", "steps = 30\n[quick]\nsteps = 5")


@pytest.mark.parametrize("name", runs.names())
def test_an_experiment_has_a_picture(name):
    assert pictures.drawn_by(name), "in a cell of a chapter, load it and end with a figure"


def test_what_is_drawn_is_what_the_chapter_shows_of_the_experiment_and_from_the_results_given(walk):
    full, quick = runs.run(walk), runs.run(walk, quick=True)
    drawn = pictures.draw([full])
    assert ([one.label for one in drawn.pictures], drawn.faults) == (["fig-path", "fig-late", "fig-fifth"], [])
    (ax,) = drawn.pictures[0].drawing.axes
    assert ax.get_title() == "a walk" and len(ax.lines[0].get_ydata()) == 30
    (ax,) = pictures.draw([quick]).pictures[0].drawing.axes
    assert ax.lines[0].get_ydata().tolist() == quick["path"][:, 0].tolist()
    assert len(runs.load(walk)["path"]) == 30


def test_a_cell_that_fails_is_named_and_spoils_only_the_pictures_that_need_it(walk):
    drawn = pictures.draw([runs.run(walk, quick=True)])
    assert [one.label for one in drawn.pictures] == ["fig-path", "fig-fifth"]
    (fault,) = drawn.faults
    assert fault.startswith("chapters/toy/walk.qmd: cell broken: IndexError: ")


def test_pictures_have_a_file_each_or_a_page_that_escapes_what_it_says(walk, tmp_path):
    results = runs.run(walk)
    drawn = pictures.draw([results])
    files = pictures.write(drawn, [results], tmp_path / "a.png")
    assert [file.name for file in files] == ["a-path.png", "a-late.png", "a-fifth.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)
    (page,) = pictures.write(drawn, [results], tmp_path / "a.html")
    text = page.read_text()
    assert text.count("data:image/svg+xml;base64,") == 3 and "fig-path &amp; &lt;b&gt;" in text and "<b>" not in text
    assert not re.search(r'(?:src|href)="(?!data:)', text)


def test_a_chapter_is_tried_out_whole_and_says_which_cell_fails_and_that_nothing_was_written(walk):
    runs.run(walk)
    pictures.check(CHAPTER, [walk])
    (paths.data() / "toy/walk/config.toml").write_text("steps = 8")
    runs.run(walk)
    with pytest.raises(
        pictures.PictureError, match=r"walk\.qmd can't bear toy/walk with .*: cell broken ends in IndexError: .*written"
    ):
        pictures.check(CHAPTER, [walk])


def test_an_experiment_that_no_chapter_draws_says_how_it_is_drawn(walk, scratch):
    other = runs.run(scratch.experiment("other", "steps = 3"))
    with pytest.raises(pictures.PictureError, match="toy/other: no chapter draws it"):
        pictures.draw([other])


def test_a_chapter_shows_other_results_where_the_digest_or_the_config_is_another(walk, monkeypatch):
    runs.run(walk)
    written = {str(CHAPTER): {"results": {walk: runs.results_digest(walk)}}}
    monkeypatch.setattr(freeze, "manifest", lambda: written)
    assert freeze.with_other_results() == {}
    (paths.data() / "toy/walk/config.toml").write_text("steps = 31")
    assert freeze.with_other_results(["toy/walk"]) == {CHAPTER: [walk]} and freeze.with_other_results(["toy/intro"]) == {}
    runs.run(walk)
    assert freeze.with_other_results() == {CHAPTER: [walk]}
