"use strict";
// GPT-2's byte-level byte-pair encoding, from the vocabulary and merges of tokenizer.json: the same tokens as `tokenizers` gives.
(function () {
  const SPACE = "\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";  // as Unicode has it, unlike \s
  const WORDS = new RegExp(
    `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${SPACE}\\p{L}\\p{N}]+|[${SPACE}]+(?![^${SPACE}])|[${SPACE}]+`, "gu");

  // `vocabulary`: each token's bytes, as a string whose letters are bytes; `merges`: pairs of token numbers, the first first;
  // `special`: numbers of tokens that stand for themselves wherever their names are written.
  function tokenizer(vocabulary, merges, special) {
    const number = new Map(), named = new Set(special);
    vocabulary.forEach((bytes, k) => { if (!named.has(k) && !number.has(bytes)) number.set(bytes, k); });
    const rank = new Map();
    merges.forEach(([a, b], k) => { if (!rank.has(a * 4294967296 + b)) rank.set(a * 4294967296 + b, k); });
    const names = special.map(k => [new TextDecoder().decode(neuroscope.ofString(vocabulary[k])), k]).sort((a, b) => b[0].length - a[0].length);

    function word(bytes) {
      let parts = Array.from(bytes, byte => number.get(String.fromCharCode(byte)));
      if (parts.some(part => part === undefined)) return parts.filter(part => part !== undefined);
      for (;;) {
        let best = Infinity, pair = 0;
        for (let k = 0; k + 1 < parts.length; k++) {
          const found = rank.get(parts[k] * 4294967296 + parts[k + 1]);
          if (found !== undefined && found < best) { best = found; pair = parts[k] * 4294967296 + parts[k + 1]; }
        }
        if (best === Infinity) return parts;
        const joined = [];
        for (let k = 0; k < parts.length; k++) {
          if (k + 1 < parts.length && parts[k] * 4294967296 + parts[k + 1] === pair) {
            joined.push(number.get(vocabulary[parts[k]] + vocabulary[parts[k + 1]]));
            k += 1;
          } else joined.push(parts[k]);
        }
        parts = joined;
      }
    }

    function encode(text) {
      for (const [name, k] of names) {
        const at = text.indexOf(name);
        if (name && at >= 0) return [...encode(text.slice(0, at)), k, ...encode(text.slice(at + name.length))];
      }
      const found = [], utf8 = new TextEncoder();
      for (const [piece] of text.matchAll(WORDS)) for (const part of word(utf8.encode(piece))) found.push(part);
      return found;
    }
    return encode;
  }
  neuroscope.tokenizer = tokenizer;
})();
