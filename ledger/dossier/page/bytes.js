// Bytes and their spellings: UTF-8, base64, hex, big-endian numbers (section 2). All decoders are exact: encoding again gives the same.

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_OF = new Map([...BASE64].map((sign, value) => [sign, value]));

function utf8(text) {
  return new TextEncoder().encode(text);
}

// Raises Malformed for what is no UTF-8; a byte order mark is a character like any other.
function textOf(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Malformed("not UTF-8");
  }
}

// A character for each byte, so that patterns can be held against bytes.
function latin(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function equal(one, other) {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function unhex(text) {
  well(/^(?:[0-9a-f]{2})*$/u.test(text), "not lower-case hex");
  return Uint8Array.from(text.match(/../gu) || [], (pair) => parseInt(pair, 16));
}

function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = Math.min(3, bytes.length - at);
    const bits = (bytes[at] << 16) | ((bytes[at + 1] || 0) << 8) | (bytes[at + 2] || 0);
    for (let sign = 0; sign < 4; sign++) text += sign <= left ? BASE64[(bits >> (18 - 6 * sign)) & 63] : "=";
  }
  return text;
}

// The bytes of padded base64, as many as `size` where that is given; raises Malformed.
function unbase64(text, size) {
  const bare = text.replace(/={1,2}$/u, "");
  const bytes = new Uint8Array(Math.floor((bare.length * 3) / 4));
  let bits = 0, held = 0, at = 0;
  for (const sign of bare) {
    well(BASE64_OF.has(sign), "not base64");
    bits = ((bits << 6) | BASE64_OF.get(sign)) & 0xffff;
    held += 6;
    if (held >= 8) bytes[at++] = (bits >> (held -= 8)) & 255;
  }
  well(base64(bytes) === text && (size === undefined || bytes.length === size), "base64 that is not exact, or of another length");
  return bytes;
}

function base64url(bytes) {
  return base64(bytes).replace(/=/gu, "").replace(/\+/gu, "-").replace(/\//gu, "_");
}

function unbase64url(text) {
  well(/^[A-Za-z0-9_-]*$/u.test(text), "not base64url");
  const padded = text.replace(/-/gu, "+").replace(/_/gu, "/") + "=".repeat((4 - (text.length % 4)) % 4);
  return unbase64(padded);
}

// A number up to 2^53 − 1 in eight bytes, the most significant first.
function u64be(number) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number));
  return bytes;
}

// Strings by their UTF-8 bytes, which is not the order of UTF-16: below, at or above 0.
function compareText(one, other) {
  const a = utf8(one), b = utf8(other);
  for (let at = 0; at < Math.min(a.length, b.length); at++) if (a[at] !== b[at]) return a[at] - b[at];
  return a.length - b.length;
}

function ascend(texts) {
  return texts.every((text, at) => at === 0 || compareText(texts[at - 1], text) < 0);
}

// A decimal of section 2, at most `most`.
function decimal(text, most = Number.MAX_SAFE_INTEGER) {
  well(/^(?:0|[1-9][0-9]{0,15})$/u.test(text) && Number(text) <= most, "not a decimal");
  return Number(text);
}
