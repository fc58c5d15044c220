// The slider of the chapter on five features: moves the vectors of an SVG to the panel that the reader chose.
// Plain script, no library, no module: it works from disk. All text goes through textContent or setAttribute.
(function () {
  "use strict";
  var calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  function draw(arms, vectors) {
    arms.forEach(function (arm) {
      var x = vectors[arm.feature][0], y = -vectors[arm.feature][1];
      arm.line.setAttribute("x2", x);
      arm.line.setAttribute("y2", y);
      arm.dot.setAttribute("cx", x);
      arm.dot.setAttribute("cy", y);
      arm.label.setAttribute("x", 1.16 * x);
      arm.label.setAttribute("y", 1.16 * y);
      arm.label.setAttribute("opacity", Math.hypot(x, y) > 0.3 ? 1 : 0);
    });
  }

  function start(box) {
    var data = JSON.parse(box.querySelector("script").textContent);
    var svg = box.querySelector("svg"), input = box.querySelector("input"), value = box.querySelector("[data-value]");
    var arms = Array.from(svg.querySelectorAll("g")).map(function (g) {
      var label = g.querySelector("text");
      return { feature: label.textContent - 1, line: g.querySelector("line"), dot: g.querySelector("circle"), label: label };
    });
    var now = data.W[0], turn = 0;

    function choose() {
      var from = now, to = data.W[input.value], began = performance.now(), mine = ++turn;
      var words = data.labels[input.value];
      input.setAttribute("aria-valuetext", words);
      svg.setAttribute("aria-label", data.alt + " " + words);
      value.textContent = words;
      function step(time) {
        var t = calm ? 1 : Math.min(1, Math.max(0, (time - began) / 250));
        var ease = t * (2 - t);
        now = to.map(function (v, i) {
          return [0, 1].map(function (d) { return from[i][d] + ease * (v[d] - from[i][d]); });
        });
        draw(arms, now);
        if (t < 1 && mine === turn) requestAnimationFrame(step);
      }
      if (calm) step(began); else requestAnimationFrame(step);
    }

    box.dataset.slider = "ready"; // a second copy of this script leaves it alone
    input.parentNode.hidden = false;
    input.addEventListener("input", choose);
    choose(); // a browser may have kept the place of an earlier visit
  }

  document.querySelectorAll("[data-slider='five-features']").forEach(start);
})();
