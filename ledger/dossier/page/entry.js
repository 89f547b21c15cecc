// The entry (section 4), what its confidential fields are opened by (section 6), and the record that gives it a place (section 7).

const MAX_ENTRY = 65536;
const ENVELOPE = [
  ["custody", (value) => well(value === "entry/v1", "custody is not entry/v1")],
  ["ledger", (value) => checkType("Origin", value, "ledger")],
  ["act", (value) => well(ACTS.has(value), "act is no act")],
  ["subject", (value) => checkType("Subject", value, "subject")],
  ["time", (value) => checkType("Time", value, "time")],
  ["by", (value) => checkType("list of Name, 1 to 16", value, "by")],
  ["seen", (value) => value === null || checkType("Seen", value, "seen")],
  ["prev", (value) => value === null || checkType("Prev", value, "prev")],
];

// The entry that a text says: {custody, ledger, act, subject, time, by, seen, prev, body}; raises Malformed or Newer.
function decodeEntry(text) {
  well(text.length <= MAX_ENTRY, "an entry above 65,536 bytes");
  const value = decodeJson(text);
  well(isObject(value) && has(value, "custody") && typeof value.custody === "string", "an entry is an object that says its version");
  if (value.custody !== "entry/v1") throw new Newer("an entry that was made by a newer format");
  well(!has(value, "act") || typeof value.act === "string", "act is no text");
  if (!ACTS.has(value.act)) throw new Newer("an entry with an act that this page does not know: made by a newer format");
  checkInOrder(value, new Map([...ENVELOPE, ["body", (body) => checkBody(value.act, body)]]), "an entry");
  sameJson(value, text, 2);
  return value;
}

// Parsed as far as it can be: {note, entry}; raises Malformed or Newer.
function openEntry(bytes) {
  const note = parseNote(bytes);
  return { note, entry: decodeEntry(note.text) };
}

function digestsOf(entry) {
  return has(entry.body, "_sd") ? entry.body._sd : [];
}

// --- disclosures ---

const MAX_DISCLOSURE = Math.floor((MAX_ENTRY * 4 + 2) / 3);

function disclosureDigest(text) {
  well(/^[\x00-\x7f]*$/u.test(text), "a disclosure that is no base64url");
  return base64url(sha256(utf8(text)));
}

// {name, value} of a disclosure for an entry of this act; raises Malformed.
function openDisclosure(text, act) {
  well(text.length <= MAX_DISCLOSURE, "a disclosure above 65,536 bytes");
  const bytes = unbase64url(text), found = decodeJson(bytes);
  well(Array.isArray(found) && found.length === 3 && found.every((one, at) => at === 2 || typeof one === "string"), "not a disclosure");
  const [salt, name, value] = found, field = hideable(act, name);
  well(field, `a disclosure of what is no confidential field of ${act}`);
  well(/^[A-Za-z0-9_-]{21}[AQgw]$/u.test(salt), "a salt that is not 16 bytes");
  try {
    checkType(field.type, value, name);
  } catch (error) {
    throw foreseen(error) ? new Malformed(`a disclosure of another type than ${name} has: ${error.message}`) : error;
  }
  sameJson(found, bytes, 0);
  return { name, value };
}

// The fields that these texts open in an entry, by name; raises Malformed, or Contradiction where two values stand for one field.
function openDisclosures(texts, entry) {
  const opened = new Map();
  for (const text of texts) {
    const { name, value } = openDisclosure(text, entry.act);
    if (has(entry.body, name) || opened.has(name)) throw new Contradiction(`two values stand for the field ${name}`);
    opened.set(name, value);
  }
  return opened;
}

// --- records ---

const RECORD_HEADER = "custody-record/v1\n";
const RECORD = new RegExp(
  `^custody-record/v1\\n(0|[1-9][0-9]{0,15})\\n([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\\n(${HASH_FORM})\\n` +
    `(0|[1-9][0-9]{0,15}) (${HASH_FORM}|-)\\n(${HASH_FORM})\\n(${HASH_FORM}|-)\\n$`, "u");

// {index, recorded: seconds, when: the text, tag, before, entry, prev: base64 or null, seq, hash: base64}; raises Malformed or Newer.
function parseRecord(bytes) {
  const text = latin(bytes), found = RECORD.exec(text);
  if (!found && text.startsWith("custody-record/") && !text.startsWith(RECORD_HEADER)) throw new Newer("a record that was made by a newer format");
  well(found, "a record is seven lines");
  const [, index, when, tag, seq, before, entry, prev] = found;
  well((seq === "0") === (before === "-") && (index === "0") === (prev === "-"), "a record with a hash too many or too few");
  const none = (hash) => (hash === "-" ? null : hash);
  return {
    index: Number(index), recorded: instant(when), when, tag, seq: Number(seq), before: none(before), entry, prev: none(prev),
    hash: base64(sha256(Uint8Array.of(0), bytes)),
  };
}

// What stands for a subject in the records, as base64.
function tagOf(origin, subject) {
  return base64(sha256(utf8(`custody-subject/v1\n${origin}\n${subject}`)));
}
