"""What all training here has in common: AdamW with its schedules, and a loop that goes on where it was stopped.
The models and their compiled steps belong to the parts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, no_type_check

import numpy as np
from jaxtyping import Float

from superposition import runs

Array = np.ndarray


@dataclass(frozen=True)
class AdamW:
    """AdamW as PyTorch has it, with its default flags; `schedule` is what becomes of lr after `warmup` linear steps.

    An `isotropic` one has one second moment for each row of weights, the mean over the hidden units, so that turning the
    hidden space turns its steps: it knows no basis of that space.

    >>> AdamW(lr=0.1, schedule="linear").rates(4)
    array([0.1  , 0.075, 0.05 , 0.025])
    """

    lr: float = 1e-3
    weight_decay: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    warmup: int = 0
    isotropic: bool = False

    def rates(self, steps: int) -> Float[Array, "steps"]:
        """The learning rate of each step; `linear` and `cosine` come down to zero after the last."""
        step = np.arange(steps)
        rising = np.minimum(1, (step + 1) / (self.warmup + 1))
        done = np.clip((step - self.warmup) / max(1, steps - self.warmup), 0, 1)
        falling = {"constant": np.ones(steps), "linear": 1 - done, "cosine": (1 + np.cos(np.pi * done)) / 2}
        return self.lr * rising * falling[self.schedule]

    @property
    def numbers(self) -> tuple[float, float, float, float]:
        """Weight decay, both betas and eps, as `adamw` takes them."""
        return self.weight_decay, self.beta1, self.beta2, self.eps


@no_type_check  # the tests' check of types would wrap what Numba compiles
def adamw(p, d, first, second, lr, decay, beta1, beta2, eps, step):
    """One step of AdamW in place on flat parameters p with gradient d, as `torch.optim.AdamW` does it; for Numba to compile."""
    T = p.dtype.type
    shrink, rate = T(1 - lr * decay), T(lr / (1 - beta1 ** (step + 1)))
    correct, b1, b2, small = T(1 / np.sqrt(1 - beta2 ** (step + 1))), T(beta1), T(beta2), T(eps)
    one = T(1)
    for i in range(p.size):
        first[i] = b1 * first[i] + (one - b1) * d[i]
        second[i] = b2 * second[i] + (one - b2) * d[i] * d[i]
        p[i] = p[i] * shrink - rate * first[i] / (np.sqrt(second[i]) * correct + small)


def through(
    stops: Sequence[int],
    stretch: Callable[[int, int], None],
    state: dict[str, Array],
    job: runs.Job,
    key: str,
    description: str,
) -> None:
    """Go from each of the rising `stops` to the next by `stretch(start, stop)`, which changes the arrays of `state` in place.

    A run that was killed goes on from the job's last checkpoint, named `key`, to the bit-identical end."""
    done = stops[0]
    if saved := job.load_checkpoint(key):
        done = int(saved["done"])
        for name, array in state.items():
            array[...] = saved[name]
    with job.progress(description, stops[-1]) as progress:
        progress.advance(done)
        for start, stop in pairwise(stops):
            if start >= done:
                stretch(start, stop)
                progress.advance(stop - start)
                job.save_checkpoint(key, state | {"done": np.array(stop)})


def by_steps(
    parameters: Mapping[str, Any],
    optimiser: Any,
    steps: int,
    evaluations: int,
    advance: Callable[[int], float],
    validate: Callable[[], float],
    job: runs.Job,
    key: str,
) -> dict[str, Array]:
    """Train PyTorch's `parameters` in place with its AdamW: `advance(step)` takes a step and returns its loss.

    Returns the loss of every step, and what `validate()` says before the first, after the last and at as many steps as
    `evaluations` asks for. A run that was killed goes on from the job's last checkpoint, named `key`, to the bit-identical
    end, where a step depends on nothing but its number and the parameters."""
    stops = np.unique(np.linspace(0, steps, evaluations + 1).round().astype(int))
    losses, checks = np.zeros(steps, np.float32), np.zeros(len(stops))
    step = _taken_up(parameters, optimiser, losses, checks, job.load_checkpoint(key))
    with job.progress(key, steps) as bar:
        bar.advance(step)
        while True:
            if step in stops:
                checks[np.searchsorted(stops, step)] = found = validate()
                bar.update(f"validation loss {found:.3f}")
            if step == steps:
                return {"train_loss": losses, "valid_step": stops, "valid_loss": checks}
            losses[step] = advance(step)
            step += 1
            bar.advance(1)
            job.save_checkpoint(key, _state(parameters, optimiser, step, losses, checks), force=step == steps)


def _state(parameters, optimiser, step, losses, checks):
    state = {"step": np.array(step), "losses": losses, "checks": checks}
    for name, p in parameters.items():
        moments = optimiser.state[p]
        for what, tensor in (("model", p), ("first", moments["exp_avg"]), ("second", moments["exp_avg_sq"])):
            state[f"{what}/{name}"] = tensor.detach().cpu().numpy()
    return state


def _taken_up(parameters, optimiser, losses, checks, saved):
    """Take up the saved state, if there is one; returns the step to go on from."""
    if saved is None:
        return 0
    import torch  # a second that the other trainings need not pay

    losses[:], checks[:] = saved["losses"], saved["checks"]
    for name, p in parameters.items():
        of = {what: torch.from_numpy(saved[f"{what}/{name}"]).to(p.device) for what in ("model", "first", "second")}
        p.data.copy_(of["model"])
        step = torch.tensor(float(saved["step"]))
        optimiser.state[p] = {"step": step, "exp_avg": of["first"], "exp_avg_sq": of["second"]}
    return int(saved["step"])
