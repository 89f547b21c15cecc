// A dossier, and those of other ledgers that lie in it (section 18.5): found by what its entries say, judged by itself each, and then one beside
// the other.

const MAX_ARCHIVES = 100, MAX_DEPTH = 4;

// What the entries of a dossier say of another ledger: [{index, record, entry, ledger, names: the SHA-256 that its archive may have, checkpoint:
// the bytes that this must have, or null}], by index, whether or not the rules admit them.
async function claimsOf(dossier) {
  const texts = new Map(), claims = [];
  for (const text of await dossier.disclosures()) texts.set(orNone(() => disclosureDigest(text)), text);
  for (const { record: bytes, note } of await dossier.records()) {
    const record = orNone(() => parseRecord(bytes));
    if (!record || note === null || base64(sha256(note)) !== record.entry) continue;
    const opened = orNone(() => openEntry(note));
    if (opened) claims.push(...claimed(record, opened.entry, texts));
  }
  return claims.sort((one, other) => one.index - other.index);
}

function claimed(record, entry, texts) {
  const { act, body } = entry, base = { index: record.index, record, entry };
  if (act === "acquire" && has(body, "origin")) {
    const names = given(body, "attachments", []).map((file) => file.sha256);
    return [{ ...base, ledger: body.origin.ledger, names: eachOnce(names), checkpoint: utf8(body.origin.checkpoint) }];
  }
  const reference = act === "return" ? given(body, "dossier", openedReference(entry, texts)) : null;
  return reference === null ? [] : [{ ...base, ledger: reference.ledger, names: [reference.sha256], checkpoint: null }];
}

// The field that says which dossier, where it is confidential and disclosed.
function openedReference(entry, texts) {
  const opened = digestsOf(entry).map((digest) => texts.get(digest)).filter((text) => text !== undefined).map((text) => orNone(() => openDisclosure(text, entry.act)));
  const found = opened.find((one) => one !== null && one.name === "dossier");
  return found ? found.value : null;
}

// --- finding ---

// All dossiers, the one in hand first: [{sha256, dossier, depth, claims, named: index of a claim → another of these, unread: indexes}].
async function gather(tree) {
  const found = [await foundIn(new Dossier(tree), null, 0)];
  for (let at = 0; at < found.length; at++) {
    const one = found[at], here = new Map();
    for (const claim of one.claims) await follow(found, one, claim, here);
  }
  return found;
}

async function foundIn(dossier, digest, depth) {
  return { sha256: digest, dossier, depth, claims: await claimsOf(dossier), named: new Map(), unread: [], audit: null };
}

async function follow(found, one, claim, here) {
  for (const digest of claim.names) {
    if (!here.has(digest)) here.set(digest, await archiveIn(one.dossier, digest));
    const dossier = here.get(digest);
    if (dossier === null || (claim.checkpoint !== null && !equal(claim.checkpoint, await dossier.checkpoint()))) continue;
    let other = found.find((known) => known.sha256 === digest);
    if (!other && (one.depth >= MAX_DEPTH || found.length > MAX_ARCHIVES)) return one.unread.push(claim.index);
    if (!other) found.push((other = await foundIn(dossier, digest, one.depth + 1)));
    return one.named.set(claim.index, other);
  }
}

// The file of that SHA-256, if it is here, has it, and is an archive in the form of a dossier; or null.
async function archiveIn(dossier, digest) {
  const name = AT_FILES + digest;
  if (!dossier.there.has(name)) return null;
  try {
    const tree = await openZip(await sourceIn(dossier.tree, name));
    return (await dossier.content(digest)) === "match" ? new Dossier(tree) : null;
  } catch (error) {
    if (!foreseen(error)) throw error;
    return null;
  }
}

// A tree of another make may only know how to read a file as a whole.
async function sourceIn(tree, name) {
  return typeof tree.source === "function" ? tree.source(name) : sourceOf(await tree.read(name));
}

// --- judging ---

// Those that a dossier rests on are judged before it. `trust`: what the reader holds of all ledgers.
async function judgeAll(found, trust, carried) {
  const judge = async (one) => {
    if (one.audit !== null) return;
    one.audit = new Audit(one.dossier, trust, {});
    for (const other of one.named.values()) await judge(other);
    await judgeOne(one, trust, carried && one.sha256 === null);
  };
  for (const one of found) await judge(one);
}

async function judgeOne(one, trust, carried) {
  const records = (await one.dossier.records()).map(({ record }) => orNone(() => parseRecord(record))).filter((record) => record !== null);
  const here = latin(await one.dossier.checkpoint()).split("\n")[0], wrong = new Map(), covered = new Map();
  for (const claim of one.claims) {
    const there = one.named.get(claim.index);
    if (!there) continue;
    wrong.set(claim.index, problems(claim, here, records, there.audit));
    if (!wrong.get(claim.index).length && covers(claim, there.audit)) covered.set(claim.index, claim.ledger);
  }
  one.audit = new Audit(one.dossier, one.sha256 === null ? trust : trustIn(trust, here), { carried, covered });
  await one.audit.run();
  await checkForm(one, carried);
  tellClaims(one, wrong);
}

async function checkForm({ dossier, audit }, carried) {
  const wrong = [...(carried ? [] : await checkBag(dossier.tree)), ...(await dossier.misplaced())];
  for (const message of wrong) audit.report.fault("content", message);
}

// What the reader holds of the ledger of an inner dossier; what they hold of others is nothing to it.
function trustIn(trust, origin) {
  if (!trust) return null;
  const anchors = trust.anchors.filter((one) => one.origin === origin), named = trust.policy.logs.some((log) => log.name === origin);
  if (!named) return null;
  return { ...trust, anchors, head: trust.head && trust.head.origin === origin ? trust.head : null };
}

function tellClaims({ claims, named, unread, audit }, wrong) {
  const { report, rest } = audit;
  for (const claim of claims) {
    const number = rest.number(claim.entry.subject);
    for (const [line, message] of wrong.get(claim.index) || []) report.fault(line, message, claim.index, number);
    if (unread.includes(claim.index)) report.notChecked("custody", `the dossier that record ${claim.index} cites lies too deep in others, or among too many, and was not read`);
    else if (!named.has(claim.index)) {
      const done = claim.checkpoint === null ? "came back from" : "was taken over from";
      report.note("custody", `record ${claim.index}: ${number} ${done} ${claim.ledger} on the word of ${report.origin} alone: no dossier of that ledger is here`);
    }
  }
}

// --- one claim against the dossier that it names ---

// [[line, message]] of what does not hold; nothing where `log` fails there. `here`: the origin of the dossier that claims it, `records` its records.
function problems(claim, here, records, there) {
  const { report } = there, { subject } = claim.entry, found = [];
  if (report.lines.get("log").faults.length) return found;
  if (claim.ledger !== report.origin) found.push(["log", `it names the ledger ${claim.ledger}, and its dossier is one of ${report.origin}`]);
  if (!there.export || !there.export.body.items.some((item) => item.subject === subject)) {
    return [...found, ["custody", `the dossier of ${report.origin} that it cites is of other items`]];
  }
  return [...found, ...(claim.checkpoint === null ? wasThere(claim, here, records, there) : takenOver(claim, there))];
}

// How an item came into custody there: an entry, or null where that is withheld or not shown.
function firstThere(subject, there) {
  const first = chainThere(subject, there)[0], bytes = first && first.seq === 0 ? there.notes.get(first.index) : undefined;
  if (bytes === undefined || base64(sha256(bytes)) !== first.entry) return null;
  const opened = orNone(() => openEntry(bytes));
  return opened && ["acquire", "derive"].includes(opened.entry.act) ? opened.entry : null;
}

function chainThere(subject, there) {
  return there.chains.get(tagOf(there.report.origin, subject)) || [];
}

function takenOver(claim, there) {
  const { body, subject } = claim.entry, chain = chainThere(subject, there), first = firstThere(subject, there), found = [];
  if (!chain.length || chain[chain.length - 1].entry !== body.origin.entry) {
    found.push(["custody", `the entry that it cites is not the last on the item in the dossier of ${there.report.origin}`]);
  }
  if (first && has(body, "files") && contentDigest(body.files) !== contentDigest(given(first.body, "files"))) {
    found.push(["content", `its reference fingerprints are not those that ${there.report.origin} has`]);
  }
  return found;
}

function wasThere(claim, here, records, there) {
  const first = firstThere(claim.entry.subject, there);
  if (first === null) return [];
  const origin = first.act === "acquire" ? given(first.body, "origin") : null;
  if (!origin || origin.ledger !== here) return [["custody", `in the dossier of ${there.report.origin} the item was not taken over from here`]];
  if (whileAway(claim, records).includes(origin.entry)) return [];
  return [["custody", `the dossier of ${there.report.origin} is of another time away: the item was taken over there on another release`]];
}

// The release, and what was recorded on the item while it was outside.
function whileAway(claim, records) {
  const { release } = claim.entry.body, own = records.filter((record) => record.tag === claim.record.tag);
  const out = own.find((record) => record.entry === release), start = out ? out.index : claim.index;
  return [release, ...own.filter((record) => record.index >= start && record.index < claim.index).map((record) => record.entry)];
}

// Whether the dossier that a return cites, in which all holds that it claims, shows where the item was.
function covers(claim, there) {
  if (claim.checkpoint !== null || firstThere(claim.entry.subject, there) === null) return false;
  const custody = there.report.lines.get("custody"), still = [...custody.reasons].every((reason) => reason === OUTSIDE_STILL);
  const sound = ["log", "signatures", "keys"].every((name) => there.report.verdict(name) === "pass");
  return sound && !custody.faults.length && still && (custody.reason === null || custody.reason === OUTSIDE_STILL);
}

// Records that two of them hold, and heads of one size, are the same; else the log has shown two histories.
function compareHistories(found) {
  const known = new Map(), told = new Set();
  const same = (key, value) => {
    if (!known.has(key)) known.set(key, value);
    return known.get(key) === value;
  };
  for (const { audit } of found) {
    const { origin } = audit.report;
    if (audit.report.lines.get("log").faults.length || audit.head === null || told.has(origin)) continue;
    const records = [...audit.state.hashes].every(([index, hash]) => same(`${index} ${origin}`, hash));
    if (!records || !same(`size ${audit.head.size} ${origin}`, base64(audit.head.root))) told.add(origin);
  }
  for (const origin of [...told].sort(compareText)) {
    found[0].audit.report.fault("log", `the dossiers here show two histories of the ledger ${origin}: it has changed or forked its log`);
  }
}
