// The laboratory: the trained transformer that adds, run exactly in the page on any sum, with any of its heads switched off.
// Plain script, no library, no module: it works from disk. Its tables are a second script, loaded when the reader comes near.
(function () {
  "use strict";
  const N_DIGITS = 6, N_ANSWERS = 7, N_INPUTS = 12, EQUALS = 10, TEN = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const PLACES = ["ones", "tens", "hundreds", "thousands", "ten thousands", "hundred thousands", "millions"];
  const POWERS = ["1", "10", "10²", "10³", "10⁴", "10⁵", "10⁶"];

  // ---- the model ----

  function nested(flat, shape) {
    if (shape.length === 1) return flat;
    const size = flat.length / shape[0];
    return Array.from({ length: shape[0] }, function (_, k) {
      return nested(flat.subarray(k * size, (k + 1) * size), shape.slice(1));
    });
  }

  // The tables as nested arrays, and from them E[answer][head][position][token]: exp(score), 1 at its largest.
  function unpack(packed) {
    const tables = {};
    Object.keys(packed).forEach(function (name) {
      const bytes = Uint8Array.from(atob(packed[name].float64), function (c) { return c.charCodeAt(0); });
      tables[name] = nested(new Float64Array(bytes.buffer), packed[name].shape);
    });
    tables.zero = tables.mean.map(function (heads) { return heads.map(function (z) { return new Float64Array(z.length); }); });
    tables.E = tables.direct.map(function (_, t) {
      return tables.WOU.map(function (_, h) {
        const scores = tables.by_place[t].slice(0, N_INPUTS + t + 1).map(function (place) {
          return Float64Array.from(tables.by_token[t], function (token) { return place[h] + token[h]; });
        });
        const largest = Math.max(...scores.map(function (row) { return Math.max(...row); }));
        return scores.map(function (row) { return row.map(function (score) { return Math.exp(score - largest); }); });
      });
    });
    return tables;
  }

  // What the model sees: the digits of a and b, least significant first, then seven times "=".
  function tokens(a, b) {
    const digits = function (number) { return TEN.slice(0, N_DIGITS).map(function (i) { return Math.floor(number / 10 ** i) % 10; }); };
    return digits(a).concat(digits(b), Array(N_ANSWERS).fill(EQUALS));
  }

  // The answer in place t: where each head attends, what it adds to the ten logits, the logits, and the digit.
  // A head is Σ E V / Σ E over the places that it sees; one that is not `on` gives `off`[t] instead.
  function answer(tables, seen, on, off, t) {
    const logits = Float64Array.from(tables.direct[t]);
    const heads = tables.E[t].map(function (E, h) {
      const weights = E.map(function (row, p) { return row[seen[p]]; });
      const sum = weights.reduce(function (x, y) { return x + y; });
      const z = on[h] ? new Float64Array(off[t][h].length) : off[t][h];
      if (on[h]) {
        weights.forEach(function (weight, p) {
          const token = tables.V_token[seen[p]][h], place = tables.V_place[p][h];
          for (let d = 0; d < z.length; d++) z[d] += weight / sum * (token[d] + place[d]);
        });
      }
      const adds = new Float64Array(logits.length);
      z.forEach(function (value, d) { tables.WOU[h][d].forEach(function (w, c) { adds[c] += value * w; }); });
      adds.forEach(function (x, c) { logits[c] += x; });
      return { pattern: weights.map(function (weight) { return weight / sum; }), adds: adds };
    });
    return { heads: heads, logits: logits, digit: logits.indexOf(Math.max(...logits)) };
  }

  // ---- pictures ----

  function draw(parent, name, attributes, words) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
    if (words !== undefined) node.textContent = words;
    return parent.appendChild(node);
  }

  // Black ink on white, which the dark page turns over: x from −1 (blue) over 0 (white) to 1 (orange).
  function colour(x) {
    const end = x < 0 ? [11, 79, 138] : [166, 63, 3], part = Math.sqrt(Math.min(1, Math.abs(x)));
    return "rgb(" + end.map(function (c) { return Math.round(255 + part * (c - 255)); }).join() + ")";
  }

  // Cells [row][column] at x(column), y(row); drawn once, coloured at every change.
  function cells(svg, rows, columns, x, y, width, height) {
    return rows.map(function (_, r) {
      return columns.map(function (_, c) {
        return draw(svg, "rect", { x: x(c), y: y(r), width: width, height: height, stroke: "#bbb", "stroke-width": 0.4, fill: "#fff" });
      });
    });
  }

  function labels(svg, words, x, y, size, anchor) {
    return words.map(function (word, k) {
      return draw(svg, "text", { x: x(k), y: y(k), "font-size": size, "text-anchor": anchor, fill: "#000" }, word);
    });
  }

  function constant(x) { return function () { return x; }; }

  // Where the heads attend. Places stand as one writes a sum, the ones at the right; rows are the answers, the millions on top.
  function attentionPicture(svg) {
    const order = [[5, 4, 3, 2, 1, 0], [11, 10, 9, 8, 7, 6], [18, 17, 16, 15, 14, 13, 12]].flat();
    const x = function (c) { return 32 + 16.2 * c + (c > 5) * 8 + (c > 11) * 8; };
    const y = function (r) { return 36 + 16.2 * r; };
    const rows = [6, 5, 4, 3, 2, 1, 0];
    labels(svg, ["a", "b", "answer"], function (k) { return [80, 185, 298][k]; }, constant(12), 13, "middle");
    labels(svg, rows.map(function (t) { return POWERS[t]; }), constant(27), function (r) { return y(r) + 12; }, 12, "end");
    const heads = labels(svg, order.map(constant("")), function (c) { return x(c) + 8; }, constant(31), 13, "middle");
    const grid = cells(svg, rows, order, x, y, 16.2, 16.2);
    const frame = draw(svg, "rect", { width: x(18) + 16.2 - x(0), height: 16.2, x: x(0), fill: "none", stroke: "#000", "stroke-width": 1.6 });
    return function (seen, patterns, t) {
      heads.forEach(function (head, c) { head.textContent = "0123456789="[seen[order[c]]]; });
      grid.forEach(function (row, r) {
        row.forEach(function (cell, c) {
          const weight = patterns[rows[r]][order[c]];
          cell.setAttribute("fill", weight === undefined ? "#e4e4e4" : colour(-weight));
        });
      });
      frame.setAttribute("y", y(6 - t));
    };
  }

  // What each head adds to the ten logits of one answer, relative to their mean, and the logits as bars.
  function contributionsPicture(svg, heads) {
    const width = 250 / heads.length, y = function (c) { return 18 + 16 * c; };
    const x = function (h) { return 18 + width * h; };
    labels(svg, TEN, constant(12), function (c) { return y(c) + 12; }, 12, "end");
    labels(svg, ["head", "logit"], function (k) { return [143, 316][k]; }, constant(12), 13, "middle");
    const every = heads.filter(function (h) { return h % Math.max(1, heads.length / 8) === 0; });
    labels(svg, every, function (k) { return x(every[k]) + width / 2; }, constant(192), 12, "middle");
    const grid = cells(svg, TEN, heads, x, y, width, 16);
    const bars = TEN.map(function (c) { return draw(svg, "rect", { x: 282, y: y(c) + 2, height: 12 }); });
    const marks = labels(svg, TEN.map(constant("")), constant(358), function (c) { return y(c) + 13; }, 13, "end");
    return function (found, right) {
      const centred = found.heads.map(function (head) {
        const mean = head.adds.reduce(function (u, v) { return u + v; }) / TEN.length;
        return head.adds.map(function (add) { return add - mean; });
      });
      const largest = Math.max(1e-9, ...centred.map(function (adds) { return Math.max(...adds.map(Math.abs)); }));
      const low = Math.min(...found.logits), span = Math.max(1e-9, Math.max(...found.logits) - low);
      TEN.forEach(function (c) {
        heads.forEach(function (h) { grid[c][h].setAttribute("fill", colour(centred[h][c] / largest)); });
        bars[c].setAttribute("width", 1 + 58 * (found.logits[c] - low) / span);
        bars[c].setAttribute("fill", c === found.digit ? (c === right ? "#0b4f8a" : "#a63f03") : "#aaa");
        marks[c].textContent = c === right ? "✓" : "";
      });
      return largest;
    };
  }

  // The answer digit for all hundred pairs of two digits; wrong ones are filled.
  function mapPicture(svg) {
    const x = function (k) { return 36 + 32 * k; }, y = function (k) { return 36 + 32 * k; };
    const across = labels(svg, [""], constant(196), constant(12), 13, "middle");
    const down = draw(svg, "text", { transform: "translate(11 196) rotate(-90)", "font-size": 13, "text-anchor": "middle" }, "");
    labels(svg, TEN, function (k) { return x(k) + 16; }, constant(30), 13, "middle");
    labels(svg, TEN, constant(30), function (k) { return y(k) + 21; }, 13, "end");
    const grid = cells(svg, TEN, TEN, x, y, 32, 32);
    const words = TEN.map(function (r) { return labels(svg, TEN, function (c) { return x(c) + 16; }, constant(y(r) + 21), 15, "middle"); });
    const frame = draw(svg, "rect", { width: 32, height: 32, fill: "none", stroke: "#000", "stroke-width": 2.4 });
    return function (varied, right, i, here) {
      TEN.forEach(function (r) {
        TEN.forEach(function (c) {
          const good = varied[r][c] === right[r][c];
          grid[r][c].setAttribute("fill", good ? "#e3edf5" : "#a63f03");
          words[r][c].setAttribute("fill", good ? "#000" : "#fff");
          words[r][c].textContent = varied[r][c];
        });
      });
      across[0].textContent = "b’s digit of the " + PLACES[i];
      down.textContent = "a’s digit of the " + PLACES[i];
      frame.setAttribute("x", x(here[1]));
      frame.setAttribute("y", y(here[0]));
    };
  }

  // ---- the room ----

  function start(box) {
    const room = box.querySelector("fieldset"), part = function (name) { return box.querySelector("[data-part='" + name + "']"); };
    const inputs = [part("a"), part("b")], status = part("status"), buttons = Array.from(part("heads").children);
    const on = buttons.map(constant(true)), digits = Array.from(box.querySelectorAll("[data-digit]"));
    const svgs = { attention: part("attention"), contributions: part("contributions"), map: part("map") };
    let tables, pictures, sum = [1234, 5678];

    function load() {
      const script = document.createElement("script");
      script.src = box.dataset.tables;
      script.onload = function () { open(window.superpositionLaboratoryTables); };
      script.onerror = function () { status.textContent = "The model’s tables are not there: " + box.dataset.tables; };
      document.head.appendChild(script);
    }

    function open(packed) {
      tables = unpack(packed);
      pictures = {
        attention: attentionPicture(svgs.attention), map: mapPicture(svgs.map),
        contributions: contributionsPicture(svgs.contributions, buttons.map(function (_, h) { return h; })),
      };
      window.superpositionLaboratory = { tables: tables, tokens: tokens, answer: answer, logits: logits, update: update };
      room.disabled = false;
      update();
    }

    // Seven times ten logits, the ones first. `heads`: the numbers of those that are on; `off`: "zero" or "mean".
    function logits(a, b, heads, off) {
      const kept = on.map(function (_, h) { return heads.includes(h); });
      return PLACES.map(function (_, t) { return Array.from(answer(tables, tokens(a, b), kept, tables[off || "zero"], t).logits); });
    }

    function fault(input) {
      const typed = input.value.trim();
      if (typed === "") return "type a number of up to six digits";
      if (!/^[0-9]+$/.test(typed)) return "only the digits 0 to 9, without sign, point or comma";
      return typed.length > N_DIGITS ? "at most six digits: the model has no place for more" : "";
    }

    // Takes what is typed, if it is a sum; if it is not, the pictures stay with the last one, faded.
    function update() {
      const faults = inputs.map(fault), faulty = faults.join("") !== "";
      inputs.forEach(function (input, k) { input.setAttribute("aria-invalid", String(faults[k] !== "")); });
      box.classList.toggle("stale", faulty);
      if (!faulty) sum = inputs.map(function (input) { return Number(input.value.trim()); });
      const said = show();
      const wrong = faults.map(function (words, k) { return words && "ab"[k] + ": " + words + ". "; }).join("");
      status.textContent = faulty ? wrong + "The pictures still show " + sum.join(" + ") + "." : said;
    }

    function show() {
      const seen = tokens(sum[0], sum[1]), off = tables[part("off").value];
      const truth = tokens(sum[0] + sum[1], 0).slice(0, N_DIGITS).concat(Math.floor((sum[0] + sum[1]) / 1e6));
      const found = PLACES.map(function (_, t) { return answer(tables, seen, on, off, t); });
      const t = Number(digits.find(function (digit) { return digit.checked; }).value);
      showAttention(seen, found, t);
      showContributions(found[t], truth[t], t);
      showMap(seen, off, t);
      return showAnswer(found, truth);
    }

    function showAnswer(found, truth) {
      digits.forEach(function (digit) {
        const t = Number(digit.value), right = found[t].digit === truth[t];
        digit.nextElementSibling.textContent = found[t].digit;
        digit.parentNode.nextElementSibling.textContent = right ? "✓" : "✗ " + truth[t];
        digit.setAttribute("aria-label", PLACES[t] + ": " + found[t].digit + (right ? ", right" : ", wrong, should be " + truth[t]));
      });
      const wrong = truth.filter(function (digit, t) { return found[t].digit !== digit; }).length;
      const number = found.map(function (one) { return one.digit; }).reverse().join("").replace(/^0+(?=.)/, "");
      return sum.join(" + ") + ": the model answers " + number + ", " +
        (wrong ? "wrong in " + wrong + " of 7 digits. The sum is " + (sum[0] + sum[1]) + "." : "right in all digits.");
    }

    function showContributions(found, right, t) {
      const largest = pictures.contributions(found, right);
      const adds = found.heads.map(function (head) { return head.adds[found.digit]; }), strongest = adds.indexOf(Math.max(...adds));
      caption("contributions", "What each head adds to the logits of the " + PLACES[t] + " digit",
        "Orange: more, blue: less than to the mean digit, up to " + largest.toFixed(1) + ". Bars: the sum; ✓ the right digit.",
        "Head " + strongest + " adds most to the answer " + found.digit + ": " + adds[strongest].toFixed(1) + ".");
    }

    function showAttention(seen, found, t) {
      const kept = on.map(function (_, h) { return h; }).filter(function (h) { return on[h]; });
      const chosen = part("head").value === "mean" ? kept : [Number(part("head").value)];
      const patterns = found.map(function (one) {
        return one.heads[0].pattern.map(function (_, p) {
          return chosen.reduce(function (total, h) { return total + one.heads[h].pattern[p] / chosen.length; }, 0);
        });
      });
      pictures.attention(seen, patterns, t);
      const most = patterns[t].indexOf(Math.max(...patterns[t]));
      const place = most < N_INPUTS ? "ab"[Math.floor(most / N_DIGITS)] + "’s digit of the " + PLACES[most % N_DIGITS] : "an = sign";
      caption("attention", "Where " + (part("head").value === "mean" ? "the heads that are on attend (mean)" : "head " + chosen[0] + " attends"),
        "A row per answer digit; the stronger, the more of its attention.",
        chosen.length ? "For the " + PLACES[t] + " most, " + patterns[t][most].toFixed(2) + ", to " + place + "." : "No head is on.");
    }

    function showMap(seen, off, t) {
      const i = Math.max(0, Math.min(N_DIGITS - 1, t - Number(part("column").value)));
      const pairs = function (what) { return TEN.map(function (x) { return TEN.map(function (y) { return what(x, y); }); }); };
      const varied = pairs(function (x, y) {
        const other = seen.slice();
        other[i] = x;
        other[i + N_DIGITS] = y;
        return answer(tables, other, on, off, t).digit;
      });
      const right = pairs(function (x, y) {
        return Math.floor((sum[0] + sum[1] + (x + y - seen[i] - seen[i + N_DIGITS]) * 10 ** i) / 10 ** t) % 10;
      });
      pictures.map(varied, right, i, [seen[i], seen[i + N_DIGITS]]);
      const count = varied.flat().filter(function (digit, k) { return digit === right.flat()[k]; }).length;
      caption("map", "The " + PLACES[t] + " digit of the answer, if a and b had other " + PLACES[i],
        count + " of 100 are right; the wrong ones are filled. Framed: the sum typed.", "");
    }

    function caption(name, title, note, spoken) {
      const words = box.querySelector("[data-caption='" + name + "']");
      words.firstElementChild.textContent = title;
      words.lastElementChild.textContent = note;
      svgs[name].setAttribute("aria-label", [title + ".", note, spoken].join(" ").trim());
    }

    function settle(chosen) {
      buttons.forEach(function (button, h) {
        on[h] = chosen(h);
        button.setAttribute("aria-pressed", String(on[h]));
      });
      update();
    }

    inputs.forEach(function (input) { input.addEventListener("input", update); });
    box.addEventListener("change", function (event) { if (!inputs.includes(event.target)) update(); });
    box.addEventListener("click", function (event) {
      const button = event.target.closest("button");
      if (!button) return;
      if (button.dataset.sum) {
        button.dataset.sum.split(" ").forEach(function (number, k) { inputs[k].value = number; });
        update();
      } else if (button.dataset.heads) {
        const kept = JSON.parse(button.dataset.heads);
        settle(function (h) { return kept.includes(h); });
      } else {
        settle(function (h) { return buttons[h] === button ? !on[h] : on[h]; });
      }
    });
    // The heads are one stop of the tab key; arrows move among them, as in a toolbar.
    part("heads").addEventListener("keydown", function (event) {
      const here = buttons.indexOf(document.activeElement), last = buttons.length - 1;
      const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: last }[event.key];
      if (to === undefined || to < 0 || to > last) return;
      event.preventDefault();
      buttons[to].focus();
    });
    part("heads").addEventListener("focusin", function (event) {
      buttons.forEach(function (button) { button.tabIndex = button === event.target ? 0 : -1; });
    });

    box.dataset.slider = "ready"; // a second copy of this script leaves it alone
    room.hidden = false;
    new IntersectionObserver(function (entries, observer) {
      if (entries.some(function (entry) { return entry.isIntersecting; })) {
        observer.disconnect();
        load();
      }
    }, { rootMargin: "200px" }).observe(box);
  }

  document.querySelectorAll("[data-slider='laboratory']").forEach(start);
})();
