"""Films from one frame function: an MP4 for the site, its poster, and a strip of stills for the PDF.
The same frames give the same bytes, so a film that is made again changes nothing in the repository."""

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from jaxtyping import UInt8
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

_DPI = 150
# One thread and no date for equal bytes; the index first, so that a browser starts before it has the whole file.
_X264 = (
    "-crf 28 -preset slow -tune animation -threads 1 -x264-params threads=1:lookahead-threads=1 "
    "-map_metadata -1 -fflags +bitexact -flags:v +bitexact -movflags +faststart "
    "-vf scale=out_color_matrix=bt709:out_range=tv -colorspace bt709 -color_primaries bt709 -color_trc bt709"
).split()


def film(
    frame: Callable[[int], Figure],
    n_frames: int,
    fps: int = 24,
    stills: Sequence[int] | None = None,
    strip_columns: int | None = None,
    hold: float | int = 1.5,
) -> dict[str, bytes]:
    """A film as the bytes of its files: `.mp4`, `.poster.png` (the last frame) and `.strip.png`.

    `frame(k)` gives frame k, 0 ≤ k < n_frames; it may redraw and return the same figure each time.
    `stills`: the frames of the strip, `strip_columns` of them side by side; by default four, evenly, two by two,
    and of a wide film, whose letters would get too small, the middle and the last, one above the other.
    `hold`: seconds for which the last frame stays. Raises ValueError where frames differ in size."""
    import imageio_ffmpeg  # only films need it

    kept: dict[int, np.ndarray] = {}
    first = pixels(frame(0))
    height, width, _ = first.shape
    wide = width > 1.8 * height
    stills = list(stills or (np.array([0.5, 1] if wide else [0, 1 / 3, 2 / 3, 1]) * (n_frames - 1)).round().astype(int).tolist())
    with TemporaryDirectory() as folder:
        movie = Path(folder) / "film.mp4"
        writer = imageio_ffmpeg.write_frames(
            str(movie),
            (width, height),
            fps=fps,
            codec="libx264",
            quality=None,
            macro_block_size=2,
            pix_fmt_in="rgb24",
            pix_fmt_out="yuv420p",
            output_params=_X264,
        )
        writer.send(None)
        try:
            for k in range(n_frames):
                image = pixels(frame(k))
                if image.shape != first.shape:
                    raise ValueError(f"frame {k} has shape {image.shape}, frame 0 has {first.shape}")
                if k in stills or k == n_frames - 1:
                    kept[k] = image
                writer.send(image)
            for _ in range(round(hold * fps)):
                writer.send(image)
        finally:
            writer.close()
        return {
            ".mp4": movie.read_bytes(),
            ".poster.png": _png(kept[n_frames - 1]),
            ".strip.png": _png(strip([kept[k] for k in stills], strip_columns or (1 if wide else 2))),
        }


def pixels(figure: Figure) -> UInt8[np.ndarray, "height width 3"]:
    """The figure drawn on white at 150 dpi, cropped to even sizes as H.264 wants them."""
    figure.set_dpi(_DPI)
    figure.set_facecolor("white")
    if not isinstance(figure.canvas, FigureCanvasAgg):
        FigureCanvasAgg(figure)  # becomes figure.canvas, and is used again where the figure is
    figure.canvas.draw()
    image = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    return np.ascontiguousarray(image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2])


def strip(images: Sequence[np.ndarray], columns: int) -> UInt8[np.ndarray, "height width 3"]:
    """Stills in reading order on white, `columns` to a row, a sixteenth of their width apart."""
    gap = images[0].shape[1] // 32
    images = [np.pad(image, ((gap, gap), (gap, gap), (0, 0)), constant_values=255) for image in images]
    blank = np.full_like(images[0], 255)
    rows = [list(images[k : k + columns]) for k in range(0, len(images), columns)]
    rows[-1] += [blank] * (columns - len(rows[-1])) if len(rows) > 1 else []
    return np.vstack([np.hstack(row) for row in rows])


def _png(image: np.ndarray) -> bytes:
    """A PNG of at most 128 colours, which line art doesn't miss."""
    sink = BytesIO()
    Image.fromarray(image).quantize(128, dither=Image.Dither.NONE).save(sink, format="PNG", optimize=True)
    return sink.getvalue()
