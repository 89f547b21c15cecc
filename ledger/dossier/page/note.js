// Signed notes, verifier keys and checkpoints (sections 3 and 8).

const KEY_ED25519 = 1, KEY_COSIGNATURE = 4, KEY_ML_DSA = 6;
const KEY_SIZES = new Map([[KEY_ED25519, 32], [KEY_COSIGNATURE, 32], [KEY_ML_DSA, 1312]]);
const VALUE_SIZES = new Map([[KEY_ED25519, 64], [KEY_COSIGNATURE, 72], [KEY_ML_DSA, 2428]]);
const MAX_NOTE = 1 << 20;
const SPACES = "\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const KEY_NAME = new RegExp(`^[^+\\x00-\\x1f${SPACES}]+$`, "u");
const NOTE_CONTROL = /[\x00-\x09\x0b-\x1f]/u;

function isKeyName(name) {
  return KEY_NAME.test(name) && utf8(name).length <= 255;
}

// {text: bytes up to the last empty line, signatures: [{name, id: 8 hex digits, value: bytes}]}; raises Malformed (section 3, 1 to 5).
function parseNote(bytes) {
  well(bytes.length <= MAX_NOTE, "a note above 1 MiB");
  const blank = lastBlank(bytes);
  well(blank >= 0, "no signed note: an empty line between text and signatures is missing");
  const text = bytes.subarray(0, blank + 1), lines = textOf(bytes.subarray(blank + 2)).split("\n");
  well(!NOTE_CONTROL.test(textOf(text)), "a control character in a note");
  well(lines.pop() === "" && lines.length >= 1 && lines.length <= 64, "a note whose signature lines are cut, or too many");
  const note = { text, signatures: lines.map(parseSignatureLine) };
  well(equal(formatNote(note), bytes), "a note that is not in its one form");
  return note;
}

function lastBlank(bytes) {
  for (let at = bytes.length - 2; at >= 0; at--) if (bytes[at] === 10 && bytes[at + 1] === 10) return at;
  return -1;
}

function parseSignatureLine(line) {
  const words = line.split(" ");
  well(words.length === 3 && words[0] === "\u2014" && isKeyName(words[1]), "a line that is no signature");
  const blob = unbase64(words[2]);
  well(blob.length > 4, "a line that is no signature");
  return { name: words[1], id: hex(blob.subarray(0, 4)), value: blob.subarray(4) };
}

function formatNote(note) {
  const lines = note.signatures.map((one) => `\u2014 ${one.name} ${base64(concat(unhex(one.id), one.value))}\n`);
  return concat(note.text, utf8("\n" + lines.join("")));
}

// {name, id, type, key: bytes, vkey: the text}; raises Malformed.
function parseVkey(text) {
  const [name, id, encoded, more] = splitVkey(text);
  well(more === undefined && encoded !== undefined && isKeyName(name), "not a verifier key");
  const material = unbase64(encoded), type = material[0], key = material.subarray(1);
  well(KEY_SIZES.get(type) === key.length, "a verifier key of unknown type or length");
  well(hex(sha256(utf8(`${name}\n`), material).subarray(0, 4)) === id, "a verifier key whose id does not follow from the rest");
  return { name, id, type, key, vkey: text };
}

// Base64 may hold a plus, a name and an id may not.
function splitVkey(text) {
  const one = text.indexOf("+"), two = text.indexOf("+", one + 1);
  return one < 0 || two < 0 ? [text] : [text.slice(0, one), text.slice(one + 1, two), text.slice(two + 1)];
}

function makeKey(name, type, key) {
  const material = concat(Uint8Array.of(type), key), id = hex(sha256(utf8(`${name}\n`), material).subarray(0, 4));
  return { name, id, type, key, vkey: `${name}+${id}+${base64(material)}` };
}

function madeBy(key, line) {
  return line.name === key.name && line.id === key.id;
}

// Whether a line verifies under its key: true, false, or null where this browser cannot tell. Of type 0x06 the text is a checkpoint.
async function verifyLine(key, line, text) {
  if (!madeBy(key, line) || line.value.length !== VALUE_SIZES.get(key.type)) return false;
  if (key.type === KEY_ED25519) return verifyEd25519(key.key, text, line.value);
  const view = new DataView(line.value.buffer, line.value.byteOffset);
  const time = view.getBigUint64(0);
  if (time >= 1n << 63n) return false;
  const value = line.value.subarray(8);
  if (key.type === KEY_ML_DSA) return verifyMlDsa(key.key, subtreeOf(key.name, time, parseCheckpoint(text)), value);
  return verifyEd25519(key.key, concat(utf8(`cosignature/v1\ntime ${time}\n`), text), value);
}

// What a key of type 0x06 signs.
function subtreeOf(name, time, { origin, size, root }) {
  const counted = (text) => concat(Uint8Array.of(utf8(text).length), utf8(text));
  return concat(utf8("subtree/v1\n\0"), counted(name), u64be(time), counted(origin), u64be(0), u64be(size), root);
}

const ORIGIN_OF_LOG = /^(?!\{|custody-)[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+$/u;

function isOrigin(text) {
  return ORIGIN_OF_LOG.test(text) && utf8(text).length <= 255;
}

// {origin, size, root: bytes} of three lines; raises Malformed.
function parseCheckpoint(text) {
  const lines = textOf(text).split("\n");
  well(lines.length === 4 && lines[3] === "" && isOrigin(lines[0]), "a checkpoint is three lines: origin, size, root");
  return { origin: lines[0], size: decimal(lines[1]), root: unbase64(lines[2], 32) };
}

function checkpointOf(note) {
  return parseCheckpoint(parseNote(note).text);
}

// Section 8, 1 to 3. {checkpoint, by: set of vkeys whose lines are true, unsure: of those that this browser cannot verify}.
// Raises Malformed; Contradiction for a false line by a key that is known; CannotTell where no line is by one.
async function openCheckpoint(bytes, keys) {
  const note = parseNote(bytes), checkpoint = parseCheckpoint(note.text), by = new Set(), unsure = new Set();
  for (const line of note.signatures) {
    const key = keys.find((one) => madeBy(one, line));
    if (key === undefined) continue;
    const verdict = await verifyLine(key, line, note.text);
    if (verdict === false) throw new Contradiction(`the line of ${key.name} on the checkpoint is false`);
    (verdict ? by : unsure).add(key.vkey);
  }
  if (!by.size && !unsure.size) throw new CannotTell("the checkpoint carries no signature by a key that you trust");
  return { checkpoint, by, unsure };
}
