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
const NOT_PROVED = [
  "that an event was ever entered", "that one object was entered under one item only", "that the thing in the bag is the thing photographed",
  "that a statement is true", "that a signer was not coerced", "anything after the last head that was seen elsewhere",
];
const SIGNS = { pass: "✓", fail: "✗", "not checked": "○" };
const OUTCOMES = {
  sound: { sign: "✓", said: "Sound, as far as it was asked", more: "Every line that was asked for was checked against what you hold, and is sound." },
  unsound: { sign: "✗", said: "NOT sound: see the faults", more: "Something was changed, contradicts itself, or is not of the ledger whose card you gave." },
  unknown: { sign: "?", said: "Cannot tell: see what was not checked", more: "A line that counts could not be checked." },
  consistent: {
    sign: "○", said: "Consistent in itself; whose keys these are is not established",
    more: "Give the trust card: without it, a ledger that somebody made up last night would look the same.",
  },
};

// Without trust it is never more than consistent.
function outcomeKind(report, trusted) {
  if (report.exit === 1) return "unsound";
  if (!trusted && report.judged > 0) return "consistent";
  return report.exit === 0 && trusted ? "sound" : "unknown";
}

function outcomeWord(kind) {
  const { sign, said } = OUTCOMES[kind];
  return element("p", { class: "outcome-word" }, element("span", { class: "outcome-sign", "aria-hidden": "true" }, sign), " ", said);
}

// `book`: null for a dossier whose entries are not shown.
function linesTable(report, book) {
  const names = Object.keys(QUESTIONS);
  const rows = names.map((name) => [[element("strong", {}, name), element("span", { class: "asked" }, QUESTIONS[name])],
    verdictShown(report.lines[name].verdict), behind(report.lines[name], book)]);
  const made = table("What was asked, and what was found", ["Line", "Verdict", "What stands behind it"], rows, "lines");
  made.querySelectorAll("tbody tr").forEach((row, at) => row.setAttribute("data-line", names[at]));
  return made;
}

function verdictShown(verdict) {
  return element("span", { class: `verdict ${verdict.replace(" ", "-")}` }, element("span", { "aria-hidden": "true" }, `${SIGNS[verdict]} `), verdict);
}

function behind({ reason, faults, notes }, book) {
  const said = faults.map((fault) => [element("strong", { class: "bad" }, "fault: "), faultShown(fault, book)]);
  return [reason === null ? null : element("p", {}, outside(reason)), said.length ? listed(said, "faults") : null,
    notes.length ? listed(notes.map((note) => ["note: ", outside(note)]), "notes") : null];
}

function faultShown({ record, item, field, message }, book) {
  const shown = book !== null && book.steps.some((step) => step.index === record);
  const where = [given(record, () => (shown ? recordLink(record) : `record ${record}`)), lead("item ", item), given(field, (one) => ["field ", words(one)])];
  return where.some((part) => part !== null) ? [joined(where), ": ", outside(message)] : outside(message);
}
