"""Neuroscope's pass against plain computing, on models of three kinds: what it gathers, resumes, merges and refuses."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.stories.engine import gathering, grammar, page_model, repeats, sampling, scope, subjects, tokenizer
from superposition.stories.engine.gathering import Options
from superposition.stories.engine.tallies import Sizes
from superposition.stories.measures import orders

TEXTS = [story.text for story in grammar.stories(24, [7])]
OPTIONS = Options(Sizes(3, 2, 4, 32), bands=3, before=5, after=2, effects=4, neighbours=2, ablated=3)


def gpt2(folder):
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    codec = tokenizer.train(TEXTS, 400)
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=codec.get_vocab_size(), n_positions=32, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
    )
    GPT2LMHeadModel(config).save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=codec, bos_token=tokenizer.END).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return gpt2(tmp_path_factory.mktemp("gpt2"))


def native():
    """A ReLU model without layer norm, that TransformerLens makes itself."""
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge import TransformerBridge

    codec = tokenizer.train(TEXTS, 300)
    config = TransformerBridgeConfig(
        d_model=16, d_head=8, n_heads=2, n_layers=1, n_ctx=32, d_mlp=24, d_vocab=codec.get_vocab_size(), act_fn="relu",
        normalization_type=None, seed=0,
    )  # fmt: skip
    return subjects.Subject("native", TransformerBridge.boot_native(config), codec, None)


@pytest.fixture(scope="module", params=["GPT-Neo", "GPT-2", "ReLU without layer norm"])
def subject(request, folder, tiny_root):
    if request.param == "GPT-2":
        return subjects.load(folder)
    if request.param != "GPT-Neo":
        return native()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUPERPOSITION_ROOT", str(tiny_root))
        return subjects.load("stories/tiny")


@pytest.fixture(scope="module")
def gathered(subject):
    rows = gathering.tokenise(subject, TEXTS)
    neurons = subject.neurons()
    return SimpleNamespace(subject=subject, rows=rows, neurons=neurons, arrays=gathering.gather(subject, neurons, rows, OPTIONS))


def all_activations(gathered):
    """Of every row at once, by `run_with_cache`; nan behind a row's end and where no text stands."""
    bridge, rows = gathered.subject.bridge, gathered.rows
    tokens, lengths = rows.padded(range(len(rows)))
    with torch.no_grad():
        logits, cache = bridge.run_with_cache(torch.from_numpy(tokens))
        loss = -logits.log_softmax(-1)[:, :-1].gather(-1, torch.from_numpy(tokens)[:, 1:, None])[..., 0]
    acts = torch.cat([cache[f"blocks.{k}.mlp.hook_post"] for k in range(bridge.cfg.n_layers)], -1).numpy().copy()
    at = np.arange(tokens.shape[1])
    acts[(at >= lengths[:, None]) | (at < gathered.subject.skip)] = np.nan
    return tokens, lengths, acts, loss.numpy()


def test_what_is_gathered_is_what_run_with_cache_and_sorting_give(gathered):
    a, subject = gathered.arrays, gathered.subject
    tokens, lengths, acts, loss = all_activations(gathered)
    flat = acts[~np.isnan(acts[..., 0])].astype(np.float64)
    assert a.keys() == gathering.SCHEMA.keys()
    assert int(a["n_tokens"]) == len(flat) == int(a["counts"][0].sum())
    np.testing.assert_allclose(a["mean"], flat.mean(0), atol=1e-5)
    np.testing.assert_allclose(a["deviation"], flat.std(0), atol=1e-4)
    np.testing.assert_allclose(a["density"], (flat > 0).mean(0), atol=2 / len(flat))
    highest = np.sort(np.nanmax(acts, 1), 0)[::-1]
    np.testing.assert_allclose(a["peak"][:, :3], highest[:3].T, atol=1e-5)
    np.testing.assert_allclose(a["peak"][:, 3:], np.sort(np.nanmin(acts, 1), 0)[:2].T, atol=1e-5)
    offset = 0
    for n in range(0, len(a["layer"])):
        for e in range(8):
            text = a["example"][n, e]
            if text < 0:
                continue
            row, at = int(a["row"][text]), int(a["at"][n, e])
            begin, end = max(at - 5, 0), min(at + 3, int(lengths[row]))
            window = a["window"][offset : offset + end - begin].astype(float) * a["scale"][n] / 127
            offset += end - begin
            shown = slice(max(begin, subject.skip), end)
            np.testing.assert_allclose(window[shown.start - begin :], acts[row, shown, n], atol=a["scale"][n] / 254 + 1e-5)
            own = slice(a["start"][text], a["start"][text + 1])
            np.testing.assert_array_equal(a["text"][own], tokens[row, : lengths[row]])
            assert a["loss"][own][0] == 255
            np.testing.assert_allclose(a["loss"][own][1:] / 16, loss[row, : lengths[row] - 1], atol=1 / 32 + 1e-3)
    assert offset == len(a["window"])


def test_an_ablated_neuron_costs_what_a_forward_pass_with_its_weights_column_at_the_mean_costs(gathered):
    """An independent way: the neuron's column is taken out of W_out, and its mean's part put into the bias."""
    a, subject, rows = gathered.arrays, gathered.subject, gathered.rows
    keys = gathering.tally_kernel.keys(np.arange(len(rows)), OPTIONS.seed + 1)
    which = [int(k) for k in np.sort(np.argsort(keys)[:3]) if rows.lengths()[k] > 1]
    n = int(np.argmax(np.abs(a["ablation"])))
    layer, index = int(a["layer"][n]), int(a["index"][n])
    mlp = subject.bridge.blocks[layer].mlp
    losses = lambda: [np.nansum(subject.activations(rows.padded([k])[0], gathered.neurons, True)[1]) for k in which]
    before = sum(losses())
    W, b = next(
        (p, q) for p, q in ((m.weight, m.bias) for m in mlp.modules() if isinstance(getattr(m, "bias", None), torch.nn.Parameter))
        if q.shape[0] == subject.bridge.cfg.d_model
    )  # fmt: skip
    with torch.no_grad():
        column = W[index] if W.shape[0] == subject.sizes[layer] else W[:, index]
        kept, bias = column.clone(), b.clone()
        b += float(a["mean"][n]) * kept
        column.zero_()
        after = sum(losses())
        column.copy_(kept)
        b.copy_(bias)
    tokens = sum(rows.lengths()[k] - 1 for k in which)
    assert (after - before) / tokens == pytest.approx(float(a["ablation"][n]), abs=2e-5)


def test_logit_effects_are_the_change_of_logits_up_to_the_norms_division(gathered):
    """Writing a neuron's direction into the last residual stream, with the norm's division held: the same, centred."""
    subject, a = gathered.subject, gathered.arrays
    n = 5
    write = torch.from_numpy(subject.weights(int(a["layer"][n]))[1][int(a["index"][n])])
    x = torch.randn(64, generator=torch.Generator().manual_seed(1))[: len(write)]
    weight = getattr(subject.bridge.ln_final, "weight", None)

    def logits(v, scale):
        return ((v - v.mean()) / scale * weight if subject.norm else v) @ subject.bridge.W_U

    with torch.no_grad():
        scale = torch.tensor(1.0)
        change = (logits(x + write, scale) - logits(x, scale))[: subject.codec.get_vocab_size()]
    change = (change - change.mean()).numpy()
    order = np.argsort(-change, kind="stable")
    np.testing.assert_allclose(a["raised_by"][n], change[order[:4]], atol=2e-3)
    np.testing.assert_allclose(a["lowered_by"][n], change[order[::-1][:4]], atol=2e-3)


def test_neighbours_are_by_cosine_and_correlation(gathered):
    a, subject = gathered.arrays, gathered.subject
    W = np.concatenate([subject.weights(layer)[1] for layer in range(len(subject.sizes))])
    norm = np.linalg.norm(W, axis=1)
    cosine = W @ W.T / np.outer(norm, norm)
    np.fill_diagonal(cosine, -np.inf)
    assert a["writes_like"][3, 0] == cosine[3].argmax()
    _, _, acts, _ = all_activations(gathered)
    seen = gathering.read_rows(subject, gathered.neurons, gathered.rows, 0, OPTIONS.sizes, 0)
    r, t = np.divmod(seen.state()["drawn_place"], subject.context)
    with np.errstate(all="ignore"):
        correlation = np.nan_to_num(np.corrcoef(acts[r, t].T), nan=0.0)
    k = int(a["deviation"].argmax())
    np.testing.assert_allclose(a["fires_like_value"][k, 0], np.delete(correlation[k], k).max(), atol=2e-3)
    np.testing.assert_allclose(a["fires_unlike_value"][k, 0], np.delete(correlation[k], k).min(), atol=2e-3)


def test_the_page_computes_these_models(gathered):
    page, why = page_model.of_subject(gathered.subject)
    assert (why, page.config["d"]) == ("", 16)


def test_a_siblings_page_model_needs_no_bridge(tiny):
    page, _ = page_model.of_subject(subjects.load("stories/tiny"))
    direct = page_model.of_stacked(tiny, 0)
    assert (page.config, page.merges, page.special) == (direct.config, direct.merges, direct.special)
    for one, other in zip([page.arrays, *page.layers], [direct.arrays, *direct.layers], strict=True):
        assert one.keys() == other.keys()
        for name in one.keys() - {"window"}:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def content(folder):
    """Every file below the folder, with its bytes."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


def test_a_pass_that_is_killed_at_every_checkpoint_ends_in_the_same_bytes(folder, tmp_path, monkeypatch):
    corpus, subject = tmp_path / "texts.txt", subjects.load(folder)
    corpus.write_text("\n<|endoftext|>\n".join(TEXTS))
    monkeypatch.setattr(gathering, "SHARD", 8)
    monkeypatch.setattr(gathering, "_at_once", lambda _: 3)
    monkeypatch.setattr(runs.Job, "checkpoint_seconds", 0.0)
    build = lambda out: scope.build(subject, str(corpus), tmp_path / out, neurons=range(4), ablated=1)
    build("whole")
    save, kills = runs.Job.save_checkpoint, 0

    def save_twice_and_die(job, *args, **options):
        saves.append(save(job, *args, **options))
        if len(saves) == 2:
            raise Killed

    monkeypatch.setattr(runs.Job, "save_checkpoint", save_twice_and_die)
    while True:
        saves = []
        try:
            build("cut")
            break
        except Killed:
            kills += 1
            assert not (tmp_path / "cut/index.html").exists()
    whole = content(tmp_path / "whole")
    assert kills >= 4
    assert whole == content(tmp_path / "cut")
    assert not any(".neuroscope" in path.parts for path in whole)


def test_shards_from_workers_merge_into_the_same_arrays_to_the_bit(folder, monkeypatch):
    from superposition import cluster

    subject = subjects.load(folder)
    rows, neurons = gathering.tokenise(subject, TEXTS), subject.neurons([1], range(12))
    monkeypatch.setattr(gathering, "SHARD", 16)
    here = gathering.gather(subject, neurons, rows, OPTIONS)

    def backwards(address, function, items):
        yield from ((k, function(items[k])) for k in reversed(range(len(items))))

    monkeypatch.setattr(cluster, "spread", backwards)
    there = gathering.gather(subject, neurons, rows, OPTIONS, runs.Job(scheduler="tcp://nowhere:1"))
    for name, array in here.items():
        np.testing.assert_array_equal(array, there[name], err_msg=name)


def test_a_neurons_page_has_its_place_in_the_order_of_a_layer_that_is_shown_whole(folder, tmp_path):
    subject, corpus = subjects.load(folder), tmp_path / "texts.txt"
    corpus.write_text("\n<|endoftext|>\n".join(TEXTS))
    scope.build(subject, str(corpus), tmp_path / "site", layers=[1], ablated=0)
    page = lambda n: json.loads((tmp_path / f"site/data/1/{n}.js").read_text().partition(",")[2].rstrip(");\n"))
    order = orders.tour(orders.cosines(subject.weights(1)[1])).tolist()
    n = order[7]
    _, writes = page(n)["ordering"]
    assert writes == {"name": "W_out", "place": 8, "of": 64, "before": order[6], "after": order[8]}
    assert page(order[8])["ordering"][1]["before"] == n


DOOMED = """
import os
from superposition.stories.engine import gathering
read = gathering.read_rows
gathering.read_rows = lambda *args: (read(*args), os.kill(os.getpid(), 9))
"""


def test_a_site_from_a_cluster_of_which_a_worker_is_killed_is_the_local_one_to_the_byte(
    folder, scheduler, worker, tmp_path, monkeypatch
):
    """The doomed worker reads its first shard, and dies before it can hand it over."""
    corpus = tmp_path / "texts.txt"
    corpus.write_text("\n<|endoftext|>\n".join(TEXTS))
    monkeypatch.setattr(gathering, "SHARD", 16)
    make = lambda out, address: scope.make(folder, str(corpus), tmp_path / out, neurons=range(4), ablated=1, scheduler=address)
    make("here", None)
    doomed, _ = worker(DOOMED), worker()
    make("there", scheduler)
    assert doomed.wait() == -9
    assert content(tmp_path / "here") == content(tmp_path / "there")


def changed(folder, place, changes):
    """A copy of the folder in which files are other bytes, cut short, new, or gone."""
    shutil.copytree(folder, place)
    for name, content in changes.items():
        if content is None:
            (place / name).unlink()
        else:
            (place / name).write_bytes((place / name).read_bytes()[:content] if isinstance(content, int) else content)
    return str(place)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model.safetensors": None, "pytorch_model.bin": b"\x80\x02"}, "pytorch_model.bin is a pickle, which is never opened"),
        ({"model.safetensors": -100}, "model.safetensors: truncated"),
        ({"model.safetensors": 50}, "not a safetensors file, or a truncated one"),
        ({"config.json": None}, "holds no config.json"),
        ({"tokenizer.json": None, "tokenizer_config.json": None}, "holds no tokenizer.json"),
        ({"config.json": b"{"}, "could not be loaded"),
    ],
)
def test_a_broken_models_folder_ends_in_a_sentence(folder, tmp_path, changes, said):
    place = changed(folder, tmp_path / "changed", changes)
    with pytest.raises(subjects.SubjectError, match=said):
        subjects.load(place)


def test_weights_that_are_missing_or_of_another_shape_are_named_and_never_drawn_at_random(folder, tmp_path):
    from safetensors.torch import load_file, save

    weights = load_file(f"{folder}/model.safetensors")
    fewer = {name: w for name, w in weights.items() if "c_fc" not in name}
    shorter = weights | {"transformer.wpe.weight": weights["transformer.wpe.weight"][:10].clone()}
    for kept, said in (
        (fewer, "lack 4 of config.json's tensors, such as transformer.h.0.mlp.c_fc.bias"),
        (shorter, r"wpe.weight: expected shape \(32, 16\) by config.json, got \(10, 16\)"),
    ):
        place = changed(folder, tmp_path / str(len(kept)), {"model.safetensors": save(kept, {"format": "pt"})})
        with pytest.raises(subjects.SubjectError, match=said):
            subjects.load(place)


def test_an_experiment_without_a_language_model_ends_in_a_sentence():
    with pytest.raises(subjects.SubjectError, match="toy/intro: holds no language model"):
        subjects.load("toy/intro")


def test_a_model_without_neurons_and_numbers_that_are_not_there_end_in_a_sentence(folder):
    subject = subjects.load(folder)
    with pytest.raises(subjects.SubjectError, match="has layers 0 to 1, and no 2"):
        subject.neurons([2])
    with pytest.raises(subjects.SubjectError, match="expected 0 to 63, got 64"):
        subject.neurons([], [64])
    cfg = SimpleNamespace(n_ctx=8, n_layers=1, d_mlp=None)
    with pytest.raises(subjects.SubjectError, match="no MLP neurons"):
        subjects.Subject("attention only", SimpleNamespace(cfg=cfg, hook_dict={}), subject.codec, None)


def test_a_folder_of_something_else_and_a_corpus_without_text_are_found_before_the_model_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(subjects, "load", lambda *_: pytest.fail("the model was loaded"))
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(scope.neuron_site.SiteError, match="holds mine.txt"):
        scope.make("m", "samples", tmp_path)
    with pytest.raises(scope.text.TextError, match="mine.txt"):
        scope.make("m", str(tmp_path / "mine.txt"), tmp_path / "site")
    with pytest.raises(scope.text.TextError, match="sample: no such file or folder: expected a file .* or samples"):
        scope.make("m", "sample", tmp_path / "site")


@pytest.mark.parametrize("given, numbers", [("0", [0]), ("0,2-4", [0, 2, 3, 4]), ("", [])])
def test_a_list_of_numbers_is_read(given, numbers):
    from superposition import cli

    assert cli._numbers("--layers", given) == numbers


def test_text_is_drawn_with_the_models_own_probabilities_and_the_same_each_time(folder):
    subject = subjects.load(folder)
    drawn = sampling.draw(subject, 3, 6, [1])
    np.testing.assert_array_equal(drawn, sampling.draw(subject, 3, 6, [1]))
    tokens, rng = np.full((3, 1), subject.begin), np.random.default_rng([1])
    for _ in range(6):
        with torch.no_grad():
            p = subject.bridge(torch.from_numpy(tokens))[:, -1, : subject.codec.get_vocab_size()].double().softmax(-1).numpy()
        tokens = np.concatenate([tokens, [[int(np.searchsorted(c, u * c[-1]))] for c, u in zip(p.cumsum(1), rng.random(3))]], 1)
    np.testing.assert_array_equal(drawn, tokens[:, 1:])


def test_sentences_that_were_read_are_cut_out_whatever_their_case_and_punctuation():
    story = 'Tom said, "We can go to the park now!" and the dog ran after him.'
    drawn = ["The sun was hot and very big. WE CAN GO to the park now. The cat sat on the mat all day. Yes.", "We can go to the."]
    runs_, long, cut = repeats.unread(drawn, [story], 5)
    assert runs_ == ["The sun was hot and very big.", "The cat sat on the mat all day. Yes.", "We can go to the."]
    assert (long, cut) == (3, 1)
    assert repeats.unread(["It was a hot red ball there. And they"], [], 3)[0] == ["It was a hot red ball there."]


def test_the_artefact_holds_no_sentence_that_was_read(tiny_root, monkeypatch):
    from superposition.stories import neuroscope

    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tiny_root))
    config = neuroscope.Config(
        model="stories/tiny", model_seed=0, neurons=4, source="text", n_stories=9, drawn=30, length=15, least=2, top=3, low=1,
        bands=2, kept=3, before=4, after=2, ablated=1,
    )  # fmt: skip
    drawn = sampling.texts(subjects.load("stories/tiny"), 30, 15, 0)
    known = {s for t in drawn for s in map(repeats.words, repeats.sentences(t)) if len(s) >= repeats.WORDS}
    told = [" ".join(s) for s in sorted(known)[::2]]
    monkeypatch.setattr(neuroscope.text, "read", lambda *_: told)
    arrays, metrics = neuroscope.run(config, runs.Job())
    assert metrics["of these read in training and cut"] == len(told) > 0
    codec = tokenizer.of_array(runs.load("stories/tiny")["tokenizer"])
    shown = codec.decode(arrays["text"].tolist())
    assert not any(sentence in " ".join(repeats.words(shown)) for sentence in told)


def test_stamps_differ_for_another_corpus_model_or_option(folder):
    subject = subjects.load(folder)
    stamps = [
        json.dumps(gathering.stamp(subject, subject.neurons(layers), options, corpus))
        for layers, options, corpus in (([], OPTIONS, "a"), ([], OPTIONS, "b"), ([0], OPTIONS, "a"), ([], Options(), "a"))
    ]
    assert len(set(stamps)) == 4
