// Judges the cases of a folder (see tests/cases.py): a line of JSON for each, {name, exit, lines: {line: verdict} or null, error, report}.
//
//     node run_cases.js FOLDER [NAME…]

const fs = require("node:fs");
const path = require("node:path");
const { loadEngine } = require("./engine.js");

const engine = loadEngine(["auditDossier", "openZip", "openFiles", "readTrust", "LINES"]);

async function judge(folder, name) {
  const { dossier, trust } = JSON.parse(fs.readFileSync(path.join(folder, name, "case.json"), "utf8"));
  try {
    const tree = await open(path.join(folder, name, dossier)), report = await engine.auditDossier(tree, held(folder, trust));
    const lines = Object.fromEntries(engine.LINES.map((line) => [line, report.lines[line].verdict]));
    return { name, exit: report.exit, lines, error: null, report: { ...report, entries: undefined, items: report.items.size } };
  } catch (error) {
    return { name, exit: error.exit === undefined ? null : error.exit, lines: null, error: error.exit === undefined ? String(error.stack) : error.message };
  }
}

async function open(place) {
  if (!fs.statSync(place).isDirectory()) return engine.openZip(await fs.openAsBlob(place));
  const blobs = new Map();
  for (const found of fs.readdirSync(place, { recursive: true, withFileTypes: true })) {
    const full = path.join(found.path, found.name);
    if (found.isSymbolicLink()) throw Object.assign(new Error("a link"), { exit: 1 });
    if (found.isFile()) blobs.set(path.relative(place, full), await fs.openAsBlob(full));
  }
  return engine.openFiles(blobs);
}

function held(folder, trust) {
  if (trust === null) return null;
  const place = path.join(folder, trust);
  if (fs.statSync(place).isFile()) return fs.readFileSync(place, "utf8");
  const [policy, anchors] = ["policy", "anchors.json"].map((name) => new Uint8Array(fs.readFileSync(path.join(place, name))));
  return { policy, anchors };
}

async function main([folder, ...names]) {
  const all = fs.readdirSync(folder).filter((name) => fs.existsSync(path.join(folder, name, "case.json"))).sort();
  for (const name of names.length ? names : all) process.stdout.write(`${JSON.stringify(await judge(folder, name))}\n`);
}

main(process.argv.slice(2));
