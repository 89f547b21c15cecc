// Keeping (section 12.5): what is done to an item while somebody answers for it, what goes wrong, and how custody ends.

const LOST = ["loss", "theft", "confiscation", "destruction"];

function doStore(s) {
  const { body } = s, [by] = s.signers(1), container = isObject(body.location) ? body.location.container : null;
  let item = heldBy(s, by);
  if (container !== item.container) {
    item = takeOut(s, item);
    if (container !== null) putIn(s, item, container);
  }
  s.putItem({ ...sealed(s, item, given(body, "seal")), container });
}

function doAccess(s) {
  const { body } = s, [by] = s.signers(1), item = s.item(), child = given(body, "child");
  need(["held", "offered"].includes(item.status), `item.${item.status}`, `${item.number} is ${item.status}`);
  if (by !== item.holder) s.requireRole(by, "examiner");
  need(child === null || !s.fact(`item:${child}`), "access.child", `the child ${child} is already in the ledger`);
  const looked = hashed(s, hashed(s, item, given(body, "sha256_before")), given(body, "sha256_after"));
  s.putItem({ ...sealedAgain(s, looked), grant: child === null ? null : { child, by, entry: s.cited } });
}

// The seal before is compared with the record; the one after is the signer's own doing, if they told the one before.
function sealedAgain(s, item) {
  const before = given(s.body, "seal_before"), after = given(s.body, "seal_after");
  return before === null ? sealed(s, item, after) : sealedNow(sealed(s, item, before), after);
}

function doCheck(s) {
  const { body, entry } = s, [by] = s.signers(1);
  if (entry.subject === "ledger") return s.requireRole(by, "custodian", "examiner", "auditor");
  let item = s.item();
  need(item.status !== "ended", "item.ended", `${item.number} was disposed of`);
  if (by !== item.holder) s.requireRole(by, "examiner", "auditor");
  const found = given(body, "found", {}), digest = given(found, "sha256"), follows = body.outcome === outcomeOf(item, found);
  need(item.content === null || follows, "check.outcome", `the outcome does not follow from what was found of ${item.number}`);
  if (digest !== null && digest === item.content && item.mismatch !== null) item = matchedAgain(s, item, by);
  if (body.outcome === "missing") s.note("custody", `${item.number} was not found where it should be, by ${by}`);
  s.putItem(hashed(s, sealed(s, item, given(found, "seal")), digest));
}

// Who reported another fingerprint cannot be the one who settles it.
function matchedAgain(s, item, by) {
  const settles = !item.mismatch.by.includes(by);
  s.note("content", `${item.number} was found to match its reference again, by ${by}${settles ? "" : ", who had seen another fingerprint"}`);
  return settles ? { ...item, mismatch: null } : item;
}

function outcomeOf(item, found) {
  if (has(found, "sha256")) return found.sha256 === item.content ? "match" : "mismatch";
  if (has(found, "seal")) return given(found.seal, "number") === item.seal && found.seal.state === "intact" ? "match" : "mismatch";
  return "missing";
}

function doIncident(s) {
  const { body } = s, [by] = s.signers(1);
  let item = s.item();
  if (by !== item.holder) s.requireRole(by, "registrar");
  need(item.status !== "ended", "item.ended", `${item.number} was disposed of`);
  if (body.kind === "found") {
    need(item.status === "missing", "incident.found", `${item.number} is not recorded as missing`);
    item = { ...item, status: "held", since: s.index };
  } else if (LOST.includes(body.kind)) {
    need(item.status !== "missing", "item.missing", `${item.number} is recorded as missing already`);
    leftBehind(s, item);
    const cleared = { to: null, party: null, release: null, transfer: null, expires: null };
    item = { ...takeOut(s, item), ...cleared, status: "missing", since: s.index };
  }
  s.note("custody", `${item.number}: declared incident, ${body.kind}, reported by ${by}`);
  s.putItem(hashed(s, sealed(s, item, given(body, "seal")), contentDigest(given(body, "files"))));
}

function doDispose(s) {
  const { body } = s, item = s.item();
  if (body.manner === "entered_in_error") enteredInError(s, item);
  else witnessed(s, item);
  const allowed = body.manner === "written_off" ? ["held", "missing"] : ["held"];
  need(allowed.includes(item.status), `item.${item.status}`, `${item.number} is ${item.status}`);
  need(!onHold(s, item).length, "dispose.hold", `${item.number} is under hold`);
  need(!item.contents.length, "dispose.contents", `other items lie in ${item.number}`);
  s.putItem({ ...takeOut(s, item), status: "ended", grant: null, since: s.index });
}

function enteredInError(s, item) {
  const [author, registrar] = s.signers(2);
  need(author === item.author, "dispose.by", `${item.number} was entered by ${item.author}`);
  s.requireRole(registrar, "registrar");
  need(!item.moved, "dispose.error", `${item.number} has been handed over since`);
}

function witnessed(s, item) {
  const by = s.signers(1, 2);
  need(by[0] === item.holder, "dispose.by", `${item.number} is held by ${item.holder}`);
  const paper = has(s.body, "witness") && s.ledger.rules.dispose_witnesses === "handler_or_paper";
  need(by.length === 2 || paper, "dispose.witness", `the disposal of ${item.number} needs a witness`);
}
