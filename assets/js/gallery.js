// A gallery of films: the chosen one goes into the player and starts. No film is loaded before, and a still when it is near.
// Plain script, no library, no module: it works from disk; without it the links lead to the files.
(function () {
  "use strict";

  function start(box) {
    var video = box.querySelector("video"), links = box.querySelectorAll("a");
    function mark(chosen) {
      links.forEach(function (link) {
        if (link === chosen) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
        link.style.outline = link === chosen ? "2px solid" : "";
      });
    }
    function choose(event) {
      event.preventDefault();
      var link = event.currentTarget, address = link.getAttribute("href");
      mark(link);
      if (video.getBoundingClientRect().top < 0) video.scrollIntoView({ block: "center" }); // on a phone
      video.setAttribute("aria-label", box.dataset.alt + " " + link.textContent.trim());
      video.poster = address.replace(/\.mp4$/, ".poster.png");
      video.src = address;
      var playing = video.play();
      if (playing) playing.catch(function () {}); // another film was chosen before this one began
    }
    box.dataset.gallery = "ready"; // a second copy of this script leaves it alone
    mark(box.querySelector("[aria-current]"));
    links.forEach(function (link) { link.addEventListener("click", choose); });
    if (window.IntersectionObserver) {
      var watch = new IntersectionObserver(function (seen) {
        if (!seen.some(function (entry) { return entry.isIntersecting; })) return;
        watch.disconnect();
        if (!video.poster) video.poster = video.dataset.poster;
      }, { rootMargin: "300px" });
      watch.observe(video);
    } else video.poster = video.dataset.poster;
  }

  document.querySelectorAll("[data-gallery='films']").forEach(start);
})();
