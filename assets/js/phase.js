// The phase diagram's explorer: two sliders choose a cell, and the optimal weights of that cell move to their place.
// Plain script, no library, no module: it works from disk. All text goes through textContent or setAttribute.
(function () {
  "use strict";

  function minus(x) { return x.toFixed(2).replace("-", "−"); }

  function start(box) {
    var data = JSON.parse(box.querySelector("script").textContent);
    var svg = box.querySelector("svg"), cursor = svg.querySelector("[data-cursor]");
    var arms = svg.querySelectorAll("[data-arm]"), names = svg.querySelectorAll("[data-name]");
    var inputs = {}, values = {};
    ["importance", "density"].forEach(function (key) {
      inputs[key] = box.querySelector("[data-key=" + key + "]");
      values[key] = box.querySelector("[data-value=" + key + "]");
      inputs[key].addEventListener("input", choose);
      inputs[key].parentNode.hidden = false;
    });

    function choose() {
      var i = +inputs.importance.value, k = +inputs.density.value, w = data.W[i][k], b = data.b[i][k];
      var words = { importance: "importance " + data.importance[i], density: "density " + data.density[k] };
      Object.keys(words).forEach(function (key) {
        inputs[key].setAttribute("aria-valuetext", words[key]);
        values[key].textContent = String(data[key][inputs[key].value]);
      });
      cursor.setAttribute("x", i * cursor.getAttribute("width"));
      cursor.setAttribute("y", k * cursor.getAttribute("height"));
      arms.forEach(function (arm, f) {
        arm.setAttribute("x2", 75 * w[f]);
        names[f].setAttribute("x", 75 * w[f] + (w[0] * w[1] > 0 && f === 1 ? 12 : 0));
        names[f].setAttribute("opacity", Math.abs(w[f]) > 0.1 ? 1 : 0);
      });
      var phase = "feature 2 is " + data.phases[data.phase[i][k]];
      svg.querySelector("[data-phase]").textContent = phase;
      svg.querySelector("[data-weights]").textContent = "W = (" + w.map(minus).join(", ") + ")";
      svg.querySelector("[data-biases]").textContent = "b = (" + b.map(minus).join(", ") + ")";
      svg.querySelector("[data-loss]").textContent = "loss " + data.loss[i][k];
      svg.setAttribute("aria-label", data.alt + " At " + words.importance + " and " + words.density + ", " + phase + ".");
    }

    box.dataset.slider = "ready"; // a second copy of this script leaves it alone
    choose(); // a browser may have kept the place of an earlier visit
  }

  document.querySelectorAll("[data-slider='phase']").forEach(start);
})();
