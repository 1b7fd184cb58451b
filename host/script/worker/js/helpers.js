// The helpers of the platform: CE.
(function (native, regions) {
  'use strict';

  const text = String;
  const encode = encodeURIComponent;
  const decode = decodeURIComponent;

  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const hexadecimal = '0123456789abcdef';

  function random_string() {
    let result = '';
    for (let index = 0; index < 12; index += 1) result += letters[native.random_word() % letters.length];
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

  const hmac = (algorithm) => (encoding) => (secret, value) =>
    native.digest(text(algorithm), text(encoding), text(value), text(secret));

  const CE = {
    randomString: random_string,
    randomEmail: () => `${random_string()}@example.com`,
    b64: (value) => native.base64(text(value)),
    decode64: from_base64,
    md5: (value) => native.digest('md5', 'hex', text(value)),
    hmac,
    ...regions,
  };
  for (const algorithm of ['Md5', 'Sha1', 'Sha224', 'Sha256', 'Sha384', 'Sha512']) {
    for (const encoding of ['Hex', 'Base64']) {
      CE[`hmac${algorithm}${encoding}`] = hmac(algorithm.toLowerCase())(encoding.toLowerCase());
    }
  }
  return CE;
});
