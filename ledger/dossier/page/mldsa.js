// ML-DSA-44, verifying only (FIPS 204, algorithm 3 with an empty context). No browser has it yet. A polynomial is a list of 256 numbers below Q.

const DSA_Q = 8380417, DSA_N = 256, DSA_K = 4, DSA_L = 4, DSA_D = 13, DSA_TAU = 39, DSA_OMEGA = 80;
const DSA_GAMMA1 = 2 ** 17, DSA_GAMMA2 = (DSA_Q - 1) / 88, DSA_BETA = 78, DSA_SEED = 32;

// --- SHAKE (FIPS 202) ---

const KECCAK_LANE = 0xffffffffffffffffn;
const [KECCAK_ROUNDS, KECCAK_TURNS] = keccakConstants();

// Round constants by the shift register of FIPS 202 section 3.2.5, and by how many bits each lane is turned (section 3.2.2).
function keccakConstants() {
  const rounds = [], turns = new Array(25).fill(0);
  for (let round = 0, state = 1; round < 24; round++) {
    let constant = 0n;
    for (let bit = 0; bit < 7; bit++) {
      if (state & 1) constant |= 1n << BigInt(2 ** bit - 1);
      state = (state << 1) ^ (state & 0x80 ? 0x171 : 0);
    }
    rounds.push(constant);
  }
  for (let step = 0, x = 1, y = 0; step < 24; step++, [x, y] = [y, (2 * x + 3 * y) % 5]) turns[x + 5 * y] = (((step + 1) * (step + 2)) / 2) % 64;
  return [rounds, turns.map(BigInt)];
}

function turned(lane, bits) {
  return ((lane << bits) | (lane >> (64n - bits))) & KECCAK_LANE;
}

function keccak(a) {
  for (const constant of KECCAK_ROUNDS) {
    const sums = [0, 1, 2, 3, 4].map((x) => a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20]), b = new Array(25);
    for (let x = 0; x < 5; x++) {
      const parity = sums[(x + 4) % 5] ^ turned(sums[(x + 1) % 5], 1n);
      for (let y = 0; y < 5; y++) b[y + 5 * ((2 * x + 3 * y) % 5)] = turned(a[x + 5 * y] ^ parity, KECCAK_TURNS[x + 5 * y]);
    }
    for (let at = 0; at < 25; at++) {
      const row = at - (at % 5);
      a[at] = b[at] ^ (~b[row + ((at + 1) % 5)] & KECCAK_LANE & b[row + ((at + 2) % 5)]);
    }
    a[0] ^= constant;
  }
}

// `size` bytes of SHAKE128 (rate 168) or SHAKE256 (rate 136).
function shake(rate, size, ...parts) {
  const data = concat(...parts), padded = new Uint8Array((Math.floor(data.length / rate) + 1) * rate), a = new Array(25).fill(0n);
  padded.set(data);
  padded[data.length] ^= 0x1f;
  padded[padded.length - 1] ^= 0x80;
  const view = new DataView(padded.buffer), result = new Uint8Array(Math.ceil(size / rate) * rate), into = new DataView(result.buffer);
  for (let at = 0; at < padded.length; at += rate) {
    for (let lane = 0; lane < rate / 8; lane++) a[lane] ^= view.getBigUint64(at + 8 * lane, true);
    keccak(a);
  }
  for (let at = 0; at < result.length; at += rate) {
    if (at) keccak(a);
    for (let lane = 0; lane < rate / 8; lane++) into.setBigUint64(at + 8 * lane, a[lane], true);
  }
  return result.subarray(0, size);
}

// --- polynomials ---

const DSA_ZETAS = Array.from({ length: DSA_N }, (_, at) => {
  const reversed = parseInt(at.toString(2).padStart(8, "0").split("").reverse().join(""), 2);
  let zeta = 1;
  for (let step = 0; step < reversed; step++) zeta = (zeta * 1753) % DSA_Q;
  return zeta;
});

function modQ(number) {
  const rest = number % DSA_Q;
  return rest < 0 ? rest + DSA_Q : rest;
}

// The number theoretic transform (algorithm 41), and back (42).
function transformed(poly) {
  const w = [...poly];
  for (let length = 128, k = 1; length >= 1; length /= 2)
    for (let start = 0; start < DSA_N; start += 2 * length, k++)
      for (let j = start; j < start + length; j++) {
        const t = (DSA_ZETAS[k] * w[j + length]) % DSA_Q;
        [w[j], w[j + length]] = [modQ(w[j] + t), modQ(w[j] - t)];
      }
  return w;
}

function transformedBack(poly) {
  const w = [...poly];
  for (let length = 1, k = 255; length < DSA_N; length *= 2)
    for (let start = 0; start < DSA_N; start += 2 * length, k--)
      for (let j = start; j < start + length; j++) {
        const [one, other] = [w[j], w[j + length]];
        w[j] = modQ(one + other);
        w[j + length] = modQ(DSA_ZETAS[k] * (other - one));
      }
  return w.map((each) => (each * 8347681) % DSA_Q);
}

// Whole numbers of `width` bits each, the least significant bit first.
function unpackBits(bytes, width) {
  const found = [];
  for (let at = 0, bits = 0, held = 0; at < bytes.length; at++) {
    bits += bytes[at] * 2 ** held;
    for (held += 8; held >= width; held -= width) {
      found.push(bits % 2 ** width);
      bits = Math.floor(bits / 2 ** width);
    }
  }
  return found;
}

// Algorithm 30: an entry of the matrix A, already transformed.
function matrixEntry(rho, row, column) {
  const stream = shake(168, 1344, rho, Uint8Array.of(column, row)), found = [];
  for (let at = 0; found.length < DSA_N; at += 3) {
    if (at + 3 > stream.length) throw new Error("a matrix of ML-DSA-44 that needs more than 1344 bytes");
    const number = stream[at] + 256 * stream[at + 1] + 65536 * (stream[at + 2] & 127);
    if (number < DSA_Q) found.push(number);
  }
  return found;
}

// Algorithm 29: the challenge, with 39 coefficients of 1 or −1.
function challenge(seed) {
  const stream = shake(136, 1088, seed), signs = unpackBits(stream.subarray(0, 8), 1), c = new Array(DSA_N).fill(0);
  for (let i = DSA_N - DSA_TAU, at = 8; i < DSA_N; i++, at++) {
    while (stream[at] > i) at++;
    if (at >= stream.length) throw new Error("a challenge of ML-DSA-44 that needs more than 1088 bytes");
    c[i] = c[stream[at]];
    c[stream[at]] = signs[i + DSA_TAU - DSA_N] ? DSA_Q - 1 : 1;
  }
  return c;
}

// Algorithm 21: for each polynomial the set of places with a hint, or null where they are not in their one form.
function hintsOf(bytes) {
  const hints = [];
  let at = 0;
  for (let i = 0; i < DSA_K; i++) {
    const end = bytes[DSA_OMEGA + i], first = at, places = new Set();
    if (end < at || end > DSA_OMEGA) return null;
    for (; at < end; at++) {
      if (at > first && bytes[at - 1] >= bytes[at]) return null;
      places.add(bytes[at]);
    }
    hints.push(places);
  }
  return bytes.subarray(at, DSA_OMEGA).every((byte) => byte === 0) ? hints : null;
}

// Algorithms 36 and 40: the high bits, as the hint corrects them.
function highBits(number, hint) {
  let low = number % (2 * DSA_GAMMA2);
  if (low > DSA_GAMMA2) low -= 2 * DSA_GAMMA2;
  const wraps = number - low === DSA_Q - 1, high = wraps ? 0 : (number - low) / (2 * DSA_GAMMA2);
  if (!hint) return high;
  return (high + ((wraps ? low - 1 : low) > 0 ? 1 : 43)) % 44;
}

// 6 bits each.
function packHighBits(poly) {
  const bytes = new Uint8Array(192);
  poly.forEach((number, at) => {
    const bit = 6 * at, shifted = number << (bit % 8);
    bytes[bit >> 3] |= shifted & 255;
    if (shifted > 255) bytes[(bit >> 3) + 1] |= shifted >> 8;
  });
  return bytes;
}

// Algorithms 3 and 8.
function verifyMlDsa(key, message, signature) {
  const seed = signature.subarray(0, DSA_SEED), hints = hintsOf(signature.subarray(DSA_SEED + DSA_L * 576));
  const parts = (bytes, from, size) => [0, 1, 2, 3].map((at) => bytes.subarray(from + at * size, from + (at + 1) * size));
  const z = parts(signature, DSA_SEED, 576).map((part) => unpackBits(part, 18).map((number) => DSA_GAMMA1 - number));
  if (hints === null || z.some((poly) => poly.some((number) => Math.abs(number) >= DSA_GAMMA1 - DSA_BETA))) return false;
  const t1 = parts(key, 32, 320).map((part) => transformed(unpackBits(part, 10).map((number) => number * 2 ** DSA_D)));
  const c = transformed(challenge(seed)), zs = z.map((poly) => transformed(poly.map(modQ))), rho = key.subarray(0, 32);
  const encoded = t1.map((t, row) => {
    const sum = t.map((number, at) => modQ(-c[at] * number));
    zs.forEach((poly, column) => matrixEntry(rho, row, column).forEach((number, at) => { sum[at] = (sum[at] + number * poly[at]) % DSA_Q; }));
    return packHighBits(transformedBack(sum).map((number, at) => highBits(number, hints[row].has(at))));
  });
  const mu = shake(136, 64, shake(136, 64, key), Uint8Array.of(0, 0), message);
  return equal(shake(136, DSA_SEED, mu, ...encoded), seed);
}
