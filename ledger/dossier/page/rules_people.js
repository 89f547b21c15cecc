// People at risk, courts, ends (section 12.7), and the table of all acts.

function doConsent(s) {
  const { body } = s, [by] = s.signers(1);
  s.requireRole(by, "custodian");
  const granted = has(body, "withdrawn") ? [] : body.layers.filter((layer) => layer.granted).map((layer) => layer.to);
  s.put(`granted:${s.entry.subject}`, { granted });
}

function doHold(s) {
  const { body } = s, [by] = s.signers(1);
  s.requireRole(by, "registrar");
  const label = labelOf(s), hold = { entry: s.cited, label, until: has(body, "until") ? instant(body.until) : null };
  if (label === null) s.putItem({ ...s.item(), holds: [...s.item().holds, hold] });
  else s.put("ledger", { ...s.ledger, holds: [...s.ledger.holds, hold] });
}

function doLift(s) {
  const [by] = s.signers(1);
  s.requireRole(by, "registrar");
  const label = labelOf(s), all = label === null ? s.item().holds : s.ledger.holds, ended = all.filter((hold) => hold.label === label);
  need(ended.length, "lift.none", "there is no hold of this scope");
  const holds = all.filter((hold) => hold.label !== label);
  if (label === null) s.putItem({ ...s.item(), holds });
  else s.put("ledger", { ...s.ledger, holds });
}

// The label of a hold on the ledger, null for a hold on an item.
function labelOf(s) {
  const { scope } = s.body;
  need(isObject(scope) === (s.entry.subject === "ledger"), "hold.scope", "a hold on an item has the scope item, and one on the ledger a label");
  return isObject(scope) ? scope.label : null;
}

function onHold(s, item) {
  const covering = s.ledger.holds.filter((hold) => item.labels.includes(hold.label));
  return [...item.holds, ...covering].filter((hold) => hold.until === null || hold.until > s.recorded);
}

// The cited entry of erase, attest and disclose.
function targetOf(s) {
  const target = citedBy(s, s.body.target, "target");
  underSubject(s, target);
  return target;
}

function doDisclose(s) {
  const { body } = s, [by] = s.signers(1), { entry } = targetOf(s);
  for (const name of body.fields) {
    const closed = has(entry.body, "_sd") && !has(entry.body, name) && hideable(entry.act, name);
    need(closed, "disclose.field", `${name} is no confidential field of this ${entry.act}`);
    if (!entry.by.includes(by) && !s.fact(`reader:${body.target}:${name}:${by}`)) s.requireRole(by, "registrar");
  }
  for (const reader of body.to) {
    s.handler(reader);
    body.fields.forEach((name) => s.put(`reader:${body.target}:${name}:${reader}`, { of: s.cited }));
  }
}

function doErase(s) {
  twoSign(s);
  const { body } = s, { entry } = targetOf(s), item = s.fact(`item:${entry.subject}`);
  const held = item ? onHold(s, item).map((hold) => hold.entry) : [];
  need(!held.length || held.includes(given(body, "hold")), "erase.hold", "the item is under a hold that the order does not name");
  for (const digest of given(body, "digests", [])) {
    const owner = s.fact(`digest:${digest}`);
    need(owner && owner.of === body.target, "erase.digest", "a digest does not stand in the entry that is named");
  }
}

function doAttest(s) {
  twoSign(s);
  const { index, entry } = targetOf(s), own = s.entry.by.find((name) => entry.by.includes(name));
  need(own === undefined, "attest.by", `${own} signed the entry in record ${index}, and vouches for it`);
}

function twoSign(s) {
  s.requireRole(s.signers(2)[0], "registrar");
}

function doExport(s) {
  const { body } = s, override = has(body, "override"), by = s.signers(override ? 2 : 1);
  s.requireRole(by[0], "custodian", "registrar");
  const registrar = !override || by.some((name) => s.handler(name).roles.includes("registrar"));
  need(registrar, "export.override", "no registrar signs this export against consent");
  for (const exported of body.items) {
    const item = s.item(exported.subject), head = s.fact(`head:${exported.subject}`);
    const same = head && head.seq + 1 === exported.count && head.record === exported.record;
    need(same, "export.head", `${item.number} has gone on since the entry that the export names`);
    for (const code of withoutConsent(s, item)) {
      need(override, "export.consent", `${code}, linked to ${item.number}, has not agreed to an export to ${body.to}`);
      s.note("disclosure", `${item.number} was exported to ${body.to} against the consent of ${code}`);
    }
  }
}

// Who, of the people linked to an item, stands against its export: of a source or witness nothing is assumed.
function withoutConsent(s, item) {
  return item.persons.filter((code) => {
    const person = s.fact(`granted:person:${code}`);
    return person ? !person.granted.includes(s.body.to) : item.guarded.includes(code);
  });
}

// The index is as the act says, since only who has all records can make it anew.
async function doCheckpoint(s) {
  const { ledger, body, entry } = s;
  need(entry.by.length === 1 && entry.by[0] === ledger.origin, "checkpoint.by", "a checkpoint is signed by the log key alone");
  need((body.previous === null) === (ledger.closedAt === 0), "checkpoint.previous", "every checkpoint but the first carries the one before it");
  if (body.previous !== null) await checkPrevious(s, body.previous.note);
  s.put("ledger", { ...ledger, closedAt: s.index + 1, closedBy: [...ledger.vkeys, ...ledger.retired], retired: [] });
}

// The last one of this log, signed by all the keys that had to sign it: after a rotation by the old ones too.
async function checkPrevious(s, note) {
  const keys = eachOnce(s.ledger.closedBy).map(knownKey);
  let opened;
  try {
    opened = await openCheckpoint(utf8(note), keys);
  } catch (error) {
    throw foreseen(error) ? new Refused("checkpoint.previous", `the checkpoint carried along is not one of this log: ${error.message}`) : error;
  }
  const { checkpoint, by, unsure } = opened;
  const last = checkpoint.origin === s.ledger.origin && checkpoint.size === s.ledger.closedAt && equal(checkpoint.root, s.state.root());
  need(last, "checkpoint.previous", "the checkpoint carried along is not the last one of this log");
  const signed = keys.every((key) => by.has(key.vkey) || unsure.has(key.vkey));
  need(signed, "checkpoint.previous", "the checkpoint carried along lacks a signature of the log");
}

const RULES = new Map([
  ["open", doOpen], ["close", doClose], ["enrol", doEnrol], ["rotate", doRotate], ["revoke", doRevoke], ["acquire", doAcquire], ["derive", doDerive],
  ["release", doRelease], ["withdraw", doWithdraw], ["decline", doDecline], ["accept", doAccept], ["handover", doHandover],
  ["acknowledge", doAcknowledge], ["return", doReturn], ["reassign", doReassign], ["verify", doVerify], ["review", doReview],
  ["access", doAccess], ["store", doStore], ["check", doCheck], ["describe", doComment], ["amend", doAmend], ["note", doComment],
  ["incident", doIncident], ["consent", doConsent], ["hold", doHold], ["lift", doLift], ["disclose", doDisclose], ["erase", doErase],
  ["attest", doAttest], ["export", doExport], ["dispose", doDispose], ["checkpoint", doCheckpoint],
]);
