"""Films of the chapters on bottlenecks.
Every function takes the loaded results that its asset names, and returns the bytes of its files by ending."""

from superposition.bottleneck.moving_features import KINDS, OWN, PREVIOUS
from superposition.figures import animation, bottleneck
from superposition.runs import Results

Files = dict[str, bytes]


def transformer_film(run: Results) -> Files:
    """The features on the first two hidden axes over training, at every sparsity: a task without need of attention, and one with."""
    W = run["film_W"][[OWN, PREVIOUS], ..., :2].astype(float)
    titles = [f"S = {s:g}" for s in run["sparsity"]]
    rows = [KINDS[OWN], KINDS[PREVIOUS]]
    film = bottleneck.arrows_film(W, run["film_step"], titles, rows, "hidden axis 1", "hidden axis 2")
    return animation.film(film, len(run["film_step"]), fps=6)
