"""Speed of Neuroscope's pass on a model of the shape of TinyStories-2L-33M, with weights as drawn."""

import tempfile
from collections.abc import Callable, Iterator

import numpy as np
import torch
from jaxtyping import Int

from superposition.bench import Comparison
from superposition.stories.engine import gathering, models, subjects, tokenizer
from superposition.stories.engine.gathering import Rows
from superposition.stories.engine.subjects import Subject
from superposition.stories.engine.tallies import Sizes, Tally

ROWS, CONTEXT = 8, 128


def comparisons() -> Iterator[Comparison]:
    """The pass against the bare forward pass, and against `run_with_cache` with a top-k a neuron.

    All with the same bridge on the same rows."""
    subject = shaped(2, 1024, 16, CONTEXT, 50257)
    ours, bare, given = reading(subject, ROWS)
    yield Comparison(
        "neuroscope pass", f"the pass over {ROWS} × {CONTEXT} tokens against the bare forward pass, 2 layers of 4,096 neurons",
        ours, bare, 5,
    )  # fmt: skip
    yield Comparison(
        "neuroscope top-k", "the same against run_with_cache and a top-k of each neuron", ours, _cached(subject, given), 5
    )


def reading(
    subject: Subject, n_rows: int, before: int = 8
) -> tuple[Callable[[], None], Callable[[], None], Int[torch.Tensor, "row position"]]:
    """Two ways to let the model read so many full rows, the pass and the bare forward pass, and the rows.

    The pass goes on behind `before` times as many rows, as a corpus is longer than a batch."""
    tokens = np.random.default_rng(0).integers(0, subject.codec.get_vocab_size(), (n_rows, subject.context))
    rows = Rows(tokens.ravel(), np.arange(n_rows + 1) * subject.context)
    neurons = subject.neurons()
    tally = Tally.empty(len(neurons), Sizes(drawn=min(Sizes().drawn, gathering.DRAWN // len(neurons))))
    part = [0]

    def ours():
        gathering.add_rows(tally, subject, neurons, rows, range(n_rows), part[0], 0)
        part[0] += n_rows

    for _ in range(before):
        ours()
    given = torch.from_numpy(tokens)

    def bare():
        with torch.no_grad():
            subject.bridge(given, return_type="logits")

    return ours, bare, given


def _cached(subject: Subject, given: torch.Tensor) -> Callable[[], None]:
    """The usual way: keep every activation, then take each neuron's highest rows and merge them with those before."""
    best: dict[str, torch.Tensor] = {}

    def work():
        with torch.no_grad():
            _, cache = subject.bridge.run_with_cache(given)
            for hook in subject.hooks:
                highest = cache[hook].max(1).values
                both = torch.cat([best[hook], highest]) if hook in best else highest
                best[hook] = both.topk(min(20, len(both)), dim=0).values

    return work


def shaped(n_layers: int, d_model: int, n_heads: int, context: int, n_vocab: int) -> Subject:
    """A GPT-Neo of that shape, at its start, with a tokenizer of few entries."""
    from transformer_lens.model_bridge import TransformerBridge
    from transformers import PreTrainedTokenizerFast

    codec = tokenizer.train(["a"], 300)
    model = models.create(n_layers, d_model, n_heads, context, n_vocab, 0).eval()
    with tempfile.TemporaryDirectory() as folder:
        model.config.architectures = ["GPTNeoForCausalLM"]
        model.config.save_pretrained(folder)
        PreTrainedTokenizerFast(tokenizer_object=codec, bos_token=tokenizer.END).save_pretrained(folder)
        wrapped = PreTrainedTokenizerFast.from_pretrained(folder)
        bridge = TransformerBridge.boot_transformers(folder, hf_model=model, tokenizer=wrapped)
    return subjects.Subject(f"{n_layers} layers of {4 * d_model:,} neurons", bridge, codec, tokenizer.END_ID)
