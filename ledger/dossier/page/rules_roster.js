// The ledger and its people (section 12.3).

function claimKey(s, key, owner) {
  for (const name of [`key:${hex(key.key)}`, `keyid:${key.name}+${key.id}`]) {
    need(!s.fact(name), "key.used", `the key ${key.id} is already known to this ledger`);
    s.put(name, { of: owner });
  }
}

function ownKey(s, vkey, name, type = KEY_ED25519) {
  const key = rosterKey(vkey, type);
  need(key.name === name, "key.name", `the key is for ${key.name}, and not for ${name}`);
  return key;
}

function claimLogKeys(s, vkeys, origin) {
  [KEY_ED25519, KEY_ML_DSA].forEach((type, at) => claimKey(s, ownKey(s, vkeys[at], origin, type), origin));
}

function claimPrefix(s, prefix, name) {
  if (prefix === null) return;
  const owner = s.fact(`prefix:${prefix}`);
  need(!owner || owner.of === name, "enrol.prefix", `the prefix ${prefix} belongs to ${owner && owner.of}`);
  s.put(`prefix:${prefix}`, { of: name });
}

function doOpen(s) {
  const { body, entry } = s, origin = entry.ledger, wanted = [origin, ...body.registrars.map((one) => one.handler)];
  need(sameList(entry.by, wanted), "open.by", "open is not signed by the log and then every first registrar");
  need(!body.registrars.every((one) => has(one, "recovery")), "open.registrars", "every first registrar is a recovery key");
  if (has(body, "continues")) checkContinues(body.continues.note, origin);
  claimLogKeys(s, body.vkeys, origin);
  body.registrars.forEach((one) => firstRegistrar(s, one));
  const { title, vkeys, rules } = body;
  s.put("ledger", { origin, title, vkeys, retired: [], rules, closedAt: 0, closedBy: [], ended: false, registrars: [], holds: [] });
}

function sameList(one, other) {
  return one.length === other.length && one.every((each, at) => each === other[at]);
}

function checkContinues(note, origin) {
  let head;
  try {
    head = checkpointOf(utf8(note));
  } catch (error) {
    throw foreseen(error) ? new Refused("open.continues", "what the ledger continues is no checkpoint") : error;
  }
  need(head.origin !== origin, "open.continues", "a ledger that continues another one needs an origin of its own");
}

function firstRegistrar(s, one) {
  const { handler: name, organisation, roles } = one, prefix = given(one, "prefix");
  claimKey(s, ownKey(s, one.vkey, name), name);
  claimPrefix(s, prefix, name);
  const keys = [{ vkey: one.vkey, since: s.index, until: null, how: "", unsafe: null }];
  s.put(`handler:${name}`, { name, organisation, roles, prefix, keys, from: 0, to: null, recovery: has(one, "recovery") });
}

function doClose(s) {
  s.signers(2).forEach((name) => s.requireRole(name, "registrar"));
  s.put("ledger", { ...s.ledger, ended: true });
}

function doEnrol(s) {
  const { body, entry } = s, name = body.handler;
  need(entry.subject === `handler:${name}`, "subject", `the subject of this enrolment must be handler:${name}`);
  need(name !== s.ledger.origin, "enrol.name", "the name of the log cannot be that of a handler");
  const by = s.signers(has(body, "replaces") ? 3 : 2);
  need(by[1] === name, "enrol.by", `enrol is signed by a registrar and then by ${name}`);
  s.requireRole(by[0], "registrar");
  const known = s.fact(entry.subject), keys = enrolledKeys(s, known), prefix = given(body, "prefix");
  claimPrefix(s, prefix, name);
  const validity = { from: instant(body.valid_from), to: has(body, "valid_to") ? instant(body.valid_to) : null };
  const fact = { name, organisation: given(body, "organisation"), roles: body.roles, prefix, keys, ...validity };
  s.put(entry.subject, { ...fact, recovery: Boolean(known && known.recovery) });
}

// The first key, the same ones, or the old one ended and a new one.
function enrolledKeys(s, known) {
  const { body } = s, name = body.handler, fresh = { vkey: body.vkey, since: s.index, until: null, how: "", unsafe: null };
  const key = ownKey(s, body.vkey, name), last = known ? known.keys[known.keys.length - 1] : undefined;
  if (!has(body, "replaces")) {
    if (!known) {
      claimKey(s, key, name);
      return [fresh];
    }
    need(last.vkey === body.vkey && last.until === null, "enrol.key", `that is not the present key of ${name}`);
    return known.keys;
  }
  need(last && last.vkey === body.replaces, "enrol.replaces", `replaces does not name the last key of ${name}`);
  claimKey(s, key, name);
  return [...known.keys.slice(0, -1), last.until === null ? { ...last, until: s.index, how: "replaced" } : last, fresh];
}

function doRotate(s) {
  const { body, entry } = s, { subject, by } = entry;
  if (subject === "ledger") return rotateLog(s);
  const name = subject.slice("handler:".length);
  need(sameList(by, [name, name]) && body.old.length === 1, "rotate.by", `rotate is signed by one old and then one new key of ${name}`);
  const handler = s.handler(name), key = ownKey(s, body.new[0], name), last = handler.keys[handler.keys.length - 1];
  claimKey(s, key, name);
  const fresh = { vkey: body.new[0], since: s.index, until: null, how: "", unsafe: null };
  s.put(subject, { ...handler, keys: [...handler.keys.slice(0, -1), { ...last, until: s.index, how: "replaced" }, fresh] });
}

function rotateLog(s) {
  const { ledger, body } = s, by = s.signers(3);
  need(sameList(body.old, ledger.vkeys), "rotate.by", "old is not the present pair of the log");
  s.requireRole(by[2], "registrar");
  claimLogKeys(s, body.new, ledger.origin);
  s.put("ledger", { ...ledger, vkeys: body.new, retired: [...ledger.retired, ...ledger.vkeys] });
}

function doRevoke(s) {
  const { body, entry } = s, name = entry.subject.slice("handler:".length), [by] = s.signers(1);
  if (by !== name) s.requireRole(by, "registrar");
  const handler = s.handler(name), since = given(body, "compromised_since"), key = handler.keys.find((one) => one.vkey === body.vkey);
  need(key && (key.until === null || since !== null), "revoke.key", `that is not a key of ${name} that is still good`);
  if (since !== null) {
    need(since <= s.index, "revoke.since", `compromised_since ${since} lies after this entry`);
    need(by !== name || since >= s.ledger.closedAt, "revoke.since", `the holder can declare a key unsafe from ${s.ledger.closedAt} on`);
  }
  const unsafe = key.unsafe === null ? since : Math.min(since === null ? key.unsafe : since, key.unsafe);
  const ended = key.until === null ? { ...key, until: s.index, how: "revoked", unsafe } : { ...key, unsafe };
  s.put(entry.subject, { ...handler, keys: handler.keys.map((one) => (one === key ? ended : one)) });
  if (handler.roles.includes("registrar")) leaveARegistrar(s);
}

function leaveARegistrar(s) {
  const facts = s.ledger.registrars.map((name) => s.fact(`handler:${name}`));
  const left = facts.filter((fact) => fact && fact.roles.includes("registrar") && active(s, fact));
  need(left.length, "roster.last", "this would leave the ledger without a registrar");
  if (left.length === 1) s.note("keys", `${left[0].name} is the last registrar with a valid key`);
}

// All who ever were registrars, so that the last one can be told.
function rememberRegistrars(s) {
  const { registrars } = s.ledger, handlers = [...s.changes].filter(([key]) => key.startsWith("handler:")).map(([, fact]) => fact);
  const fresh = handlers.filter((fact) => fact.roles.includes("registrar") && !registrars.includes(fact.name));
  if (fresh.length) s.put("ledger", { ...s.ledger, registrars: [...registrars, ...fresh.map((fact) => fact.name)] });
}
