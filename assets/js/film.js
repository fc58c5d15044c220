// A film's own controls, below its picture: a browser's would cover the axis at its foot, and the dark page would invert them.
// Plain script, no library, no module: it works from disk. Without it the browser's own controls stay.
(function () {
  "use strict";

  function start(box) {
    var film = box.querySelector("video"), button = box.querySelector("button"), place = box.querySelector("input");
    var wanted = null; // a place chosen before the film is there

    function turn() {
      if (film.paused) film.play(); else film.pause();
    }
    function seek() {
      wanted = place.value / place.max;
      if (film.duration) arrive(); else { film.preload = "auto"; film.load(); }
    }
    function arrive() {
      if (wanted !== null) film.currentTime = wanted * film.duration;
      wanted = null;
    }
    function show() {
      button.textContent = film.paused ? "Play" : "Pause";
      if (film.duration && wanted === null) place.value = place.max * film.currentTime / film.duration;
      place.setAttribute("aria-valuetext", film.currentTime.toFixed(1) + " seconds");
    }

    box.dataset.film = "ready"; // a second copy of this script leaves it alone
    film.controls = false;
    button.parentNode.hidden = false;
    button.addEventListener("click", turn);
    film.addEventListener("click", turn);
    place.addEventListener("input", seek);
    film.addEventListener("loadedmetadata", arrive);
    ["play", "pause", "timeupdate", "seeked"].forEach(function (name) { film.addEventListener(name, show); });
    place.value = 0; // a browser may have kept the place of an earlier visit
  }

  document.querySelectorAll("[data-film='']").forEach(start);
})();
