"""Speed of Neuroscope's pass on a model of the shape of TinyStories-2L-33M, with weights as drawn."""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from superposition.bench import Comparison
from superposition.stories.engine import gathering, subjects, tokenizer
from superposition.stories.engine.gathering import Rows
from superposition.stories.engine.subjects import Subject
from superposition.stories.engine.tallies import Sizes, Tally

ROWS, CONTEXT = 8, 128


def comparisons() -> Iterator[Comparison]:
    """The pass against the bare forward pass, and against `run_with_cache` with a top-k a neuron.

    All with the same bridge on the same rows, after a first part of the corpus, as the pass is longer than one batch."""
    subject = _shape_of_33m()
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, subject.codec.get_vocab_size(), (ROWS, CONTEXT))
    rows = Rows(tokens.ravel(), np.arange(ROWS + 1) * CONTEXT)
    neurons = subject.neurons()
    sizes = Sizes(drawn=gathering.DRAWN // len(neurons))
    tally = Tally.empty(len(neurons), sizes)
    part = [0]

    def ours():
        gathering.add_rows(tally, subject, neurons, rows, range(ROWS), part[0], 0)
        part[0] += ROWS

    for _ in range(8):
        ours()
    given = torch.from_numpy(tokens)

    def bare():
        with torch.no_grad():
            subject.bridge(given, return_type="logits")

    yield Comparison(
        "neuroscope pass", f"the pass over {ROWS} × {CONTEXT} tokens against the bare forward pass, 2 layers of 4,096 neurons",
        ours, bare, 5,
    )  # fmt: skip
    yield Comparison(
        "neuroscope top-k", "the same against run_with_cache and a top-k of each neuron", ours, _cached(subject, given), 5
    )


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


def _shape_of_33m() -> Subject:
    """GPT-Neo with 2 layers, 1,024 dimensions and 50,257 tokens, at its start."""
    import tempfile

    from transformer_lens.model_bridge import TransformerBridge
    from transformers import GPTNeoConfig, GPTNeoForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    config = GPTNeoConfig(
        vocab_size=50257, max_position_embeddings=CONTEXT, hidden_size=1024, num_layers=2, num_heads=16,
        attention_types=[[["global", "local"], 1]], window_size=256, intermediate_size=4096,
    )  # fmt: skip
    codec = tokenizer.train(["a"], 300)
    with tempfile.TemporaryDirectory() as folder:
        model = GPTNeoForCausalLM(config).eval()
        model.config.architectures = ["GPTNeoForCausalLM"]
        model.config.save_pretrained(folder)
        PreTrainedTokenizerFast(tokenizer_object=codec, bos_token=tokenizer.END).save_pretrained(folder)
        wrapped = PreTrainedTokenizerFast.from_pretrained(folder)
        bridge = TransformerBridge.boot_transformers(folder, hf_model=model, tokenizer=wrapped)
    return subjects.Subject("33M", bridge, codec, tokenizer.END_ID)
