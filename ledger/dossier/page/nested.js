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
  const own = digestsOf(entry).map((digest) => texts.get(digest)).filter((text) => text !== undefined);
  const opened = own.map((text) => orNone(() => openDisclosure(text, entry.act)));
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

// Those that a dossier rests on are judged before it. `held`: what the reader holds of all ledgers.
async function judgeAll(found, held, carried) {
  const judge = async (one) => {
    if (one.audit !== null) return;
    for (const other of one.named.values()) await judge(other);
    await judgeOne(one, held, carried && one.sha256 === null);
  };
  for (const one of found) await judge(one);
}

async function judgeOne(one, held, carried) {
  const records = (await one.dossier.records()).map(({ record }) => orNone(() => parseRecord(record))).filter((record) => record !== null);
  const here = claimedOrigin(await one.dossier.checkpoint()), wrong = new Map(), covered = new Map();
  for (const claim of one.claims) {
    const there = one.named.get(claim.index);
    if (!there) continue;
    const away = whileAway(claim, records), found = problems(claim, here, away, there);
    wrong.set(claim.index, found);
    if (claim.checkpoint === null && !found.length && covers(claim.entry.subject, here, away, there)) covered.set(claim.index, claim.ledger);
  }
  one.audit = new Audit(one.dossier, trustIn(held, here, one.sha256 === null), { carried, covered });
  await one.audit.run();
  await checkForm(one, carried);
  tellClaims(one, wrong);
}

// The first line of a checkpoint: the ledger that it claims to be of.
function claimedOrigin(note) {
  return new TextDecoder().decode(note).split("\n")[0];
}

// For the dossier in hand something was brought: that it is for another ledger is a fault. To one within, what is held of others is nothing.
function trustIn(held, origin, inHand) {
  const one = heldOf(held, origin);
  if (!inHand) return one;
  return one && one.anchors.length ? one : held[0] || null;
}

async function checkForm({ dossier, audit }, carried) {
  const wrong = [...(carried ? [] : await checkBag(dossier.tree)), ...(await dossier.misplaced())];
  for (const message of wrong) audit.report.fault("content", message);
}

function tellClaims({ claims, named, unread, audit }, wrong) {
  const { report, rest } = audit;
  for (const claim of claims) {
    const number = rest.number(claim.entry.subject);
    for (const [line, message] of wrong.get(claim.index) || []) report.fault(line, message, claim.index, number);
    if (named.has(claim.index) && filesUntold(claim, named.get(claim.index).audit)) {
      report.notChecked("content", `whether an item was taken over with the files that it had in ${claim.ledger} is withheld there`);
    }
    if (unread.includes(claim.index)) {
      const said = `the dossier of ${claim.ledger} that record ${claim.index} cites lies too deep in others, or among too many, and was not read`;
      report.notChecked("custody", said);
      report.note("custody", said);
    } else if (!named.has(claim.index)) {
      const done = `${number} ${claim.checkpoint === null ? "came back from" : "was taken over from"} ${claim.ledger}`;
      report.note("custody", `record ${claim.index}: ${done} on the word of ${report.origin} alone: no dossier of that ledger is here`);
    }
  }
}

// --- one claim against the dossier that it names ---

// [[line, message]] of what does not hold; nothing where `log` fails there. `here`: the origin of the dossier that claims it.
function problems(claim, here, away, there) {
  const { report } = there.audit, { subject } = claim.entry, found = [];
  if (report.lines.get("log").faults.length) return found;
  const other = `it names the ledger ${claim.ledger}, and the dossier that it cites is one of ${report.origin}`;
  if (claim.ledger !== report.origin) found.push(["log", other]);
  if (!isExported(subject, there.audit)) return [...found, ["custody", `the dossier of ${report.origin} that it cites is of other items`]];
  return [...found, ...(claim.checkpoint === null ? wasThere(subject, here, away, there) : takenOver(claim, there.audit))];
}

function isExported(subject, audit) {
  return audit.export !== null && audit.export.body.items.some((item) => item.subject === subject);
}

function chainThere(subject, audit) {
  return audit.chains.get(tagOf(audit.report.origin, subject)) || [];
}

// The entry of a record; null where it is withheld, is none, or is another than was recorded.
function entryThere(record, audit) {
  const bytes = audit.notes.get(record.index);
  if (bytes === undefined || base64(sha256(bytes)) !== record.entry) return null;
  const opened = orNone(() => openEntry(bytes));
  return opened && opened.entry;
}

// Whether an item was taken over with files, and it is withheld there which it had.
function filesUntold(claim, audit) {
  const { subject, body } = claim.entry;
  if (claim.checkpoint === null || !has(body, "files") || audit.report.lines.get("log").faults.length || !isExported(subject, audit)) return false;
  const chain = chainThere(subject, audit), first = chain.length && chain[0].seq === 0 ? entryThere(chain[0], audit) : null;
  return !first || !["acquire", "derive"].includes(first.act);
}

// Step 2.
function takenOver(claim, audit) {
  const { body, subject } = claim.entry, chain = chainThere(subject, audit), found = [];
  const first = chain.length && chain[0].seq === 0 ? entryThere(chain[0], audit) : null;
  if (!chain.length || chain[chain.length - 1].entry !== body.origin.entry) {
    found.push(["custody", `the entry that it cites is not the last on the item in the dossier of ${audit.report.origin}`]);
  }
  const ends = chain.map((record) => entryThere(record, audit)).filter((entry) => entry && entry.act === "dispose");
  if (ends.some(({ body: { manner } }) => manner !== "transferred_title")) {
    found.push(["custody", `it was disposed of in the dossier of ${audit.report.origin}: there was nothing to take over`]);
  }
  const begins = first && ["acquire", "derive"].includes(first.act);
  if (begins && has(body, "files") && contentDigest(body.files) !== contentDigest(given(first.body, "files"))) {
    found.push(["content", `its reference fingerprints are not those that ${audit.report.origin} has`]);
  }
  return found;
}

// Step 3: whether an item came in there from the ledger `here` on one of the entries `away`: its release, and what followed that.
function wasThere(subject, here, away, there) {
  const cited = cameInOn(subject, here, there), { origin } = there.audit.report;
  if (cited.includes(null) || cited.some((entry) => away.includes(entry))) return [];
  if (cited.length) return [["custody", `the dossier of ${origin} is of another time away: the item came in there on another release`]];
  return [["custody", `in the dossier of ${origin} the item did not come in from here`]];
}

// The last entry here on which an item came in there, each time that it did; null for one that cannot be told.
function cameInOn(subject, here, there) {
  const own = there.claims.filter((claim) => claim.entry.subject === subject && claim.ledger === here);
  const told = there.claims.map((claim) => claim.index);
  const hidden = chainThere(subject, there.audit).filter((record) => !told.includes(record.index) && mayHide(entryThere(record, there.audit)));
  return [...own.map((claim) => cameOn(claim, there)), ...hidden.map(() => null)];
}

function cameOn(claim, there) {
  if (claim.checkpoint !== null) return claim.entry.body.origin.entry;
  const inner = there.named.get(claim.index), audit = inner ? inner.audit : null, { subject } = claim.entry;
  if (audit === null || audit.report.lines.get("log").faults.length || !isExported(subject, audit)) return null;
  const chain = chainThere(subject, audit);
  return chain.length ? chain[chain.length - 1].entry : null;
}

// An entry that is withheld, or a return that does not say by which dossier, may be one by which it came in.
function mayHide(entry) {
  return entry === null || (entry.act === "return" && !has(entry.body, "dossier") && has(entry.body, "_sd"));
}

// Of a return: the release, and what was recorded on the item while it was outside.
function whileAway(claim, records) {
  const release = given(claim.entry.body, "release", ""), own = records.filter((record) => record.tag === claim.record.tag);
  const out = own.find((record) => record.entry === release), start = out ? out.index : claim.index;
  return [release, ...own.filter((record) => record.index >= start && record.index < claim.index).map((record) => record.entry)];
}

// Step 4: whether the dossier that a return cites shows where the item was, if all else holds.
function covers(subject, here, away, there) {
  const { report, state } = there.audit, custody = report.lines.get("custody"), item = state.fact(`item:${subject}`);
  if (!item || item.status !== "outside") return false; // lost, destroyed or held there, it is not what came back
  const told = cameInOn(subject, here, there).some((entry) => away.includes(entry));
  const inCustody = !custody.faults.length && [...custody.reasons, custody.reason || OUTSIDE_STILL].every((reason) => reason === OUTSIDE_STILL);
  return told && inCustody && ["log", "signatures", "keys"].every((name) => report.verdict(name) === "pass");
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
