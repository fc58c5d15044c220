"""The pictures of translation through bottlenecks draw what they are given."""

import numpy as np

from superposition.figures import bottleneck

WIDTHS = np.array([4, 8, 16])
BLEU = np.arange(12.0).reshape(2, 3, 2)


def test_quality_has_a_line_a_method_through_the_means_a_dot_a_seed_and_both_ends():
    explained = BLEU / 20
    fig = bottleneck.quality_by_width(WIDTHS, BLEU, explained, (11.5, 0.5), ["one", "two"])
    for ax, across in zip(fig.axes, (np.broadcast_to(WIDTHS[None, :, None], BLEU.shape), 100 * explained), strict=True):
        high, low, *rest = ax.get_lines()
        assert high.get_ydata()[0] == 11.5 and low.get_ydata()[0] == 0.5
        for k in range(2):
            np.testing.assert_array_equal(rest[2 * k].get_xydata(), np.transpose([across[k].ravel(), BLEU[k].ravel()]))
            np.testing.assert_allclose(rest[2 * k + 1].get_xydata(), np.transpose([across[k].mean(1), BLEU[k].mean(1)]))
    assert [label.get_text() for label in fig.axes[0].get_xticklabels()] == ["4", "8", "16"]
    assert [text.get_text() for text in fig.legends[0].get_texts()] == [
        "the translator itself",
        "nothing comes through",
        "one",
        "two",
    ]


def test_each_seed_has_its_lines_around_and_through_with_both_losses():
    lines = np.arange(24.0).reshape(4, 2, 3) + 1
    fig = bottleneck.around_and_through(*lines)
    for ax, own in zip(fig.axes, (lines[:2], lines[2:]), strict=True):
        drawn = [np.asarray(line.get_ydata()).tolist() for line in ax.get_lines()]
        assert drawn == own.reshape(4, 3).tolist()
        assert ax.get_ylim()[0] == 0 and ax.get_ylim()[1] > own.max()
        assert len(ax.get_legend().get_texts()) == 2


def test_each_measure_has_a_panel_with_a_line_a_method_and_what_random_directions_have():
    values, null = np.arange(1.0, 13.0).reshape(2, 2, 3), np.arange(1.0, 7.0).reshape(2, 3)
    fig = bottleneck.measures_by_width(WIDTHS, values, null, ["D\nof tokens", "cos"], ["one", "two"])
    assert [ax.get_title() for ax in fig.axes] == ["D", "cos"]
    for panel, ax in enumerate(fig.axes):
        level, *lines = ax.get_lines()
        np.testing.assert_array_equal(level.get_ydata(), null[panel])
        np.testing.assert_array_equal([line.get_ydata() for line in lines], values[panel])
        assert ax.get_yscale() == "log"
