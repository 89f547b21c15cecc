// Findings on an exhibit by claim, with what speaks against them and what reviewers said, side by side. Nothing is averaged or summed up.

const CLAIMS = { where: "Where", when: "When", who: "Who", what: "What", source: "Source", authentic: "Authentic" };

function findings(steps, book) {
  const made = steps.filter((step) => step.act === "verify");
  if (!made.length) return null;
  const claims = Object.keys(CLAIMS).filter((claim) => made.some((step) => step.body.claim === claim));
  return element("section", { class: "question" }, element("h4", {}, "Findings"), claims.map((claim) => [
    element("h5", {}, CLAIMS[claim]), made.filter((step) => step.body.claim === claim).map((step) => findingShown(step, steps, book))]));
}

function findingShown(step, steps, book) {
  const { body } = step, later = steps.filter((one) => one.act === "verify" && one.body.supersedes === step.hash);
  return element("div", { class: "finding" },
    element("p", {}, element("strong", {}, outside(body.result)), " · ", words(body.method), " · ", book.people(step.by), ", ", moment(step.time),
      " (", recordLink(step.index), ")", faultMark(step)),
    element("p", { class: "statement" }, body.statement === undefined ? "The statement is kept confidential." : outside(body.statement)),
    later.length ? element("p", { class: "caution" }, "Superseded by ", joined(later.map((one) => recordLink(one.index))), ".") : null,
    body.supersedes ? element("p", {}, "Supersedes the finding in ", book.record(body.supersedes), ".") : null,
    facts(groundsOf(body, book), "fields"),
    body.steps ? [element("p", {}, "To repeat it:"), element("ol", {}, body.steps.map((one) => element("li", {}, outside(one))))] : null,
    reviews(step, steps, book));
}

function groundsOf(body, book) {
  return [
    ["confidence", given(body.confidence, confidence)], ["against it", text(body.contrary)], ["place", given(body.geolocation, placed)],
    ["interval", given(body.interval, period)], ["rests on", given(body.inputs, (list) => joined(list.map((one) => input(one, book)), "; "))],
  ];
}

function confidence(value) {
  return told`${value.value} (scale: ${value.scale}): ${value.rationale}`;
}

function input(value, book) {
  const name = value.name === undefined ? null : told`${value.name} `;
  return value.sha256 === undefined ? [name, book.record(value.entry)] : [name, digest(value.sha256)];
}

// Those who concur beside those who dissent.
function reviews(step, steps, book) {
  const found = steps.filter((one) => one.act === "review" && one.body.finding === step.hash);
  if (!found.length) return element("p", { class: "quiet" }, "No review is recorded.");
  const of = (opinion) => sideShown(found.filter((one) => one.body.opinion === opinion), book);
  return element("div", { class: "reviews" }, element("div", { class: "side concur" }, element("h6", {}, "Concurring"), of("concur")),
    element("div", { class: "side dissent" }, element("h6", {}, "Dissenting"), of("dissent")));
}

function sideShown(given_, book) {
  if (!given_.length) return element("p", { class: "quiet" }, "None.");
  return given_.map((one) => element("p", {}, book.people(one.by), ", ", moment(one.time), " (", recordLink(one.index), "): ",
    one.body.rationale === undefined ? "rationale kept confidential" : outside(one.body.rationale), faultMark(one)));
}
