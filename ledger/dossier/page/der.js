// DER (X.690), as far as timestamp tokens and certificates need it: definite lengths in their shortest form.

const DER = { bool: 1, integer: 2, bits: 3, octets: 4, oid: 6, utcTime: 23, time: 24, sequence: 48, set: 49 };

// {tag, content, whole} of all elements in these bytes; raises Malformed.
function derAll(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length;) {
    const one = derAt(bytes, at);
    found.push(one);
    at += one.whole.length;
  }
  return found;
}

// The one element that these bytes are.
function derOne(bytes) {
  const found = derAll(bytes);
  well(found.length === 1, "not one element of DER");
  return found[0];
}

function derAt(bytes, at) {
  well(at + 2 <= bytes.length && (bytes[at] & 31) !== 31, "DER that is cut, or has a long tag");
  let length = bytes[at + 1], start = at + 2;
  if (length & 128) {
    const count = length & 127;
    well(count >= 1 && count <= 3 && start + count <= bytes.length && bytes[start] !== 0, "a length that is not in its shortest form");
    length = bytes.subarray(start, start + count).reduce((sum, byte) => sum * 256 + byte, 0);
    well(length >= 128, "a length that is not in its shortest form");
    start += count;
  }
  well(start + length <= bytes.length, "DER that is cut");
  return { tag: bytes[at], content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) };
}

// The one element that these bytes are, in DER down to the last length.
function derWhole(bytes) {
  const waiting = [derOne(bytes)];
  for (const one of waiting) if (one.tag & 32) waiting.push(...derAll(one.content));
  return waiting[0];
}

// The elements within one of this tag.
function derWithin(one, tag = DER.sequence) {
  well(one !== undefined && one.tag === tag, "another element than is expected here");
  return derAll(one.content);
}

function derContent(one, tag) {
  well(one !== undefined && one.tag === tag, "another element than is expected here");
  return one.content;
}

function derOid(one) {
  return hex(derContent(one, DER.oid));
}

// The OID of an AlgorithmIdentifier.
function derAlgorithm(one) {
  return derOid(derWithin(one)[0]);
}

// A small number, not negative.
function derNumber(one, tag = DER.integer) {
  const bytes = derContent(one, tag);
  well(bytes.length >= 1 && bytes.length <= 6 && bytes[0] < 128, "a number that is negative or too large");
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

// Microseconds since 1970 of a UTCTime or GeneralizedTime, and whether more of it was cut off.
function derMoment(one) {
  const text = latin(one.content), long = one.tag === DER.time;
  const found = /^(\d\d|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d*[1-9]))?Z$/u.exec(text);
  well(found && (long ? found[1].length === 4 : one.tag === DER.utcTime && text.length === 13), "not a time of DER");
  const [, year, month, day, hour, minute, second, part = ""] = found;
  const whole = long ? year : (Number(year) >= 50 ? "19" : "20") + year;
  const micros = Number(part.slice(0, 6).padEnd(6, "0"));
  return { micros: instant(`${whole}-${month}-${day}T${hour}:${minute}:${second}Z`) * 1e6 + micros, more: part.length > 6 };
}
