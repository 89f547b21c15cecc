// One sentence for each act: olena@un.example released E-1 to petro@un.example, hashed, by hand.

const BY_WAY = { hand: "by hand", courier: "by courier", post: "by post", transfer: "by transfer", object_store: "through an object store" };

// What a step says, as nodes. Its free texts are whole.
function sentence(step, book) {
  return [book.people(step.by.slice(0, 1)), " ", deed(step, book)];
}

function deed(step, book) {
  const verb = VERBS[step.act] || "recorded an act on";
  const about = step.body.scope && step.body.scope.label !== undefined ? told`all items labelled ${step.body.scope.label}` : book.subject(step.subject);
  const details = joined((DETAILS[step.act] || (() => []))(step.body, book, step).filter((part) => part !== null));
  return [`${verb} `, about, details.length ? (PLAIN.has(step.act) ? " " : ": ") : "", details];
}

const VERBS = {
  open: "opened", close: "closed", enrol: "enrolled", rotate: "replaced the key of", revoke: "revoked a key of", acquire: "acquired", derive: "derived",
  release: "released", withdraw: "withdrew the offer of", decline: "declined", accept: "accepted", handover: "handed over", acknowledge: "recorded the receipt for",
  return: "took back", reassign: "reassigned", verify: "made a finding on", review: "reviewed", access: "accessed", store: "stored", check: "checked",
  describe: "described", amend: "amended", note: "noted on", incident: "reported on", consent: "recorded the consent of", hold: "set a hold on",
  lift: "lifted the hold on", disclose: "opened fields of", erase: "ordered an erasure on", attest: "vouched for", export: "exported from",
  dispose: "disposed of", checkpoint: "closed an epoch of",
};
// Acts whose detail goes on with the sentence.
const PLAIN = new Set(["enrol", "acquire", "derive", "release", "accept", "handover", "acknowledge", "return", "reassign", "store"]);

function given(value, phrase) {
  return value === undefined || value === null ? null : phrase(value);
}

function text(value) {
  return given(value, outside);
}

function recipient(to, book) {
  if (to.handler !== undefined) return ["to ", book.person(to.handler)];
  return [told`to ${to.name} of ${to.organisation}`, given(to.contact, (contact) => told` (${contact})`), ", outside"];
}

function contentSeen(body) {
  if (body.content_check === "hashed") return body.match === false ? "hashed, fingerprints DIFFER" : "hashed";
  if (body.content_check === "seal_only") return body.seal ? [sealSeen(body.seal), ", not hashed"] : "not hashed";
  return ["content not checked", given(body.content_check_reason, (reason) => told` (${reason})`)];
}

function exceptions(body) {
  return given(body.exceptions, (list) => element("strong", {}, "with exceptions: ", joined(list.map(outside), "; ")));
}

function others(step, book) {
  return step.by.length > 1 ? ["with ", book.people(step.by.slice(1))] : null;
}

function authority(body) {
  return given(body.authority, (one) => told`${one.kind} ${one.reference}`);
}

function keyId(vkey) {
  return told`${String(vkey).split("+")[1] || ""}`;
}

function filesCounted(files) {
  return given(files, (one) => counted(Array.isArray(one) ? one.length : one.files, "file"));
}

function layers(body, granted, lead) {
  const found = body.layers.filter((layer) => layer.granted === granted).map((layer) => outside(layer.to));
  return found.length ? [lead, joined(found, " and ")] : null;
}

const DETAILS = {
  open: (b, book) => [text(b.title), ["registrars ", book.people(b.registrars.map((one) => one.handler))]],
  close: (b) => [text(b.reason), given(b.successor, (one) => told`continued in ${one}`)],
  enrol: (b) => [["as ", joined(b.roles.map(outside), " and ")], given(b.prefix, (one) => told`numbers ${one}-…`), given(b.valid_to, (one) => ["until ", moment(one)])],
  rotate: (b) => b.old.map((old, at) => [keyId(old), " is now ", keyId(b.new[at])]),
  revoke: (b) => [keyId(b.vkey), words(b.reason), given(b.compromised_since, (one) => `declared unsafe since record ${one}`)],
  acquire: (b) => [["(", joined([outside(b.kind), filesCounted(b.files)]), ")", given(b.method, (one) => told` by ${one}`), given(b.description, (one) => told`: ${one}`)]],
  derive: (b, book) => [["from ", joined(b.parents.map((one) => book.subject(one.subject)), " and ")], words(b.operation), text(b.description)],
  release: (b, book) => [recipient(b.to, book), contentSeen(b), given(b.method, (one) => BY_WAY[one] || outside(one)), given(b.expires, (one) => ["until ", moment(one)])],
  withdraw: (b) => [text(b.reason)],
  decline: (b) => [text(b.reason)],
  accept: (b, book) => [released(b, book), contentSeen(b), exceptions(b)],
  handover: (b, book) => [recipient(b.to, book), contentSeen(b), given(b.method, (one) => BY_WAY[one] || outside(one)), exceptions(b)],
  acknowledge: (b) => [given(b.received, (one) => [told`by ${one.by} of ${one.organisation}, `, moment(one.time)]), exceptions(b), given(b.onward, (one) => told`passed on to ${one.to}`)],
  return: (b, book, step) => [given(b.from, (one) => told`from ${one}`), contentSeen(b), exceptions(b), others(step, book)],
  reassign: (b, book, step) => [["from ", book.person(b.from), " to ", book.person(step.by.at(-1))], ["a declared gap (", words(b.cause), ")"], ["last certain: ", book.record(b.last_certain)]],
  verify: (b) => [words(b.claim), words(b.method), [outside(b.result), given(b.statement, (one) => told`: ${one}`)]],
  review: (b, book) => [[b.opinion === "concur" ? "concurs with" : "dissents from", " the finding in ", book.record(b.finding), given(b.rationale, (one) => told`: ${one}`)]],
  access: (b, book) => [b.child === undefined ? outside(b.manner) : ["to derive ", book.subject(b.child)], text(b.purpose)],
  store: (b, book) => [typeof b.location === "string" ? told`at ${b.location}` : ["in ", book.subject(b.location.container)]],
  check: (b) => [{ match: "match", mismatch: "MISMATCH", missing: "MISSING" }[b.outcome], given(b.coverage, (one) => `${grouped(one.checked)} of ${grouped(one.of)}`), text(b.trigger)],
  describe: (b, book) => [given(b.labels, (list) => ["labels ", joined(list.map(outside))]), given(b.other_numbers, (list) => joined(list.map((one) => told`${one.scheme} number ${one.number}`))),
    given(b.related, (list) => joined(list.map((one) => [words(one.relation), ": ", book.subject(one.subject)])))],
  amend: (b, book) => [[words(b.field), " of ", book.record(b.target), told`, from “${b.old}” to “${b.new}”`], text(b.reason)],
  note: (b) => [text(b.text)],
  incident: (b) => [outside(b.kind.toUpperCase()), text(b.occurred), given(b.discovered, (one) => ["discovered ", moment(one)]), given(b.remedy, (one) => told`remedy: ${one}`)],
  consent: (b) => (b.withdrawn ? [["WITHDRAWN ", moment(b.withdrawn.date), told`: ${b.withdrawn.reason}`]] : [layers(b, true, "granted to "), layers(b, false, "refused to ")]),
  hold: (b) => [authority(b), given(b.until, (one) => ["until ", moment(one)])],
  lift: (b) => [authority(b)],
  disclose: (b, book) => [[joined(b.fields.map(words)), " of ", book.record(b.target), " to ", joined(b.to.map(outside))], authority(b)],
  erase: (b, book, step) => [[outside(b.scope), " of ", book.record(b.target)], text(b.reason), authority(b), others(step, book)],
  attest: (b, book, step) => [book.record(b.target), text(b.basis), others(step, book)],
  export: (b, book, step) => [[counted(b.items.length, "item"), given(b.recipient, (one) => told` to ${one.name} of ${one.organisation}`), told` (${b.to})`],
    b.withheld.length ? `${counted(b.withheld.length, "record")} withheld` : null, b.override ? "AGAINST CONSENT" : null, others(step, book)],
  dispose: (b, book, step) => [words(b.manner), given(b.to, (one) => told`to ${one}`), authority(b), others(step, book), given(b.witness, (one) => told`witnessed on paper by ${one.name} of ${one.organisation}`)],
  checkpoint: (b) => [counted(b.index.subjects, "subject")],
};

function released(body, book) {
  const release = book.byHash.get(body.release);
  return release ? ["from ", book.person(release.by[0]), " (", recordLink(release.index), ")"] : null;
}
