"use strict";
// The pages. Data come as scripts, since a browser lets a page that is read from disk load those and nothing else.
(function () {
  const { put, plain, ofString } = neuroscope;
  const $ = id => document.getElementById(id);
  const EXAMPLES = { top: "Texts with the highest activations", band: "Texts drawn from bands of activation", low: "Texts with the lowest activations" };
  const PLACE = /^#L(\d+)N(\d+)$/;
  const BEFORE = 50, AFTER = 10;  // tokens around a peak that are shown at first
  const LIKE = { reads: "read from the residual stream", writes: "write to it", fires: "fire" };
  let site = null, vocabulary = null, model = null, search = null;

  // ---- Data -------------------------------------------------------------------------------------------------------
  const waiting = new Map();  // by file: what a script will hand over
  function load(file) {
    if (!waiting.has(file)) {
      let give;
      const promise = new Promise((resolve, reject) => {
        give = resolve;
        const script = document.createElement("script");
        script.src = `data/${file}.js`;
        script.onerror = () => { waiting.delete(file); script.remove(); reject(new Error(`The file data/${file}.js cannot be read.`)); };
        script.onload = () => script.remove();
        document.head.append(script);
      });
      waiting.set(file, { promise, give });
    }
    return waiting.get(file).promise;
  }
  neuroscope.give = (file, value) => {
    if (file === "site") return start(value);
    if (waiting.has(file)) waiting.get(file).give(value);
  };
  function forget() {  // what was looked at long ago
    const old = [...waiting.keys()].filter(file => /^\d/.test(file));
    for (const file of old.slice(0, Math.max(0, old.length - 30))) waiting.delete(file);
  }

  const bytes = text => ofString(atob(text));
  const KINDS = { i1: Int8Array, u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array };
  const array = ({ kind, data }) => new KINDS[kind](bytes(data).buffer);

  // ---- Elements ---------------------------------------------------------------------------------------------------
  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value !== null && value !== undefined) element.setAttribute(key, value);
    }
    element.append(...children.filter(child => child !== null && child !== undefined));
    return element;
  }
  const name = (token, text) => put(make("bdi", { class: "name" }), text, true);
  const number = (x, digits = 3) => x === null || Number.isNaN(x) ? "–" : (Math.abs(x) >= 1e-3 || x === 0 ? x.toFixed(digits) : x.toExponential(1)).replace("-", "−");
  const percent = x => x === 0 ? "0%" : `${Number((100 * x).toPrecision(2))}%`;
  const whole = x => x.toLocaleString("en");
  const address = (layer, index) => `#L${layer}N${index}`;
  const link = (layer, index) => make("a", { href: address(layer, index) }, `L${layer}N${index}`);
  function table(caption, columns, rows) {
    const head = make("tr", {}, ...columns.map(([text, kind]) => make("th", { scope: "col", class: kind }, text)));
    const body = rows.map(row => make("tr", {}, ...row.map((cell, k) => make("td", { class: columns[k][1] }, cell))));
    return make("table", { "aria-label": caption }, make("thead", {}, head), make("tbody", {}, ...body));
  }
  const section = (title, ...children) => make("section", {}, make("h2", {}, title), ...children);
  function show(title, ...children) {
    document.title = `${title} – Neuroscope`;
    $("readout").textContent = "";
    $("main").replaceChildren(make("h1", {}, title), ...children);
    window.scrollTo(0, 0);
  }
  const fail = error => show("This cannot be shown", make("p", { class: "error", role: "alert" }, error.message));

  // ---- Which neurons there are --------------------------------------------------------------------------------------
  const layerOf = number => site.layers.find(layer => layer.layer === number);
  function at(flat) {  // the flat-th of all neurons
    for (const layer of site.layers) {
      if (flat < layer.index.length) return [layer.layer, layer.index[flat]];
      flat -= layer.index.length;
    }
  }
  function flatOf(layer, index) {
    let first = 0;
    for (const one of site.layers) {
      if (one.layer === layer) { const k = one.place.get(index); return k === undefined ? -1 : first + k; }
      first += one.index.length;
    }
    return -1;
  }
  const total = () => site.layers.reduce((sum, layer) => sum + layer.index.length, 0);
  function step(by) {
    if (!site) return;
    const here = PLACE.exec(location.hash), n = total();  // the address, as the page may still be on its way
    const flat = here ? flatOf(Number(here[1]), Number(here[2])) + by : by > 0 ? 0 : n - 1;
    location.hash = address(...at((flat + n) % n));
  }
  function random() { if (site) location.hash = address(...at(Math.floor(Math.random() * total()))); }
  function go() {
    const layer = Number($("layer").value), index = Number($("neuron").value);
    if ($("neuron").value !== "") location.hash = address(layer, index);
  }

  // ---- A text with a colour for each token ----------------------------------------------------------------------------
  // `tokens`: {bytes, id, value, loss} with null for what is not known; `peak` is the place of the one that it is shown for.
  function coloured(tokens, scale, peak, label) {
    const box = make("div", { class: "text", tabindex: "0", role: "group", "aria-label": `${label}; arrow keys go from token to token` });
    let current = -1;
    const parts = tokens.map((token, k) => {
      const part = put(make("bdi", { class: "token", "data-k": k }), token.bytes, false);
      if (token.value === null) part.classList.add("unread");
      else if (Math.abs(token.value) >= scale / 50) {
        part.classList.add(token.value > 0 ? "fires" : "below");
        part.style.setProperty("--share", Math.min(1, Math.abs(token.value) / scale).toFixed(3));
      }
      if (k === peak) part.classList.add("peak");
      return part;
    });
    function tell(k) {
      if (k === current || !parts[k]) return;
      if (parts[current]) parts[current].classList.remove("current");
      current = k;
      parts[k].classList.add("current");
      const { value, loss, id } = tokens[k];
      $("readout").replaceChildren(name(id, tokens[k].bytes), ` token ${id}: `,
        value === null ? "activation not kept" : `activation ${number(value)}`,
        loss === null ? "" : `, loss ${number(loss, 2)} nats`);
    }
    const of = event => { const part = event.target.closest(".token"); if (part && box.contains(part)) tell(Number(part.dataset.k)); };
    box.addEventListener("mouseover", of);
    box.addEventListener("click", of);
    box.addEventListener("focus", () => { if (current < 0) tell(peak >= 0 ? peak : 0); });
    box.addEventListener("keydown", event => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (by) { event.preventDefault(); tell(Math.min(parts.length - 1, Math.max(0, current + by))); }
    });
    box.append(...parts);
    return box;
  }

  // ---- A neuron's page ------------------------------------------------------------------------------------------------
  async function neuron(layer, index) {
    const flat = flatOf(layer, index);
    if (flat < 0) {
      const there = layerOf(layer);
      throw new Error(there ? `Layer ${layer} has no neuron ${index} here: its neurons are ${there.index[0]} to ${there.index[there.index.length - 1]}.`
        : `There is no layer ${layer} here: the layers are ${site.layers.map(one => one.layer).join(", ")}.`);
    }
    const data = await load(`${layer}/${index}`);
    if (location.hash !== address(layer, index)) return;
    forget();
    const n = total();
    for (const by of [1, -1]) load(at((flat + by + n) % n).join("/")).catch(() => {});
    const tokens = data.tokens.map(([id, text]) => ({ id, bytes: ofString(text) }));
    const spelled = k => name(tokens[k].id, tokens[k].bytes);
    $("layer").value = String(layer);
    $("neuron").value = String(index);

    const facts = make("dl", {});
    const fact = (what, ...said) => facts.append(make("dt", {}, what), make("dd", {}, ...said));
    fact("Activation", `${number(data.lowest)} to ${number(data.highest)}, mean ${number(data.mean)}, standard deviation ${number(data.deviation)}`);
    fact("Fires", `above zero on ${percent(data.density)} of ${whole(site.n_tokens)} tokens`);
    if (data.ablation !== null)
      fact("Ablated", `held at its mean, the loss rises by ${number(1000 * data.ablation, 2)}${data.ablation_error === null ? "" : ` ± ${number(1000 * data.ablation_error, 2)}`} thousandths of a nat a token, on ${whole(site.ablated_rows)} rows`);
    for (const place of data.ordering || [])
      fact(`In order of ${place.name}`, `place ${whole(place.place)} of ${whole(place.of)}, between `,
        place.before === null ? "the beginning" : link(layer, place.before), " and ", place.after === null ? "the end" : link(layer, place.after));

    const effects = (title, rows) => make("div", {}, make("h3", {}, title),
      table(title, [["token", ""], ["logit", "number"]], rows.map(([k, value]) => [spelled(k), number(value, 2)])));
    const near = kind => make("div", {}, make("h3", {}, `${kind === "fires" ? "Correlation of what they" : "Cosine of what they"} ${LIKE[kind]}`),
      table(`Neurons like and unlike this one in what they ${LIKE[kind]}`, [["most", ""], ["", "number"], ["least", ""], ["", "number"]],
        data[kind].like.map((one, k) => [link(one[0], one[1]), number(one[2], 2), link(...data[kind].unlike[k].slice(0, 2)), number(data[kind].unlike[k][2], 2)])));

    const window_ = { at: bytes(data.acts), ids: new Uint16Array(bytes(data.ids).buffer), loss: bytes(data.loss) };
    const acts = new Int8Array(window_.at.buffer);
    let offset = 0;
    const parts = { top: [], band: [], low: [] };
    data.examples.forEach((one, k) => {
      const size = one.end - one.begin, from = offset;
      offset += size;
      const kept = t => ({
        ...tokens[window_.ids[from + t - one.begin]],
        value: t < site.skip ? null : t === one.at && one.value !== null ? one.value : acts[from + t - one.begin] * data.scale / 127,
        loss: window_.loss[from + t - one.begin] === 255 ? null : window_.loss[from + t - one.begin] / 16,
      });
      parts[one.kind].push(example(one, kept, data));
    });
    const columns = make("div", { class: "columns" }, effects("Raised", data.raised), effects("Lowered", data.lowered),
      make("div", {}, make("h3", {}, "Highest at these tokens"),
        table("Tokens with the highest activations", [["token", ""], ["activation", "number"]], data.fires_at.slice(0, 10).map(([k, value]) => [spelled(k), number(value, 2)]))));
    show(`Layer ${layer}, neuron ${index}`, facts,
      make("p", {}, make("button", { onclick: () => download(data, "json") }, "Download JSON"), " ", make("button", { onclick: () => download(data, "csv") }, "Download CSV")),
      section("Next-token logits, and tokens it fires at", make("p", { class: "faint" }, site.norm), columns),
      section("How often it takes which value", histogram(data)),
      ...["top", "band", "low"].filter(kind => parts[kind].length).map(kind => section(EXAMPLES[kind], ...parts[kind])),
      section("Neighbours", make("p", { class: "faint" }, site.neighbours), make("div", { class: "columns" }, near("reads"), near("writes"), near("fires"))));
  }

  // `kept` gives what is stored of the token at a place, for those from one.begin up to one.end.
  function example(one, kept, data) {
    const label = `Text ${whole(one.row)}`;
    const about = one.kind === "band" ? `${number(one.band[0], 2)} to ${number(one.band[1], 2)}: ${percent(one.band[2])} of all tokens` : `activation ${number(one.value)}`;
    const first = Math.max(one.begin, one.at - BEFORE), last = Math.min(one.end, one.at + AFTER + 1);
    const text = coloured(Array.from({ length: last - first }, (_, j) => kept(first + j)), data.scale, one.at - first, `${label}, ${about}`);
    const button = make("button", { "aria-expanded": "false" }, "Whole text");
    const box = make("article", {}, make("p", {}, make("span", {}, about), make("span", {}, `${label}, token ${one.at} of ${one.length}`),
      last - first === one.length ? null : button), text);
    button.addEventListener("click", async () => {
      const open = button.getAttribute("aria-expanded") === "true";
      try {
        box.lastChild.replaceWith(open ? text : coloured(await entire(one, kept, data), data.scale, one.at, label));
        button.setAttribute("aria-expanded", String(!open));
        button.textContent = open ? "Whole text" : "Window";
      } catch (error) { button.replaceWith(error.message); }
    });
    return box;
  }

  // All tokens of the example's text; activations that are not kept are computed where the page has the model.
  async function entire(one, kept, data) {
    if (one.begin === 0 && one.end === one.length) return Array.from({ length: one.length }, (_, t) => kept(t));
    const block = await load(`text/${Math.floor(one.text / site.block)}`);
    const row = block.rows[one.text % site.block], ids = new Uint32Array(bytes(row.ids).buffer), loss = bytes(row.loss);
    let values = null;
    if (site.model) {
      const found = neuroscope.activations(await theModel(), Array.from(ids, k => block.tokens[k][0])), layer = found[data.layer];
      values = Array.from(ids, (_, t) => layer[t * (layer.length / ids.length) + data.index]);
    }
    return Array.from(ids, (k, t) => t >= one.begin && t < one.end ? kept(t) : {
      id: block.tokens[k][0], bytes: ofString(block.tokens[k][1]), loss: loss[t] === 255 ? null : loss[t] / 16,
      value: t < site.skip || !values ? null : values[t],
    });
  }

  function histogram(data) {
    const NS = "http://www.w3.org/2000/svg", width = Math.min(640, $("main").clientWidth), height = 150, foot = 22, side = 54;
    const draw = (kind, attributes, text) => {
      const element = document.createElementNS(NS, kind);
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
      if (text !== undefined) element.textContent = text;
      return element;
    };
    const taken = data.counts.map((count, k) => count ? k : -1).filter(k => k >= 0), first = taken[0] || 0, last = taken[taken.length - 1] || 0;
    const size = (width - side) / (last - first + 1), most = Math.max(...data.counts, 1), high = Math.log10(most) + 0.3;
    const edge = k => (k - site.below) * 2 ** data.level;
    const said = `Histogram of activations with counts on a logarithmic scale, from ${number(edge(first), 2)} to ${number(edge(last + 1), 2)}; the fullest bin holds ${whole(most)} tokens`;
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height + foot}`, width, role: "img", "aria-label": said });
    for (let k = first; k <= last; k++) {
      if (!data.counts[k]) continue;
      const tall = Math.max(1, (Math.log10(data.counts[k]) + 0.3) / high * (height - 10));
      const bar = draw("rect", { x: side + (k - first) * size, y: height - tall, width: Math.max(1, size - 1), height: tall });
      bar.append(draw("title", {}, `${number(edge(k), 3)} to ${number(edge(k + 1), 3)}: ${whole(data.counts[k])} tokens`));
      svg.append(bar);
    }
    for (let power = 0; power <= Math.floor(Math.log10(most)); power++) {
      const y = height - (power + 0.3) / high * (height - 10);
      svg.append(draw("line", { x1: side - 4, x2: side, y1: y, y2: y }), draw("text", { x: side - 6, y: y + 4, "text-anchor": "end" }, whole(10 ** power)));
    }
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      const x = side + share * (width - side);
      svg.append(draw("text", { x, y: height + 16, "text-anchor": share === 0 ? "start" : share === 1 ? "end" : "middle" }, number(edge(first + share * (last - first + 1)), 2)));
    }
    svg.append(draw("line", { x1: side, x2: width, y1: height, y2: height }));
    return svg;
  }

  // ---- Downloads --------------------------------------------------------------------------------------------------------
  function download(data, kind) {
    const text = k => plain(ofString(data.tokens[k][1]), false), token = ([k, value]) => ({ token: data.tokens[k][0], text: text(k), value });
    const ids = new Uint16Array(bytes(data.ids).buffer), acts = new Int8Array(bytes(data.acts).buffer), loss = bytes(data.loss);
    let offset = 0;
    const examples = data.examples.map(one => {
      const places = Array.from({ length: one.end - one.begin }, (_, j) => offset + j);
      offset += places.length;
      return { kind: one.kind, text: one.row, position: one.at, activation: one.value, first_position: one.begin,
        tokens: places.map(k => data.tokens[ids[k]][0]), texts: places.map(k => text(ids[k])),
        activations: places.map(k => acts[k] * data.scale / 127), losses: places.map(k => loss[k] === 255 ? null : loss[k] / 16) };
    });
    const all = { model: site.title, corpus: site.corpus, ...data, tokens: undefined, ids: undefined, acts: undefined, loss: undefined,
      raised: data.raised.map(token), lowered: data.lowered.map(token), fires_at: data.fires_at.map(token), examples,
      bin_edges: data.counts.map((_, k) => (k - site.below) * 2 ** data.level) };
    // A cell that begins like a formula is quoted with an apostrophe, as a spreadsheet would run it.
    const cell = value => { const said = value === null ? "" : String(value); return `"${(typeof value === "string" && /^[=+\-@\t\r]/.test(said) ? "'" + said : said).replaceAll('"', '""')}"`; };
    const rows = [["kind", "text", "position", "token", "token_text", "activation", "loss"],
      ...examples.flatMap(one => one.tokens.map((id, j) => [one.kind, one.text, one.first_position + j, id, one.texts[j], one.activations[j], one.losses[j]]))];
    const content = kind === "json" ? JSON.stringify(all, null, 1) : rows.map(row => row.map(cell).join(",")).join("\r\n");
    const url = URL.createObjectURL(new Blob([content], { type: kind === "json" ? "application/json" : "text/csv" }));
    const link_ = make("a", { href: url, download: `L${data.layer}N${data.index}.${kind}` });
    document.body.append(link_);
    link_.click();
    link_.remove();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  // ---- Overview, search, a text of one's own ------------------------------------------------------------------------------
  const ORDERS = [["ablation", "loss rises most when ablated", "nats a token", -1], ["highest", "highest activation", "activation", -1],
    ["density", "fires most often", "of tokens", -1], ["density", "fires most rarely", "of tokens", 1]];
  function overview() {
    const list = make("div", { class: "narrow" }), choice = make("select", { id: "order" });
    ORDERS.forEach(([key, text], k) => { if (site.summary[key]) choice.append(make("option", { value: k }, text)); });
    const draw = () => {
      const [key, text, unit, sign] = ORDERS[choice.value], values = site.summary[key];
      const order = Array.from(values.keys()).filter(k => !Number.isNaN(values[k])).sort((a, b) => sign * (values[a] - values[b]) || a - b).slice(0, 40);
      list.replaceChildren(table(`Neurons: ${text}`, [["neuron", ""], [unit, "number"]],
        order.map(k => [link(...at(k)), key === "density" ? percent(values[k]) : number(values[k], key === "ablation" ? 4 : 2)])));
    };
    choice.addEventListener("change", draw);
    show(site.title, make("p", {}, site.about), make("p", {},
      `${whole(total())} neurons in ${site.layers.length === 1 ? "one layer" : `${site.layers.length} layers`}, over ${whole(site.n_tokens)} tokens in ${whole(site.n_rows)} texts. `,
      "Keys: n and p for the next neuron and the one before, r for one at random, / to search for tokens."),
      section("Neurons in order", make("p", {}, make("label", {}, "First: ", choice)), list));
    draw();
  }

  async function find(wanted) {
    const asked = location.hash, [words, index] = await Promise.all([theVocabulary(), theSearch()]);
    if (location.hash !== asked) return;
    const utf8 = Array.from(new TextEncoder().encode(wanted), byte => String.fromCharCode(byte)).join("");
    const lower = text => text.replace(/[A-Z]/g, letter => letter.toLowerCase());
    const matching = words.map((text, id) => lower(text).includes(lower(utf8)) ? id : -1).filter(id => id >= 0)
      .sort((a, b) => words[a].length - words[b].length || a - b);
    const chosen = new Set(matching), best = [];
    for (let n = 0; n < index.token.length / index.kept; n++) {
      for (let k = 0; k < index.kept; k++) {
        const place = n * index.kept + k;
        if (chosen.has(index.token[place])) { best.push([n, index.token[place], index.value[place], index.value[place] / index.value[n * index.kept]]); break; }
      }
    }
    best.sort((a, b) => b[3] - a[3] || b[2] - a[2]);
    show("Search for tokens", make("p", {}, "Neurons whose highest activations are at tokens with ", put(make("bdi", { class: "name" }), ofString(utf8), true), ". ",
      `${whole(matching.length)} of ${whole(words.length)} tokens hold it, and ${whole(best.length)} neurons have one of these among the ${index.kept} at which they fire most.`),
      best.length ? make("div", { class: "narrow" }, table("Neurons found", [["neuron", ""], ["at", ""], ["activation", "number"], ["of its highest", "number"]],
        best.slice(0, 100).map(([n, id, value, share]) => [link(...at(n)), name(id, ofString(words[id])), number(value, 2), percent(share)])))
        : make("p", {}, "No neuron was found."));
  }

  const theVocabulary = async () => vocabulary = vocabulary || await load("vocabulary");
  async function theSearch() {
    if (!search) {
      const found = await load("search");
      search = { kept: found.kept, token: array(found.token), value: array(found.value) };
    }
    return search;
  }
  async function theModel() {
    if (!model) {
      const found = await load("model"), read = group => Object.fromEntries(Object.entries(group).map(([key, one]) => [key, one && one.data !== undefined ? neuroscope.numbers(one.kind, bytes(one.data)) : one]));
      model = { config: found.config, ...read(found.arrays), layers: found.layers.map(read) };
      model.encode = neuroscope.tokenizer(await theVocabulary(), found.merges, found.special);
    }
    return model;
  }

  function ownText() {
    const box = make("textarea", { id: "own-text", maxlength: "20000", spellcheck: "false" }), found = make("div", { "aria-live": "polite" });
    const order = make("select", {}, make("option", { value: "share" }, "share of its highest"), make("option", { value: "value" }, "activation"));
    const button = make("button", {}, "Read");
    const read = async () => {
      button.disabled = true;
      found.replaceChildren(make("p", {}, "Reading …"));
      try { await answer(box.value, order.value, found); } catch (error) { found.replaceChildren(make("p", { class: "error" }, error.message)); }
      button.disabled = false;
    };
    button.addEventListener("click", read);
    order.addEventListener("change", () => { if (found.childElementCount) read(); });
    show("A text of your own", ...(site.model
      ? [make("p", {}, "The model reads it here, in your browser; it is sent nowhere."), make("p", {}, make("label", { for: "own-text" }, "Text"), box),
        make("p", {}, button, " ", make("label", {}, "Order by ", order)), found]
      : [make("p", { class: "error" }, site.no_model), make("p", {}, "The search for tokens works for any model.")]));
  }
  async function answer(text, by, found) {
    const theirs = await theModel();
    let ids = [...(site.begin === null ? [] : [site.begin]), ...theirs.encode(text)];
    if (ids.length <= site.skip) return found.replaceChildren(make("p", {}, "There is no text yet."));
    const cut = ids.length > site.context;
    ids = ids.slice(0, site.context);
    await new Promise(resolve => setTimeout(resolve, 0));
    const layers = neuroscope.activations(theirs, ids), best = [];
    for (let flat = 0; flat < total(); flat++) {
      const [layer, index] = at(flat), values = layers[layer], m = values.length / ids.length;
      let where = site.skip;
      for (let t = site.skip; t < ids.length; t++) if (values[t * m + index] > values[where * m + index]) where = t;
      const value = values[where * m + index], highest = site.summary.highest[flat];
      best.push({ layer, index, where, value, share: highest > 0 ? value / highest : 0, values: ids.map((_, t) => values[t * m + index]), highest });
    }
    best.sort((a, b) => b[by] - a[by]);
    const first = best.slice(0, 20);
    found.replaceChildren(make("p", {}, `${whole(ids.length - site.skip)} tokens${cut ? `, the first that fit into the context of ${site.context}` : ""}. The neurons that fire most:`),
      ...first.map(one => make("article", {}, make("p", {}, link(one.layer, one.index), make("span", {}, `activation ${number(one.value)}, ${percent(one.share)} of its highest on the corpus`)),
        coloured(ids.map((id, t) => ({ id, bytes: ofString(vocabulary[id]), value: t < site.skip ? null : one.values[t], loss: null })), Math.max(one.highest, one.value), one.where, `Neuron ${one.layer}.${one.index}`))));
  }

  neuroscope.model = theModel;

  // ---- Addresses --------------------------------------------------------------------------------------------------------
  async function route() {
    if (!site) return;
    const hash = location.hash, place = PLACE.exec(hash);
    try {
      if (place) await neuron(Number(place[1]), Number(place[2]));
      else if (hash === "#text") ownText();
      else if (hash.startsWith("#search=")) { const wanted = decodeURIComponent(hash.slice(8)); $("wanted").value = wanted; await find(wanted); }
      else overview();
      document.documentElement.dataset.shown = location.hash || "#";
    } catch (error) { fail(error instanceof URIError ? new Error("This address is broken.") : error); }
  }

  function start(value) {
    const highest = array(value.summary.highest), density = array(value.summary.density);
    const ablation = value.summary.ablation ? array(value.summary.ablation) : null;
    site = { ...value, summary: { highest, density, ablation }, layers: value.layers.map(one => {
      const index = one.index || Array.from({ length: one.count }, (_, k) => k);
      return { layer: one.layer, index, place: new Map(index.map((k, place) => [k, place])) };
    }) };
    $("model").textContent = site.title;
    for (const one of site.layers) $("layer").append(make("option", { value: one.layer }, String(one.layer)));
    $("previous").addEventListener("click", () => step(-1));
    $("next").addEventListener("click", () => step(1));
    $("random").addEventListener("click", random);
    $("go").addEventListener("click", go);
    $("neuron").addEventListener("keydown", event => { if (event.key === "Enter") go(); });
    $("home").addEventListener("click", event => { event.preventDefault(); location.hash = ""; });
    $("skip").addEventListener("click", event => { event.preventDefault(); $("main").focus(); });
    $("search").addEventListener("submit", event => { event.preventDefault(); if ($("wanted").value) location.hash = "search=" + encodeURIComponent($("wanted").value.toWellFormed ? $("wanted").value.toWellFormed() : $("wanted").value); });
    document.addEventListener("keydown", event => {
      if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
      const act = { n: () => step(1), p: () => step(-1), r: random, "/": () => { event.preventDefault(); $("wanted").focus(); } }[event.key];
      if (act) act();
    });
    window.addEventListener("hashchange", route);
    route();
  }
})();
