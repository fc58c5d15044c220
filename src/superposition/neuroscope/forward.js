"use strict";
// A transformer's forward pass up to its last neurons, in single precision: layer norm, attention, MLP, by TransformerLens' names.
(function () {
  function product(x, rows, W, inner, outer, bias) {  // x[rows, inner] @ W[inner, outer] + bias
    const y = new Float32Array(rows * outer);
    for (let t = 0; t < rows; t++) {
      const out = y.subarray(t * outer, (t + 1) * outer);
      if (bias) out.set(bias);
      for (let k = 0; k < inner; k++) {
        const a = x[t * inner + k], row = k * outer;
        if (a !== 0) for (let j = 0; j < outer; j++) out[j] += a * W[row + j];
      }
    }
    return y;
  }

  function normed(x, rows, d, weight, bias, eps) {
    if (!weight) return x.slice();
    const y = new Float32Array(x.length);
    for (let t = 0; t < rows; t++) {
      let mean = 0, square = 0;
      for (let k = 0; k < d; k++) mean += x[t * d + k] / d;
      for (let k = 0; k < d; k++) square += (x[t * d + k] - mean) ** 2 / d;
      const scale = 1 / Math.sqrt(square + eps);
      for (let k = 0; k < d; k++) y[t * d + k] = (x[t * d + k] - mean) * scale * weight[k] + bias[k];
    }
    return y;
  }

  function erf(x) {  // Abramowitz and Stegun 7.1.26, to 1.5e-7
    const t = 1 / (1 + 0.3275911 * Math.abs(x));
    const y = 1 - ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x);
    return x < 0 ? -y : y;
  }
  const functions = {
    relu: x => Math.max(x, 0),
    gelu_new: x => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    gelu: x => 0.5 * x * (1 + erf(x / Math.SQRT2)),
    silu: x => x / (1 + Math.exp(-x)),
  };

  function attention(x, T, layer, config) {
    const { d, heads, d_head } = config, wide = heads * d_head;
    const q = product(x, T, layer.W_Q, d, wide, layer.b_Q), k = product(x, T, layer.W_K, d, wide, layer.b_K);
    const v = product(x, T, layer.W_V, d, wide, layer.b_V), z = new Float32Array(T * wide), score = new Float64Array(T);
    for (let head = 0; head < heads; head++) for (let t = 0; t < T; t++) {
      const from = Math.max(0, t - layer.window + 1), at = head * d_head;
      let most = -Infinity, sum = 0;
      for (let s = from; s <= t; s++) {
        let dot = 0;
        for (let j = 0; j < d_head; j++) dot += q[t * wide + at + j] * k[s * wide + at + j];
        score[s] = dot * config.scale;
        most = Math.max(most, score[s]);
      }
      for (let s = from; s <= t; s++) sum += score[s] = Math.exp(score[s] - most);
      for (let s = from; s <= t; s++) for (let j = 0; j < d_head; j++) z[t * wide + at + j] += score[s] / sum * v[s * wide + at + j];
    }
    return product(z, T, layer.W_O, wide, d, layer.b_O);
  }

  // What the neurons of every layer give at each of these tokens: a Float32Array [token, neuron] a layer.
  function activations(model, tokens) {
    const { config } = model, { d } = config, T = tokens.length, act = functions[config.act], found = [];
    const x = new Float32Array(T * d);
    for (let t = 0; t < T; t++) for (let k = 0; k < d; k++) x[t * d + k] = model.W_E[tokens[t] * d + k] + model.W_pos[t * d + k];
    model.layers.forEach((layer, number) => {
      const read = attention(normed(x, T, d, layer.ln1_w, layer.ln1_b, config.eps), T, layer, config);
      for (let k = 0; k < x.length; k++) x[k] += read[k];
      const m = layer.b_in.length;
      const h = product(normed(x, T, d, layer.ln2_w, layer.ln2_b, config.eps), T, layer.W_in, d, m, layer.b_in);
      for (let k = 0; k < h.length; k++) h[k] = act(h[k]);
      found.push(h);
      if (number + 1 < model.layers.length) {
        const written = product(h, T, layer.W_out, m, d, layer.b_out);
        for (let k = 0; k < x.length; k++) x[k] += written[k];
      }
    });
    return found;
  }

  function half(bits) {
    const exponent = (bits >> 10) & 31, fraction = bits & 1023, sign = bits & 32768 ? -1 : 1;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
  }

  let halves = null;
  function numbers(kind, bytes) {  // of an array as it is stored
    if (kind === "f4") return new Float32Array(bytes.buffer);
    halves = halves || Float32Array.from({ length: 65536 }, (_, bits) => half(bits));
    return Float32Array.from(new Uint16Array(bytes.buffer), bits => halves[bits]);
  }
  Object.assign(neuroscope, { activations, numbers });
})();
