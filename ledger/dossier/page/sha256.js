// SHA-256 (FIPS 180-4), piece by piece: a file of any size is hashed without being in memory, and proofs need no promises.

function primes(count) {
  const found = [];
  for (let one = 2; found.length < count; one++) if (found.every((prime) => one % prime)) found.push(one);
  return found;
}

// The first 32 bits of the fractional part of a root, exact: by whole numbers, not by floating point.
function fractionOfRoot(number, power) {
  const wanted = BigInt(number) << BigInt(32 * power);
  let low = 0n, high = wanted;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(power) <= wanted) low = middle;
    else high = middle;
  }
  return Number(low & 0xffffffffn) | 0;
}

const SHA_START = Int32Array.from(primes(8), (prime) => fractionOfRoot(prime, 2));
const SHA_ROUND = Int32Array.from(primes(64), (prime) => fractionOfRoot(prime, 3));

class Sha256 {
  constructor() {
    this.state = Int32Array.from(SHA_START);
    this.block = new Uint8Array(64);
    this.words = new Int32Array(64);
    this.held = 0;
    this.length = 0;
  }

  update(bytes) {
    this.length += bytes.length;
    let at = 0;
    while (at < bytes.length) {
      if (this.held === 0 && bytes.length - at >= 64) {
        this.compress(bytes, at);
        at += 64;
        continue;
      }
      const taken = Math.min(64 - this.held, bytes.length - at);
      this.block.set(bytes.subarray(at, at + taken), this.held);
      this.held = (this.held + taken) % 64;
      at += taken;
      if (this.held === 0) this.compress(this.block, 0);
    }
    return this;
  }

  digest() {
    const bits = u64be(BigInt(this.length) * 8n);
    const padding = new Uint8Array(((119 - (this.length % 64)) % 64) + 1);
    padding[0] = 0x80;
    this.update(padding).update(bits);
    const result = new Uint8Array(32), view = new DataView(result.buffer);
    this.state.forEach((word, at) => view.setInt32(4 * at, word));
    return result;
  }

  compress(bytes, start) {
    const w = this.words, s = this.state;
    for (let t = 0, at = start; t < 16; t++, at += 4) w[t] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15], y = w[t - 2];
      const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[t] = (w[t - 16] + small0 + w[t - 7] + small1) | 0;
    }
    let a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
    for (let t = 0; t < 64; t++) {
      const big1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const one = (h + big1 + ((e & f) ^ (~e & g)) + SHA_ROUND[t] + w[t]) | 0;
      const big0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const two = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
    }
    s[0] += a; s[1] += b; s[2] += c; s[3] += d; s[4] += e; s[5] += f; s[6] += g; s[7] += h;
  }
}

// The hash of all parts, one behind the other.
function sha256(...parts) {
  const hash = new Sha256();
  for (const part of parts) hash.update(part);
  return hash.digest();
}
