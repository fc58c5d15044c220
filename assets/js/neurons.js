// All neurons in the plane: hovering names one, a click leads to its page. Plotly and the points are loaded when the button is pressed.
// Plain script, no module: it works from disk. All text goes through textContent, or is escaped for plotly, which reads tags.
(function () {
  "use strict";

  function start(box) {
    var part = {}, input = {}, still = box.querySelector(":scope > img"), data, view, neuron = -1, whole;
    box.querySelectorAll("[data-part]").forEach(function (node) { part[node.dataset.part] = node; });
    box.querySelectorAll("[data-key]").forEach(function (node) { input[node.dataset.key] = node; });

    function script(source, done) {
      var node = document.createElement("script");
      node.src = source;
      node.onload = done;
      node.onerror = function () { say(source.split("/").pop() + " is not there: `make book` puts it into the book."); };
      document.head.appendChild(node);
    }

    function say(words) { part.status.textContent = words; }
    function name(k) { return "L" + view.layer + "N" + k; }
    function page(k) { return box.dataset.up + "neuroscope/" + view.site + "/index.html#" + name(k); }
    function tokens(k) { return view.tokens[k].map(function (token) { return data.words[token]; }).join(" "); }
    function words(k) { return name(k) + ", strongest at " + tokens(k); }
    function escaped(said) { return said.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;"); }
    function column(j) { return view.xy.map(function (point) { return point[j]; }); }

    function traces() {
      var picked = neuron < 0 ? [] : [neuron];
      return [{
        type: "scatter", mode: "markers", x: column(0), y: column(1), showlegend: false,
        text: view.tokens.map(function (_, k) { return escaped(name(k)) + "<br>" + escaped(tokens(k)); }),
        hovertemplate: "%{text}<extra></extra>",
        marker: { size: 6, color: view.labels.map(function (label) { return view.colours[label]; }) }
      }, {
        type: "scatter", mode: "markers", hoverinfo: "skip", showlegend: false,
        x: picked.map(function (k) { return view.xy[k][0]; }), y: picked.map(function (k) { return view.xy[k][1]; }),
        marker: { size: 15, symbol: "circle-open", color: "black", line: { width: 2 } }
      }];
    }

    function axis(range) {
      return { visible: false, range: range, fixedrange: matchMedia("(pointer: coarse)").matches }; // else a finger could not scroll past
    }

    function draw(ranges) {
      var layout = {
        margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", hovermode: "closest",
        xaxis: axis(ranges[0]), yaxis: axis(ranges[1]), hoverlabel: { bgcolor: "white", bordercolor: "black", font: { color: "black" } }
      };
      Plotly.react(part.plot, traces(), layout, { displayModeBar: false, responsive: true });
      // The page's dark style inverts what is drawn in ink, and this with it.
      part.plot.querySelectorAll(".main-svg").forEach(function (svg) { svg.classList.add("ink"); });
    }

    function now() { return part.plot.layout ? [part.plot.layout.xaxis.range.slice(), part.plot.layout.yaxis.range.slice()] : whole; }

    function pick(k) {
      neuron = k;
      input.neuron.value = k;
      say(words(k) + ".");
      part.page.href = page(k);
      part.page.hidden = false;
      draw(now());
    }

    function choose() {
      view = data.views[+input.view.value];
      neuron = -1;
      input.neuron.value = "";
      input.neuron.max = view.xy.length - 1;
      part.page.hidden = true;
      whole = [0, 1].map(function (j) { var most = Math.max.apply(null, column(j)); return [-30, Math.max(most, 1000) + 30]; });
      say(view.xy.length + " neurons; each colour is a cluster. Point at one, or type its number.");
      draw(whole);
    }

    function zoom(factor) {
      draw(!factor ? whole : now().map(function (range) {
        var middle = (range[0] + range[1]) / 2, half = factor * (range[1] - range[0]) / 2;
        return [middle - half, middle + half];
      }));
    }

    function open() {
      data = window.superpositionNeurons[box.dataset.name];
      data.views.forEach(function (one, k) {
        var option = document.createElement("option");
        option.value = k;
        option.textContent = one.title;
        input.view.appendChild(option);
      });
      still.hidden = true;
      still.style.display = "none";
      choose();
      part.plot.on("plotly_hover", function (event) {
        var at = event.points[0];
        if (at.curveNumber === 0) say(words(at.pointNumber) + ".");
      });
      part.plot.on("plotly_click", function (event) {
        var k = event.points[0].pointNumber;
        if (matchMedia("(hover: hover)").matches) window.location.assign(page(k)); else pick(k); // a finger can't hover first
      });
      input.view.focus({ preventScroll: true });
    }

    box.dataset.slider = "ready"; // a second copy of this script leaves it alone
    part.ask.hidden = false;
    part.ask.querySelector("button").addEventListener("click", function () {
      part.ask.hidden = true;
      part.tools.hidden = false;
      say("One moment.");
      script(box.dataset.library, function () { script(box.dataset.points, open); });
    });
    box.querySelectorAll("[data-zoom]").forEach(function (button) {
      button.addEventListener("click", function () { zoom(+button.dataset.zoom); });
    });
    input.view.addEventListener("change", choose);
    input.neuron.addEventListener("change", function () {
      var k = Math.round(+input.neuron.value);
      if (input.neuron.value !== "" && k >= 0 && k < view.xy.length) pick(k);
    });
  }

  document.querySelectorAll("[data-slider='neurons']").forEach(start);
})();
