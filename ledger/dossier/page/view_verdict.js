// The outcome in words, and the eight verdict lines. A sign and a word for each: colour says nothing alone. Nothing is summed up.

const QUESTIONS = {
  log: "Are these records in the one append-only log that the checkpoint signs?",
  signatures: "Did the named handlers sign exactly this text?",
  keys: "Was each key enrolled, and not revoked or expired, at that place in the log?",
  custody: "Is there exactly one answerable person at every moment, each handover released by one and accepted by the other?",
  content: "Do the files in hand have the fingerprints that were signed?",
  time: "Between which two proven instants was each act recorded?",
  completeness: "Is this everything the ledger holds, or what exactly is withheld?",
  disclosure: "Does each revealed field match the commitment that was signed, and how many stay closed?",
};
const NOT_PROVED = ["that an event was ever entered", "that one object was entered under one item only", "that the thing in the bag is the thing photographed", "that a statement is true",
  "that a signer was not coerced", "anything after the last head that was seen elsewhere"];
const SIGNS = { pass: "✓", fail: "✗", "not checked": "○" };

const OUTCOMES = {
  sound: ["✓", "Sound, as far as it was asked", "Every line that was asked for was checked against what you hold, and is sound."],
  unsound: ["✗", "NOT sound: see the faults", "Something was changed, or contradicts itself."],
  unknown: ["?", "Cannot tell: see what was not checked", "A line that counts could not be checked."],
  consistent: ["○", "Consistent in itself; whose keys these are is not established", "Give the trust card: without it, a ledger that somebody made up last night would look the same."],
};

// Without trust it is never more than consistent.
function outcomeKind(report, trusted) {
  if (report.exit === 1) return "unsound";
  if (!trusted && report.judged > 0) return "consistent";
  return report.exit === 0 && trusted ? "sound" : "unknown";
}

function outcomeShown(kind, about) {
  const [sign, said, more] = OUTCOMES[kind];
  return [element("p", { class: "outcome-word" }, element("span", { class: "outcome-sign", "aria-hidden": "true" }, sign), " ", said), element("p", {}, more), about];
}

// A container that is none, or not in its form: nothing in it was read.
function refusalShown(error) {
  const kind = error.exit === 1 ? "unsound" : "unknown", [sign, said] = OUTCOMES[kind];
  return [element("p", { class: "outcome-word" }, element("span", { class: "outcome-sign", "aria-hidden": "true" }, sign), " ", said), element("p", {}, "Nothing in it was read: ", outside(error.message))];
}

function linesTable(report, book) {
  const rows = Object.keys(QUESTIONS).map((name) => [[element("strong", {}, name), element("span", { class: "asked" }, QUESTIONS[name])], verdictShown(report.lines[name].verdict), behind(report.lines[name], book)]);
  const made = table("What was asked, and what was found", ["Line", "Verdict", "What stands behind it"], rows, "lines");
  made.querySelectorAll("tbody tr").forEach((row, at) => row.setAttribute("data-line", Object.keys(QUESTIONS)[at]));
  return made;
}

function verdictShown(verdict) {
  return element("span", { class: `verdict ${verdict.replace(" ", "-")}` }, element("span", { "aria-hidden": "true" }, `${SIGNS[verdict]} `), verdict);
}

function behind(line, book) {
  const reason = line.verdict === "not checked" && line.reason ? element("p", {}, outside(line.reason)) : null;
  const faults = line.faults.map((fault) => [element("strong", { class: "bad" }, "fault: "), faultShown(fault, book)]);
  if (line.more_faults) faults.push(`and ${line.more_faults} more`);
  return [reason, faults.length ? listed(faults, "faults") : null, line.notes.length ? listed(line.notes.map((note) => ["note: ", outside(note)]), "notes") : null];
}

function faultShown(fault, book) {
  const where = [fault.record === null || fault.record === undefined ? null : book && book.steps.some((step) => step.index === fault.record) ? recordLink(fault.record) : `record ${fault.record}`,
    fault.item ? ["item ", outside(fault.item)] : null, fault.field ? ["field ", words(fault.field)] : null];
  return where.some(Boolean) ? [joined(where), ": ", outside(fault.message)] : outside(fault.message);
}

function notProved() {
  return [element("p", {}, "No log can prove:"), listed(NOT_PROVED, "not-proved")];
}
