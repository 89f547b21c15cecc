// Proofs: that a record is in the tree, that one tree continues another (section 9), what the index says of a subject (section 10), and that
// a file is in a manifest (section 18). Numbers go up to 2^53 − 1, so they are halved and not shifted.

function node(left, right) {
  return sha256(Uint8Array.of(1), left, right);
}

const half = (number) => Math.floor(number / 2);

// Whether the leaf hash stands at `index` of the tree of `size` with this root.
function included(leaf, index, size, path, root) {
  let place = index, last = size - 1, hash = leaf;
  if (!(index < size)) return false;
  for (const sibling of path) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      hash = node(sibling, hash);
      for (; place % 2 === 0 && place !== 0; last = half(last)) place = half(place);
    } else {
      hash = node(hash, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && equal(hash, root);
}

// Whether the tree of the checkpoint `old` is the beginning of that of `now`.
function consistent(old, now, path) {
  if (old.size < 1 || old.size > now.size) return false;
  if (old.size === now.size) return path.length === 0 && equal(old.root, now.root);
  let place = old.size - 1, last = now.size - 1;
  while (place % 2 === 1) [place, last] = [half(place), half(last)];
  const steps = place === 0 ? [old.root, ...path] : [...path];
  if (path.length === 0) return false;
  let was = steps[0], hash = steps[0];
  for (const sibling of steps.slice(1)) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      [was, hash] = [node(sibling, was), node(sibling, hash)];
      for (; place % 2 === 0 && place !== 0; last = half(last)) place = half(place);
    } else {
      hash = node(hash, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && equal(was, old.root) && equal(hash, now.root);
}

// {index, path, checkpoint: bytes}; raises Malformed. What stands in `extra` is signed by nobody.
function parseProof(bytes) {
  const blank = firstBlank(bytes), lines = latin(bytes.subarray(0, Math.max(0, blank))).split("\n");
  if (/^c2sp\.org\/tlog-proof@v([2-9]|[1-9][0-9]+)$/u.test(lines[0])) throw new Newer("a proof that was made by a newer format");
  well(blank > 0 && lines.shift() === "c2sp.org/tlog-proof@v1", "not a proof of the form c2sp.org/tlog-proof@v1");
  if (lines.length && lines[0].startsWith("extra ")) well(unbase64(lines.shift().slice(6)).length > 0, "extra data of no length");
  well(lines.length >= 1 && lines.length <= 64 && lines[0].startsWith("index "), "a proof that does not say the index of its record");
  return { index: decimal(lines[0].slice(6)), path: lines.slice(1).map((line) => unbase64(line, 32)), checkpoint: bytes.subarray(blank + 2) };
}

function firstBlank(bytes) {
  for (let at = 0; at + 1 < bytes.length; at++) if (bytes[at] === 10 && bytes[at + 1] === 10) return at;
  return -1;
}

const CONSISTENCY_FIELDS = new Map([
  ["custody", (value) => well(value === "consistency/v1", "not a consistency proof")],
  ["old", (value) => well(typeof value === "string", "not a consistency proof")],
  ["new", (value) => well(typeof value === "string", "not a consistency proof")],
  ["path", (value) => checkType("list of Hash, 0 to 64", value, "path")],
]);

// {old: the older checkpoint, now: the bytes of the other note, path} of a consistency proof; raises Malformed or Newer.
function parseConsistency(bytes) {
  well(bytes.length <= 4 << 20, "a proof of two checkpoints above 4 MiB");
  const value = decodeJson(bytes);
  const newer = isObject(value) && /^consistency\/v([2-9]|[1-9][0-9]+)$/u.test(value.custody);
  if (newer) throw new Newer("a consistency proof that was made by a newer format");
  checkInOrder(value, CONSISTENCY_FIELDS, "a consistency proof");
  sameJson(value, bytes, 2);
  const [old, now] = [value.old, value.new].map((note) => checkpointOf(utf8(note)));
  well(old.origin === now.origin && old.size >= 1 && old.size <= now.size, "not a proof of an older and a newer checkpoint of one log");
  return { old, now: utf8(value.new), path: value.path.map((hash) => unbase64(hash, 32)) };
}

// --- the completeness index ---

const INDEX_NOTHING = new Uint8Array(32);

function indexValue(count, last) {
  return sha256(utf8("custody-index/v1\n"), u64be(count), unbase64(last, 32));
}

function bitOf(tag, depth) {
  return (tag[depth >> 3] >> (7 - (depth & 7))) & 1;
}

// {tag, found: {tag, value} or null, siblings}; raises Malformed or Newer.
function parseIndexProof(bytes) {
  const lines = latin(bytes).split("\n");
  if (/^custody-index-proof\/v([2-9]|[1-9][0-9]+)$/u.test(lines[0])) throw new Newer("an index proof that was made by a newer format");
  well(lines[0] === "custody-index-proof/v1" && lines.pop() === "" && lines.length >= 3 && lines.length <= 259, "not a whole index proof");
  const tag = unbase64(lines[1], 32), [kind, ...hashes] = lines[2].split(" "), values = hashes.map((hash) => unbase64(hash, 32));
  well({ leaf: 1, other: 2, missing: 0 }[kind] === values.length, "an index proof that ends in no leaf, other or missing");
  well(kind !== "other" || !equal(values[0], tag), "an index proof that calls its own leaf another");
  const found = kind === "missing" ? null : { tag: kind === "leaf" ? tag : values[0], value: values[values.length - 1] };
  return { tag, found, siblings: lines.slice(3).map((line) => unbase64(line, 32)) };
}

// The value of `tag` under the index root, or null where it is proved absent; raises Contradiction.
function openIndexProof(proof, tag, root) {
  const depth = proof.siblings.length, { found } = proof;
  const holds = (truth, message) => { if (!truth) throw new Contradiction(message); };
  holds(equal(proof.tag, tag), "the index proof is for another subject");
  for (let at = 0; found && at < depth; at++) holds(bitOf(found.tag, at) === bitOf(tag, at), "the index proof ends at a leaf of another branch");
  holds(!depth || !equal(proof.siblings[0], INDEX_NOTHING), "the index proof goes deeper than a true index can");
  let hash = found ? sha256(Uint8Array.of(2), found.tag, found.value) : INDEX_NOTHING;
  proof.siblings.forEach((sibling, above) => {
    hash = bitOf(tag, depth - 1 - above) ? sha256(Uint8Array.of(3), sibling, hash) : sha256(Uint8Array.of(3), hash, sibling);
  });
  holds(equal(hash, root), "the index proof does not lead to the index root of the checkpoint");
  return found && equal(found.tag, tag) ? found.value : null;
}

// --- a file of a manifest ---

const MANIFEST_LINE = /^[0-9a-f]{32} ([0-9a-f]{64}) (0|[1-9][0-9]{0,15}) ([^\x00\r\n]+)$/u;

// {root: hex, index, count, sha256, size, path: the file's name, holds: whether its path leads to the root}; raises Malformed or Newer.
function parseLineProof(bytes) {
  const lines = textOf(bytes).split("\n");
  if (/^custody-line-proof\/v([2-9]|[1-9][0-9]+)$/u.test(lines[0])) throw new Newer("a line proof that was made by a newer format");
  well(lines[0] === "custody-line-proof/v1" && lines.pop() === "" && lines.length >= 4 && lines.length <= 67, "not a whole line proof");
  const places = lines[2].split(" "), found = MANIFEST_LINE.exec(lines[3]);
  well(/^[0-9a-f]{64}$/u.test(lines[1]) && places.length === 2 && found, "a line proof that is not in its form");
  const [index, count] = places.map((place) => decimal(place)), hashes = lines.slice(4).map((line) => unbase64(line, 32));
  const leaf = sha256(Uint8Array.of(0), utf8(lines[3])), holds = included(leaf, index, count, hashes, unhex(lines[1]));
  return { root: lines[1], index, count, sha256: found[1], size: decimal(found[2]), path: manifestPath(found[3]), holds };
}

function manifestPath(written) {
  const path = written.replace(/%(25|0D|0A)/gu, (_, code) => String.fromCharCode(parseInt(code, 16)));
  const again = path.replace(/[%\r\n]/gu, (sign) => ({ "%": "%25", "\r": "%0D", "\n": "%0A" })[sign]);
  well(again === written && path.split("/").every((part) => !["", ".", ".."].includes(part)), "a path that is not in its form");
  return path;
}
