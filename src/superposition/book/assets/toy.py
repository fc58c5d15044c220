"""Films and still pictures of the chapters on toy autoencoders.
Every function takes the loaded results that its asset names, and returns the bytes of its files by ending."""

from io import BytesIO

import numpy as np
from jaxtyping import Float

from superposition import formulas, metrics
from superposition.book.solids import trained
from superposition.book.solutions import panel
from superposition.figures import animation, style, toy
from superposition.figures.toy import geometry
from superposition.runs import Results
from superposition.toy.computation import RELU, gain
from superposition.toy.intro import SHAPES
from superposition.toy.measures import jumps
from superposition.toy.nonuniform import BRANCHES
from superposition.toy.phase import PHASES
from superposition.toy.theory import almost_orthogonal

Array = np.ndarray
Files = dict[str, bytes]


def cover(intro: Results) -> Files:
    """The best model's arrows in dense, sparse and very sparse data, for the README."""
    shown = [metrics.nearest(1 - intro["density"], sparsity) for sparsity in (0, 0.74, 0.95)]
    W = toy.upright(intro["W"][intro["film_seed"][shown], shown])
    picture = BytesIO()
    fig = toy.five_features(W, intro["density"][shown], columns=3)
    fig.savefig(picture, format="png", dpi=150, facecolor="white", metadata={"Software": None})
    return {".png": picture.getvalue()}


def card(intro: Results) -> Files:
    """The cover in the size that sites show for a link, 1200 × 630, with the book's name."""
    shown = [metrics.nearest(1 - intro["density"], sparsity) for sparsity in (0, 0.74, 0.95)]
    W = toy.upright(intro["W"][intro["film_seed"][shown], shown])
    picture = BytesIO()
    fig = toy.five_features(W, intro["density"][shown], columns=3)
    fig.set_size_inches(8, 4.2)
    fig.suptitle("Superposition, Measured", fontsize=26)
    fig.savefig(picture, format="png", dpi=150, facecolor="white", metadata={"Software": None})
    return {".png": picture.getvalue()}


def intro_slider(intro: Results) -> Files:
    """The best model's arrows at every sparsity."""
    density, panels = intro["density"], np.arange(len(intro["density"]))
    best = intro["film_seed"]
    W, names = toy.upright(intro["W"][best, panels]), [SHAPES[s] for s in intro["shape"][best, panels]]
    importance = intro.config.importance_decay ** np.arange(intro.config.n_features)
    return {".svg": style.svg(toy.five_features(W, density, notes=names, importance=importance))}


def intro_trainer(intro: Results) -> Files:
    """The best model in very sparse data, and what it gives back of one feature, of two neighbours, and of two far apart."""
    k = metrics.nearest(1 - intro["density"], 0.95)
    best = intro["film_seed"][k]
    W = toy.upright(intro["W"][best, k])
    far, *_, near, _ = np.argsort(W @ W[0])
    titles = ["one feature on", "two neighbours on", "two far apart on"]
    fig = toy.in_and_out(W, intro["b"][best, k], [[0], [0, near], [0, far]], titles)
    return {".svg": style.svg(fig)}


def room_still() -> Files:
    """How the cosine between two random directions is distributed, from few dimensions to many."""
    cosine, dimensions = np.linspace(-1, 1, 401), [3, 16, 128, 1024]
    density = np.stack([almost_orthogonal.overlap_density(m, cosine) for m in dimensions])
    return {".svg": style.svg(toy.cosine_densities(cosine, density, dimensions))}


def intro_film(intro: Results) -> Files:
    """The best model's arrows during training at four sparsities, and the loss for each active feature."""
    density, step = intro["density"], intro["film_step"]
    shown = [metrics.nearest(1 - density, sparsity) for sparsity in (0, 0.74, 0.86, 0.95)]
    history, active = intro["history"], intro.config.n_features * density
    loss = [np.interp(step, intro["history_step"], history[:, intro["film_seed"][k], k] / active[k]) for k in shown]
    W = toy.upright(intro["film_W"], like=intro["film_W"][-1])[:, shown]
    return animation.film(toy.training_film(W, step, np.stack(loss, 1), density[shown]), len(step))


def phase_map(two: Results) -> Files:
    """The phases of two features in one dimension."""
    fig = toy.phase_maps(two["phase"][None], two["importance"], two["density"], ["two features, one dimension"], PHASES)
    return {".svg": style.svg(fig)}


def geometry_solution(run: Results) -> Files:
    """The first seed's solution at one sparsity, cut into its clusters."""
    shown = metrics.nearest(1 - run["density"], 0.78)
    one = panel(run["W"][0, shown].astype(float), f"S = {1 - run['density'][shown]:.2f}")
    return {".svg": style.svg(geometry.solution(one.place, one.edges, one.shape, one.label))}


def geometry_solids(dense: Results, run: Results) -> Files:
    """A triangle, a tetrahedron and a square antiprism as they were trained, from one side."""
    solids = trained(dense, run)
    corners, edges = [one.corners for one in solids], [one.edges for one in solids]
    return {".svg": style.svg(geometry.solids(corners, edges, [one.colour for one in solids], [one.title for one in solids]))}


def nonuniform_slider(odd: Results) -> Files:
    """The best arrangement at ten densities of the odd feature."""
    W, density, notes = best_arrangement(odd)
    multiple = density / odd.config.density
    shown = [metrics.nearest(np.log(multiple), np.log(m)) for m in (10, 3.2, 1, 0.5, 0.32, 0.25, 0.2, 0.1, 0.01, 0.001)]
    return {".svg": style.svg(toy.five_features(W[shown], density[shown], notes=[notes[k] for k in shown]))}


def best_arrangement(odd: Results) -> tuple[Float[Array, "panel 5 2"], Float[Array, "panel"], list[str]]:
    """The better of pentagon and square at each density of the odd feature, the densest first, with a note for each.

    The pentagon stands upright, and the square's arrows go to the corners, wherever training had turned them."""
    of_density = 0
    multiplier, W = odd["multiplier"][::-1], odd["branch_W"][of_density][:, ::-1]
    corners = np.array([(0, 0), *((np.cos(a), np.sin(a)) for a in np.radians([135, 225, 315, 45]))])
    square = multiplier < odd["crossing"][of_density].mean()
    best = np.where(square[:, None, None], corners * formulas.norms(W[1])[..., None], toy.upright(W[0]))
    notes = [f"{BRANCHES[branch]}, ×{m:.2g}" for branch, m in zip(square.astype(int), multiplier, strict=True)]
    return best, odd.config.density * multiplier, notes


def dynamics_film(run: Results) -> Files:
    """The first run's dimensionalities and its loss, whose first descent is cut off."""
    step, D, loss = run["step"], run["D"][0], run["loss"][0]
    flat = float(loss[jumps.plateau(jumps.fall(run["loss"])[0])])
    frames = np.unique(np.linspace(0, len(step) - 1, 101).round().astype(int))
    film = toy.learning_film(step, D, loss, flat + 0.35 * (flat - float(loss[-1])), frames)
    return animation.film(film, len(frames))


def computation_film(small: Results) -> Files:
    """The best network for |x| during training; the dashed line is what dedicated neurons leave."""
    dedicated = float(gain(small, "abs")[1][RELU, -1])
    film = toy.computing_film(small["film_step"], small["film_W1"], small["film_W2"], small["film_loss"], dedicated)
    return animation.film(film, len(small["film_step"]), fps=16)
