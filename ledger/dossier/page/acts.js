// The acts of section 5.3: the fields of their bodies, and what these owe each other.

// `?` before a field that may be absent, `~` one that may be a digest, `!` one that is only a digest.
const COMMON_FIELDS = `
?_sd list of SdDigest, 1 to 64; ?~place Place; ?~period Period; ?late Late; ?~purpose Line; ?~authority Authority; ?~tool Tool;
 ?~clock Clock; ?~performed_by Performer; ?~present Lines; ?persons list of Person, 1 to 50; ?~remarks Text; ?~attachments Attachments;
 ?transfer PersonCode`;
const OWN_FIELDS = tables(`
open: title Line; vkeys list of Vkey, 2; registrars list of Registrar, 2 to 8; rules LedgerRules; ?continues PreviousCheckpoint
close: ~reason Line; ?~successor Origin; ?~checkpoint PreviousCheckpoint
enrol: handler Name; vkey Vkey; seal_key SealKey; ~display_name Line; ~organisation Line; roles Roles; ?prefix Prefix; valid_from Time;
 ~identity_check IdentityCheck; ?valid_to Time; ?~qualification Text; ?replaces Vkey
rotate: old list of Vkey, 1 to 2; new list of Vkey, 1 to 2; ?seal_key SealKey
revoke: vkey Vkey; reason 'left|lost|compromised|deceased|other'; ?compromised_since Natural
acquire: number Number; ~description Text; kind Kind; ~method Line; ?files Files; ?~channel Channel; ?~online Online; ?~source Source;
 ?~owner Line; ?~seized_from Line; ?~receipt_given Line; ?~device Device; ?~original_or_copy 'original|copy'; ?seal Seal; ?~condition Line;
 ?~quantity Line; ?~marks Line; ?~language Line; ?~interpreter Line; ?~recorded Line; ?~earlier_interviews Line; ?~claimed Claimed;
 ?~embedded Embedded; ?~prior_custody list of PriorCustody, 1 to 50; ?origin ForeignOrigin; ?case Line; ?incident Lines;
 ?!collector_ip Line; ?!virtual_identity Line; ?!passcode Line
derive: parents list of Parent, 1 to 50;
 operation 'image|logical_extraction|copy|excerpt|separate|sample|redact|transcode|enhance|translate|transcribe|compile'; ~reason Line;
 number Number; ~description Text; ?files Files; ?~parameters Text; ?~repeatable boolean; ?~lost_or_hidden Text;
 ?~stream_digests map of Code to Hex; ?~read_errors Text; ?~write_blocker Line; ?~quantity_taken Line; ?~quantity_left Line;
 ?~consumed boolean; ?~changes_to_original Change
release: to Recipient; ~method 'hand|courier|post|transfer|object_store'; content_check ContentCheck; ?content_check_reason Line;
 ?files Files; ?seal Seal; ?~condition Line; ?~carrier Line; ?expires Time; ?~conditions Text; ?~retained Line
withdraw: release Hash; ~reason Line
decline: release Hash; ~reason Line
accept: release Hash; outcome Outcome; content_check ContentCheck; ?content_check_reason Line; ?files Files; ?match boolean; ?seal Seal;
 ?~condition Line; ?exceptions Lines; ?~stored_at Line
handover: to Recipient; ~method 'hand|courier|post|transfer|object_store'; content_check ContentCheck; ?content_check_reason Line;
 ?files Files; ?match boolean; ?seal Seal; ?~condition Line; ?~carrier Line; ?~conditions Text; ?~retained Line; outcome Outcome;
 ?exceptions Lines; ?~stored_at Line
acknowledge: release Hash; ~received Received; ?seal Seal; ?~condition Line; ?exceptions Lines; ?~onward Onward
return: release Hash; ~from Line; outcome Outcome; content_check ContentCheck; ?content_check_reason Line; ?files Files; ?match boolean;
 ?seal Seal; ?~condition Line; ?exceptions Lines; ?~dossier DossierReference
reassign: from Name; cause 'death|incapacity|key_lost|absent|dismissed'; ~found_at Line; ?seal Seal; ?files Files; last_certain Hash
verify: claim 'where|when|who|what|source|authentic'; method Code; result 'supports|contradicts|inconclusive'; ~statement Text;
 ~inputs list of Input, 1 to 50; ?~geolocation Point; ?~interval Period; ?~confidence Confidence; ?~contrary Text; ?supersedes Hash;
 ?~steps list of Text, 1 to 50
review: finding Hash; opinion 'concur|dissent'; ~rationale Text
access: manner 'view|copy|stream|open|derive'; ?child Item; ?sha256_before Sha256; ?sha256_after Sha256; ?seal_before Seal; ?seal_after Seal
store: location Line or Container; ?~medium Line; ?seal Seal; ?~environment Line
check: outcome 'match|mismatch|missing'; ~coverage Coverage; ~trigger Line; ?expected Sha256; ?found Found; ?~sample Sample; ?~results File
describe: ?~labels Lines; ?~other_numbers list of OtherNumber, 1 to 50; ?~related list of Relation, 1 to 50
amend: target Hash; field Code; old Text; new Text; ~reason Line
note: ~text Text
incident: kind 'loss|theft|confiscation|destruction|damage|gap|mismatch|compromise|found'; ~occurred Line; ~discovered Time; ~remedy Text;
 ?~found_by Line; ?seal Seal; ?files Files
consent: layers list of Layer, 1 to 4; ~limits Text; ~explained Text; ?withdrawn Withdrawn
hold: scope 'item' or Label; ?until Time
lift: scope 'item' or Label
disclose: target Hash; fields list of Code, 1 to 50; to list of Name, 1 to 50
erase: target Hash; scope 'field|disclosures|files'; ~reason Line; ?digests list of SdDigest, 1 to 64; ?hold Hash
attest: target Hash; ~basis Text
export: ~recipient Party; items list of ExportedItem, 1 to 400; withheld list of WithheldRecord, 0 to 200; manifest_sha256 Sha256;
 ?~notice_date Date; to 'court|tribunal|partner|public'; ?override Override
dispose: manner 'returned|destroyed|transferred_title|written_off|entered_in_error'; ~survives Line; ?to Line; ?~receipt File;
 ?witness PaperWitness
checkpoint: index IndexHead; previous PreviousCheckpoint or null
`);
const ACTS = new Map([...OWN_FIELDS].map(([act, own]) => [act, new Map([...fieldsOf(COMMON_FIELDS.trim().replace(/\n /gu, " ")), ...own])]));

// Of the common fields those that an act requires, in clear or as a digest.
const REQUIRED_TOO = new Map([
  ["acquire", ["purpose"]], ["release", ["purpose"]], ["handover", ["purpose"]], ["access", ["purpose"]],
  ["reassign", ["authority"]], ["hold", ["authority"]], ["lift", ["authority"]], ["disclose", ["authority"]], ["erase", ["authority"]],
  ["export", ["authority"]], ["dispose", ["authority"]], ["acknowledge", ["attachments"]],
]);
const LOOKS = { hashed: "files", seal_only: "seal", not_possible: "content_check_reason" };

// The field of an act that can be kept confidential, or undefined.
function hideable(act, name) {
  const field = ACTS.get(act).get(name);
  return field && field.hidden ? field : undefined;
}

// Raises Malformed or Newer unless `body` is one of the act `act`.
function checkBody(act, body) {
  well(isObject(body), "the body is no object");
  const table = ACTS.get(act);
  checkFields(table, body, "body");
  const absent = [...table].filter(([name, field]) => field.required && !has(body, name));
  well(absent.every(([, field]) => field.hidden), `body.${absent.length ? absent[0][0] : ""} is missing`);
  const wanted = [...absent.map(([name]) => name), ...alsoRequired(act, body).filter((name) => !has(body, name))];
  const digests = has(body, "_sd") ? body._sd : [];
  well(wanted.length <= digests.length, `body.${wanted[0]} is required, in clear or as a digest`);
  well(ascend(digests), "_sd does not ascend");
  well(bodyHolds(act, body), `the fields of this ${act} do not go together`);
}

function alsoRequired(act, body) {
  const more = [...(REQUIRED_TOO.get(act) || [])];
  if (act === "acquire" && body.kind === "physical") more.push("place");
  if (act === "acquire" && body.kind === "testimony") more.push("language");
  if (act === "incident" && body.kind === "found") more.push("place", "found_by");
  return more;
}

// What section 5.3 says below a table.
function bodyHolds(act, body) {
  const there = (name) => has(body, name);
  if (there("content_check") && !there(LOOKS[body.content_check])) return false;
  if (["accept", "handover", "return"].includes(act) && there("exceptions") !== (body.outcome === "accepted_with_exceptions")) return false;
  switch (act) {
    case "enrol": return enrolHolds(body);
    case "rotate": return body.old.length === body.new.length;
    case "acquire": return body.kind !== "digital" || there("files");
    case "derive": return ascend(body.parents.map((parent) => parent.subject));
    case "handover": return has(body.to, "handler");
    case "reassign": return there("seal") || there("files");
    case "access": return there("child") === (body.manner === "derive");
    case "describe": return ["labels", "other_numbers", "related", "persons", "attachments", "_sd"].some(there);
    case "incident": return body.kind !== "found" || there("seal") || there("files");
    case "consent": return ascend(body.layers.map((layer) => layer.to));
    case "erase": return body.scope !== "field" || there("digests");
    case "export": return ascend(body.items.map((item) => item.subject));
    case "dispose": return !["returned", "transferred_title"].includes(body.manner) || there("to");
    default: return true;
  }
}

function enrolHolds(body) {
  if (!ascend(body.roles) || (!has(body, "prefix") && body.roles.some((role) => HOLDERS.includes(role)))) return false;
  return !has(body, "valid_to") || instant(body.valid_from) <= instant(body.valid_to);
}

const HOLDERS = ["custodian", "examiner"];
