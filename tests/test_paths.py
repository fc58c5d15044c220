"""Where things lie, and what happens where there is no repository."""

from pathlib import Path

import pytest

from superposition import paths


def test_the_root_is_the_folder_that_holds_this_test():
    assert paths.root() == Path(__file__).resolve().parents[1]


def test_every_folder_moves_with_the_root(tmp_path, monkeypatch):
    (tmp_path / "_quarto.yml").touch()
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
    folders = {
        paths.data(): "data", paths.assets(): "assets", paths.freeze(): "_freeze", paths.book(): "_book",
        paths.work(): ".work", paths.experiment("toy/intro"): "data/toy/intro",
    }  # fmt: skip
    assert {path.relative_to(tmp_path).as_posix() for path in folders} == set(folders.values())
    assert all(path == tmp_path / name for path, name in folders.items())


def test_a_folder_without_quarto_yml_is_refused_by_name(tmp_path, monkeypatch):
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="pip install -e") as caught:
        paths.root()
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("name", ["intro", "toy/intro/x", "../toy", "toy/..", "toy/intro/", "Toy/Intro", ""])
def test_only_part_slash_experiment_names_an_experiment(name):
    with pytest.raises(ValueError, match="part/experiment"):
        paths.experiment(name)
