// In whose hands an exhibit was, from its entries: stretches one after another without a gap. The verifier judges them; this draws them.

const TAKES = new Set(["acquire", "derive", "accept", "return"]);
const LOST = new Set(["loss", "theft", "confiscation", "destruction"]);

// In whose hands it is by this step, {status, holder, other}; null where the step moves nothing.
function handsAfter(step, before) {
  const { act, body, by } = step, holder = before ? before.holder : by[0];
  if (TAKES.has(act)) return { status: "held", holder: by[0] };
  if (act === "handover" || act === "reassign") return { status: "held", holder: by.at(-1) };
  if (act === "release") return { holder, ...(body.to.handler === undefined ? outsideWith(body.to) : { status: "offered", other: body.to.handler }) };
  if (act === "withdraw" || act === "decline" || (act === "incident" && body.kind === "found")) return { status: "held", holder };
  if (act === "incident" && LOST.has(body.kind)) return { status: "missing", holder };
  return act === "dispose" ? { status: "ended", holder } : null;
}

function outsideWith({ name, organisation }) {
  return { status: "outside", other: `${name}, ${organisation}` };
}

// [{status, holder, other, start, end}]: `start` and `end` are steps, `end` null while it lasts. A step at fault moves nothing.
function stretches(steps) {
  const found = [];
  for (const step of steps) {
    const hands = step.fault ? null : handsAfter(step, found.at(-1));
    if (!hands) continue;
    if (found.length) found.at(-1).end = step;
    found.push({ ...hands, start: step, end: null });
  }
  return found;
}

// Who answers, and for what.
function stretchShown(stretch, book) {
  const who = book.person(stretch.holder);
  if (stretch.status === "offered") return ["in transit to ", book.person(stretch.other), "; ", who, " answers"];
  if (stretch.status === "outside") return [told`outside with ${stretch.other}, on the word of `, who];
  if (stretch.status === "missing") return [element("strong", {}, "MISSING"), "; ", who, " answers"];
  return stretch.status === "ended" ? ["ended; last held by ", who] : ["held by ", who];
}

function custodyTable(found, book) {
  const rows = found.map((one) => [
    [moment(one.start.time), " ", recordLink(one.start.index)],
    one.end ? [moment(one.end.time), " ", recordLink(one.end.index)] : one.status === "ended" ? "–" : "the day of the export",
    stretchShown(one, book),
    element("span", { class: "number" }, one.end ? duration(seconds(one.end.time) - seconds(one.start.time)) : "–"),
  ]);
  return table("In whose hands, from when to when", ["From", "To", "Who answered", "For"], rows, "custody");
}
