// How many directions fit into m dimensions when they may overlap a little, and how many sparse features can be told apart.
// The formulas are those of superposition.toy.theory.almost_orthogonal; a test holds the two against each other.
(function () {
  "use strict";
  const DRAWN = 4000, BINS = 50, SVG = "http://www.w3.org/2000/svg";

  function uniform(seed) { // mulberry32
    let state = seed >>> 0;
    return function () {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  function integral(f, from, to) { // Simpson's rule
    const steps = 4000, h = (to - from) / steps;
    let sum = 0;
    for (let k = 0; k <= steps; k++) sum += (k === 0 || k === steps ? 1 : k % 2 ? 4 : 2) * f(k === steps ? to : from + k * h);
    return (sum * h) / 3;
  }

  // The integral of (cos θ / cos from)^power from `from` to π/2.
  function tail(power, from) {
    const top = Math.cos(from);
    return integral((angle) => (angle === Math.PI / 2 ? (power ? 0 : 1) : Math.pow(Math.cos(angle) / top, power)), from, Math.PI / 2);
  }

  function chance(m, overlap) {
    const from = Math.asin(overlap);
    return (Math.pow(Math.cos(from), m - 2) * tail(m - 2, from)) / tail(m - 2, 0);
  }

  const drawn = (m, overlap) => Math.floor((1 + Math.sqrt(1 + 4 / chance(m, overlap))) / 2);
  const lindenstrauss = (m, overlap) => Math.exp((overlap * overlap * m) / 4);

  function atMost(m, overlap) {
    let least = 1 / chance(m, Math.sqrt((1 + overlap) / 2)), count = 1;
    for (let k = 1; k <= 32; k++) {
      count *= (m + k - 1) / k;
      const power = Math.pow(overlap, 2 * k), slack = 1 / count - power;
      if (slack > 0) least = Math.min(least, (1 - power) / slack);
    }
    return least;
  }

  const best = (m, active) => active * Math.exp(m / (2 * active) - 5 / 8);

  // How often a normal number is above x ≥ 0 (Craig's integral), and what half of so many normals are all below.
  const above = (x) => integral((a) => (a ? Math.exp((-x * x) / (2 * Math.sin(a) * Math.sin(a))) : 0), 0, Math.PI / 2) / Math.PI;

  function greatest(count) {
    let low = 0, high = 9;
    for (let k = 0; k < 50; k++) {
      const middle = (low + high) / 2;
      if (above(middle) > -Math.expm1(-Math.LN2 / count)) low = middle;
      else high = middle;
    }
    return low;
  }

  function oneLook(m, active) {
    const clear = (Math.sqrt(m) - greatest(active) * Math.sqrt(active - 1)) / Math.sqrt(active);
    return clear < 0 ? 0 : active - Math.LN2 / Math.log1p(-above(clear));
  }

  // Cosines of random directions with one of them: by symmetry, the first axis.
  function cosines(m, count, random) {
    const found = new Float64Array(count);
    for (let k = 0; k < count; k++) {
      let first = 0, square = 0;
      for (let d = 0; d < m; d += 2) {
        const radius = Math.sqrt(-2 * Math.log(1 - random())), angle = 2 * Math.PI * random();
        const x = radius * Math.cos(angle), y = radius * Math.sin(angle);
        if (d === 0) first = x;
        square += x * x + (d + 1 < m ? y * y : 0);
      }
      found[k] = first / Math.sqrt(square);
    }
    return found;
  }

  const SUPER = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  function count(n) {
    if (n < 1e6) return Math.floor(n).toLocaleString("en");
    if (!isFinite(n)) return "more than 10³⁰⁸";
    return "10" + Array.from(String(Math.floor(Math.log10(n))), (digit) => SUPER[+digit]).join("");
  }

  function start(box) {
    const data = JSON.parse(box.querySelector("script").textContent), svg = box.querySelector("svg");
    const part = (name) => box.querySelector("[data-part=" + name + "]");
    const inputs = {};
    let seed = 1, found = null, of = 0;

    function draw(parent, tag, attributes, words) {
      const node = document.createElementNS(SVG, tag);
      Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
      if (words !== undefined) node.textContent = words;
      parent.append(node);
    }

    function show() {
      const m = data.dimensions[+inputs.dimensions.value], overlap = +inputs.overlap.value / 100, active = +inputs.active.value;
      if (of !== m) found = cosines(m, DRAWN, uniform(seed * 7919 + m));
      of = m;
      const bars = new Array(BINS).fill(0), over = found.filter((cosine) => Math.abs(cosine) > overlap).length / DRAWN;
      found.forEach((cosine) => bars[Math.min(BINS - 1, Math.floor(((cosine + 1) * BINS) / 2))]++);
      const scale = tail(m - 2, 0), exact = [];
      for (let k = 0; k < 200; k++) {
        const cosine = (k + 0.5) / 100 - 1;
        exact.push((Math.pow(1 - cosine * cosine, (m - 3) / 2) / scale / 2) * DRAWN * (2 / BINS));
      }
      const plot = part("plot"), top = 1.08 * Math.max(...bars), y = (value) => 170 - 160 * Math.min(1, value / top);
      plot.replaceChildren();
      bars.forEach((value, k) => {
        const middle = (k + 0.5) * (2 / BINS) - 1, fill = Math.abs(middle) > overlap ? data.colours[1] : data.colours[0];
        if (value) draw(plot, "rect", { x: 10 + (480 * k) / BINS, y: y(value), width: 480 / BINS - 1, height: 170 - y(value), fill });
      });
      const points = exact.map((value, k) => (10 + 2.4 * (k + 0.5)).toFixed(1) + "," + y(value).toFixed(1));
      draw(plot, "polyline", { points: points.join(" "), fill: "none", stroke: "#000", "stroke-width": 1.5 });
      [-overlap, overlap].forEach((at) => {
        draw(plot, "path", { d: "M" + (250 + 240 * at) + ",6V170", stroke: "#000", "stroke-dasharray": "5 4" });
      });
      draw(plot, "path", { d: "M10,170H490", stroke: "#777" });
      [-1, -0.5, 0, 0.5, 1].forEach((at) => draw(plot, "text", { x: 250 + 240 * at, y: 188 }, String(at).replace("-", "−")));
      draw(plot, "text", { x: 250, y: 206 }, "cosine between two random directions");

      const rows = {
        none: m, lindenstrauss: lindenstrauss(m, overlap), drawn: drawn(m, overlap), most: atMost(m, overlap),
        best: best(m, active), look: oneLook(m, active),
      };
      ["best", "look"].forEach((name) => { rows[name] = Math.max(m, rows[name]); });
      Object.entries(rows).forEach(([name, n]) => { part(name).textContent = count(n); });
      const words = "In " + m + " dimensions, " + (100 * over).toPrecision(2) + "% of " + DRAWN.toLocaleString("en")
        + " random directions overlap with another by more than " + overlap.toFixed(2) + "; so many can be drawn before two of them do: "
        + count(rows.drawn) + ".";
      part("told").textContent = words;
      svg.setAttribute("aria-label", data.alt + " " + words);
      Object.entries({ dimensions: String(m), overlap: overlap.toFixed(2), active: String(active) }).forEach(([name, value]) => {
        inputs[name].setAttribute("aria-valuetext", value);
        box.querySelector("[data-value=" + name + "]").textContent = value;
      });
    }

    box.dataset.room = "ready"; // a second copy of this script leaves it alone
    ["dimensions", "overlap", "active"].forEach((name) => {
      inputs[name] = box.querySelector("input[data-key=" + name + "]");
      inputs[name].addEventListener("input", show);
    });
    part("again").addEventListener("click", () => { seed++; of = 0; show(); });
    part("controls").hidden = false;
    svg.style.display = "";
    show();
  }

  window.roomInPage = { chance, drawn, lindenstrauss, atMost, best, oneLook, cosines, uniform };
  document.querySelectorAll("[data-room='']").forEach(start);
})();
