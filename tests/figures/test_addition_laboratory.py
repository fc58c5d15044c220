"""The laboratory's still picture: what is right and wrong in its map, and numbers as one writes them."""

import numpy as np
import pytest

from superposition.figures import addition

PATTERN = np.tril(np.ones((7, 19)), 12) * np.arange(1, 20)


@pytest.fixture
def picture():
    """1234 + 5678 and its tens; all answers of the map are right but one."""
    varied = (np.add.outer(np.arange(10), np.arange(10)) + 1) % 10  # 4 + 8 carries
    varied[2, 5] = 0
    contributions = np.random.default_rng(0).normal(size=(32, 10)) + np.arange(32)[:, None]
    logits = np.where(np.arange(10) == 1, 3.0, 0.0)
    answers = np.array([2, 1, 9, 6, 0, 0, 0])
    return addition.laboratory(1234, 5678, 1, answers, PATTERN, contributions, logits, varied), contributions


def axes_of(figure, label):
    return next(ax for ax in figure.axes if label in ax.get_xlabel())


def test_the_map_fills_the_wrong_answers_and_frames_the_sum(picture):
    ax = axes_of(picture[0], "b’s digit of the tens")
    wrong = ax.images[0].get_array()
    assert np.argwhere(wrong).tolist() == [[2, 5]] and "99 of 100" in ax.get_title()
    assert {(int(text.get_position()[1]), int(text.get_position()[0])): text.get_text() for text in ax.texts}[2, 5] == "0"
    assert ax.patches[0].get_xy() == (6.5, 2.5)


def test_places_stand_as_one_writes_a_sum(picture):
    ax = axes_of(picture[0], "where the heads attend")
    assert "".join(label.get_text() for label in ax.get_xticklabels()) == "001234005678======="
    shown = ax.images[0].get_array()
    assert shown[6, 5] == PATTERN[0, 0] and shown[6, 0] == PATTERN[0, 5] and shown[0, 12] == PATTERN[6, 6]
    assert shown[6, 20] == PATTERN[0, 12] and shown.mask[:, [6, 13]].all() and not shown.mask[:, 14:].any()
    assert ax.patches[0].get_y() == 4.5


def test_contributions_are_drawn_relative_to_the_mean_digit(picture):
    figure, contributions = picture
    image = axes_of(figure, "what it adds to the tens digit").images[0]
    np.testing.assert_allclose(image.get_array(), (contributions - contributions.mean(1, keepdims=True)).T)
    assert image.norm.vmax == -image.norm.vmin == np.abs(image.get_array()).max()


def test_the_title_says_what_the_model_answers(picture):
    assert picture[0].get_suptitle() == "1234 + 5678: the model answers 6912, right"
