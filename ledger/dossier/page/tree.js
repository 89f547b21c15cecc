// The files of a dossier by their names (section 18): from an archive, from a folder that was dropped, or held in memory.
//
// A tree answers names(), size(name), read(name), sha256(name), and source(name): {size, read(start, end)}, for an archive within.

const MAX_PARTS = 8, MAX_NAME_LENGTH = 255, MAX_MEMBERS = 100000, MAX_MEMBER = 2 ** 31, MAX_TOTAL = 2 ** 32;
const PIECE = 1 << 20;
// Where none of these lies in a folder it is the one around a dossier, or another: that is no fault of anybody's.
const TOP = ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "dossier.note", "custody", "data"];
const NAME_PART = /^[a-z0-9._-]{1,80}$/u;
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/u;

// Raises Malformed for a name that some system could read in another way.
function checkName(name) {
  const parts = name.split("/");
  const plain = (part) => NAME_PART.test(part) && !part.startsWith(".") && !part.endsWith(".") && !part.includes("..") && !DEVICE.test(part);
  const short = name.length <= MAX_NAME_LENGTH && parts.length <= MAX_PARTS;
  well(short && parts.every(plain), `a file with a name that is not allowed: ${name.slice(0, 100)}`);
}

// Raises Malformed also where one stands twice, or is a file and a folder at once.
function checkNames(names) {
  const seen = new Set(), folders = new Set();
  for (const name of names) {
    checkName(name);
    well(!seen.has(name), `${name} stands twice`);
    seen.add(name);
    for (let at = name.indexOf("/"); at >= 0; at = name.indexOf("/", at + 1)) folders.add(name.slice(0, at));
  }
  for (const name of names) well(!folders.has(name), `${name} is a file and a folder at once`);
}

function checkCount(count) {
  if (count > MAX_MEMBERS) throw new CannotTell(`${count} files; this page reads dossiers of at most ${MAX_MEMBERS}`);
}

// `sizes`: Map of name to bytes.
function checkSizes(sizes) {
  let total = 0;
  for (const [name, size] of sizes) {
    if (size > MAX_MEMBER) throw new CannotTell(`${name} has ${size} bytes, more than the ${MAX_MEMBER} that one file may have`);
    total += size;
  }
  if (total > MAX_TOTAL) throw new CannotTell(`the dossier has ${total} bytes, more than the ${MAX_TOTAL} that it may have`);
}

class Tree {
  // `sources`: Map of name to {size, read(start, end), crc: a number where one was stated}.
  constructor(sources) {
    this.sources = sources;
  }

  names() {
    return [...this.sources.keys()].sort();
  }

  size(name) {
    return this.source(name).size;
  }

  source(name) {
    const found = this.sources.get(name);
    if (!found) throw new Contradiction(`${name} is missing`);
    return found;
  }

  async read(name) {
    const pieces = [];
    await this.each(name, (piece) => pieces.push(piece));
    return concat(...pieces);
  }

  async sha256(name) {
    const hash = new Sha256();
    await this.each(name, (piece) => hash.update(piece));
    return hex(hash.digest());
  }

  // Piece by piece; raises Contradiction where the bytes are not those that were stated.
  async each(name, take) {
    const source = this.source(name), crc = new Crc32();
    for (let at = 0; at < source.size; at += PIECE) {
      const piece = await source.read(at, Math.min(source.size, at + PIECE));
      crc.update(piece);
      take(piece);
    }
    if (source.crc !== undefined && crc.value() !== source.crc) throw new Malformed(`${name} is not what the archive states: its CRC-32 differs`);
  }
}

function sourceOf(content) {
  if (content instanceof Uint8Array) return { size: content.length, read: async (start, end) => content.subarray(start, end) };
  return { size: content.size, read: async (start, end) => readSlice(content, start, end) };
}

async function readSlice(blob, start, end) {
  const bytes = new Uint8Array(await blob.slice(start, end).arrayBuffer());
  if (bytes.length !== end - start) throw new Contradiction("a file ends early: it changed while it was read");
  return bytes;
}

// A folder: Map of name to Blob, the names those within the dossier. Raises CannotTell and Malformed.
function openFiles(blobs) {
  const tops = new Set([...blobs.keys()].map((name) => name.split("/", 1)[0]));
  if (!TOP.some((name) => tops.has(name))) throw new CannotTell("this is no dossier: choose the folder in which its bagit.txt lies");
  checkCount(blobs.size);
  checkNames([...blobs.keys()]);
  checkSizes(new Map([...blobs].map(([name, blob]) => [name, blob.size])));
  return openHeld(blobs);
}

// What a page carries: Map of name to bytes.
function openHeld(contents) {
  return new Tree(new Map([...contents].map(([name, content]) => [name, sourceOf(content)])));
}
