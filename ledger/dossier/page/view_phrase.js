// One sentence for each act: olena@un.example released E-1 to petro@un.example, hashed, by hand.

const VERBS = {
  open: "opened", close: "closed", enrol: "enrolled", rotate: "replaced the key of", revoke: "revoked a key of", acquire: "acquired", derive: "derived",
  release: "released", withdraw: "withdrew the offer of", decline: "declined", accept: "accepted", handover: "handed over",
  acknowledge: "recorded the receipt for", return: "took back", reassign: "reassigned", verify: "made a finding on", review: "reviewed", access: "accessed",
  store: "stored", check: "checked", describe: "described", amend: "amended", note: "noted on", incident: "reported on",
  consent: "recorded the consent of", hold: "set a hold on", lift: "lifted the hold on", disclose: "opened fields of", erase: "ordered an erasure on",
  attest: "vouched for", export: "exported from", dispose: "disposed of", checkpoint: "closed an epoch of",
};
// Acts whose detail goes on with the sentence.
const GOES_ON = new Set(["enrol", "acquire", "derive", "release", "accept", "handover", "acknowledge", "return", "reassign", "store"]);
const BY_WAY = { hand: "by hand", courier: "by courier", post: "by post", transfer: "by transfer", object_store: "through an object store" };

// What a step says, as nodes. Its free texts are whole.
function sentence(step, book) {
  return [book.people(step.by.slice(0, 1)), " ", deed(step, book)];
}

function deed(step, book) {
  const { scope } = step.body, label = scope && scope.label !== undefined;
  const about = label ? told`all items labelled ${scope.label}` : book.subject(step.subject);
  const details = joined(DETAILS[step.act](step.body, book, step).filter((part) => part !== null));
  return [`${VERBS[step.act]} `, about, details.length ? (GOES_ON.has(step.act) ? " " : ": ") : "", details];
}

// A part of a sentence, or null where the field is not there.
function given(value, phrase) {
  return value === undefined || value === null ? null : phrase(value);
}

function text(value) {
  return given(value, outside);
}

function lead(words_, value) {
  return given(value, (one) => [words_, outside(one)]);
}

function recipient(to, book) {
  if (to.handler !== undefined) return ["to ", book.person(to.handler)];
  return [told`to ${to.name} of ${to.organisation}`, given(to.contact, (contact) => told` (${contact})`), ", outside"];
}

function byWay(method) {
  return given(method, (one) => BY_WAY[one]);
}

function contentSeen(body) {
  if (body.content_check === "hashed") return body.match === false ? "hashed, fingerprints DIFFER" : "hashed";
  if (body.content_check === "seal_only") return [sealSeen(body.seal), ", not hashed"];
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
  return outside(vkey.split("+")[1]);
}

function filesCounted(files) {
  return given(files, (one) => counted(Array.isArray(one) ? one.length : one.files, "file"));
}

function layers(body, granted, words_) {
  const found = body.layers.filter((layer) => layer.granted === granted).map((layer) => outside(layer.to));
  return found.length ? [words_, joined(found, " and ")] : null;
}

function released(body, book) {
  const release = book.byHash.get(body.release);
  return release ? ["from ", book.person(release.by[0]), " (", recordLink(release.index), ")"] : null;
}
