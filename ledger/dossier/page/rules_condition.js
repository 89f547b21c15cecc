// What the rules of custody share: the look at fingerprints and seal, and containers (section 12.4).

// One SHA-256 in hex for what `files` names (section 11), or null.
function contentDigest(files) {
  if (files === null) return null;
  if (!Array.isArray(files)) return files.root;
  if (files.length === 1) return files[0].sha256;
  const sorted = [...files].sort((one, other) => compareText(one.name, other.name) || compareText(one.sha256, other.sha256));
  return hex(sha256(...sorted.map((file) => utf8(`${file.sha256}  ${file.name}\n`))));
}

// The item after release, accept, handover or return looked at it.
function lookedAt(s, item) {
  const { body } = s, seal = given(body, "seal"), digest = contentDigest(given(body, "files"));
  const looked = body.content_check === "hashed" || item.content === null || item.sealed;
  need(looked, "content.hashed", `${item.number} has a fingerprint and no intact seal, and was not hashed`);
  if (s.entry.act !== "release" && digest !== null && item.content !== null) {
    const same = digest === item.content;
    need(given(body, "match") === same, "content.match", `match does not say what the fingerprints of ${item.number} say`);
    need(same || has(body, "exceptions"), "content.exception", `the fingerprints of ${item.number} differ and no exception says so`);
  }
  return hashed(s, sealed(s, item, seal), digest);
}

// The item after a look that gave this digest.
function hashed(s, item, digest) {
  if (digest === null || item.content === null || digest === item.content) return item;
  const by = s.entry.by[s.entry.by.length - 1], before = item.mismatch || { index: s.index, by: [] };
  s.note("content", `${item.number} was seen with another fingerprint than its reference, by ${by}`);
  return { ...item, mismatch: { index: before.index, by: eachOnce([...before.by, by]) } };
}

// The item after its seal was seen.
function sealed(s, item, seal) {
  if (seal === null) return item;
  if (item.seal !== null && (seal.state !== "intact" || given(seal, "number") !== item.seal))
    s.note("custody", `${item.number}: seal ${item.seal} was recorded, seal ${given(seal, "number", "none")} was found, ${seal.state}`);
  return sealedNow(item, seal);
}

function sealedNow(item, seal) {
  if (seal === null) return item;
  if (has(seal, "replaced_by")) return { ...item, seal: seal.replaced_by, sealed: true };
  return { ...item, seal: given(seal, "number"), sealed: seal.state === "intact" };
}

// --- containers ---

// What lies in a container leaves with it; a container leaves with all that lies in it.
function goesAlong(s, item, to, party) {
  const transfer = given(s.body, "transfer");
  need(!item.contents.length || transfer !== null, "container.transfer", `${item.number} has contents and goes without a transfer`);
  for (const subject of item.contents) {
    const content = s.item(subject), held = content.status === "held" && content.holder === item.holder;
    need(held, "container.contents", `${content.number} lies in ${item.number} and is not held by its holder`);
  }
  if (item.container === null) return;
  const box = s.item(item.container), recipient = s.entry.act === "release" ? [box.to, box.party] : [box.holder, null];
  const first = recipient[0] === to && recipient[1] === party && box.transfer === transfer;
  need(first, "container.inside", `${item.number} lies in ${box.number}, which did not go first under the same transfer`);
}

function cameAlong(s, box) {
  for (const content of box.contents.map((subject) => s.item(subject))) {
    const same = content.transfer === box.transfer && content.to === box.to;
    need(content.holder !== box.holder || same, "container.left", `${content.number} lies in ${box.number} and was not released with it`);
  }
}

function putIn(s, item, container) {
  const box = s.item(container), theirs = box.kind === "container" && box.status === "held" && box.holder === item.holder;
  need(theirs, "store.container", `${box.number} is no container that ${item.holder} holds`);
  for (let outer = container; outer !== null; outer = s.item(outer).container)
    need(outer !== s.entry.subject, "store.cycle", `${item.number} cannot lie inside itself`);
  s.putItem({ ...box, contents: [...box.contents, s.entry.subject] }, container);
}

function takeOut(s, item) {
  if (item.container === null) return item;
  const box = s.item(item.container);
  if (box.status !== item.status || box.holder !== item.holder)
    s.note("custody", `${item.number} was taken out of ${box.number}, which is ${box.status} by ${box.holder}: it did not follow its container`);
  return out(s, item, box);
}

// What comes back to its holder is out of a container that the holder does not have.
function part(s, item) {
  if (item.container === null) return item;
  const box = s.item(item.container);
  if (box.status === "held" && box.holder === item.holder) return item;
  s.note("custody", `${item.number} counts as out of ${box.number}, by this ${s.entry.act}`);
  return out(s, item, box);
}

function out(s, item, box) {
  s.putItem({ ...box, contents: box.contents.filter((subject) => subject !== s.entry.subject) }, item.container);
  return { ...item, container: null };
}

function leftBehind(s, box) {
  const held = box.contents.map((subject) => s.item(subject)).filter((one) => one.status === "held" && one.holder === box.holder);
  if (held.length) s.note("custody", `${held.map((one) => one.number).join(", ")} in ${box.number}: recorded as held by ${box.holder} all the same`);
}
