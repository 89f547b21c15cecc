// Whether an exhibit was altered since: every look at its content or its seal, beside the reference of the day it came into custody.

const TAKES_OVER = new Set(["release", "accept", "handover", "return", "reassign", "incident"]);

// The fingerprints that a step saw: [words before, digest].
function digestsSeen(step) {
  const { act, body } = step;
  if (TAKES_OVER.has(act) && body.files) return [["", contentDigest(body.files)]];
  if (act === "access") return [["before", body.sha256_before], ["after", body.sha256_after]].filter(([, seen]) => seen !== undefined);
  return act === "check" && body.found && body.found.sha256 !== undefined ? [["", body.found.sha256]] : [];
}

function sealsSeen(step) {
  const { body } = step;
  const found = step.act === "check" && body.found ? body.found.seal : undefined;
  return [body.seal, body.seal_before, body.seal_after, found].filter((seal) => seal !== undefined);
}

// The steps at which the content or the seal was looked at: {step, said, differs}.
function looks(steps) {
  const first = steps.find((step) => CAME_BY.has(step.act)), found = [];
  const reference = first && first.body.files ? contentDigest(first.body.files) : null;
  let number = null;
  for (const step of steps) {
    const digests = step === first || reference === null ? [] : digestsSeen(step);
    const said = digests.map(([when, seen]) => lookSaid(when, seen, reference));
    let differs = digests.some(([, seen]) => seen !== reference);
    for (const seal of sealsSeen(step)) {
      const other = number !== null && (seal.state !== "intact" || seal.number !== number);
      said.push([sealSeen(seal), other ? told`; seal ${number} was recorded before` : null]);
      differs = differs || other || seal.state === "broken";
      number = seal.replaced_by || seal.number || null;
    }
    if (step.act === "check") said.push(["outcome: ", { match: "match", mismatch: "MISMATCH", missing: "MISSING" }[step.body.outcome]]);
    differs = differs || (step.act === "check" && step.body.outcome !== "match");
    if (step.body.content_check === "not_possible") said.push(contentSeen(step.body));
    if (said.length) found.push({ step, said, differs });
  }
  return found;
}

function lookSaid(when, seen, reference) {
  return [when ? `${when}: ` : null, seen === reference ? "hashed: the same fingerprint" : ["hashed: ANOTHER fingerprint: ", digest(seen)]];
}

function looksTable(found, book) {
  const rows = found.map(({ step, said, differs }) => [
    recordLink(step.index), moment(step.time), book.people(step.by),
    [differs ? element("strong", { class: "bad" }, "⚠ ") : null, joined(said, "; "), faultMark(step)],
  ]);
  return table("Every look at its content or seal", ["Record", "When", "By", "What was found"], rows);
}

// The answer to the third question, then what it rests on.
function altered(first, steps, book) {
  const found = looks(steps), { files } = first.body;
  const reference = files ? [element("p", {}, "The fingerprint it came with:"), filesNamed(files)] : element("p", {}, "It came without files.");
  return [reference, element("p", { class: "answer" }, "Since then: ", looksSummed(found)), found.length ? looksTable(found, book) : null, changes(steps, book)];
}

function looksSummed(found) {
  if (!found.length) return "no look at its content or its seal was recorded.";
  const different = found.filter((one) => one.differs).map((one) => recordLink(one.step.index));
  if (!different.length) return `each of ${counted(found.length, "look")} found it as recorded.`;
  return [element("strong", { class: "bad" }, "⚠ "), "the content differs, or a seal was not as recorded, in ", joined(different), "."];
}

// What was corrected in the words about it, or said to have changed in the thing itself.
function changes(steps, book) {
  const said = steps.filter((step) => step.act === "amend" || step.act === "incident" || step.body.changes_to_original);
  if (!said.length) return null;
  const told_ = said.map((step) => [recordLink(step.index), ": ", sentence(step, book), faultMark(step)]);
  return [element("p", {}, "Corrections to entries, and incidents:"), listed(told_)];
}

function faultMark(step) {
  return step.fault ? element("strong", { class: "bad" }, " ✗ at fault: nothing rests on this entry") : null;
}
