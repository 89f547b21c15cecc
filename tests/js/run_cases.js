// Judges cases (see tests/cases.py): a line of JSON for each, {name, exit, lines: {line: verdict} or null, error, report}.
//
//     node run_cases.js FOLDER [OPTIONS]      OPTIONS as JSON: {"names": [NAME…], "carried": true, "blind": true, "files": [SHA-256…]}
//
// carried: as the page holds a dossier, without its files and seal; blind: in a browser that cannot verify Ed25519; files: which exhibits are these.

const fs = require("node:fs");
const path = require("node:path");
const { loadEngine } = require("./engine.js");

const BLIND = { crypto: { subtle: { importKey: () => Promise.reject(new Error("unknown algorithm")) } } };
const NOT_CARRIED = /^(data\/files\/.*|tagmanifest-sha256\.txt|dossier\.note|bag-info\.txt|report\..*|verify\.py|case\.jsonld)$/u;

async function judge(engine, folder, name, options) {
  const { dossier, trust } = JSON.parse(fs.readFileSync(path.join(folder, name, "case.json"), "utf8"));
  try {
    const opened = await open(engine, path.join(folder, name, dossier)), tree = options.carried ? await carried(engine, opened) : opened;
    const report = await engine.auditDossier(tree, held(folder, trust), { carried: Boolean(options.carried) });
    const lines = Object.fromEntries(engine.LINES.map((line) => [line, report.lines[line].verdict]));
    const files = (options.files || []).map((file) => report.whichFile(file));
    const shown = { items: [...report.items], handlers: [...report.handlers], before: report.before.map(plain), files };
    return { name, exit: report.exit, lines, error: null, report: { ...report, ...shown } };
  } catch (error) {
    if (error.exit === undefined) throw error;
    return { name, exit: error.exit, lines: null, error: error.message, report: null };
  }
}

function plain({ lines, exit, origin, sha256 }) {
  return { origin, sha256, exit, lines };
}

async function open(engine, place) {
  if (!fs.statSync(place).isDirectory()) return engine.openZip(await fs.openAsBlob(place));
  const blobs = new Map();
  for (const found of fs.readdirSync(place, { recursive: true, withFileTypes: true })) {
    const full = path.join(found.path, found.name);
    if (found.isSymbolicLink()) throw Object.assign(new Error("a link: a browser shows none"), { exit: 1 });
    if (found.isFile()) blobs.set(path.relative(place, full), await fs.openAsBlob(full));
  }
  return engine.openFiles(blobs);
}

async function carried(engine, tree) {
  const members = new Map();
  for (const name of tree.names()) if (!NOT_CARRIED.test(name)) members.set(name, await tree.read(name));
  return engine.openHeld(members);
}

// One path, or a list of them: folders and cards.
function held(folder, trust) {
  if (trust === null) return null;
  if (Array.isArray(trust)) return trust.map((one) => held(folder, one));
  const place = path.join(folder, trust);
  if (fs.statSync(place).isFile()) return fs.readFileSync(place, "utf8");
  const [policy, anchors] = ["policy", "anchors.json"].map((name) => new Uint8Array(fs.readFileSync(path.join(place, name))));
  return { policy, anchors };
}

async function main(folder, words) {
  const options = words === undefined ? {} : JSON.parse(words);
  const engine = loadEngine(["auditDossier", "openZip", "openFiles", "openHeld", "LINES"], options.blind ? BLIND : {});
  const all = fs.readdirSync(folder).filter((name) => fs.existsSync(path.join(folder, name, "case.json"))).sort();
  for (const name of options.names || all) process.stdout.write(`${JSON.stringify(await judge(engine, folder, name, options))}\n`);
}

main(process.argv[2], process.argv[3]);
