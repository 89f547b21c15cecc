// Custody (section 12.4): exactly one person answers for an item at every moment, and each handover has two signed halves.

function doAcquire(s) {
  const { body } = s, [by] = s.signers(1);
  s.requireRole(by, "custodian");
  reserveNumber(s, body.number);
  const labels = [...(has(body, "case") ? [body.case] : []), ...given(body, "incident", [])];
  s.putItem(sealedNow(withPersons(newItem(s, body.kind, labels, []), body), given(body, "seal")));
}

function newItem(s, kind, labels, parents) {
  const { body, entry } = s, [by] = entry.by, people = (name) => eachOnce(parents.flatMap((one) => one[name]));
  return {
    subject: entry.subject, number: body.number, kind, status: "held", holder: by, since: s.index, author: by,
    content: contentDigest(given(body, "files")), to: null, party: null, release: null, transfer: null, expires: null, seal: null, sealed: false,
    container: null, contents: [], labels: eachOnce(labels), persons: people("persons"), guarded: people("guarded"), holds: [], grant: null,
    mismatch: null, moved: false,
  };
}

// Of a source or witness no consent is assumed.
function withPersons(item, body) {
  const persons = given(body, "persons", []), guarded = persons.filter((one) => one.part === "source" || one.part === "witness");
  const codes = (people) => people.map((one) => one.code);
  return { ...item, persons: eachOnce([...item.persons, ...codes(persons)]), guarded: eachOnce([...item.guarded, ...codes(guarded)]) };
}

function reserveNumber(s, number) {
  const looksLike = number === "ledger" || ["urn:", "handler:", "person:"].some((start) => number.startsWith(start));
  need(!looksLike && !s.fact(`number:${number}`), "item.number", `the number ${number} cannot be given`);
  s.put(`number:${number}`, { of: s.entry.subject });
}

function doDerive(s) {
  const { body } = s, [by] = s.signers(1);
  s.requireRole(by, ...HOLDERS);
  reserveNumber(s, body.number);
  const parents = body.parents.map((parent) => parentOf(s, by, parent)), digital = parents[0].kind === "digital";
  need(has(body, "files") || !digital, "derive.files", `what is derived from ${parents[0].number} is digital too, and has no files`);
  s.putItem(withPersons(newItem(s, has(body, "files") ? "digital" : parents[0].kind, parents.flatMap((one) => one.labels), parents), body));
}

// A parent's last entry is the signer's own access for this child.
function parentOf(s, by, parent) {
  const item = s.item(parent.subject), head = s.fact(`head:${parent.subject}`), { grant } = item;
  const last = grant && head && head.entry === parent.entry && parent.entry === grant.entry, theirs = last && grant.by === by;
  need(theirs && grant.child === s.entry.subject, "derive.access", `the last entry of ${item.number} is not the access for this item`);
  need(item.content === null || has(parent, "sha256"), "derive.sha256", `the fingerprint of ${item.number} is not given`);
  const seen = hashed(s, item, given(parent, "sha256"));
  if (seen !== item) s.putItem(seen, parent.subject);
  return item;
}

function doRelease(s) {
  const { body } = s, [by] = s.signers(1), item = heldBy(s, by), to = given(body.to, "handler");
  const party = to === null ? `${body.to.name}, ${body.to.organisation}` : null;
  if (to !== null) checkRecipient(s, item, to);
  goesAlong(s, item, to, party);
  const expires = has(body, "expires") ? instant(body.expires) : null;
  const went = { since: s.index, release: s.cited, transfer: given(body, "transfer"), expires, to, party };
  s.putItem({ ...lookedAt(s, item), ...went, status: to === null ? "outside" : "offered" });
}

function checkRecipient(s, item, name) {
  const handler = s.handler(name);
  need(name !== item.holder, "release.self", `${name} already holds ${item.number}`);
  need(active(s, handler), "release.to", `${name} has no valid key now`);
  need(handler.roles.some((role) => HOLDERS.includes(role)), "release.to", `${name} is no custodian or examiner, who can hold an item`);
}

function doWithdraw(s) {
  const [by] = s.signers(1), item = onOffer(s);
  need(by === item.holder, "withdraw.by", `${item.number} was offered by ${item.holder}`);
  back(s, part(s, item));
}

function doDecline(s) {
  const [by] = s.signers(1), item = onOffer(s);
  need(by === item.to, "decline.by", `${item.number} is offered to ${item.to}`);
  back(s, part(s, item));
}

function back(s, item) {
  s.putItem({ ...item, status: "held", to: null, release: null, transfer: null, expires: null, since: s.index });
}

function doAccept(s) {
  const [by] = s.signers(1), item = onOffer(s);
  need(by === item.to, "accept.by", `${item.number} is offered to ${item.to}`);
  s.requireRole(by, ...HOLDERS);
  cameAlong(s, item);
  if (item.expires !== null && s.recorded > item.expires) s.note("custody", `${item.number} was accepted after the offer had expired`);
  taken(s, lookedAt(s, item), by);
}

function doHandover(s) {
  const { body } = s, [giver, receiver] = s.signers(2), item = heldBy(s, giver);
  need(receiver === body.to.handler, "handover.by", `the text names ${body.to.handler} as receiver, but ${receiver} signs`);
  checkRecipient(s, item, receiver);
  goesAlong(s, item, receiver, null);
  taken(s, { ...lookedAt(s, item), transfer: given(body, "transfer") }, receiver);
}

function doAcknowledge(s) {
  const [by] = s.signers(1);
  s.requireRole(by, "custodian");
  s.putItem(sealed(s, outside(s), given(s.body, "seal")));
}

function doReturn(s) {
  const by = s.signers(1, 2), item = outside(s);
  need(by[0] === item.holder || by.length === 2, "return.by", `${item.holder} released ${item.number}; for anyone else a second handler signs too`);
  s.requireRole(by[0], ...HOLDERS);
  taken(s, lookedAt(s, item), by[0]);
}

function doReassign(s) {
  const { body } = s, [registrar, to] = s.signers(2);
  s.requireRole(registrar, "registrar");
  s.requireRole(to, ...HOLDERS);
  const item = s.item(), certain = s.state.cited(body.last_certain);
  need(item.status !== "ended", "item.ended", `${item.number} was disposed of`);
  need(body.from === item.holder && to !== item.holder, "reassign.from", `${item.holder} answers for ${item.number}`);
  need(certain && certain.entry.subject === s.entry.subject, "reassign.last_certain", `last_certain is no entry of ${item.number}`);
  leftBehind(s, item);
  s.note("custody", `${item.number}: declared gap, reassigned from ${item.holder} to ${to} (${body.cause})`);
  taken(s, hashed(s, sealed(s, item, given(body, "seal")), contentDigest(given(body, "files"))), to);
}

function taken(s, item, by) {
  const cleared = { to: null, party: null, release: null, expires: null, grant: null };
  s.putItem({ ...item, ...cleared, status: "held", holder: by, since: s.index, moved: true });
}

function heldBy(s, by) {
  const item = s.item();
  need(item.status !== "ended", "item.ended", `${item.number} was disposed of`);
  need(item.holder === by, "item.holder", `${item.holder} answers for ${item.number}, and not ${by}`);
  need(item.status === "held", `item.${item.status}`, `${item.number} is ${item.status}`);
  return item;
}

function onOffer(s) {
  const item = s.item();
  need(item.status === "offered", "offer.none", `${item.number} is not on offer, it is ${item.status}`);
  need(item.release === s.body.release, "offer.other", `that is not the open offer of ${item.number}`);
  return item;
}

function outside(s) {
  const item = s.item();
  need(item.status === "outside", "outside.none", `${item.number} is not outside, it is ${item.status}`);
  need(item.release === s.body.release, "outside.other", `that is not the release by which ${item.number} went out`);
  return item;
}
