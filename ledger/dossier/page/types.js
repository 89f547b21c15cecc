// The types of section 5.1 and the objects of 5.2, and whether a value has one.

const CONTROLS = "\\x00-\\x1f\\x7f-\\x9f";
const GAPS = CONTROLS + "\\x20\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const NAME_FORM = `[^+${GAPS}]{1,255}`;
const ITEM_FORM = "urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
const PERSON_FORM = "[A-Za-z0-9][A-Za-z0-9._\\-]{0,63}";
const HASH_FORM = "[A-Za-z0-9+\\/]{42}[AEIMQUYcgkosw048]=";
const TEXT_FORM = "[^\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f]+";
const MEDIA_FORM = "[a-z0-9][a-z0-9!#$&\\^_.+\\-]*";
const CLOCK_FORM = "[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]";

// Least and most code points, and the pattern of the whole string.
const STRINGS = new Map([
  ["Line", [1, 1000, `[^${CONTROLS}]+`]],
  ["Text", [1, 20000, TEXT_FORM]],
  ["NoteText", [1, 40000, TEXT_FORM]],
  ["Name", [1, 255, NAME_FORM]],
  ["Origin", [0, 255, `(?!\\{|custody-)${NAME_FORM}`]],
  ["Code", [0, 64, "[a-z][a-z0-9_\\-]{0,63}"]],
  ["PersonCode", [0, 64, PERSON_FORM]],
  ["Item", [0, 45, ITEM_FORM]],
  ["Subject", [0, 263, `(?:ledger|${ITEM_FORM}|handler:${NAME_FORM}|person:${PERSON_FORM})`]],
  ["Number", [0, 100, `[^${GAPS}](?:[^${CONTROLS}]*[^${GAPS}])?`]],
  ["Prefix", [0, 32, "[A-Za-z0-9][A-Za-z0-9.\\/_\\-]{0,31}"]],
  ["Hash", [0, 44, HASH_FORM]],
  ["SealKey", [0, 44, HASH_FORM]],
  ["Sha256", [0, 64, "[0-9a-f]{64}"]],
  ["SdDigest", [0, 43, "[A-Za-z0-9_\\-]{42}[AEIMQUYcgkosw048]"]],
  ["Base64", [4, 24000, "(?:[A-Za-z0-9+\\/]{4})*(?:[A-Za-z0-9+\\/][AQgw]==|[A-Za-z0-9+\\/]{2}[AEIMQUYcgkosw048]=)?"]],
  ["Hex", [8, 256, "(?:[0-9a-f]{2})+"]],
  ["Vkey", [0, 2100, `${NAME_FORM}\\+[0-9a-f]{8}\\+[A-Za-z0-9+\\/]+={0,2}`]],
  ["MediaType", [0, 127, `${MEDIA_FORM}\\/${MEDIA_FORM}`]],
  ["Decimal", [0, 20, "-?(?:0|[1-9][0-9]{0,8})(?:\\.[0-9]{1,9})?"]],
  ["Time", [0, 25, `${CLOCK_FORM}(?:Z|(?!-00:00)[+\\-](?:[01][0-9]|2[0-3]):[0-5][0-9])`]],
  ["Date", [0, 10, "[0-9]{4}-[0-9]{2}-[0-9]{2}"]],
].map(([name, [least, most, form]]) => [name, { least, most, pattern: new RegExp(`^(?:${form})$`, "u") }]));

const SHORT_TYPES = new Map([
  ["Natural", "integer, 0 to 9007199254740991"],
  ["Positive", "integer, 1 to 9007199254740991"],
  ["Whole", "integer, -9007199254740991 to 9007199254740991"],
  ["Files", "list of File, 1 to 50 or FileSet"],
  ["Attachments", "list of File, 1 to 50"],
  ["Lines", "list of Line, 1 to 50"],
  ["ContentCheck", "'hashed|seal_only|not_possible'"],
  ["Outcome", "'accepted|accepted_with_exceptions'"],
  ["Roles", "list of 'registrar|custodian|examiner|auditor', 1 to 4"],
  ["Kind", "'digital|physical|testimony|document|container'"],
]);

// A line for each object: its fields in their order, `?` before one that may be absent.
const OBJECTS = tables(`
Place: ?text Text; ?latitude Decimal; ?longitude Decimal; ?precision_m Natural
Point: latitude Decimal; longitude Decimal; precision_m Natural
Period: ?from Time; ?to Time
Late: reason Line; ?notes Text
Authority: kind Line; reference Line
Tool: name Line; ?version Line; ?command Text
Clock: source Line; ?offset_s Whole
Performer: name Line; ?organisation Line
Person: code PersonCode; part 'source|depicted|owner|witness'
File: name Line; size Natural; sha256 Sha256; ?media_type MediaType; ?digests map of Code to Hex
FileSet: files Positive; bytes Natural; root Sha256
Seal: ?number Line; state 'intact|broken|absent'; ?photo File; ?replaced_by Line
Recipient: ?handler Name; ?name Line; ?organisation Line; ?contact Line
Party: name Line; organisation Line; ?contact Line
Channel: kind 'web|messenger|email|post|hand'; ?account Line; ?message_time Time; ?message Text
Online: url Line; ?platform Line; ?account Line; ?posted Line; ?captured Time; ?capture_tool Line; ?page_html File; ?page_capture File;
 ?page_media Attachments
Source: code PersonCode; ?reliability 'A|B|C|D|E|F'
Device: ?make Line; ?model Line; ?serial Line; ?imei Line; ?clock_offset_s Whole; ?time_shown Line; ?reference_time Time;
 ?state_found 'on|off|locked'; ?isolated Line; ?power Line; ?sim_and_cards Line
Claimed: ?time Line; ?place Place
Embedded: ?time Line; ?place Place; ?camera Line
PriorCustody: holder Line; ?from Line; ?to Line; basis Line
ForeignOrigin: ledger Origin; checkpoint Text; entry Hash
Parent: subject Item; entry Hash; ?sha256 Sha256
Change: what Line; why Line; by Line
Received: by Line; organisation Line; time Time
Onward: to Line; ?time Time
DossierReference: ledger Origin; sha256 Sha256
Input: ?sha256 Sha256; ?entry Hash; ?name Line
Confidence: scale Line; value Line; rationale Text
Container: container Item
Coverage: checked Natural; of Natural
Found: ?location Line; ?seal Seal; ?condition Line; ?sha256 Sha256
Sample: seed Hash; population Natural; items Natural; bytes Natural
OtherNumber: scheme Line; number Line
Relation: subject Item; relation 'same_bytes|same_recording|same_event|report_on|disputes|found_with'
Layer: to 'court|tribunal|partner|public'; granted boolean
Withdrawn: date Date; reason Line
Label: label Line
Override: authority Authority
ExportedItem: subject Item; count Positive; record Hash
WithheldRecord: record Hash; reason Line
PaperWitness: name Line; organisation Line; paper File
LedgerRules: dispose_witnesses 'handler|handler_or_paper'; independent_review boolean; max_lag_s integer, 60 to 316224000
Registrar: handler Name; vkey Vkey; seal_key SealKey; organisation Line; roles Roles; ?prefix Prefix; ?recovery true
IdentityCheck: how Line; by Name
IndexHead: subjects Natural; root Hash
PreviousCheckpoint: note NoteText; timestamps list of Base64, 0 to 8
Seen: size Positive; record Hash
Prev: seq Natural; entry Hash
`);

// Tables by the name of the object or act: Map of field name to {type, required, hidden: "" | "may" | "only"}.
function tables(text) {
  const lines = text.trim().replace(/\n /gu, " ").split("\n").map((line) => line.split(/: (.*)/u));
  return new Map(lines.map(([name, fields]) => [name, fieldsOf(fields)]));
}

function fieldsOf(text) {
  const found = text.split(/; */u).map((field) => /^(\??)([~!]?)(\w+) (.+)$/u.exec(field));
  return new Map(found.map(([, absent, sign, name, type]) => [name, { type, required: !absent, hidden: { "~": "may", "!": "only" }[sign] || "" }]));
}

// Returns where `value` has the type `kind`; raises Malformed naming the place, Newer for a field that no table names. The first that is
// met in the text decides.
function checkType(kind, value, where) {
  const type = SHORT_TYPES.get(kind) || kind;
  if (type.includes(" or ")) return checkType(oneOf(type.split(" or "), value), value, where);
  if (STRINGS.has(type)) return checkString(type, value, where);
  if (OBJECTS.has(type)) return checkObject(type, value, where);
  if (type.startsWith("'")) return well(typeof value === "string" && type.slice(1, -1).split("|").includes(value), `${where} is not one of ${type}`);
  if (type.startsWith("map of Code to ")) return checkMap(type.slice(15), value, where);
  if (type.startsWith("list of ")) return checkList(type, value, where);
  if (type.startsWith("integer, ")) return checkInteger(type, value, where);
  if (type === "null") return well(value === null, `${where} is not null`);
  well(typeof value === "boolean" && (type === "boolean" || value), `${where} is not ${type}`);
}

// Of several types the one that a value of its kind can have.
function oneOf(types, value) {
  const kind = value === null ? /^null$/u : Array.isArray(value) ? /^list /u : typeof value === "string" ? /^('|Line)/u : /^(?!Line)[A-Z]/u;
  return types.find((type) => kind.test(type)) || types[0];
}

function checkString(type, value, where) {
  const { least, most, pattern } = STRINGS.get(type);
  well(typeof value === "string", `${where} is no text`);
  const length = value.length > most * 2 ? most + 1 : [...value].length;
  well(length >= least && length <= most && pattern.test(value), `${where} is no ${type}`);
  if (type === "Time") instant(value);
  if (type === "Date") instant(`${value}T00:00:00Z`);
}

function checkInteger(type, value, where) {
  const [, least, most] = /^integer, (-?\d+) to (\d+)$/u.exec(type);
  well(Number.isSafeInteger(value) && value >= Number(least) && value <= Number(most), `${where} is no whole number from ${least} to ${most}`);
}

function checkList(type, value, where) {
  const [, inside, least, most] = /^list of (.+), (\d+)(?: to (\d+))?$/u.exec(type);
  well(Array.isArray(value), `${where} is no list`);
  well(value.length >= Number(least) && value.length <= Number(most || least), `${where} has too few elements or too many`);
  value.forEach((one, at) => checkType(inside, one, `${where}[${at}]`));
}

function checkMap(type, value, where) {
  well(isObject(value), `${where} is no map`);
  for (const name of Object.keys(value)) {
    checkString("Code", name, `a name in ${where}`);
    checkType(type, value[name], `${where}.${name}`);
  }
  well(ascend(Object.keys(value)), `the names in ${where} do not ascend`);
}

function checkObject(type, value, where) {
  well(isObject(value), `${where} is no object`);
  checkFields(OBJECTS.get(type), value, where);
  const absent = [...OBJECTS.get(type)].find(([name, field]) => field.required && !has(value, name));
  well(!absent, `${where}.${absent && absent[0]} is missing`);
  well(objectHolds(type, value), `the fields of ${where} do not go together`);
}

// Every field is in the table, has its type and stands in its place.
function checkFields(table, value, where) {
  for (const name of Object.keys(value)) {
    const field = table.get(name);
    if (field === undefined || field.hidden === "only") throw new Newer(`${where} has a field that this page does not know: made by a newer format`);
    checkType(field.type, value[name], `${where}.${name}`);
  }
  const ordered = [...table.keys()].filter((name) => has(value, name));
  well(Object.keys(value).every((name, at) => name === ordered[at]), `the fields of ${where} are not in their order`);
}

// What section 5.2 says below a table.
function objectHolds(type, value) {
  const there = (name) => has(value, name);
  const within = (name, most) => !there(name) || Math.abs(Number(value[name])) <= most;
  const onEarth = () => within("latitude", 90) && within("longitude", 180);
  switch (type) {
    case "Place": return there("latitude") === there("longitude") && (there("text") || there("latitude")) && onEarth();
    case "Point": return onEarth();
    case "Period": return (there("from") || there("to")) && !(there("from") && there("to") && instant(value.from) > instant(value.to));
    case "File": return !there("digests") || (Object.keys(value.digests).length > 0 && !has(value.digests, "sha256"));
    case "Recipient": return there("handler") ? Object.keys(value).length === 1 : there("name") && there("organisation");
    case "Registrar": return ascend(value.roles) && value.roles.includes("registrar");
    case "Seal": return there("number") || value.state === "absent";
    case "Input": return there("sha256") !== there("entry");
    case "Coverage": return value.checked <= value.of;
    default: return true;
  }
}

// Seconds since 1970 of a Time, which exists in the calendar, in the years 1 to 9999, in UTC too; raises Malformed.
function instant(text) {
  const found = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:Z|([+-])(\d{2}):(\d{2}))$/u.exec(text);
  well(found && STRINGS.get("Time").pattern.test(text), "not a time");
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  well(year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1], "a day that is not in the calendar");
  const before = days.slice(0, month - 1).reduce((sum, each) => sum + each, day - 1);
  const past = year - 1, sinceOne = past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400) + before;
  const offset = found[7] ? (found[7] === "-" ? 60 : -60) * (Number(found[8]) * 60 + Number(found[9])) : 0;
  const seconds = (sinceOne - 719162) * 86400 + hour * 3600 + minute * 60 + second + offset;
  well(seconds >= -62135596800 && seconds <= 253402300799, "a time outside the years 1 to 9999");
  return seconds;
}
