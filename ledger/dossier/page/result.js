// The entry point: one dossier against what its reader holds, and what a view needs to show of it.

// `tree`: of openZip, openFiles or openHeld; `trust`: what `readTrust` takes or answers; `carried`: true for what a page holds itself,
// which is all but the evidence files, the seal and what was written with it. Raises an error with `exit` for a trust that cannot be read.
async function auditDossier(tree, trust, { carried = false } = {}) {
  const held = readTrust(trust), found = await gather(tree);
  await judgeAll(found, held, carried);
  compareHistories(found);
  const [own, ...inner] = await Promise.all(found.map(({ sha256: digest, audit }) => resultOf(digest, audit)));
  const codes = [own, ...inner].map((one) => one.exit);
  return { ...own, before: inner, exit: [1, 3].find((code) => codes.includes(code)) || 0 };
}

async function resultOf(digest, audit) {
  const { state, rest, report } = audit, facts = (kind) => [...state.facts].filter(([key]) => key.startsWith(kind)).map(([, fact]) => fact);
  const entries = entriesOf(audit), items = facts("item:").map(({ status, ...item }) => [item.subject, { ...item, state: status }]);
  const result = {
    ...report.plain(), entries, items: new Map(items), withheld: audit.withheld, export: audit.export ? audit.export.entry : null,
    handlers: new Map(facts("handler:").map((handler) => [handler.name, withNames(handler, entries)])),
    checkpointNote: orNone(() => textOf(audit.signedHead)) || "", whichFile: (wanted) => whichFile(wanted, entries, rest),
  };
  return digest === null ? result : { ...result, sha256: digest };
}

// [{index, recorded, entry, hash, opened: {name: value}, closed, fault, proven}] of all that could be read as the entry of its record.
function entriesOf(audit) {
  return [...audit.chains.values()].flat().sort((one, other) => one.index - other.index).flatMap((record) => {
    const bytes = audit.notes.get(record.index), read = bytes === undefined ? null : orNone(() => openEntry(bytes));
    if (read === null) return [];
    const opened = Object.fromEntries(audit.opened.get(record.index) || []), closed = digestsOf(read.entry).length - Object.keys(opened).length;
    const { index, when, entry: hash } = record, proven = provenOf(audit.intervals.get(index));
    return [{ index, recorded: when, entry: read.entry, hash, opened, closed, fault: audit.faulty.has(index), proven }];
  });
}

// Between which instants a record is proved to have been made: {signed, after, before}, each {time, by, size} or null.
function provenOf(interval) {
  const end = (one) => (one ? { time: momentOf(one.at), by: one.by, size: one.size } : null);
  return interval ? { signed: end(interval.signed), after: end(interval.after), before: end(interval.before) } : null;
}

// What the last enrolment says of a person beside the roster.
function withNames(handler, entries) {
  const own = entries.filter(({ entry }) => entry.act === "enrol" && entry.subject === `handler:${handler.name}`), last = own.pop();
  const said = (name) => (last && (has(last.entry.body, name) ? last.entry.body[name] : has(last.opened, name) ? last.opened[name] : null)) || null;
  const organisation = handler.organisation || said("organisation");
  return { ...handler, organisation, display_name: said("display_name"), qualification: said("qualification") };
}

// Where the entries name a file of this SHA-256: [{record, item, field, name}].
function whichFile(wanted, entries, rest) {
  const found = [];
  for (const { index, entry, opened } of entries) {
    for (const { file, field } of [...filesIn(entry.body), ...filesIn(opened)])
      if (file.sha256 === wanted) found.push({ record: index, item: rest.number(entry.subject), field, name: file.name });
  }
  for (const { lines, place } of rest.folders) for (const line of lines) if (line.sha256 === wanted) found.push(inList(place, line.path));
  for (const { proof, place } of rest.lines) if (proof.sha256 === wanted) found.push(inList(place, proof.path));
  return found;
}

function inList(place, path) {
  return { record: place.index, item: place.number, field: "files", name: path };
}
