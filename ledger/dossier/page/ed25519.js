// Ed25519 in the strict profile of section 3.1. The steps that implementations differ in are here; the equation is the browser's.

const ED_P = 2n ** 255n - 19n;
const ED_L = 2n ** 252n + 27742317777372353535851937790883648493n;
const ED_EIGHTH = 2707385501144840649318225287225658788936804267575313519463743609750303402022n;
const ED_LOW_ORDER = new Set([0n, 1n, ED_P - 1n, ED_P, ED_P + 1n, ED_EIGHTH, ED_P - ED_EIGHTH]);
const ED_TOP = 1n << 255n;
const NO_ED25519 = "this browser cannot verify Ed25519 signatures: use Chrome or Edge 137, Firefox 129, Safari 17 or later, or verify.py";

function littleEndian(bytes) {
  return BigInt("0x" + hex(Uint8Array.from(bytes).reverse()));
}

function modulo(number) {
  const rest = number % ED_P;
  return rest < 0n ? rest + ED_P : rest;
}

function power(base, exponent) {
  let result = 1n;
  for (let square = modulo(base), left = exponent; left > 0n; left >>= 1n, square = (square * square) % ED_P)
    if (left & 1n) result = (result * square) % ED_P;
  return result;
}

const ED_D = modulo(-121665n * power(121666n, ED_P - 2n));
const ED_ROOT_OF_MINUS_1 = power(2n, (ED_P - 1n) / 4n);

// x of the point with these bytes (RFC 8032 section 5.1.3), or null where they are no point of the curve.
function pointX(y, odd) {
  const u = modulo(y * y - 1n), v = modulo(ED_D * y * y + 1n);
  let x = modulo(u * power(v, 3n) * power(u * power(v, 7n), (ED_P - 5n) / 8n));
  if (modulo(v * x * x) !== u) x = modulo(x * ED_ROOT_OF_MINUS_1);
  if (modulo(v * x * x) !== u || (x === 0n && odd)) return null;
  return (x & 1n) === (odd ? 1n : 0n) ? x : ED_P - x;
}

// Points are [X, Y, Z, T] with x = X/Z, y = Y/Z, xy = T/Z (RFC 8032 section 5.1.4).
function addPoints(p, q) {
  const a = modulo((p[1] - p[0]) * (q[1] - q[0])), b = modulo((p[1] + p[0]) * (q[1] + q[0]));
  const c = modulo(2n * p[3] * q[3] * ED_D), d = modulo(2n * p[2] * q[2]);
  const e = b - a, f = d - c, g = d + c, h = b + a;
  return [modulo(e * f), modulo(g * h), modulo(f * g), modulo(e * h)];
}

function multiplyPoint(number, point) {
  let result = [0n, 1n, 1n, 0n];
  for (const bit of number.toString(2)) {
    result = addPoints(result, result);
    if (bit === "1") result = addPoints(result, point);
  }
  return result;
}

// Steps 2 and 3, for a public key and for R.
function plainPoint(bytes) {
  const y = littleEndian(bytes) % ED_TOP;
  return y < ED_P && !ED_LOW_ORDER.has(y);
}

const USABLE = new Map();

// Steps 1 to 3 and 6: for a key that enters the roster or stands in a policy.
function usable(key) {
  const name = hex(key);
  if (!USABLE.has(name)) USABLE.set(name, key.length === 32 && plainPoint(key) && ofPrimeOrder(key));
  return USABLE.get(name);
}

function ofPrimeOrder(key) {
  const y = littleEndian(key) % ED_TOP, x = pointX(y, key[31] > 127);
  if (x === null) return false;
  const end = multiplyPoint(ED_L, [x, y, 1n, modulo(x * y)]);
  return end[0] === 0n && end[1] === end[2];
}

// Steps 1 to 5. Answers true or false; null where this browser cannot tell (`canVerify`).
async function verifyEd25519(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64 || !plainPoint(key)) return false;
  if (!plainPoint(signature.subarray(0, 32)) || littleEndian(signature.subarray(32)) >= ED_L) return false;
  if (!(await canVerify())) return null;
  try {
    const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
  } catch {
    return false; // a key that is no point of the curve is refused at import
  }
}

// RFC 8032 section 7.1, test 2: a browser that does not know this signature, or takes it for another text, knows no Ed25519.
const ED_PROBE = [
  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
];
let CAN_VERIFY = null;

function canVerify() {
  if (CAN_VERIFY === null) CAN_VERIFY = probe();
  return CAN_VERIFY;
}

async function probe() {
  try {
    const [key, signature] = ED_PROBE.map(unhex);
    const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    const verdict = (message) => crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
    return (await verdict(Uint8Array.of(0x72))) && !(await verdict(Uint8Array.of(0x73)));
  } catch {
    return false;
  }
}
