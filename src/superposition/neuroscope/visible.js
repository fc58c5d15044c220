"use strict";
// Bytes of tokens as characters that can be seen. Whatever a token holds passes `pieces` here and becomes text, never markup.
var neuroscope = {};

(function () {
  const CONTROL = /[\u0080-\u009f\u00ad\u115f\u1160\u3164\uffa0\u2800\ufffd]|\p{Cf}|\p{Zl}|\p{Zp}|\p{Cs}|\p{Co}|\p{Cn}/u;
  const MARK = /\p{M}/u;
  const hex = (number, digits) => number.toString(16).toUpperCase().padStart(digits, "0");

  // The code points in these bytes; a byte that belongs to no whole character is given as its negative, less one.
  function decode(bytes) {
    const found = [];
    for (let i = 0; i < bytes.length; ) {
      const first = bytes[i];
      const more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : -1;
      let point = more === 0 ? first : more > 0 ? first & (0x3f >> more) : -1;
      for (let k = 1; k <= more && point >= 0; k++) {
        const next = bytes[i + k];
        point = next >= 0x80 && next < 0xc0 ? (point << 6) | (next & 0x3f) : -1;
      }
      const least = [0, 0x80, 0x800, 0x10000][more];
      if (point < 0 || point < least || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
        found.push(-1 - first);
        i += 1;
      } else {
        found.push(point);
        i += more + 1;
      }
    }
    return found;
  }

  // Pieces {text, code} of a token's bytes: `code` marks what stands for something that cannot be seen.
  // With `spaces`, spaces are shown too, as a token in a list begins and ends nowhere.
  function pieces(bytes, spaces) {
    if (bytes.length && bytes.every(byte => byte > 32 && byte < 127 || byte === 32 && !spaces)) // nearly all, and quickly
      return [{ text: String.fromCharCode(...bytes), code: false }];
    const made = [];
    const put = (text, code) => {
      const last = made[made.length - 1];
      if (last && !last.code && !code) last.text += text;
      else made.push({ text, code });
    };
    let marks = 0, before = false;
    for (const point of decode(bytes)) {
      if (point < 0) { put("\\x" + hex(-1 - point, 2), true); before = false; continue; }
      const letter = String.fromCodePoint(point);
      marks = MARK.test(letter) ? marks + 1 : 0;
      if (point === 10) put("↵", true);
      else if (point === 9) put("⇥", true);
      else if (point < 32) put(String.fromCodePoint(0x2400 + point), true);
      else if (point === 127) put("␡", true);
      else if (point === 32) spaces ? put("␣", true) : put(" ", false);
      else if (CONTROL.test(letter) || (/\p{Zs}/u.test(letter))) put("U+" + hex(point, 4), true);
      else if (marks > 2) put("U+" + hex(point, 4), true);
      else if (marks && !before) put("◌" + letter, true);
      else { put(letter, false); before = true; continue; }
      before = false;
    }
    return made;
  }

  const plain = (bytes, spaces) => pieces(bytes, spaces).map(piece => piece.text).join("");
  const ofString = text => Uint8Array.from(text, letter => letter.charCodeAt(0));  // a string whose letters are bytes

  function put(element, bytes, spaces) {
    for (const piece of pieces(bytes, spaces)) {
      if (piece.code) {
        const span = document.createElement("span");
        span.className = "code";
        span.textContent = piece.text;
        element.append(span);
      } else element.append(piece.text);
    }
    return element;
  }

  Object.assign(neuroscope, { decode, pieces, plain, ofString, put });
})();
