"""Films play everywhere, start before they are loaded, and are the same bytes when made again."""

import re
import subprocess
import tempfile
from io import BytesIO

import imageio_ffmpeg
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from superposition.figures import animation, style, toy

FRAMES = 12


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    W, loss = rng.normal(size=(FRAMES, 3, 5, 2)), rng.uniform(0.1, 1, size=(FRAMES, 3))
    return toy.training_film(W, np.arange(FRAMES), loss, np.array([1.0, 0.2, 0.05]))


def opened(image):
    return Image.open(BytesIO(image))


def top_level_boxes(data):
    """Names of an MP4's boxes in order: four bytes of length, four of name."""
    at, names = 0, []
    while at < len(data):
        names.append(data[at + 4 : at + 8].decode())
        at += int.from_bytes(data[at : at + 4])
    return names


def test_a_film_is_h264_that_browsers_play_and_starts_before_it_is_loaded(tmp_path, frame):
    files, movie = animation.film(frame, FRAMES, fps=6, hold=1), tmp_path / "film.mp4"
    movie.write_bytes(files[".mp4"])
    said = subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-i", movie], capture_output=True, text=True).stderr
    codec, layout, width, height = re.search(r"Video: (\w+).*?, (yuv\w+).*?, (\d+)x(\d+)", said).groups()
    assert (codec, layout) == ("h264", "yuv420p")
    assert "6 fps" in said and "creation_time" not in said
    assert opened(files[".poster.png"]).size == (int(width), int(height))
    assert int(width) % 2 == 0 and int(height) % 2 == 0
    boxes = top_level_boxes(files[".mp4"])
    assert boxes.index("moov") < boxes.index("mdat")
    count, seconds = imageio_ffmpeg.count_frames_and_secs(str(movie))
    assert count == FRAMES + 6  # a second of rest at the end
    assert seconds == pytest.approx(count / 6, abs=0.05)


def test_poster_is_the_last_frame_and_the_strip_its_stills_side_by_side(frame):
    files = animation.film(frame, FRAMES, stills=[0, 5, 11], strip_columns=2, hold=0)
    assert set(files) == {".mp4", ".poster.png", ".strip.png"}
    poster, strip = opened(files[".poster.png"]), opened(files[".strip.png"])
    gap = poster.width // 32  # on each side of each still
    wide, high = poster.width + 2 * gap, poster.height + 2 * gap
    assert strip.size == (2 * wide, 2 * high)
    last = np.asarray(poster.convert("RGB"), dtype=int)
    third = np.asarray(strip.convert("RGB"), dtype=int)[high + gap : -gap, gap : wide - gap]
    assert np.abs(last - animation.pixels(frame(11)).astype(int)).mean() < 1
    assert np.abs(last - third).mean() < 1
    assert (np.asarray(strip.convert("RGB"))[high:, wide:] == 255).all()


def test_a_wide_film_has_two_stills_one_above_the_other():
    strip = opened(animation.film(lambda k: Figure(figsize=(4, 2)), 5, hold=0)[".strip.png"])
    assert strip.size == (600 + 2 * 18, 2 * (300 + 2 * 18))


def test_a_film_made_again_is_the_same_bytes(frame):
    assert animation.film(frame, FRAMES) == animation.film(frame, FRAMES)


def test_frames_of_different_size_are_an_error():
    with pytest.raises(ValueError, match=r"frame 1 has shape \(150, 450, 3\), frame 0 has \(150, 300, 3\)"):
        animation.film(lambda k: Figure(figsize=(2 + k, 1)), 3)


def test_an_error_in_a_frame_ends_the_film_and_leaves_no_file_behind(tmp_path, monkeypatch, frame):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def broken(k):
        if k == 1:
            raise RuntimeError("no frame")
        return frame(k)

    with pytest.raises(RuntimeError, match="no frame"):
        animation.film(broken, 2)
    assert list(tmp_path.iterdir()) == []


def test_pixels_are_on_white_at_an_even_size():
    style.use()
    image = animation.pixels(Figure(figsize=(1.01, 1.01)))
    assert image.shape == (150, 150, 3) and (image == 255).all()


def test_a_second_of_film_takes_at_most_50_kilobytes():
    rng = np.random.default_rng(0)
    start, end = rng.normal(size=(2, 4, 5, 2))
    share = np.linspace(0, 1, 72)[:, None, None, None]
    loss = np.geomspace(1, 0.01, 72)[:, None] * np.array([1, 0.5, 0.3, 0.1])
    frame = toy.training_film(start + share * (end - start), np.arange(72), loss, np.array([1.0, 0.5, 0.2, 0.05]))
    assert len(animation.film(frame, 72, fps=24, hold=0)[".mp4"]) < 3 * 50_000
