// Judges anew what missions were asked to record (see tests/told_steps.py): a line of JSON for each step that is judged otherwise, and at the
// end one with their number.
//
//     node judge_steps.js FILE

const fs = require("node:fs");
const { loadEngine } = require("./engine.js");

const engine = loadEngine(["Excerpt", "Submission", "Refused", "parseRecord", "openEntry", "signingKeys", "verifyLine", "admit", "Malformed", "base64", "sha256", "unbase64"]);

// The rule that an entry breaks, or nothing; what it changes stands in the state. Every record is here, so none claims what came before it.
async function judge(state, notes, { record: text, note: bytes, verdict }) {
  const record = engine.parseRecord(text), { note, entry } = engine.openEntry(bytes);
  Object.assign(state, { record, entry });
  try {
    const s = new engine.Submission(entry, bytes, record, state), keys = engine.signingKeys(s, note);
    for (const [at, key] of keys.entries()) if (!(await engine.verifyLine(key, note.signatures[at], note.text))) return "signature";
    const said = engine.base64(engine.sha256(note.text));
    await engine.admit(s, said, record);
    if (verdict !== "") return "";
    notes.set(record.index, bytes);
    state.add(record, said, s.changes);
    return "";
  } catch (error) {
    if (error instanceof engine.Malformed) return "malformed";
    if (!(error instanceof engine.Refused)) throw error;
    return error.code;
  }
}

async function main(file) {
  let count = 0;
  const bytes = (text) => engine.unbase64(text);
  for (const [mission, steps] of JSON.parse(fs.readFileSync(file, "utf8")).entries()) {
    const notes = new Map(), state = new engine.Excerpt((index) => notes.get(index));
    state.recordHash = (index) => state.hashes.get(index) || null; // none is withheld
    for (const [place, step] of steps.entries()) {
      const found = await judge(state, notes, { record: bytes(step.record), note: bytes(step.note), verdict: step.verdict });
      count++;
      if (found !== step.verdict) process.stdout.write(`${JSON.stringify({ mission, place, found, wanted: step.verdict })}\n`);
    }
  }
  process.stdout.write(`${JSON.stringify({ count })}\n`);
}

main(process.argv[2]);
