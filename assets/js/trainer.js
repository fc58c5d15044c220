// A network that trains in the page: n features through two dimensions, as the chapter's model does, with the same AdamW.
// Plain script, no library, no module: it works from disk. All text goes through textContent or setAttribute.
(function () {
  "use strict";
  const STEPS = 10000, A_SECOND = 2000, BATCH = 1024, LR = 1e-3, DECAY = 0.01, BETA1 = 0.9, BETA2 = 0.999, EPS = 1e-8;

  function uniform(seed) { // mulberry32
    let state = seed >>> 0;
    return function () {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  // theta: W row by row, then b. The start is Xavier-normal, and b is zero.
  function create(n, seed) {
    const random = uniform(seed), theta = new Float64Array(3 * n), scale = Math.sqrt(2 / (n + 2));
    for (let i = 0; i < 2 * n; i++) theta[i] = scale * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return { n, theta, t: 0, m: new Float64Array(3 * n), v: new Float64Array(3 * n), random: uniform(seed ^ 0x5bd1e995) };
  }

  // One step on a fresh batch; returns the loss before it.
  function step(model, density, importance) {
    const { n, theta, m, v, random } = model, b = 2 * n, grad = new Float64Array(3 * n), x = new Float64Array(n);
    let loss = 0;
    for (let s = 0; s < BATCH; s++) {
      let h0 = 0, h1 = 0, d0 = 0, d1 = 0;
      for (let i = 0; i < n; i++) {
        x[i] = random() < density ? random() : 0;
        h0 += x[i] * theta[2 * i];
        h1 += x[i] * theta[2 * i + 1];
      }
      for (let i = 0; i < n; i++) {
        const w0 = theta[2 * i], w1 = theta[2 * i + 1], z = h0 * w0 + h1 * w1 + theta[b + i], error = (z > 0 ? z : 0) - x[i];
        loss += importance[i] * error * error;
        if (z <= 0) continue;
        const g = 2 * importance[i] * error;
        grad[b + i] += g;
        grad[2 * i] += g * h0;
        grad[2 * i + 1] += g * h1;
        d0 += g * w0;
        d1 += g * w1;
      }
      for (let i = 0; i < n; i++) {
        grad[2 * i] += d0 * x[i];
        grad[2 * i + 1] += d1 * x[i];
      }
    }
    model.t++;
    const c1 = 1 - Math.pow(BETA1, model.t), c2 = 1 - Math.pow(BETA2, model.t);
    for (let k = 0; k < 3 * n; k++) {
      const g = grad[k] / BATCH;
      m[k] = BETA1 * m[k] + (1 - BETA1) * g;
      v[k] = BETA2 * v[k] + (1 - BETA2) * g * g;
      theta[k] -= LR * (DECAY * theta[k] + m[k] / c1 / (Math.sqrt(v[k] / c2) + EPS));
    }
    return loss / BATCH;
  }

  function outputs(model, x) {
    const { n, theta } = model, hidden = [0, 1].map((d) => x.reduce((sum, value, i) => sum + value * theta[2 * i + d], 0));
    return x.map((_, i) => Math.max(0, hidden[0] * theta[2 * i] + hidden[1] * theta[2 * i + 1] + theta[2 * n + i]));
  }

  // What giving the two most important features a dimension each, and guessing the others' mean, costs.
  function dedicated(density, importance) {
    return importance.slice(2).reduce((sum, weight) => sum + weight * (density / 3 - density * density / 4), 0);
  }

  function start(box) {
    const data = JSON.parse(box.querySelector("script").textContent), svg = box.querySelector("svg");
    const part = (name) => box.querySelector("[data-part=" + name + "]");
    const [plane, curve, bars, told] = ["plane", "curve", "bars", "told"].map(part);
    const inputs = {}, COLOURS = data.colours;
    let model, seed = 0, running = false, losses = [], last = 0;

    function draw(parent, tag, attributes, words) {
      const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
      Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
      if (words !== undefined) node.textContent = words;
      parent.append(node);
      return node;
    }

    function settings() {
      const density = data.density[+inputs.sparsity.value], decay = +inputs.importance.value / 100;
      return { density, importance: Array.from({ length: model.n }, (_, i) => Math.pow(decay, i)), decay };
    }

    function show() {
      const { n, theta } = model, { density, importance, decay } = settings();
      plane.replaceChildren();
      draw(plane, "circle", { r: 100, fill: "none", stroke: "#b8b8b8" });
      for (let i = n - 1; i >= 0; i--) {
        const x = 100 * theta[2 * i], y = -100 * theta[2 * i + 1], colour = COLOURS[i];
        draw(plane, "line", { x2: x, y2: y, stroke: colour, "stroke-width": 4, "stroke-linecap": "round" });
        draw(plane, "circle", { cx: x, cy: y, r: 5, fill: colour });
        if (Math.hypot(x, y) > 25) draw(plane, "text", { x: 1.14 * x, y: 1.14 * y + 5 }, i + 1);
      }
      const best = n === 5 && decay === 0.9 ? data.best[+inputs.sparsity.value] : null, without = dedicated(density, importance);
      const top = 1.25 * Math.max(without, best || 0, losses.length ? Math.min(losses[0], 3 * without) : 0) || 1;
      const height = (value) => 110 - 110 * Math.min(1, value / top);
      curve.replaceChildren();
      draw(curve, "path", { d: "M0,0V110H220", fill: "none", stroke: "#777" });
      draw(curve, "text", { x: 220, y: 126, "text-anchor": "end" }, STEPS.toLocaleString("en") + " steps");
      [[without, "without superposition", "#777"], [best, "best of " + data.seeds, "#0b7a4b"]].forEach(([value, name, colour]) => {
        if (!value) return;
        const y = height(value);
        draw(curve, "path", { d: "M0," + y + "H220", stroke: colour, "stroke-dasharray": "5 4" });
        if (value === best) draw(curve, "text", { x: 0, y: 126, "text-anchor": "start", fill: colour }, "dashed: " + name);
        else draw(curve, "text", { x: 220, y: y - 5, "text-anchor": "end", fill: colour }, name);
      });
      if (losses.length > 1) {
        const points = losses.map((value, k) => (220 * k * data.every / STEPS).toFixed(1) + "," + height(value).toFixed(1));
        draw(curve, "polyline", { points: points.join(" "), fill: "none", stroke: "#0a5396", "stroke-width": 1.8 });
      }
      probe();
    }

    function probe() {
      const x = Array.from(inputs.on).slice(0, model.n).map((box) => +box.checked), out = outputs(model, x);
      bars.replaceChildren();
      x.forEach((value, i) => {
        draw(bars, "rect", { x: 27 * i, y: 50 - 45 * value, width: 8, height: Math.max(0.8, 45 * value), fill: "#b8b8b8" });
        const tall = 45 * Math.min(out[i], 1.5);
        draw(bars, "rect", { x: 27 * i + 9, y: 50 - tall, width: 11, height: Math.max(0.8, tall), fill: COLOURS[i] });
        draw(bars, "text", { x: 27 * i + 10, y: 65 }, i + 1);
      });
      const off = x.map((value, i) => Math.abs(out[i] - value)), worst = off.indexOf(Math.max(...off));
      part("off").textContent = "Furthest off: feature " + (worst + 1) + ", " + out[worst].toFixed(2) + " for " + x[worst] + ".";
    }

    function advance(count) {
      const { density, importance } = settings();
      for (let k = 0; k < count && model.t < STEPS; k++) {
        last = losses.length ? 0.98 * last + 0.02 * step(model, density, importance) : step(model, density, importance);
        if (model.t % data.every === 1) losses.push(last);
      }
    }

    function tell() {
      const kept = Array.from({ length: model.n }, (_, i) => Math.hypot(model.theta[2 * i], model.theta[2 * i + 1])).filter((length) => length > 0.5);
      const words = "After " + model.t.toLocaleString("en") + " steps: " + kept.length + " of " + model.n + " features longer than ½";
      told.textContent = words + (model.t ? ", loss " + last.toPrecision(2) : "") + ".";
      svg.setAttribute("aria-label", data.alt + " " + words + ".");
    }

    function run(on) {
      running = on && model.t < STEPS;
      part("run").textContent = running ? "Pause" : "Start";
      if (!running) tell();
      else requestAnimationFrame(frame);
    }

    let before = 0;
    function frame(now) {
      if (!running) return;
      const due = Math.min(60, Math.max(1, Math.round((now - before) * A_SECOND / 1000))), until = performance.now() + 12;
      before = now;
      for (let done = 0; done < due && performance.now() < until; done += 5) advance(5);
      show();
      if (model.t < STEPS) requestAnimationFrame(frame);
      else run(false);
    }

    function restart(fresh) {
      if (fresh) seed = Math.floor(Math.random() * 1e9);
      const n = +inputs.features.value;
      model = create(n, seed);
      losses = [];
      inputs.on.forEach((box, i) => { box.parentNode.style.display = i < n ? "inline-block" : "none"; });
      Object.entries({
        sparsity: "S = " + (1 - data.density[+inputs.sparsity.value]).toFixed(2), features: String(n),
        importance: "× " + (+inputs.importance.value / 100).toFixed(2) + " each",
      }).forEach(([name, words]) => {
        inputs[name].setAttribute("aria-valuetext", words);
        box.querySelector("[data-value=" + name + "]").textContent = words;
      });
      show();
      run(running);
    }

    box.dataset.trainer = "ready"; // a second copy of this script leaves it alone
    ["sparsity", "importance", "features"].forEach((name) => {
      inputs[name] = box.querySelector("input[data-key=" + name + "]");
      inputs[name].addEventListener("input", () => restart(false));
    });
    inputs.on = box.querySelectorAll("input[data-on]");
    inputs.on.forEach((one) => one.addEventListener("change", probe));
    part("run").addEventListener("click", () => { if (model.t >= STEPS) restart(false); before = performance.now(); run(!running); });
    part("step").addEventListener("click", () => { run(false); advance(100); show(); tell(); });
    part("same").addEventListener("click", () => restart(false));
    part("new").addEventListener("click", () => restart(true));
    part("controls").hidden = false;
    svg.style.display = "";
    restart(false);
  }

  window.trainInPage = { create, step, outputs };
  document.querySelectorAll("[data-trainer='']").forEach(start);
})();
