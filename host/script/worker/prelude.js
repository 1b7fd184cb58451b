// Runs once in every fresh context, before a script sees it: takes away what would make two runs of one execution
// differ, or reach outside, and adds what the platform promises. `log` and `mail` are the worker's own functions.
// Everything that is used later is kept in a constant here, so that a script that replaces it only fools itself.
(function (global, log, mail) {
  'use strict';

  // WeakRef and FinalizationRegistry show when garbage is collected, which no second run repeats.
  for (const name of ['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'WeakRef', 'FinalizationRegistry']) {
    delete global[name];
  }

  const { stringify } = JSON;
  const { imul } = Math;
  const text = String;
  const encode = encodeURIComponent;
  const decode = decodeURIComponent;

  function define(target, name, value) {
    Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
  }

  // Math.random: xoshiro128**, by Blackman and Vigna, filled from the seed by splitmix32.
  const state = [1, 2, 3, 4];

  function next() {
    const [a, b, c, d] = state;
    const product = imul(b, 5);
    const result = imul((product << 7) | (product >>> 25), 9);
    const mixed = d ^ b;
    state[0] = a ^ mixed;
    state[1] = b ^ c ^ a;
    state[2] = c ^ a ^ (b << 9);
    state[3] = (mixed << 11) | (mixed >>> 21);
    return result >>> 0;
  }

  function seed(high, low) {
    let word = high;
    for (let index = 0; index < 4; index += 1) {
      if (index === 2) word ^= low;
      word = (word + 0x9e3779b9) | 0;
      let mixed = imul(word ^ (word >>> 16), 0x21f0aaad);
      mixed = imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      state[index] = mixed ^ (mixed >>> 15);
    }
    state[3] |= 1; // all zero would stay zero
  }

  function random() {
    return (next() * 2 ** 21 + (next() >>> 11)) / 2 ** 53;
  }
  define(Math, 'random', random);

  function shown(value) {
    if (typeof value === 'string') return value;
    try {
      if (typeof value !== 'object' || value === null || value instanceof Error) return text(value);
      return stringify(value) ?? text(value);
    } catch {
      return '[a value that cannot be shown]';
    }
  }

  function print(...values) {
    let line = '';
    for (let index = 0; index < values.length; index += 1) line += (index > 0 ? ' ' : '') + shown(values[index]);
    log(line);
  }
  define(global, 'console', { log: print, info: print, debug: print, warn: print, error: print });

  define(global, 'notify', {
    email(to, subject, body) {
      mail(stringify({ to: shown(to), subject: shown(subject), body: shown(body) }));
    },
  });

  define(global, 'require', function require(name) {
    throw new Error(
      `require('${shown(name)}'): no module can be loaded yet; lodash, lodash/fp, moment and util are planned, nothing else will be`,
    );
  });

  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const hexadecimal = '0123456789abcdef';

  function random_string() {
    let result = '';
    for (let index = 0; index < 12; index += 1) result += letters[next() % letters.length];
    return result;
  }

  function utf8(value) {
    const lone = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
    const escaped = encode(text(value).replace(lone, '\ufffd'));
    const bytes = [];
    for (let index = 0; index < escaped.length; index += 1) {
      if (escaped[index] === '%') {
        bytes.push(parseInt(escaped.slice(index + 1, index + 3), 16));
        index += 2;
      } else {
        bytes.push(escaped.charCodeAt(index));
      }
    }
    return bytes;
  }

  function to_base64(value) {
    const bytes = utf8(value);
    let result = '';
    for (let index = 0; index < bytes.length; index += 3) {
      const group = (bytes[index] << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
      result += base64[group >> 18] + base64[(group >> 12) & 63];
      result += index + 1 < bytes.length ? base64[(group >> 6) & 63] : '=';
      result += index + 2 < bytes.length ? base64[group & 63] : '=';
    }
    return result;
  }

  function from_base64(value) {
    let escaped = '';
    let group = 0;
    let bits = 0;
    for (const character of text(value)) {
      const digit = base64.indexOf(character === '-' ? '+' : character === '_' ? '/' : character);
      if (digit < 0) continue; // line ends and padding
      group = ((group << 6) | digit) & 0xfff;
      bits += 6;
      if (bits < 8) continue;
      bits -= 8;
      escaped += '%' + hexadecimal[(group >> (bits + 4)) & 15] + hexadecimal[(group >> bits) & 15];
    }
    try {
      return decode(escaped);
    } catch {
      throw new Error('CE.decode64: the bytes are not a UTF-8 text');
    }
  }

  define(global, 'CE', {
    randomString: random_string,
    randomEmail: () => `${random_string()}@example.com`,
    b64: to_base64,
    decode64: from_base64,
  });

  return { seed, stringify };
});
