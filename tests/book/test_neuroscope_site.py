"""Neuroscope's site in a real Chromium: from disk and below a server's path, on a phone, and with hostile text in every place."""

import csv
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from superposition.stories.engine import gathering, grammar, neuron_site, page_model, scope, subjects, tokenizer

from . import site
from .conftest import chromium  # noqa: F401

# What a text may try: run, hide, reverse, overflow, or break the script that carries it.
ATTACKS = [
    "<script>window.attacked=1</script>", "</script><script>window.attacked=1</script>", "<img src=x onerror=window.attacked=1>",
    "<svg onload=window.attacked=1>", "<svg><script>window.attacked=1</script></svg>", "\"><script>window.attacked=1</script>",
    "'><img src=x onerror=window.attacked=1>", "javascript:window.attacked=1", "<a href=javascript:window.attacked=1>x</a>",
    "<iframe srcdoc='<script>parent.attacked=1</script>'></iframe>", "<body onload=window.attacked=1>", "<style>*{display:none}</style>",
    "<style>@import url(//evil.test/x.css)</style>", "<link rel=stylesheet href=//evil.test/x.css>", "<base href=//evil.test/>",
    "<meta http-equiv=refresh content=0;url=//evil.test>", "<form action=//evil.test><input name=x></form>", "<!--", "-->", "<!-- <script>",
    "]]>", "<![CDATA[", "<?php echo 1 ?>", "{{constructor.constructor('window.attacked=1')()}}", "${window.attacked=1}", "`;window.attacked=1;`",
    "\\u003cscript\\u003e", "&lt;script&gt;window.attacked=1&lt;/script&gt;", "&#60;script&#62;", "&amp;&quot;&apos;", "%3Cscript%3E",
    "\");window.attacked=1;//", "');window.attacked=1;//", "\\\");window.attacked=1;//", "</textarea><script>window.attacked=1</script>",
    "</title><script>window.attacked=1</script>", "<details open ontoggle=window.attacked=1>", "<video><source onerror=window.attacked=1>",
    "__proto__", "constructor", "=cmd|' /C calc'!A0", "a\u2028b\u2029c", "nul\x00nul", "bell\x07 escape\x1b[31m", "\u202eevil\u202c", "\u2066x\u2069\u200f",
    "שלום עולם", "مرحبا بالعالم", "e\u0301\u0301\u0301\u0301\u0301\u0301 zalgo", "\u0301\u0302 first", "👩‍👩‍👧‍👦 🏳️‍🌈", "\U0001f984\U0001f9ff", "\ufeffmark\u200bzero",
    "\ufffd", "\u00ad\u115f\u3164\u2800", "\ue000\U000f0000", "tab\there", "a\r\nb", "line\n\n\nline", "x" * 300, "\u0085\u00a0\u3000 spaces",
]  # fmt: skip
HIDDEN = "[\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff\\ufffd\\ue000-\\uf8ff\\ud800-\\udfff]"


@dataclass
class Built:
    folder: Path
    subject: Any
    corpus: list[str]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The site of a small GPT-2 over the attacks, whose tokenizer has learned pieces of them."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("neuroscope")
    corpus = [f"{attack} {story.text}"[:400] for attack, story in zip(ATTACKS, grammar.stories(len(ATTACKS), [3]), strict=True)]
    codec = tokenizer.train([*ATTACKS * 20, *corpus], 1200)
    torch.manual_seed(1)
    config = GPT2Config(vocab_size=codec.get_vocab_size(), n_positions=80, n_embd=16, n_layer=2, n_head=2)
    model = GPT2LMHeadModel(config)
    with torch.no_grad():  # so that neurons differ
        for block in model.transformer.h:
            block.mlp.c_fc.weight *= 20
    model.save_pretrained(folder / "model")
    PreTrainedTokenizerFast(tokenizer_object=codec, bos_token=tokenizer.END).save_pretrained(folder / "model")
    subject = subjects.load(str(folder / "model"))
    subject.name = '<b>hostile</b> & "name"'
    (folder / "text.txt").write_text("\n<|endoftext|>\n".join(corpus), encoding="utf-8", newline="")
    place = folder / "a site"
    scope.build(subject, str(folder / "text.txt"), place, neurons=range(6), ablated=1)
    return Built(place, subject, corpus)


@pytest.fixture(scope="module", params=["disk", "sub-path"])
def address(request, built):
    if request.param == "disk":
        yield built.folder.as_uri()
    else:
        with site.serve(built.folder.parent) as server:
            yield f"{server}/a%20site"


@pytest.fixture
def tab(chromium, built):  # noqa: F811
    """A page that fails the test where anything was said on the console, asked of another place, or run."""
    with opened(chromium) as page:
        yield page


class opened:
    def __init__(self, browser, **options):
        self.context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}} | options)

    def __enter__(self):
        page = self.context.new_page()
        self.faults, self.asked = [], []
        page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.asked = self.asked
        return page

    def __exit__(self, kind, *_):
        attacked = [page.evaluate("window.attacked") for page in self.context.pages if kind is None]
        self.context.close()
        if kind is None:
            assert self.faults == [] and set(attacked) <= {None}
            assert not [url for url in self.asked if "evil" in url]


def go(page, address, hash_=""):
    page.goto("about:blank")
    page.goto(f"{address}/index.html{hash_}")
    page.wait_for_selector(f'html[data-shown="{hash_ or "#"}"]')  # a function would be evaluated, which the page's policy forbids


def shown(page, hash_):
    page.wait_for_selector(f'html[data-shown="{hash_}"]')
    return page.locator("h1").text_content()


def test_one_goes_from_neuron_to_neuron_searches_expands_and_types_a_text(tab, address):
    go(tab, address)
    sizes = [
        len(tab.request.get(url).body()) if url.startswith("http") else Path(url_path(url)).stat().st_size
        for url in tab.asked
        if not url.startswith("data:")
    ]
    assert sum(sizes) < 300_000
    tab.click("#next")
    assert shown(tab, "#L0N0") == "Layer 0, neuron 0"
    tab.keyboard.press("n")
    assert shown(tab, "#L0N1") == "Layer 0, neuron 1"
    tab.keyboard.press("p")
    tab.keyboard.press("p")
    assert shown(tab, "#L1N5") == "Layer 1, neuron 5"  # round the end
    tab.select_option("#layer", "0")
    tab.fill("#neuron", "3")
    tab.click("#go")
    assert shown(tab, "#L0N3") == "Layer 0, neuron 3"
    tab.go_back()
    assert shown(tab, "#L1N5") == "Layer 1, neuron 5"
    tab.keyboard.press("r")
    tab.keyboard.press("/")
    tab.keyboard.type("e")
    tab.keyboard.press("Enter")
    assert shown(tab, "#search=e") == "Search for tokens"
    tab.locator("main table a").first.click()
    tab.wait_for_selector('html[data-shown^="#L"]')
    text = tab.locator(".text").first
    text.focus()
    tab.keyboard.press("ArrowRight")
    assert "activation" in tab.locator("#readout").text_content() or "token" in tab.locator("#readout").text_content()
    tab.click("#own")
    shown(tab, "#text")
    tab.fill("#own-text", "Tom <b>ran</b> home. \ud800")
    tab.locator("main button", has_text="Read").click()
    tab.wait_for_selector("main article")
    assert tab.locator("main article").count() == 12


def url_path(url):
    from urllib.parse import unquote, urlsplit

    return unquote(urlsplit(url).path)


def test_nothing_hostile_runs_hides_or_becomes_markup_on_any_page(tab, built):
    address, texts = built.folder.as_uri(), ""
    for hash_ in [
        "",
        *(f"#L{layer}N{n}" for layer in (0, 1) for n in range(6)),
        "#search=%3C",
        "#search=%00",
        "#search=%E2%80%AE",
        "#L0N99",
        "#search=%",
    ]:
        page = tab
        page.goto("about:blank")
        page.goto(f"{address}/index.html{hash_}")
        page.wait_for_selector("h1")
        assert page.locator("main :is(img, script, iframe, style, link, base, meta, form, b, video, object)").count() == 0
        assert (
            page.evaluate("pattern => (document.body.textContent.match(new RegExp(pattern, 'u')) || [null])[0]", HIDDEN) is None
        )
        texts += page.locator("main").text_content()
    for part in ("<script>", "</script>", "<img src=x", "<!--", "&lt;", "U+202E", "U+2028", "␀", "␛", "U+FEFF", "↵"):
        assert part in texts, part
    assert page.locator("h1").text_content() == "This cannot be shown"


def test_every_byte_can_be_seen(tab, built):
    go(tab, built.folder.as_uri())
    see = lambda data: tab.evaluate("bytes => neuroscope.plain(Uint8Array.from(bytes), true)", list(data))
    cases = {
        b"\xf0": "\\xF0", b"\xf0\x9f\xa6": "\\xF0\\x9F\\xA6", "🦄".encode(): "🦄", b"a\xe2\x80": "a\\xE2\\x80", b"\xc0\xaf": "\\xC0\\xAF",
        b"\xed\xa0\x80": "\\xED\\xA0\\x80", b"\xff": "\\xFF", b"\x00": "␀", b"\n\t\r": "↵⇥␍", b"\x7f": "␡", b" a": "␣a",
        "\u202e".encode(): "U+202E", "\u2028".encode(): "U+2028", "\ufffd".encode(): "U+FFFD", "\u0301".encode(): "◌\u0301",
        "e\u0301".encode(): "e\u0301", ("e" + "\u0301" * 4).encode(): "e\u0301\u0301U+0301U+0301", "\u00a0".encode(): "U+00A0",
        "\u200d".encode(): "U+200D", "\ue000".encode(): "U+E000", "ש".encode(): "ש", b"<b>&amp;": "<b>&amp;",
    }  # fmt: skip
    assert {data: see(data) for data in cases} == cases
    bidi = tab.evaluate(
        "getComputedStyle(document.body.appendChild(Object.assign(document.createElement('bdi'), {className: 'token'}))).unicodeBidi"
    )
    assert bidi == "isolate"


def test_the_page_cuts_text_into_the_tokenizers_tokens_and_computes_the_models_activations(tab, built):
    go(tab, built.folder.as_uri())
    texts = [
        *ATTACKS,
        *built.corpus,
        "",
        " ",
        "  \n\n x",
        "don't we'll I'D",
        "<|endoftext|>a<|endoftext|>",
        "٣٤ ½ x²",
        "a\u0085\u0085b \u3000\ufeff c",
    ]
    tokens = tab.evaluate("async texts => { const model = await neuroscope.model(); return texts.map(model.encode); }", texts)
    assert tokens == [built.subject.codec.encode(text, add_special_tokens=False).ids for text in texts]
    ids = [tokenizer.END_ID, *tokens[5]][:48]
    found = tab.evaluate(
        "async ids => { const model = await neuroscope.model(); return neuroscope.activations(model, ids).map(layer => [...layer]); }",
        ids,
    )
    truth, _ = built.subject.activations(np.array([ids]), built.subject.neurons())
    np.testing.assert_allclose(np.concatenate([np.reshape(f, (len(ids), -1)) for f in found], 1), truth[0], atol=1e-3)
    assert np.abs(truth).max() > 0.5


@pytest.fixture(params=["whole rows kept", "windows kept"])
def folder(request, built, tmp_path):
    """The site of the command, and one of few stored activations, whose page computes the others."""
    if request.param == "whole rows kept":
        return built.folder
    subject, options = built.subject, gathering.Options(before=5, after=2, ablated=0)
    rows = gathering.tokenise(subject, built.corpus)
    arrays = gathering.gather(subject, subject.neurons((), range(6)), rows, options)
    about = neuron_site.About("small", "attacks", "", subject.context, subject.begin, subject.norm, options, 64)
    neuron_site.write(tmp_path / "site", arrays, about, subject.bytes_of(), page_model.of_subject(subject)[0], "")
    return tmp_path / "site"


def test_a_text_is_cut_50_tokens_before_its_peak_and_10_behind_and_expands_to_all_of_it_with_the_models_activations(
    tab, built, folder
):
    rows = gathering.tokenise(built.subject, built.corpus)
    go(tab, folder.as_uri(), "#L1N3")
    assert max(tab.locator(".text").evaluate_all("all => all.map(one => one.children.length)")) <= 61
    article = tab.locator("article", has=tab.locator("button")).first
    row, _, length = map(int, re.findall(r"\d+", article.locator("span").nth(1).text_content()))
    cut = article.locator(".token").count()
    article.locator("button").click()
    article.locator(f".token:nth-child({length})").wait_for()
    assert cut < article.locator(".token").count() == length
    truth, _ = built.subject.activations(rows.padded([row])[0], built.subject.neurons([1], [3]))
    scale = json.loads(re.search(r'"scale":([-.e0-9]+)', (folder / "data/1/3.js").read_text())[1])
    for k in range(1, length, 3):
        article.locator(".token").nth(k).dispatch_event("click")
        said = re.search(r"activation (−?[.0-9]+(?:e−?\d+)?)", tab.locator("#readout").text_content())[1]
        assert float(said.replace("−", "-")) == pytest.approx(float(truth[0, k, 0]), abs=scale / 254 + 1e-3)
    article.locator("button").click()
    assert article.locator(".token").count() == cut


def test_what_is_downloaded_is_what_is_shown(tab, built):
    go(tab, built.folder.as_uri(), "#L1N2")
    content = {}
    for kind in ("JSON", "CSV"):
        with tab.expect_download() as download:
            tab.click(f"text=Download {kind}")
        content[kind] = Path(download.value.path()).read_text(encoding="utf-8")
    data, rows = json.loads(content["JSON"]), list(csv.DictReader(io.StringIO(content["CSV"], newline="")))
    assert (data["layer"], data["index"]) == (1, 2)
    top = [one for one in data["examples"] if one["kind"] == "top"][0]
    peak = next(r for r in rows if r["kind"] == "top" and r["text"] == str(top["text"]) and r["position"] == str(top["position"]))
    assert float(peak["activation"]) == pytest.approx(top["activation"], rel=0.01)
    assert tab.locator("article p").first.text_content().startswith("activation")
    assert not any(row["token_text"].startswith(("=", "+", "-", "@")) for row in rows)
    assert len(rows) == sum(len(one["tokens"]) for one in data["examples"])


def test_a_phone_shows_all_without_scrolling_sideways_and_axe_finds_nothing_serious(chromium, built):  # noqa: F811
    for scheme in ("light", "dark"):
        with opened(chromium, viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True) as page:
            for hash_ in ("", "#L0N1", "#search=a", "#text"):
                go(page, built.folder.as_uri(), hash_)
                assert page.evaluate(site._OVERHANG) == []
                page.evaluate(site._AXE_SOURCE)
                assert page.evaluate(site._AXE) == []
            go(page, built.folder.as_uri(), "#L0N1")
            page.locator(".token").nth(3).tap()
            assert "loss" in page.locator("#readout").text_content()
