// Asks the engine single questions: a list of [question, argument…] as JSON on stdin, a list of answers on stdout: {"is": value}, or {"error":
// class of the error, "code": rule}. Bytes are base64 on both sides.

const { loadEngine } = require("./engine.js");

const NAMES = [
  "unbase64", "textOf", "hex", "Sha256", "verifyEd25519", "verifyMlDsa", "shake", "usable", "included", "consistent", "parseNote", "parseVkey",
  "checkpointOf", "decodeEntry", "openDisclosure", "parseRecord", "parseProof", "parseConsistency", "parseLineProof", "parseManifest", "parsePolicy",
  "parseAnchors", "parseCard", "parseBagManifest", "parseInfo", "checkNames", "instant", "compareText",
];
const engine = loadEngine(NAMES);
const bytes = (text) => engine.unbase64(text);
const text = (value) => engine.textOf(bytes(value));

const QUESTIONS = {
  sha256: (data, step) => {
    const hash = new engine.Sha256(), whole = bytes(data);
    for (let at = 0; at < whole.length; at += step) hash.update(whole.subarray(at, at + step));
    return engine.hex(hash.digest());
  },
  ed25519: (key, message, signature) => engine.verifyEd25519(bytes(key), bytes(message), bytes(signature)),
  mldsa: (key, message, signature) => engine.verifyMlDsa(bytes(key), bytes(message), bytes(signature)),
  shake: (rate, size, data) => engine.hex(engine.shake(rate, size, bytes(data))),
  usable: (key) => engine.usable(bytes(key)),
  included: (leaf, index, size, path, root) => engine.included(bytes(leaf), index, size, path.map(bytes), bytes(root)),
  consistent: (old, was, size, root, path) => engine.consistent({ size: old, root: bytes(was) }, { size, root: bytes(root) }, path.map(bytes)),
  note: (data) => engine.parseNote(bytes(data)).signatures.length,
  vkey: (data) => engine.parseVkey(text(data)).id,
  checkpoint: (data) => engine.checkpointOf(bytes(data)).size,
  entry: (data) => engine.decodeEntry(bytes(data)).act,
  disclosure: (data, act) => engine.openDisclosure(data, act).name,
  record: (data) => engine.parseRecord(bytes(data)).hash,
  proof: (data) => engine.parseProof(bytes(data)).index,
  consistency: (data) => engine.parseConsistency(bytes(data)).path.length,
  line: (data) => engine.parseLineProof(bytes(data)).holds,
  manifest: (data, root) => engine.parseManifest(bytes(data), root).map((line) => line.path),
  policy: (data) => engine.parsePolicy(bytes(data)).logs.length,
  anchors: (data) => engine.parseAnchors(bytes(data)).length,
  card: (data) => engine.parseCard(bytes(data)).anchors[0].origin,
  listed: (data) => engine.parseBagManifest(bytes(data)).size,
  info: (data) => engine.parseInfo(bytes(data)).size,
  names: (names) => engine.checkNames(names) === undefined,
  instant: (time) => engine.instant(time),
  compare: (one, other) => Math.sign(engine.compareText(one, other)),
};

async function answer([question, ...words]) {
  try {
    return { is: await QUESTIONS[question](...words) };
  } catch (error) {
    if (error.exit === undefined && error.code === undefined) throw error;
    return { error: error.constructor.name, code: error.code };
  }
}

async function main() {
  const read = [];
  for await (const chunk of process.stdin) read.push(chunk);
  const answers = [];
  for (const one of JSON.parse(Buffer.concat(read).toString("utf8"))) answers.push(await answer(one));
  process.stdout.write(JSON.stringify(answers));
}

main();
