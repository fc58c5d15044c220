// Polytopes to be turned by hand. The picture shows until the reader asks; then plotly is loaded from this book's own files.
// Plain script, no module: it works from disk. All text goes through textContent, or through plotly with its tags escaped.
(function () {
  "use strict";
  var FAR = 1.9, HEIGHT = 0.7;

  function shown(text) {
    return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  }

  function camera(degrees) {
    var angle = degrees * Math.PI / 180;
    return { eye: { x: FAR * Math.cos(angle), y: FAR * Math.sin(angle), z: HEIGHT } };
  }

  // Lines from point to point in one trace; a null lifts the pen.
  function lines(pairs, colour, width) {
    var trace = {
      type: "scatter3d", mode: "lines", hoverinfo: "skip", line: { color: colour, width: width }, x: [], y: [], z: []
    };
    pairs.forEach(function (pair) {
      ["x", "y", "z"].forEach(function (axis, k) { trace[axis].push(pair[0][k], pair[1][k], null); });
    });
    return trace;
  }

  function traces(solid) {
    var xyz = solid.xyz, edges = [];
    var corner = function (i) { return [xyz[0][i], xyz[1][i], xyz[2][i]]; };
    for (var k = 0; k < solid.edges.length; k += 2) edges.push([corner(solid.edges[k]), corner(solid.edges[k + 1])]);
    var arms = xyz[0].map(function (_, i) { return [[0, 0, 0], corner(i)]; });
    return [lines(arms, "#999", 3), lines(edges, solid.colour, 5), {
      type: "scatter3d", mode: "markers", x: xyz[0], y: xyz[1], z: xyz[2], hoverinfo: "text",
      text: solid.notes.map(function (note) { return shown(note).replace("; ", "<br>"); }),
      marker: { size: 5, color: solid.colour }
    }];
  }

  function layout(degrees) {
    var axis = { visible: false, range: [-1.1, 1.1] };
    return {
      height: 230, margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "rgba(0,0,0,0)", showlegend: false,
      hoverlabel: { font: { size: 12 } },
      scene: { xaxis: axis, yaxis: axis, zaxis: axis, aspectmode: "cube", camera: camera(degrees) }
    };
  }

  function start(box) {
    var data = JSON.parse(box.querySelector("script").textContent);
    var part = function (name) { return box.querySelector("[data-part='" + name + "']"); };
    var button = part("ask").querySelector("button"), input = part("turn").querySelector("input"), plots = [];

    function say(text) { part("status").textContent = text; }

    function draw() {
      part("stage").hidden = part("turn").hidden = false;
      part("stage").style.display = "grid";
      plots = data.solids.map(function (solid) {
        var frame = part("stage").appendChild(document.createElement("div")), plot = document.createElement("div");
        frame.style.minWidth = 0;
        frame.appendChild(document.createElement("div")).textContent = solid.title;
        plot.className = "ink"; // drawn in black, and inverted in the dark as figures are
        return frame.appendChild(plot);
      });
      plots.forEach(function (plot, k) { // now that each has its width
        window.Plotly.newPlot(plot, traces(data.solids[k]), layout(+input.value), { displayModeBar: false, responsive: true });
      });
      box.querySelector("img").hidden = part("ask").hidden = true;
      say("Drag to turn; point at a corner for its feature's length, dimensionality and cosines.");
      box.dataset.slider = "turning";
    }

    function load() {
      var script = document.createElement("script");
      script.src = data.library;
      script.onload = draw;
      script.onerror = function () { button.disabled = false; say("What turns them couldn't be loaded."); };
      document.head.appendChild(script);
    }

    box.dataset.slider = "ready"; // a second copy of this script leaves it alone
    part("ask").hidden = false;
    button.addEventListener("click", function () {
      if (!document.createElement("canvas").getContext("webgl")) return say("This browser draws nothing in three dimensions.");
      button.disabled = true;
      if (window.Plotly) return draw();
      say("Loading …");
      load();
    });
    input.addEventListener("input", function () {
      plots.forEach(function (plot) { window.Plotly.relayout(plot, { "scene.camera": camera(+input.value) }); });
    });
  }

  document.querySelectorAll("[data-slider='solids']").forEach(start);
})();
