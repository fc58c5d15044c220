"""A repository with one small experiment, whose model of one layer has read the grammar's stories."""

import pytest

from superposition import runs

CONFIG = """
module = "stories/train"
source = "grammar"
n_stories = 60
n_entries = 400
seeds = 2
n_layers = 1
d_model = 16
n_heads = 2
context = 16
epochs = 1.0
batch = 4
lr = 0.01
warmup = 2
weight_decay = 0.1
clip = 1.0
precision = "float32"
evaluations = 2
ngram = 3
[quick]
"""


@pytest.fixture(scope="session")
def tiny_root(tmp_path_factory):
    """The repository's folder, after the run of `stories/tiny`."""
    root = tmp_path_factory.mktemp("tiny")
    (root / "_quarto.yml").touch()
    (root / "data/stories/tiny").mkdir(parents=True)
    (root / "data/stories/tiny/config.toml").write_text(CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUPERPOSITION_ROOT", str(root))
        runs.run("stories/tiny", device="cpu")
    return root


@pytest.fixture
def tiny(tiny_root, monkeypatch):
    """The results of `stories/tiny`, whose repository stands in for the book's."""
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tiny_root))
    return runs.load("stories/tiny")
