// An exhibit under the six questions that a court asks of a picture (E. Goldstein), from its entries alone.

const CAME_BY = new Set(["acquire", "derive"]);

function exhibitShown(subject, book) {
  const steps = book.of(subject), first = steps.find((step) => CAME_BY.has(step.act)), gaps = book.report.withheld.filter((one) => one.subject === subject);
  const answers = [
    ["Who captured it, and when?", captured(first, book)],
    ["Who had access between capture and court?", access(subject, steps, gaps, book)],
    ["Has it been altered since?", first ? altered(first, steps, book) : nothingShown()],
    ["Who enhanced it, when and why?", enhanced(subject, first, book)],
    ["What was done, and is it repeatable?", done(subject, first, book)],
    ["Has the enhanced image been altered since?", enhancedAltered(subject, book)],
  ];
  return element("article", { class: "exhibit", id: exhibitId(subject), "aria-labelledby": `${exhibitId(subject)}-name` },
    exhibitHead(subject, first, book), gaps.length ? withheldOf(gaps) : null, faultsOf(steps), answers.map(questionShown), findings(steps, book),
    element("section", { class: "question" }, element("h4", {}, "Every entry about it"), steps.map((step) => recordShown(step, book))));
}

function questionShown([question, answer], at) {
  return element("section", { class: "question" }, element("h4", {}, element("span", { class: "ordinal" }, `${at + 1}`), ` ${question}`), answer);
}

function exhibitHead(subject, first, book) {
  const number = outside(book.number(subject)), body = first ? first.body : {};
  const incident = given(body.incident, (list) => joined(list.map(outside)));
  const about = [["kind", text(body.kind)], ["case", text(body.case)], ["incident", incident], ["identifier", digest(subject)]];
  return [element("h3", { id: `${exhibitId(subject)}-name` }, "Exhibit ", number), element("p", { class: "description" }, descriptionOf(first)),
    first ? amended(first, book) : null, facts(about, "head")];
}

function descriptionOf(first) {
  if (!first) return "The entry by which it came into custody is not shown.";
  return first.body.description === undefined ? "Its description is kept confidential." : outside(first.body.description);
}

// The newest correction of the description; what was said first stands above it.
function amended(first, book) {
  const ofIt = (step) => step.act === "amend" && !step.fault && step.body.target === first.hash && step.body.field === "description";
  const last = book.steps.findLast(ofIt);
  return last ? element("p", { class: "description" }, "Corrected in ", recordLink(last.index), ": ", outside(last.body.new)) : null;
}

function nothingShown() {
  return element("p", {}, "The entries shown do not say.");
}

function withheldOf(gaps) {
  const named = joined(gaps.map((one) => told`record ${one.index} (${one.reason})`), "; ");
  return element("p", { class: "caution" }, `${counted(gaps.length, "entry")} about it withheld: `, named, ".");
}

function faultsOf(steps) {
  const found = steps.filter((step) => step.fault);
  if (!found.length) return null;
  const links = joined(found.map((step) => recordLink(step.index)));
  return element("p", { class: "bad" }, "✗ At fault: ", links, ". What comes after is not established.");
}

// --- 1

const WORK = ["tool", "parameters", "lost_or_hidden", "stream_digests", "read_errors", "write_blocker", "quantity_taken", "quantity_left", "consumed",
  "changes_to_original"];
const SAID_ELSEWHERE = ["number", "description", "kind", "files", "case", "incident", "claimed", "embedded", "prior_custody", "parents", "operation",
  "reason", "repeatable"];

function captured(first, book) {
  if (!first) return nothingShown();
  const made = first.act === "derive", how = made ? [" made it from ", parentsOf(first, book)] : " took it into custody";
  const when = [moment(first.time), " (", recordLink(first.index), ", recorded ", moment(first.recorded), ")."];
  const answer = [book.people(first.by), how, ", ", when, faultMark(first)];
  const rest = fieldsShown(first, book, made ? [...SAID_ELSEWHERE, ...WORK] : SAID_ELSEWHERE);
  return [element("p", { class: "answer" }, answer), rest, claims(first.body), before(first.body)];
}

function parentsOf(step, book) {
  return joined(step.body.parents.map((one) => book.subject(one.subject)), " and ");
}

// What somebody says beside what the file itself says; neither is preferred.
function claims(body) {
  if (!body.claimed && !body.embedded) return null;
  const parts = [body.claimed || {}, body.embedded || {}], said = (value) => (typeof value === "string" ? moment(value) : placed(value));
  const names = ["time", "place", "camera"].filter((name) => parts.some((part) => part[name] !== undefined));
  const rows = names.map((name) => [name, ...parts.map((part) => given(part[name], said) || "–")]);
  return table("What is claimed, beside what the file says of itself", ["", "Claimed", "In the file"], rows);
}

function before(body) {
  if (!body.prior_custody) return null;
  const rows = body.prior_custody.map((one) => [outside(one.holder), text(one.from) || "–", text(one.to) || "–", outside(one.basis)]);
  return table("Before that: stated, not signed", ["Holder", "From", "To", "On what basis"], rows);
}

// --- 2

function access(subject, steps, gaps, book) {
  const found = stretches(steps);
  if (!found.length) return nothingShown();
  const seen = steps.filter((step) => ["access", "store"].includes(step.act));
  return [timeline(subject, steps, gaps.map((one) => one.index), found, book.until(), book), custodyTable(found, book),
    asJudged(book.report.items.get(subject), found.at(-1), book),
    element("p", {}, seen.length ? "It was looked at, copied, opened or put away:" : "No access and no place of storage was recorded."),
    seen.length ? listed(seen.map((step) => [recordLink(step.index), ", ", moment(step.time), ": ", sentence(step, book), faultMark(step)])) : null];
}

// What rests on entries that are not shown was signed, and could not be judged.
function asJudged(item, last, book) {
  if (!item || (item.state === last.status && item.holder === last.holder)) return null;
  return element("p", { class: "caution" }, "This is what was signed. As far as it could be judged, the last that is known is: ", words(item.state), ", ",
    book.person(item.holder), " answers.");
}

// --- 4, 5, 6

// How this exhibit was made from others, and what was made from it.
function derivations(subject, book) {
  const from = (step) => step.subject === subject || step.body.parents.some((one) => one.subject === subject);
  return book.steps.filter((step) => step.act === "derive" && from(step));
}

function enhanced(subject, first, book) {
  const found = derivations(subject, book);
  if (!found.length) return element("p", { class: "answer" }, "Nobody, as far as the entries here say: nothing was made from it.");
  return listed(found.map((step) => [
    book.people(step.by), " made ", book.subject(step.subject), " from ", parentsOf(step, book), ", ", moment(step.time), ": ", words(step.body.operation),
    given(step.body.reason, (reason) => told`. Reason: ${reason}`), " (", recordLink(step.index), ")", faultMark(step),
  ]), "answer");
}

function done(subject, first, book) {
  const found = derivations(subject, book);
  const toldBelow = book.of(subject).some((step) => step.act === "verify" && step.body.steps);
  const steps = toldBelow ? element("p", {}, "The steps by which a finding can be repeated stand with the finding, below.") : null;
  if (!found.length) return [element("p", { class: "answer" }, "Nothing was done to it, as far as the entries here say."), steps];
  return [found.map((step) => workDone(step, book)), steps];
}

function repeatable(value) {
  if (value === undefined) return "Whether it is repeatable is not said.";
  return value ? "It is repeatable, says who did it." : "It is NOT repeatable, says who did it.";
}

function workDone(step, book) {
  const answer = [book.subject(step.subject), ": ", words(step.body.operation), ". ", repeatable(step.body.repeatable)];
  const how = WORK.filter((name) => step.body[name] !== undefined).map((name) => [fieldNamed(name, step), valueShown(step.body[name], book)]);
  return [element("p", { class: "answer" }, answer), facts(how, "fields")];
}

function enhancedAltered(subject, book) {
  const made = derivations(subject, book).map((step) => step.subject);
  if (!made.length) return element("p", { class: "answer" }, "There is none here.");
  return made.map((child) => element("p", { class: "answer" }, book.subject(child), ": ", looksSummed(looks(book.of(child)))));
}
