// Judges anew what missions were asked to record (see tests/told.py): JSON of the steps that are judged otherwise, {found, wanted, mission, place},
// and of the number of all.
//
//     node judge_steps.js FILE

const fs = require("node:fs");
const { loadEngine } = require("./engine.js");

const NAMES = [
  "Excerpt", "Submission", "Refused", "Malformed", "parseRecord", "openEntry", "signingKeys", "verifyLine", "admit", "base64", "sha256", "unbase64",
];
const engine = loadEngine(NAMES);

// The rule that an entry breaks, or nothing. Where the program admitted it, what it changes stands in the state.
async function judge(state, notes, step) {
  const [text, bytes] = [step.record, step.note].map((each) => engine.unbase64(each));
  const record = engine.parseRecord(text), { note, entry } = engine.openEntry(bytes);
  Object.assign(state, { record, entry });
  try {
    const s = new engine.Submission(entry, bytes, record, state), said = engine.base64(engine.sha256(note.text));
    for (const [at, key] of engine.signingKeys(s, note).entries()) {
      if (!(await engine.verifyLine(key, note.signatures[at], note.text))) return "signature";
    }
    await engine.admit(s, said, record);
    if (step.verdict === "") {
      notes.set(record.index, bytes);
      state.add(record, said, s.changes);
    }
    return "";
  } catch (error) {
    if (error instanceof engine.Malformed) return "malformed";
    if (!(error instanceof engine.Refused)) throw error;
    return error.code;
  }
}

async function main(file) {
  const differ = [];
  let count = 0;
  for (const [mission, steps] of JSON.parse(fs.readFileSync(file, "utf8")).missions.entries()) {
    const notes = new Map(), state = new engine.Excerpt((index) => notes.get(index));
    state.recordHash = (index) => state.hashes.get(index) || null; // every record is here, so none claims what came before it
    for (const [place, step] of steps.entries()) {
      const found = await judge(state, notes, step);
      if (found !== step.verdict) differ.push({ found, wanted: step.verdict, mission, place });
      count++;
    }
  }
  process.stdout.write(JSON.stringify({ differ, count }));
}

main(process.argv[2]);
