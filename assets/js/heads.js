// The picture of the chapter on heads: draws the digits and the positions of the head, matrix and epoch that the reader chose.
// Plain script, no library, no module: it works from disk. All text goes through textContent or setAttribute.
(function () {
  "use strict";
  var SIDE = 300, TOP = 24, GREY = "#b0b0b0", N_IN = 12, N_COLUMNS = 6;

  function add(parent, name, attributes, words) {
    var node = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
    if (words !== undefined) node.textContent = words;
    return parent.appendChild(node);
  }

  // Room for two squares, side by side or, where that would be too small to read, one below the other.
  function room(svg, narrow) {
    var size = narrow ? [310, 2 * (SIDE + TOP + 6)] : [640, SIDE + TOP + 6];
    svg.textContent = "";
    svg.setAttribute("viewBox", "0 0 " + size.join(" "));
    svg.setAttribute("width", size[0]);
    svg.setAttribute("height", size[1]);
    return [[5, TOP], narrow ? [5, 2 * TOP + SIDE + 6] : [335, TOP]];
  }

  // A square with a title, and a bar that says how long a unit is in it; returns its group.
  function frame(svg, corner, title, half) {
    var group = add(svg, "g", { transform: "translate(" + corner.join(" ") + ")" }), unit = 1e-4, k = 0;
    var steps = [2, 2.5, 2], at = unit;
    while (at <= 0.7 * half) { unit = at; at *= steps[k++ % 3]; }
    var length = unit / half * SIDE / 2;
    add(group, "rect", { width: SIDE, height: SIDE, fill: "none", stroke: "#bbb" });
    add(group, "text", { x: SIDE / 2, y: -8, "text-anchor": "middle", "font-size": 15 }, title);
    add(group, "path", { d: "M10,290h" + length, stroke: "#555", "stroke-width": 2 });
    add(group, "text", { x: 10 + length / 2, y: 284, "text-anchor": "middle", "font-size": 11, fill: "#555" }, String(+unit.toPrecision(1)));
    return group;
  }

  function label(group, at, words, colour) {
    add(group, "text", {
      x: at[0], y: at[1], "text-anchor": "middle", "font-size": 15, fill: colour, stroke: "#fff", "stroke-width": 4, "paint-order": "stroke"
    }, words);
  }

  function digits(group, points, trained) {
    var colour = trained ? "#5d2a86" : GREY;
    add(group, "path", { d: "M" + points.join("L"), fill: "none", stroke: colour, "stroke-width": 1.4 });
    add(group, "path", { d: "M" + points[9] + "L" + points[0], stroke: colour, "stroke-width": 1.4, "stroke-dasharray": "5 4" });
    points.forEach(function (at, d) { label(group, [at[0], at[1] + 5], String(d), trained ? "#000" : "#888"); });
  }

  function places(group, points, asked) {
    points.forEach(function (at, p) {
      var answer = p >= N_IN, a = p < N_COLUMNS, colour = answer ? "#23855a" : !asked ? GREY : a ? "#0a6fb4" : "#c65102";
      if (answer) add(group, "path", { d: "M" + at + "m0,-5l5,5l-5,5l-5,-5z", fill: colour });
      else add(group, "circle", { cx: at[0], cy: at[1], r: a ? 4 : 8, fill: a ? colour : "none", stroke: colour, "stroke-width": 1.6 });
    });
    points.slice(asked ? 0 : N_IN, asked ? N_COLUMNS : points.length).forEach(function (at, k) {
      label(group, [at[0] + 14, at[1] - 6], String(k), "#000");
    });
  }

  function key(svg, corner) {
    var group = add(svg, "g", { transform: "translate(" + (corner[0] + 20) + " " + (corner[1] + 110) + ")", "font-size": 15 });
    add(group, "text", { y: 5 }, "O knows no positions.");
    [["dot", "#0a6fb4", "dot: place in a"], ["ring", "#c65102", "ring: place in b"], ["diamond", "#23855a", "diamond: place of an answer"],
      ["grey", "#777", "grey: never trained"]].forEach(function (row, k) {
      add(group, "text", { y: 35 + 24 * k, fill: row[1] }, row[2]);
    });
  }

  function unpack(encoded) { return Uint8Array.from(atob(encoded), function (c) { return c.charCodeAt(0); }); }

  function start(box) {
    var svg = box.querySelector("svg"), value = box.querySelector("[data-value]"), data, inputs = {}, asked = false;

    // Points of one panel: matrices are those that it has, n the points of each.
    function points(bytes, matrices, n, matrix) {
      var found = [], head = +inputs.head.value, at = +inputs.epoch.value;
      var from = ((head * data.epochs.length + at) * matrices + matrix) * n * 2;
      for (var k = 0; k < n; k++) {
        found.push([bytes[from + 2 * k] * SIDE / 255, SIDE - bytes[from + 2 * k + 1] * SIDE / 255].map(function (x) { return +x.toFixed(1); }));
      }
      return found;
    }

    function draw() {
      if (!data) { load(); return; }
      var head = +inputs.head.value, name = inputs.matrix.value, matrix = "QKVO".indexOf(name), epoch = data.epochs[inputs.epoch.value];
      var words = epoch.toLocaleString("en-GB");
      var corners = room(svg, box.clientWidth < 480);
      digits(frame(svg, corners[0], name + ": digits" + (name === "Q" ? ", never trained" : ""), data.halves[0][head][matrix]),
        points(data.digits, 4, 10, matrix), name !== "Q");
      if (name === "O") key(svg, corners[1]);
      else places(frame(svg, corners[1], name + ": positions", data.halves[1][head][matrix]), points(data.places, 3, 19, matrix), name !== "Q");
      value.textContent = words;
      inputs.epoch.setAttribute("aria-valuetext", "epoch " + words);
      svg.setAttribute("aria-label", box.dataset.alt + " Head " + head + ", " + name + ", epoch " + words + ".");
    }

    function load() {
      if (asked) return;
      asked = true;
      var script = document.createElement("script");
      script.src = box.dataset.script;
      script.onload = function () {
        var found = window.superpositionHeads[box.dataset.name];
        data = { epochs: found.epochs, halves: found.halves, digits: unpack(found.digits), places: unpack(found.places) };
        draw();
      };
      document.head.appendChild(script);
    }

    box.dataset.slider = "ready"; // a second copy of this script leaves it alone
    box.querySelectorAll("[data-key]").forEach(function (input) {
      inputs[input.dataset.key] = input;
      input.closest("p").hidden = false;
      input.addEventListener("input", draw);
    });
    window.addEventListener("resize", function () { if (data) draw(); });
    if (window.IntersectionObserver) {
      var watch = new IntersectionObserver(function (seen) {
        if (seen.some(function (entry) { return entry.isIntersecting; })) { watch.disconnect(); draw(); }
      }, { rootMargin: "300px" });
      watch.observe(box);
    } else draw();
  }

  document.querySelectorAll("[data-slider='heads']").forEach(start);
})();
