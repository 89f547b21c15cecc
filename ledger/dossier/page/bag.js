// The bag (RFC 8493, in the one form of section 18): what is wrong with it, in words.

const BAG_DECLARED = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
const BAG_OWN = ["bag-info.txt", "bagit.txt", "dossier.note", "manifest-sha256.txt", "tagmanifest-sha256.txt"];
const MAX_MANIFEST = MAX_MEMBERS * (64 + 2 + MAX_NAME_LENGTH + 1);
const INFO_LABEL = /^[A-Z][A-Za-z0-9-]{0,79}$/u;
const INFO_VALUE = /^(?! )[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+$/u;
const INFO_IDENTIFIER = /^custody-dossier\/v[1-9][0-9]{0,8}$/u; // of a newer number too: that it cannot be judged then, the seal says

async function checkBag(tree) {
  const names = tree.names(), lacking = BAG_OWN.filter((name) => !names.includes(name));
  if (lacking.length) return lacking.map((name) => `${name} is missing`);
  const payload = names.filter((name) => name.startsWith("data/"));
  const tags = names.filter((name) => !name.startsWith("data/") && name !== "tagmanifest-sha256.txt" && name !== "dossier.note");
  const oxum = `${payload.reduce((sum, name) => sum + tree.size(name), 0)}.${payload.length}`;
  return [
    ...((await hashOrNone(tree, "bagit.txt")) === hexOf(BAG_DECLARED) ? [] : ["bagit.txt is not that of BagIt 1.0 in UTF-8"]),
    ...(await wrongList(tree, "manifest-sha256.txt", payload)),
    ...(await wrongList(tree, "tagmanifest-sha256.txt", tags)),
    ...(await wrongInfo(tree, oxum)),
    ...((await hashOrNone(tree, "dossier.note")) === null ? ["dossier.note is not what the archive states"] : []),
  ];
}

// What stands against one manifest and the files that it is to list.
async function wrongList(tree, manifest, there) {
  let listed;
  try {
    listed = parseBagManifest(await readAtMost(tree, manifest, MAX_MANIFEST));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return [`${manifest}: ${error.message}`];
  }
  const present = new Set(there), lacking = [...listed.keys()].filter((name) => !present.has(name));
  const wrong = lacking.map((name) => `${name} is missing, though ${manifest} lists it`);
  for (const name of there) {
    if (!listed.has(name)) wrong.push(`${name} is foreign: ${manifest} does not list it`);
    else if ((await hashOrNone(tree, name)) !== listed.get(name)) wrong.push(`${name} is not the file that ${manifest} lists: its SHA-256 differs`);
  }
  return wrong;
}

// Map of name to SHA-256 in hex; raises Malformed.
function parseBagManifest(bytes) {
  const lines = linesOf(bytes).map((line) => /^([0-9a-f]{64}) {2}([^\n]+)$/u.exec(line)), found = new Map();
  for (const line of lines) {
    well(line, "expected a SHA-256 in lower-case hex, two spaces and a name");
    checkName(line[2]);
    found.set(line[2], line[1]);
  }
  well(found.size === lines.length && ascend([...found.keys()]), "names must ascend, and none may stand twice");
  return found;
}

function linesOf(bytes) {
  const lines = textOf(bytes).split("\n");
  well(lines.pop() === "" && lines.length, "it must hold at least one line, and each ends with a line feed");
  return lines;
}

async function wrongInfo(tree, oxum) {
  try {
    const stated = parseInfo(await readAtMost(tree, "bag-info.txt", 1 << 20)), wrong = [];
    if (stated.get("Payload-Oxum") !== oxum) wrong.push(`bag-info.txt states another Payload-Oxum than the payload has: ${oxum}`);
    const named = INFO_IDENTIFIER.test(stated.get("External-Identifier") || "");
    if (!named) wrong.push("bag-info.txt does not say External-Identifier: custody-dossier/v1");
    return wrong;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return [`bag-info.txt: ${error.message}`];
  }
}

function parseInfo(bytes) {
  const pairs = linesOf(bytes).map((line) => /^([^:]*): (.*)$/su.exec(line));
  const plain = (pair) => pair && INFO_LABEL.test(pair[1]) && INFO_VALUE.test(pair[2]) && !pair[2].endsWith(" ");
  well(pairs.every(plain), "a line that is no label with a value");
  well(ascend(pairs.map((pair) => pair[1])), "labels must ascend, and none may stand twice");
  const info = new Map(pairs.map((pair) => [pair[1], pair[2]]));
  well(info.has("Payload-Oxum") && /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/u.test(info.get("Bagging-Date") || ""), "it must say Payload-Oxum and Bagging-Date");
  return info;
}

// Null where the bytes are not even those that the archive states.
async function hashOrNone(tree, name) {
  try {
    return await tree.sha256(name);
  } catch (error) {
    if (!(error instanceof Malformed || error instanceof Contradiction)) throw error;
    return null;
  }
}

async function readAtMost(tree, name, limit) {
  if (tree.size(name) > limit) throw new CannotTell(`${name} has more bytes than such a file may have`);
  return tree.read(name);
}
