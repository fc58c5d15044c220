"""The pictures of how sparse autoencoders fail draw what they are given."""

import numpy as np
import pytest

from superposition.figures import sparse

RNG = np.random.default_rng(0)


def test_matrices_stand_encoder_above_decoder_and_say_what_is_not_near_zero():
    encoder, decoder = np.array([[[0.9, -0.6], [0.01, 0.8]]]), np.array([[[1.0, 0], [0.7, 0.7]]])
    above, below = sparse.cosine_matrices(encoder, decoder, ["nested"], ["parent", "child"]).axes
    np.testing.assert_allclose(above.images[0].get_array(), encoder[0])
    np.testing.assert_allclose(below.images[0].get_array(), decoder[0])
    assert [text.get_text() for text in above.texts] == ["0.90", "−0.60", "0.80"]
    assert [label.get_text() for label in below.get_xticklabels()] == ["parent", "child"]


def test_theory_is_a_line_and_each_seed_a_row_of_dots():
    carried, expected = RNG.random((2, 1, 3, 4)), RNG.random((2, 1, 4))
    (ax,) = sparse.carried_over_penalty([0.01, 0.1, 0.2, 1], carried, expected, [0.5, 1.0], ["ones"]).axes
    lines = [line for line in ax.get_lines() if line.get_marker() == "None"]
    for line, wanted in zip(lines, expected[:, 0], strict=True):
        np.testing.assert_allclose(line.get_ydata(), wanted)
    dots = [line.get_ydata() for line in ax.get_lines() if line.get_marker() != "None"]
    np.testing.assert_allclose(dots, carried[:, 0].reshape(6, 4))


def test_nested_dots_are_full_and_independent_ones_hollow():
    nested, independent = RNG.random((1, 2, 1, 3)), RNG.random((1, 2, 1, 3))
    (ax,) = sparse.silence_by_kind(nested, independent, ["L1"], ["ones"]).axes
    dots = [line for line in ax.get_lines() if line.get_marker() == "o"]
    full = [line.get_xdata() for line in dots if line.get_markerfacecolor() != "none"]
    np.testing.assert_allclose(full, nested[0, :, 0])
    np.testing.assert_allclose([line.get_xdata() for line in dots if line.get_markerfacecolor() == "none"], independent[0, :, 0])


def test_parents_are_solid_childless_features_dashed_and_untrained_dictionaries_dotted():
    family, lone, untrained = RNG.random((2, 2, 3, 4)), RNG.random((2, 2, 3, 4)), RNG.random((3, 4))
    axes = sparse.split_by_width([4, 8, 12], family, lone, untrained, ["L1", "TopK"]).axes
    assert [ax.get_title() for ax in axes[:2]] == ["L1", "TopK"]
    of = lambda style: [line.get_ydata() for line in axes[1].get_lines() if line.get_linestyle() == style]
    np.testing.assert_allclose(of("-"), family[1].mean(-1))
    np.testing.assert_allclose(of("--"), lone[1].mean(-1))
    np.testing.assert_allclose(of(":"), [untrained.mean(-1)])


def test_features_and_pairs_are_two_lines_and_the_untrained_one_level():
    features, pairs = RNG.random((2, 3, 4)), RNG.random((2, 3, 4))
    axes = sparse.features_or_pairs([0, 0.5, 0.75], features, pairs, np.array([0.3, 0.8]), [("a", "b"), ("c", "d")]).axes
    lines = [line for line in axes[1].get_lines() if line.get_linestyle() == "-"]
    np.testing.assert_allclose([line.get_ydata() for line in lines], [features[1].mean(-1), pairs[1].mean(-1)])
    assert [line.get_ydata()[0] for line in axes[1].get_lines() if line.get_linestyle() == "--"] == pytest.approx([0.8])


def test_hedges_stand_at_their_company_beside_both_expectations():
    hedged, component, rested = RNG.random((2, 3, 4)), np.array([-0.1, 0, 0.2]), np.array([0, 0.1, 0.2])
    (ax,) = sparse.hedging([-1, 0, 1], hedged, component, rested, ["L1", "TopK"]).axes
    lines = {line.get_label(): line for line in ax.get_lines()}
    np.testing.assert_allclose(lines["first principal component"].get_ydata(), component)
    np.testing.assert_allclose(lines["the best without an offset"].get_ydata(), rested)
    dots = [line.get_ydata() for line in ax.get_lines() if line.get_marker() == "o" and len(line.get_xdata())]
    np.testing.assert_allclose(np.transpose(dots), hedged[0])
