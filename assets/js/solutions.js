// The picture of the chapter on geometry: draws the solution that the reader chose, cluster by cluster.
// Plain script, no library, no module: it works from disk. All text goes through textContent or setAttribute.
(function () {
  "use strict";
  var LEVELS = [[0, "0"], [0.5, "½"], [0.75, "¾"], [1, "1"]];

  function add(parent, name, attributes) {
    var node = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
    return parent.appendChild(node);
  }

  function clusters(svg, panel, colours) {
    var path = "";
    for (var k = 0; k < panel.edges.length; k += 2) {
      path += "M" + panel.xy[panel.edges[k]] + "L" + panel.xy[panel.edges[k + 1]];
    }
    add(svg, "path", { d: path, stroke: "#999", "stroke-width": 0.06, fill: "none" });
    panel.xy.forEach(function (xy, i) {
      add(svg, "circle", { cx: xy[0], cy: xy[1], r: 0.19, fill: colours[panel.shape[i]] });
    });
  }

  // Below the clusters: a mark for each feature at its dimensionality. Letters are 13 pixels high, narrow or wide.
  function strip(svg, panel, colours, width, top) {
    var size = Math.min(1.2, 13 * width / (svg.getBoundingClientRect().width || 660));
    var x = function (D) { return 0.8 + D * (width - 1.6); };
    LEVELS.forEach(function (level) {
      add(svg, "line", { x1: x(level[0]), x2: x(level[0]), y1: top + 0.4, y2: top + 2.6, stroke: "#999", "stroke-width": 0.05 });
      add(svg, "text", { x: x(level[0]), y: top + 2.8 + size, "font-size": size, "text-anchor": "middle" }).textContent = level[1];
    });
    add(svg, "text", { x: x(0.5), y: top + 2.8 + 2.1 * size, "font-size": size, "text-anchor": "middle" }).textContent = "dimensionality";
    panel.D.forEach(function (D, i) {
      add(svg, "circle", {
        cx: x(D), cy: top + 0.6 + 1.8 * ((i * 0.618) % 1), r: 0.16, fill: colours[panel.shape[i]], "fill-opacity": 0.7
      });
    });
  }

  function start(box) {
    var data = JSON.parse(box.querySelector("script").textContent);
    var svg = box.querySelector("svg"), input = box.querySelector("input"), value = box.querySelector("[data-value]");
    function choose() {
      var panel = data.panels[input.value];
      svg.textContent = "";
      clusters(svg, panel, data.colours);
      strip(svg, panel, data.colours, svg.viewBox.baseVal.width, data.height);
      svg.setAttribute("aria-label", data.alt + " " + panel.label);
      input.setAttribute("aria-valuetext", panel.label.split(":")[0]);
      value.textContent = panel.label;
    }
    box.dataset.slider = "ready"; // a second copy of this script leaves it alone
    input.parentNode.hidden = false;
    input.addEventListener("input", choose);
    window.addEventListener("resize", choose);
    choose(); // a browser may have kept the place of an earlier visit
  }

  document.querySelectorAll("[data-slider='solutions']").forEach(start);
})();
