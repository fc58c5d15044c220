"""The pictures of overlap and of known features draw what they are given."""

import numpy as np

from superposition.figures import stories

WIDTHS = np.array([16, 32])
SEEDS = np.array([[0.5, 0.7], [0.8, 1.0]])


def test_overlaps_are_dots_of_seeds_and_lines_of_means_beside_chance_and_the_least_there_can_be():
    overlaps = np.stack([SEEDS, SEEDS / 2], -1)
    elsewhere = np.array([[384.0, 0.1], [384.0, 0.2]])
    fig = stories.overlap_by_width(
        WIDTHS, overlaps, ["tokens", "neurons"], np.array([0.05, 0.02]), elsewhere, SEEDS, (1.0, 16.0, 0.5)
    )
    left, right = fig.axes
    drawn = {line.get_label(): line.get_ydata().tolist() for line in left.get_lines() if not line.get_label().startswith("_")}
    assert drawn == {
        "random directions, 1 / m": [1 / 16, 1 / 384], "Welch bound, tokens": [0.05, 0.02], "tokens": [0.6, 0.9],
        "neurons": [0.3, 0.45], "another maker's model": [0.1, 0.2],
    }  # fmt: skip
    curve = right.get_lines()[-1]
    np.testing.assert_allclose(curve.get_ydata()[[0, -1]], [1.5, 1.0])
    assert sorted(y for line in right.get_lines()[:-1] for y in line.get_ydata().tolist()) == [0.5, 0.7, 0.8, 1.0]


def test_each_way_to_read_features_has_its_null_in_the_same_colour():
    (ax,) = stories.features_read(WIDTHS, {"probe": SEEDS, "neuron": SEEDS / 2}, {"probe": SEEDS / 4, "neuron": SEEDS / 8}).axes
    lines = {tuple(line.get_ydata()): line for line in ax.get_lines()}
    for k in (1, 2):
        assert lines[tuple(SEEDS.mean(1) / k)].get_color() == lines[tuple(SEEDS.mean(1) / k / 4)].get_color()
    assert [text.get_text() for text in ax.texts] == ["probe", "neuron"]


def test_a_line_has_one_colour_in_all_panels_of_shares_and_the_most_there_can_be_is_dotted():
    panels = {"in": {"trained": SEEDS, "random": SEEDS / 2}, "behind": {"trained": SEEDS / 3, "turned": SEEDS / 4}}
    fig = stories.shares_by_width(WIDTHS, panels, np.array([0.3, 0.9]))
    means = [{line.get_label(): line for line in ax.get_lines() if not line.get_label().startswith("_")} for ax in fig.axes]
    assert means[0]["trained"].get_color() == means[1]["trained"].get_color() != means[1]["turned"].get_color()
    assert means[1]["turned"].get_ydata().tolist() == (SEEDS / 4).mean(1).tolist()
    assert means[0]["the most there can be"].get_linestyle() == ":"


def test_the_slots_of_a_map_of_features_are_named_at_their_middles():
    map_ = np.eye(5)
    ax, *_ = stories.feature_cosines([map_, -map_], ["before", "after"], {"hero": 3, "thing": 2}).axes
    assert (ax.images[0].get_array() == map_).all() and ax.images[0].get_clim() == (-1, 1)
    assert dict(zip((t.get_text() for t in ax.get_xticklabels()), ax.get_xticks().tolist())) == {"hero": 1.0, "thing": 3.5}
