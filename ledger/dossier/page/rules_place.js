// Rules of every entry: whose keys may sign it (section 12.1), and its place in the log (12.2).

// The keys under which the signature lines must verify, in their order; raises Refused.
function signingKeys(s, note) {
  const { entry } = s, names = note.signatures.map((line) => line.name);
  const same = names.length === entry.by.length && names.every((name, at) => name === entry.by[at]);
  need(same, "signature.lines", `signed by ${names.join(", ")}, while the text asks for ${entry.by.join(", ")}`);
  need(new Set(names).size === names.length || entry.act === "rotate", "signature.lines", "a name stands twice among the signers");
  const brought = broughtKeys(s), keys = note.signatures.map((line) => keyOf(s, line, brought));
  if (entry.act === "rotate") {
    const first = keys.slice(0, 2).map((key) => key.vkey), wanted = [s.body.old[0], s.body.new[0]];
    need(first[0] === wanted[0] && first[1] === wanted[1], "rotate.by", "rotate is signed by the old key and then by the new one");
  }
  return keys;
}

// In open, enrol and rotate: the keys of those whom the body is about.
function broughtKeys(s) {
  const { act, by } = s.entry, { body } = s;
  if (act === "open") {
    const vkeys = [body.vkeys[0], ...body.registrars.map((one) => one.vkey)];
    return vkeys.map((vkey) => rosterKey(vkey)).filter((key) => by.includes(key.name));
  }
  if (act === "enrol") return [rosterKey(body.vkey)].filter((key) => key.name === body.handler);
  return act === "rotate" ? [rosterKey(body.new[0])].filter((key) => key.name === by[0]) : [];
}

// A vkey that may enter the roster: of the right kind, and a safe point.
function rosterKey(vkey, type = KEY_ED25519) {
  const key = knownKey(vkey);
  need(key.type === type, "key.kind", `the key of ${key.name} is of another type than is needed`);
  need(type === KEY_ML_DSA || usable(key.key), "key.unsafe", `the key of ${key.name} is malformed, of low order, or not of prime order`);
  return key;
}

function knownKey(vkey) {
  try {
    return parseVkey(vkey);
  } catch (error) {
    throw error instanceof Malformed ? new Refused("key.unsafe", `a key cannot be used: ${error.message}`) : error;
  }
}

function keyOf(s, line, brought) {
  const ledger = s.fact("ledger"), handler = s.fact(`handler:${line.name}`);
  let found = brought.find((key) => madeBy(key, line));
  if (found) return found;
  if (ledger && line.name === ledger.origin) found = ledger.vkeys.map(knownKey).find((key) => key.type === KEY_ED25519 && madeBy(key, line));
  else if (handler) found = keyOfHandler(s, handler, line);
  return found || refuse("key.unknown", `the key ${line.id} of ${line.name} is not enrolled`);
}

function keyOfHandler(s, handler, line) {
  const own = handler.keys.find((one) => madeBy(knownKey(one.vkey), line));
  if (!own) return undefined;
  need(own.until === null, "key.ended", `the key ${line.id} of ${line.name} was ${own.how} at record ${own.until}, and this is record ${s.index}`);
  need(validAt(handler, s.recorded), "key.expired", `the enrolment of ${line.name} is not valid at this time`);
  return knownKey(own.vkey);
}

// All rules of section 12 but the signatures themselves; raises Refused, else leaves what changes in `s.changes`.
async function admit(s, text, record) {
  checkLedger(s);
  checkPlace(s, text, record);
  checkSeen(s);
  checkPrev(s, record);
  checkTime(s);
  digestsOf(s.entry).forEach((digest) => s.claimDigest(digest));
  checkLogKey(s);
  checkSubject(s);
  await RULES.get(s.entry.act)(s);
  leaveBehind(s);
}

function checkLedger(s) {
  const ledger = s.fact("ledger"), opens = s.entry.act === "open";
  need(!ledger === opens && (s.index === 0) === opens, "open.first", "open is the first entry of a ledger, and only the first");
  if (!ledger) return;
  need(s.entry.ledger === ledger.origin, "entry.ledger", `this entry belongs to the ledger ${s.entry.ledger}`);
  need(!ledger.ended || s.entry.act === "checkpoint", "close.ended", "the ledger was closed");
}

function checkPlace(s, text, record) {
  const known = s.state.knownText(text);
  need(known === undefined, "entry.repeated", `this entry is already recorded, as record ${known}`);
  need(s.state.recordHash(s.index) === null, "record.index", `there is a record ${s.index} already`);
  need(record.tag === tagOf(s.entry.ledger, s.entry.subject), "record.tag", "the record carries the tag of another subject");
  need(!s.index || record.prev === s.state.recordHash(s.index - 1), "record.prev", "the record does not follow the one before it");
  need(!s.index || s.recorded >= s.state.recorded(s.index - 1), "record.time", "recorded before the record before it");
}

function checkSeen(s) {
  const { seen, by } = s.entry;
  need((seen === null) === (s.index === 0), "seen.null", "seen is null in the first entry alone");
  if (seen === null) return;
  need(seen.size <= s.index, "seen.size", `the signer has seen ${seen.size} records, but only ${s.index} come before: records are missing`);
  need(s.state.recordHash(seen.size - 1) === seen.record, "seen.record", `the signer has seen another record ${seen.size - 1}`);
  for (const name of by) {
    const mark = s.fact(`mark:${name}`);
    need(!mark || seen.size >= mark.seen, "seen.back", `${name} had already seen ${mark && mark.seen} records, and says ${seen.size} here`);
  }
  const lag = seen.size === s.index ? 0 : s.recorded - s.state.recorded(seen.size);
  need(lag <= s.ledger.rules.max_lag_s, "seen.lag", `signed on a copy that was ${lag} seconds old`);
}

function checkPrev(s, record) {
  const head = s.fact(`head:${s.entry.subject}`), { prev, seen } = s.entry;
  const follows = head ? prev !== null && prev.seq === head.seq && prev.entry === head.entry : prev === null;
  need(follows, "entry.prev", "another entry on the same subject was recorded first");
  if (seen && head) need(seen.size >= head.seen, "seen.back", "the entry has seen less than the one it follows");
  const same = head ? record.seq === head.seq + 1 && record.before === head.record : record.seq === 0 && record.before === null;
  need(same, "record.subject", "the record does not continue the chain of its subject");
  if (head && instant(s.entry.time) < head.time) s.note("time", "happened before the entry that it follows");
}

const CLOCK_AHEAD_S = 600, LATE_AFTER_S = 86400;

function checkTime(s) {
  const time = instant(s.entry.time), { seen } = s.entry;
  need(time <= s.recorded + CLOCK_AHEAD_S, "time.future", `dated ${s.entry.time}, after it was recorded`);
  const after = seen === null ? s.recorded : s.state.recorded(seen.size - 1), late = after - time > LATE_AFTER_S;
  need(!late || has(s.body, "late"), "time.late", `dated ${s.entry.time}, more than a day before it was signed, without a word why`);
  if (s.recorded - time > LATE_AFTER_S) s.note("time", `recorded more than a day after ${s.entry.time}, the time it claims`);
}

function checkLogKey(s) {
  const ledger = s.fact("ledger"), { by, act } = s.entry;
  if (!ledger) return;
  need(!by.includes(ledger.origin) || ["checkpoint", "rotate"].includes(act), "role.log", "the log key only records and closes");
  for (const name of by) {
    const handler = s.fact(`handler:${name}`);
    if (handler && handler.recovery) s.note("keys", `signed with the recovery key of ${name}`);
  }
}

const SUBJECT_KINDS = new Map([
  ["open", ["ledger"]], ["close", ["ledger"]], ["checkpoint", ["ledger"]], ["export", ["ledger"]], ["enrol", ["handler"]], ["revoke", ["handler"]],
  ["rotate", ["ledger", "handler"]], ["check", ["ledger", "urn"]], ["hold", ["ledger", "urn"]], ["lift", ["ledger", "urn"]], ["consent", ["person"]],
]);

// Acts on another entry stand under that one's subject, which their own rules see to.
function checkSubject(s) {
  const { act, subject } = s.entry, kind = subject.split(":")[0];
  if (["amend", "review", "erase", "attest", "disclose"].includes(act)) return;
  need((SUBJECT_KINDS.get(act) || ["urn"]).includes(kind), "subject", `${act} cannot stand under ${subject}`);
  if (kind !== "urn") return;
  const known = s.fact(`item:${subject}`) !== undefined, begins = act === "acquire" || act === "derive";
  need(!(known && begins), "item.known", `${subject} is already in this ledger`);
  need(known || begins, "item.unknown", `${subject} is not in this ledger`);
}

// What every admitted entry leaves: the head of its subject, and how far its signers have seen.
function leaveBehind(s) {
  const { entry } = s, head = s.fact(`head:${entry.subject}`), seen = entry.seen ? entry.seen.size : 0;
  rememberRegistrars(s);
  const place = { seq: head ? head.seq + 1 : 0, index: s.index, entry: s.cited, record: s.record.hash };
  s.put(`head:${entry.subject}`, { ...place, seen, time: instant(entry.time) });
  entry.by.forEach((name) => s.put(`mark:${name}`, { seen }));
}
