"""Films play everywhere, start before they are loaded, and are the same bytes when made again."""

import re
import subprocess

import imageio_ffmpeg
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from superposition.figures import animation, style, toy

FRAMES = 12


@pytest.fixture
def root(tmp_path, monkeypatch):
    (tmp_path / "_quarto.yml").write_text("")
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    W, loss = rng.normal(size=(FRAMES, 3, 5, 2)), rng.uniform(0.1, 1, size=(FRAMES, 3))
    return toy.training_film(W, np.arange(FRAMES), loss, np.array([1.0, 0.2, 0.05]))


def top_level_boxes(movie):
    """Names of an MP4's boxes in order: four bytes of length, four of name."""
    data, at, names = movie.read_bytes(), 0, []
    while at < len(data):
        names.append(data[at + 4 : at + 8].decode())
        at += int.from_bytes(data[at : at + 4])
    return names


def test_a_film_is_h264_that_browsers_play_and_starts_before_it_is_loaded(root, frame):
    movie = animation.film(frame, FRAMES, "toy-test", fps=6, hold=1)
    assert movie == root / "assets/films/toy-test.mp4"
    said = subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-i", movie], capture_output=True, text=True).stderr
    codec, layout, width, height = re.search(r"Video: (\w+).*?, (yuv\w+).*?, (\d+)x(\d+)", said).groups()
    assert (codec, layout) == ("h264", "yuv420p")
    assert "6 fps" in said and "creation_time" not in said
    with Image.open(movie.with_name("toy-test.poster.png")) as poster:
        assert poster.size == (int(width), int(height))
    assert int(width) % 2 == 0 and int(height) % 2 == 0
    boxes = top_level_boxes(movie)
    assert boxes.index("moov") < boxes.index("mdat")
    count, seconds = imageio_ffmpeg.count_frames_and_secs(str(movie))
    assert count == FRAMES + 6  # a second of rest at the end
    assert seconds == pytest.approx(count / 6, abs=0.05)


def test_poster_is_the_last_frame_and_the_strip_its_stills_side_by_side(root, frame):
    animation.film(frame, FRAMES, "toy-test", stills=[0, 5, 11], strip_columns=2, hold=0)
    films = root / "assets/films"
    assert sorted(p.name for p in films.iterdir()) == ["toy-test.mp4", "toy-test.poster.png", "toy-test.strip.png"]
    with Image.open(films / "toy-test.poster.png") as poster, Image.open(films / "toy-test.strip.png") as strip:
        gap = poster.width // 32  # on each side of each still
        wide, high = poster.width + 2 * gap, poster.height + 2 * gap
        assert strip.size == (2 * wide, 2 * high)
        last = np.asarray(poster.convert("RGB"), dtype=int)
        third = np.asarray(strip.convert("RGB"), dtype=int)[high + gap : -gap, gap : wide - gap]
        assert np.abs(last - animation.pixels(frame(11)).astype(int)).mean() < 1
        assert np.abs(last - third).mean() < 1
        assert (np.asarray(strip.convert("RGB"))[high:, wide:] == 255).all()


def test_a_wide_film_has_two_stills_one_above_the_other(root):
    movie = animation.film(lambda k: Figure(figsize=(4, 2)), 5, "wide", hold=0)
    with Image.open(movie.with_name("wide.strip.png")) as strip:
        assert strip.size == (600 + 2 * 18, 2 * (300 + 2 * 18))


def test_a_film_made_again_is_the_same_bytes(root, frame):
    def bytes_of():
        animation.film(frame, FRAMES, "toy-test")
        return {p.name: p.read_bytes() for p in (root / "assets/films").iterdir()}

    assert bytes_of() == bytes_of()


def test_frames_of_different_size_are_an_error_that_leaves_no_film(root):
    def frame(k):
        return Figure(figsize=(2 + k, 1))

    with pytest.raises(ValueError, match="frame 1 of the film 'odd'"):
        animation.film(frame, 3, "odd")
    assert not list((root / "assets/films").iterdir())


def test_an_error_in_a_frame_leaves_the_old_film(root, frame):
    movie = animation.film(frame, 2, "toy-test")
    before = movie.read_bytes()

    def broken(k):
        if k == 1:
            raise RuntimeError("no frame")
        return frame(k)

    with pytest.raises(RuntimeError, match="no frame"):
        animation.film(broken, 2, "toy-test")
    assert movie.read_bytes() == before
    assert len(list(movie.parent.iterdir())) == 3


def test_pixels_are_on_white_at_an_even_size():
    style.use()
    image = animation.pixels(Figure(figsize=(1.01, 1.01)))
    assert image.shape == (150, 150, 3) and (image == 255).all()


def test_a_second_of_film_takes_at_most_50_kilobytes(root):
    rng = np.random.default_rng(0)
    start, end = rng.normal(size=(2, 4, 5, 2))
    share = np.linspace(0, 1, 72)[:, None, None, None]
    loss = np.geomspace(1, 0.01, 72)[:, None] * np.array([1, 0.5, 0.3, 0.1])
    frame = toy.training_film(start + share * (end - start), np.arange(72), loss, np.array([1.0, 0.5, 0.2, 0.05]))
    assert animation.film(frame, 72, "long", fps=24, hold=0).stat().st_size < 3 * 50_000
