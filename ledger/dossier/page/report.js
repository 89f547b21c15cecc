// What an audit says: eight verdict lines, each pass, fail or not checked, with faults and notes. Never summed up.

const LINES = ["log", "signatures", "keys", "custody", "content", "time", "completeness", "disclosure"];
const MAX_FAULTS = 200;

class Report {
  constructor() {
    Object.assign(this, { origin: "", records: 0, judged: 0, items: 0, head: null, checkpoint: null });
    this.lines = new Map(LINES.map((name) => [name, { faults: [], notes: [], reason: null, counts: false, reasons: new Set() }]));
  }

  fault(line, message, record = null, item = null, field = null) {
    const { faults } = this.lines.get(line);
    if (faults.length < MAX_FAULTS) faults.push({ record, item, field, message });
  }

  note(line, words) {
    this.lines.get(line).notes.push(words);
  }

  // The first reason stands; one that counts toward exit status 3 goes before one that does not.
  notChecked(line, reason, counts = false) {
    const into = this.lines.get(line);
    into.reasons.add(reason);
    if (into.reason === null || (counts && !into.counts)) Object.assign(into, { reason, counts });
  }

  allNotChecked(reason) {
    for (const name of LINES) this.notChecked(name, reason, true);
  }

  verdict(name) {
    const line = this.lines.get(name);
    if (line.faults.length) return "fail";
    return line.reason === null ? "pass" : "not checked";
  }

  get faulty() {
    return LINES.some((name) => this.lines.get(name).faults.length);
  }

  // Section 14.2: a fault before what cannot be told.
  get exit() {
    if (this.faulty) return 1;
    return LINES.some((name) => this.verdict(name) === "not checked" && this.lines.get(name).counts) ? 3 : 0;
  }

  plain() {
    const lines = {};
    for (const name of LINES) {
      const { faults, notes, reason } = this.lines.get(name);
      lines[name] = { verdict: this.verdict(name), reason: this.verdict(name) === "not checked" ? reason : null, notes, faults };
    }
    const { origin, records, judged, items, head, checkpoint } = this;
    return { origin, records, judged, items, head, checkpoint, lines, exit: this.exit };
  }
}

// Record numbers in words, the first eight of many.
function places(found) {
  return found.slice(0, 8).join(", ") + (found.length > 8 ? ` and ${found.length - 8} more` : "");
}

const LINE_OF = new Map([
  ["log", "entry record seen open close checkpoint subject"], ["signatures", "signature"], ["keys", "key role enrol rotate revoke roster attest"],
  ["time", "time"], ["disclosure", "sd disclose"], ["content", "content"],
].flatMap(([line, families]) => families.split(" ").map((family) => [family, line])));

// The verdict line that a broken rule fails (section 12.8).
function lineOf(code) {
  return LINE_OF.get(code.split(".")[0]) || "custody";
}

// The field of an entry that a rule judges, for the few that judge one of its frame.
function fieldOf(code) {
  const family = code.split(".")[0];
  if (code === "entry.prev" || code === "entry.ledger") return code.slice("entry.".length);
  return ["seen", "time", "subject"].includes(family) ? family : null;
}
