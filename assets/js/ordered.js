// A map of cosines in tiles: choose it, move it, zoom it, follow its diagonal. Nothing is loaded before the button is pressed.
// Plain script, no library, no module: it works from disk. All text goes through textContent.
(function () {
  "use strict";

  function start(box) {
    var data = JSON.parse(box.querySelector("script").textContent), part = {}, input = {};
    box.querySelectorAll("[data-part]").forEach(function (node) { part[node.dataset.part] = node; });
    box.querySelectorAll("[data-key]").forEach(function (node) { input[node.dataset.key] = node; });
    var view = part.view, stage = part.stage, still = box.querySelector(":scope > img");
    var map, n, scale, x, y, tiles, fingers = {}, pinch = 0; // x, y: the row and column in the middle of the view

    function least() { return view.clientWidth / n; }

    function choose() {
      map = data.maps[+input.map.value];
      n = map.neurons.length;
      tiles = {};
      stage.textContent = "";
      stage.style.width = stage.style.height = n + "px";
      picture(map.source + ".png", 0, 0, n, n);
      input.along.max = n - 1;
      input.place.textContent = "";
      [["", "", "choose one"]].concat(map.places).forEach(function (place, k) {
        var option = document.createElement("option");
        option.value = k - 1;
        option.textContent = place[2];
        input.place.appendChild(option);
      });
      all();
    }

    function picture(source, left, top, width, height) {
      var image = document.createElement("img");
      image.alt = "";
      image.draggable = false;
      image.style.cssText = "left:" + left + "px;top:" + top + "px;width:" + width + "px;height:" + height + "px";
      image.src = source;
      stage.appendChild(image);
    }

    // The tiles in view, once a row is larger than in the picture of the whole.
    function load() {
      var half = view.clientWidth / scale / 2, size = data.tile, last = Math.ceil(n / size) - 1;
      if (scale < 0.75 * Math.min(1, 512 / n) || scale < 1.3 * least()) return;
      function range(at) { return [Math.max(0, Math.floor((at - half) / size)), Math.min(last, Math.floor((at + half) / size))]; }
      var down = range(y), across = range(x);
      for (var i = down[0]; i <= down[1]; i++) for (var j = across[0]; j <= across[1]; j++) {
        if (tiles[i + "-" + j]) continue;
        tiles[i + "-" + j] = true;
        picture(map.source + "-" + i + "-" + j + ".png", j * size, i * size, Math.min(size, n - j * size), Math.min(size, n - i * size));
      }
    }

    function draw() {
      scale = Math.min(48, Math.max(least(), scale));
      var half = view.clientWidth / scale / 2, middle = view.clientWidth / 2;
      x = Math.min(n - half, Math.max(half, x));
      y = Math.min(n - half, Math.max(half, y));
      stage.style.transform = "translate(" + (middle - x * scale) + "px," + (middle - y * scale) + "px) scale(" + scale + ")";
      load();
      input.along.value = Math.round((x + y) / 2 - 0.5);
      var words = "rows " + (Math.max(0, Math.floor(y - half)) + 1) + " to " + Math.min(n, Math.ceil(y + half)) + " of " + n;
      input.along.setAttribute("aria-valuetext", words);
      view.setAttribute("aria-label", data.alt + " " + map.title + ", " + words + ".");
      say(words + "; in the middle " + name(y) + (Math.floor(x) === Math.floor(y) ? "" : " and " + name(x)) + ".");
    }

    function named(neuron) { return "L" + map.layer + "N" + neuron; }
    function name(at) { return named(map.neurons[Math.min(n - 1, Math.max(0, Math.floor(at)))]); }
    function say(words) { part.status.textContent = words; }
    function all() { scale = least(); x = y = n / 2; draw(); }

    function zoom(factor, atX, atY) { // so that the place under the pointer stays there
      var before = scale;
      scale = Math.min(48, Math.max(least(), scale * factor));
      if (atX !== undefined) {
        x += atX * (1 / before - 1 / scale);
        y += atY * (1 / before - 1 / scale);
      }
      draw();
    }

    function along(step) { x = y = (x + y) / 2 + step; draw(); }

    function see(place) {
      x = y = (place[0] + place[1]) / 2;
      scale = view.clientWidth / (3 * (place[1] - place[0]));
      draw();
      say(place[2] + ": rows " + (place[0] + 1) + " to " + place[1] + ", ");
      map.neurons.slice(place[0], place[1]).forEach(function (neuron, k) { part.status.append(k ? ", " : "", page(neuron)); });
      part.status.append(".");
    }
    function page(neuron) { // its name, which leads to its page where the book has one
      var link = document.createElement("a");
      link.textContent = named(neuron);
      link.href = map.pages + "#" + named(neuron);
      return map.pages ? link : named(neuron);
    }

    function middle(event) {
      var edge = view.getBoundingClientRect();
      return [event.clientX - edge.left - edge.width / 2, event.clientY - edge.top - edge.height / 2];
    }

    function spread() {
      var ids = Object.keys(fingers);
      if (ids.length < 2) return 0;
      return Math.hypot(fingers[ids[0]][0] - fingers[ids[1]][0], fingers[ids[0]][1] - fingers[ids[1]][1]);
    }

    view.addEventListener("pointerdown", function (event) {
      fingers[event.pointerId] = middle(event);
      pinch = spread();
      view.setPointerCapture(event.pointerId);
    });
    view.addEventListener("pointermove", function (event) {
      var before = fingers[event.pointerId], now = middle(event), share;
      if (!before) {
        var half = view.clientWidth / 2, row = y + now[1] / scale, column = x + now[0] / scale;
        if (Math.abs(now[0]) < half && Math.abs(now[1]) < half) say(name(row) + " and " + name(column) + ", rows " + (Math.floor(row) + 1) + " and " + (Math.floor(column) + 1) + ".");
        return;
      }
      share = Object.keys(fingers).length;
      fingers[event.pointerId] = now;
      x -= (now[0] - before[0]) / scale / share;
      y -= (now[1] - before[1]) / scale / share;
      if (share > 1 && pinch > 0) { var wide = spread(); zoom(wide / pinch); pinch = wide; } else draw();
    });
    ["pointerup", "pointercancel"].forEach(function (kind) {
      view.addEventListener(kind, function (event) { delete fingers[event.pointerId]; pinch = spread(); });
    });
    view.addEventListener("dblclick", function (event) { var at = middle(event); zoom(2, at[0], at[1]); });
    view.addEventListener("wheel", function (event) {
      if (document.activeElement !== view && !event.ctrlKey) return; // else the page could not be scrolled past it
      event.preventDefault();
      var at = middle(event);
      zoom(Math.pow(2, -event.deltaY / 300), at[0], at[1]);
    }, { passive: false });
    view.addEventListener("keydown", function (event) {
      var step = view.clientWidth / scale / 8, known = true;
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      switch (event.key) {
        case "ArrowLeft": x -= step; draw(); break;
        case "ArrowRight": x += step; draw(); break;
        case "ArrowUp": y -= step; draw(); break;
        case "ArrowDown": y += step; draw(); break;
        case "+": case "=": zoom(2); break;
        case "-": case "−": zoom(0.5); break;
        case ",": along(-step); break;
        case ".": along(step); break;
        case "0": case "Home": all(); break;
        default: known = false;
      }
      if (known) event.preventDefault();
    });
    box.querySelectorAll("[data-zoom]").forEach(function (button) {
      button.addEventListener("click", function () { if (+button.dataset.zoom) zoom(+button.dataset.zoom); else all(); });
    });
    input.along.addEventListener("input", function () {
      if (scale < 2 * least()) scale = view.clientWidth / 64;
      x = y = +input.along.value + 0.5;
      draw();
    });
    input.map.addEventListener("change", choose);
    input.place.addEventListener("change", function () { if (+input.place.value >= 0) see(map.places[+input.place.value]); });
    window.addEventListener("resize", function () { if (map) draw(); });

    box.dataset.slider = "ready"; // a second copy of this script leaves it alone
    part.ask.hidden = false;
    part.ask.querySelector("button").addEventListener("click", function () {
      part.ask.hidden = true;
      still.hidden = true;
      still.style.display = "none";
      part.tools.hidden = false;
      input.map.value = data.first;
      choose();
      view.focus({ preventScroll: true });
    });
  }

  document.querySelectorAll("[data-slider='ordered']").forEach(start);
})();
