"""The pictures of the toy chapters draw what they are given: positions, titles, limits, colours."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle

from superposition.figures import style, toy

DENSITY = (20.0 ** -np.linspace(0, 1, 10)).astype(np.float32)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def lines_by_name(ax):
    return {line.get_label(): line for line in ax.get_lines() if not line.get_label().startswith("_")}


@pytest.mark.parametrize(
    ("density", "title"),
    [
        (1.0, "S = 0.00"),
        (0.2, "S = 0.80"),
        (0.05, "S = 0.95"),
        (np.float32(0.01), "S = 0.99"),
        (0.003, "S = 0.997"),
        (0.001, "S = 0.999"),
    ],
)
def test_panel_titles_give_the_sparsity_with_the_decimals_it_needs(density, title):
    assert toy.sparsity_title(float(density)) == title


def test_upright_turns_and_mirrors_without_changing_any_product(rng):
    W = rng.normal(size=(7, 3, 5, 2))
    turned = toy.upright(W)
    assert turned @ turned.swapaxes(-1, -2) == pytest.approx(W @ W.swapaxes(-1, -2))
    long = np.linalg.norm(W, axis=-1) > 0.5
    for vectors, enough in zip(turned.reshape(-1, 5, 2), long.reshape(-1, 5)):
        first = vectors[np.argmax(enough)] if enough.any() else vectors[np.linalg.norm(vectors, axis=1).argmax()]
        assert first[0] == pytest.approx(0, abs=1e-12) and first[1] > 0


def test_upright_leaves_nothing_of_a_rotation_or_reflection(rng):
    W, angle = rng.normal(size=(5, 2)), 1.1
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert toy.upright(W @ rotation) == pytest.approx(toy.upright(W))
    assert toy.upright(W * [-1, 1]) == pytest.approx(toy.upright(W))


def test_upright_bears_weights_of_zero():
    assert not toy.upright(np.zeros((2, 5, 2))).any()


def test_five_features_draws_each_vector_at_its_place_in_its_panel(rng):
    W = rng.normal(size=(10, 5, 2)).astype(np.float32)
    fig = toy.five_features(W, DENSITY, 0.9 ** np.arange(5), notes=["pentagon"] * 10)
    assert len(fig.axes) == 10
    for k, ax in enumerate(fig.axes):
        assert ax.get_title() == toy.sparsity_title(float(DENSITY[k]))
        assert [text.get_text() for text in ax.texts] == ["pentagon"]
        assert ax.get_xlim() == ax.get_ylim() == (-1.25, 1.25)
        segments = np.array(ax.collections[0].get_segments())[::-1]
        assert segments[:, 1] == pytest.approx(W[k]) and not segments[:, 0].any()
        assert ax.collections[0].get_colors()[::-1] == pytest.approx(style.importance_colours(5))
        assert [patch.radius for patch in ax.patches if isinstance(patch, Circle)] == [1]
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["1.00", "0.90", "0.81", "0.73", "0.66"]


def test_five_features_fills_rows_of_the_given_number_of_columns(rng):
    fig = toy.five_features(rng.normal(size=(7, 5, 2)), DENSITY[:7], columns=4)
    places = [ax.get_position() for ax in fig.axes]
    assert [round(p.x0, 6) for p in places[:4]] == [round(p.x0, 6) for p in places[4:]] + [0.75]
    assert len({round(p.y0, 6) for p in places}) == 2
    assert {round(p.width * fig.get_figwidth() / (p.height * fig.get_figheight()), 6) for p in places} == {1.0}


def test_shape_frequencies_draws_shares_with_wilsons_intervals():
    counts = np.array([[64, 0], [16, 48], [0, 64]])
    fig = toy.shape_frequencies(counts, DENSITY[[0, 4, 9]], ["orthogonal", "pentagon"])
    ax = fig.axes[0]
    lines = lines_by_name(ax)
    assert lines["orthogonal"].get_ydata() == pytest.approx([1, 0.25, 0])
    assert lines["pentagon"].get_xdata() == pytest.approx(1 / DENSITY[[0, 4, 9]])
    z, n, p = 1.959963984540054, 64, 0.25
    middle, half = (p + z * z / 2 / n) / (1 + z * z / n), z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    corners = ax.collections[0].get_paths()[0].vertices
    at = corners[np.isclose(corners[:, 0], 1 / DENSITY[4]), 1]
    assert (at.min(), at.max()) == pytest.approx((middle - half, middle + half))
    assert ax.get_ylim() == (0, 1)
    assert {text.get_text() for text in ax.texts} == {"orthogonal", "pentagon"}


def test_shape_frequencies_names_no_shape_that_never_appears():
    fig = toy.shape_frequencies(np.array([[8, 0], [8, 0]]), DENSITY[:2], ["orthogonal", "other"])
    assert [text.get_text() for text in fig.axes[0].texts] == ["orthogonal"]


def test_losses_are_drawn_with_their_bands_and_named_at_the_end():
    mean = np.array([np.linspace(0.1, 0.01, 10), np.linspace(0.2, 0.05, 10)])
    ax = toy.loss_by_sparsity(DENSITY, mean, mean * 0.9, mean * 1.1, ["a", "b"], mean[0] + 0.1, "floor").axes[0]
    assert lines_by_name(ax)["b"].get_ydata() == pytest.approx(mean[1])
    assert lines_by_name(ax)["floor"].get_ydata() == pytest.approx(mean[0] + 0.1)
    band = ax.collections[1].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((0.045, 0.22))
    assert ax.get_ylim()[0] == 0 and "loss" in ax.get_ylabel() and ax.get_xlabel()
    end = {text.get_text(): ax.transAxes.transform((1, text.xy[1]))[1] for text in ax.texts}
    for name, last in (("b", 0.05), ("floor", 0.11)):
        assert end[name] == pytest.approx(ax.transData.transform((1, last))[1], abs=1)


def test_a_series_that_ends_early_is_named_where_it_ends():
    mean = np.array([[0.1, np.nan, np.nan], [np.nan, 0.1, 0.05]])
    ax = toy.loss_by_sparsity(DENSITY[:3], mean, mean, mean, ["early", "late"], np.ones(3), "floor").axes[0]
    places = {text.get_text(): text.xy for text in ax.texts}
    assert places["early"] == pytest.approx((1 / DENSITY[0], 0.1))
    assert places["late"][0] == 1


def test_kinds_are_shares_between_none_and_all():
    mean = np.array([[1.0, 0.2], [0.0, 0.8]])
    ax = toy.kinds(DENSITY[[0, 9]], mean, mean, mean, ["alone", "in a pair"]).axes[0]
    assert ax.get_ylim() == (0, 1)
    assert lines_by_name(ax)["in a pair"].get_ydata() == pytest.approx([0, 0.8])


def test_represented_shows_the_number_of_dimensions_as_baseline():
    mean = np.array([[5.0, 5.0], [5.0, 12.0]])
    ax = toy.represented(DENSITY[[0, 9]], mean, mean - 1, mean + 1, ["linear", "ReLU"], n_hidden=5, n_features=20).axes[0]
    baseline = [line for line in ax.get_lines() if line.get_linestyle() == "--"]
    assert [set(line.get_ydata()) for line in baseline] == [{5}]
    assert lines_by_name(ax)["ReLU"].get_ydata() == pytest.approx([5, 12])
    assert ax.get_ylim()[0] == 0 and ax.get_ylim()[1] >= 20
    assert "hidden dimensions: 5" in {text.get_text() for text in ax.texts}


def test_features_per_dimension_draws_every_seed_and_their_median():
    values = np.array([[1.0, 1.1, 1.6], [2.0, 2.2, 2.1]])
    ax = toy.features_per_dimension(DENSITY[[0, 9]], values).axes[0]
    drawn = [tuple(line.get_ydata()) for line in ax.get_lines()]
    assert all(tuple(values[:, seed]) in drawn for seed in range(3))
    assert (1.1, 2.1) in drawn and (1, 1) in drawn


def test_gram_and_bars_draws_the_products_the_biases_and_the_interference(rng):
    W, b = rng.normal(size=(3, 6, 2)), rng.normal(size=(3, 6))
    fig = toy.gram_and_bars(W, b, ["one", "two", "three"], columns=2)
    grams, bars = fig.axes[0:6:2], fig.axes[1:6:2]
    assert [ax.get_title() for ax in grams] == ["one", "two", "three"]
    for k, (gram, bar) in enumerate(zip(grams, bars)):
        square, column = gram.get_images()
        expected = [[sum(W[k, i, h] * W[k, j, h] for h in range(2)) for j in range(6)] for i in range(6)]
        pixels = len(square.get_array()) // len(expected)
        assert np.array(square.get_array())[::pixels, ::pixels] == pytest.approx(np.array(expected))
        assert np.array(column.get_array())[::pixels, 0] == pytest.approx(b[k])
        assert {(image.norm.vmin, image.norm.vmax) for image in (square, column)} == {(-1, 1)}
        for i, patch in enumerate(bar.patches):
            length = np.hypot(*W[k, i])
            overlap = sum((W[k, i] @ W[k, j] / length) ** 2 for j in range(6) if j != i)
            assert patch.get_height() == pytest.approx(length)
            assert patch.get_x() + patch.get_width() / 2 == pytest.approx(i)
            assert patch.get_facecolor() == pytest.approx(style.SEQUENTIAL(min(overlap, 1.0)), abs=0.01)
        assert bar.get_xlim() == gram.get_xlim()  # a bar stands under its column of the matrix
        assert (bar.get_position().x0, bar.get_position().x1) == (gram.get_position().x0, gram.get_position().x1)
        assert gram.get_ylim() == (5.5, -0.5)


def test_an_unrepresented_feature_is_a_bar_without_height():
    fig = toy.gram_and_bars(np.zeros((1, 4, 2)), np.zeros((1, 4)), ["none"])
    assert [patch.get_height() for patch in fig.axes[1].patches] == [0] * 4


def test_the_same_arrays_give_the_same_svg(rng):
    W, b = rng.normal(size=(2, 8, 2)).astype(np.float32), rng.normal(size=(2, 8)).astype(np.float32)
    assert style.svg(toy.gram_and_bars(W, b, ["a", "b"])) == style.svg(toy.gram_and_bars(W, b, ["a", "b"]))
    assert style.svg(toy.five_features(W, DENSITY[:2])) == style.svg(toy.five_features(W, DENSITY[:2]))


def test_a_page_of_heat_maps_stays_light(rng):
    W, b = rng.normal(0, 0.3, size=(7, 80, 20)), rng.normal(0, 0.3, size=(7, 80))
    assert len(style.svg(toy.gram_and_bars(W, b, ["S = 0.997"] * 7))) < 300_000


def test_a_frame_of_the_film_depends_on_its_number_alone(rng):
    W, loss = rng.normal(size=(5, 3, 5, 2)), rng.uniform(0.1, 1, size=(5, 3))
    step = np.arange(5) * 100
    frame = toy.training_film(W, step, loss, DENSITY[[0, 4, 9]])
    frame(4)
    fig = frame(2)
    panels, below = fig.axes[:3], fig.axes[3]
    for d, ax in enumerate(panels):
        assert np.array(ax.collections[0].get_segments())[::-1, 1] == pytest.approx(W[2, d])
        assert ax.get_title() == toy.sparsity_title(float(DENSITY[[0, 4, 9]][d]))
    assert [list(line.get_ydata()) for line in below.get_lines()] == [list(loss[:3, d]) for d in range(3)]
    assert below.collections[-1].get_offsets() == pytest.approx(np.column_stack([[200] * 3, loss[2]]))
    assert "step 200" in {text.get_text() for text in below.texts}
    limits = below.get_xlim(), below.get_ylim()
    frame(0)
    assert (below.get_xlim(), below.get_ylim()) == limits
    assert limits[1][0] < loss.min() and limits[1][1] > loss.max()


def test_series_have_the_palettes_colours_in_order():
    mean = np.ones((3, 2))
    ax = toy.represented(DENSITY[:2], mean, mean, mean, ["a", "b", "c"], 1, 5).axes[0]
    colours = [to_rgb(line.get_color()) for line in lines_by_name(ax).values()]
    assert colours == [to_rgb(colour) for colour in list(style.PALETTE.values())[:3]]


def test_a_name_gives_way_to_a_line_that_runs_through_its_place():
    counts, density = np.array([[64, 0, 0], [64, 0, 0], [0, 34, 30], [0, 10, 54], [0, 6, 58]]), DENSITY[:5]
    for name, place, side in (("peak", 2, "center"), ("a peak in between", 3, "left")):
        texts = toy.shape_frequencies(counts, density, ["falls", name, "rises"]).axes[0].texts
        label = next(text for text in texts if text.get_text() == name)
        assert label.xy[0] == pytest.approx(1 / density[place]) and label.get_ha() == side


def test_the_name_of_a_series_that_ends_early_stands_lower_where_a_line_runs_beside_its_end():
    early, falling = np.array([0.05, 0.1, np.nan, np.nan]), np.array([0.15, 0.12, 0.1, 0.08])
    for other, lower in ((falling, True), (falling * 0 + 0.02, False)):
        mean = np.stack([early, other])
        ax = toy.loss_by_sparsity(DENSITY[:4], mean, mean, mean, ["orthogonal", "other"], np.full(4, 0.2), "floor").axes[0]
        label = next(text for text in ax.texts if text.get_text() == "orthogonal")
        assert (label.get_position()[1] < 0) == lower
