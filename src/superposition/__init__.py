"""Superposition, Measured: what each experiment computes, and every number and picture of the book.

The table of contents, for your own work; each thing is imported when it is first asked for:

    metrics         the measures of superposition, for weights of any kind; metrics.report(W) has them all
    Autoencoders    toy autoencoders, a stack of them; Autoencoders.of(W, b) for weights of your own
    Networks        toys that compute, of which autoencoders are a kind
    Task            what toys are trained on
    AdamW           its constants and schedules
    train           trains a stack of toys
    evaluate        their loss on held-out data
    exact           the expected loss without sampling, for at most 6 features
    polytopes       the clusters that features form, by name
    addition        transformers that add: addition.load(seed=0); needs the book's repository
    load            the stored results of an experiment; needs the book's repository"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from superposition import addition, metrics
    from superposition.runs import load
    from superposition.toy.engine.autoencoders import Autoencoders
    from superposition.toy.engine.networks import Networks, Task
    from superposition.toy.engine.training import evaluate, train
    from superposition.toy.measures import polytopes
    from superposition.toy.theory import expected_loss as exact
    from superposition.training import AdamW

__all__ = [
    "AdamW", "Autoencoders", "Networks", "Task", "addition", "evaluate", "exact", "load", "metrics", "polytopes", "train",
]  # fmt: skip

_MODULES = {
    "addition": "addition", "exact": "toy.theory.expected_loss", "metrics": "metrics", "polytopes": "toy.measures.polytopes",
}  # fmt: skip
_MEMBERS = {
    "AdamW": "training", "Autoencoders": "toy.engine.autoencoders", "Networks": "toy.engine.networks",
    "Task": "toy.engine.networks", "evaluate": "toy.engine.training", "load": "runs", "train": "toy.engine.training",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{_MODULES[name]}")
    if name in _MEMBERS:
        return getattr(import_module(f"{__name__}.{_MEMBERS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
