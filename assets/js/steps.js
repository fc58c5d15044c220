// A slider that shows one of the pictures that lie over each other in an SVG: those with data-step, which says what is shown.
// Plain script, no library, no module: it works from disk. All text goes through textContent or setAttribute.
(function () {
  "use strict";

  function start(box) {
    var svg = box.querySelector("svg"), input = box.querySelector("input"), value = box.querySelector("[data-value]");
    var steps = svg.querySelectorAll("[data-step]");
    function choose() {
      var words = steps[input.value].dataset.step;
      steps.forEach(function (step, k) {
        if (k === Number(input.value)) step.removeAttribute("display"); else step.setAttribute("display", "none");
      });
      input.setAttribute("aria-valuetext", words);
      svg.setAttribute("aria-label", box.dataset.alt + " " + words);
      value.textContent = words;
    }
    box.dataset.slider = "ready"; // a second copy of this script leaves it alone
    input.parentNode.hidden = false;
    input.addEventListener("input", choose);
    choose(); // a browser may have kept the place of an earlier visit
  }

  document.querySelectorAll("[data-slider='steps']").forEach(start);
})();
