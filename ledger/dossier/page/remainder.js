// What is left to say at the end: files in hand, items that were not in custody, keys declared unsafe, fields that stay closed.

const OUTSIDE = "items were outside the ledger for a time, on the word of who released them; see the notes";
const OUTSIDE_STILL = "items are outside the ledger, on the word of who released them; see the notes";
const DROP_IT = "files that are not here to be hashed: drop the whole dossier here to check its files and its seal";
const MAX_FOLDER_MANIFEST = 1 << 26;

class Remainder {
  constructor(report, state, covered) {
    Object.assign(this, { report, state, covered });
    this.files = new Map();
    this.folders = [];
    this.away = new Map();
    this.numbers = new Map();
    this.lines = [];
    this.disclosed = new Set();
    this.vouchings = [];
  }

  // The exhibit number of an item, as far as it is known; else the subject itself.
  number(subject) {
    return this.numbers.get(subject) || subject;
  }

  // An admitted entry: where items are, and which files were signed.
  watch(entry, index, changes) {
    const { act, body } = entry, begins = act === "acquire" || act === "derive";
    if (act === "attest") this.vouchings.push({ index, by: entry.by, target: this.state.cited(body.target).index });
    for (const [key, fact] of changes) {
      if (!key.startsWith("item:")) continue;
      this.numbers.set(fact.subject, fact.number);
      this.watchOutside(fact, index);
    }
    const place = { index, number: this.number(entry.subject) };
    for (const { file } of filesIn(begins ? body : given(body, "attachments"))) this.name(file.sha256, place);
    if (begins && isObject(body.files)) this.folders.push({ attached: given(body, "attachments", []), set: body.files, place });
  }

  name(digest, place) {
    if (!this.files.has(digest)) this.files.set(digest, place);
  }

  watchOutside(item, index) {
    if (item.status !== "outside") return this.leg(item.subject, index);
    if (!this.away.has(item.subject)) this.away.set(item.subject, { start: index, holder: item.holder });
  }

  // The time that an item was outside, up to the record by which it is back, or to the end.
  leg(subject, back) {
    const found = this.away.get(subject);
    if (!found) return;
    this.away.delete(subject);
    const span = `from record ${found.start} ${back === null ? "on" : `to record ${back}`}`, ledger = this.covered.get(back);
    if (ledger !== undefined) return this.report.note("custody", `${this.number(subject)}: outside ${span}, covered by the ledger ${ledger}`);
    this.report.note("custody", `${this.number(subject)}: not checked ${span}: outside, on the word of ${found.holder}`);
    this.report.notChecked("custody", back === null ? OUTSIDE_STILL : OUTSIDE);
  }

  async check(dossier, signed, carried) {
    await this.checkFolders(dossier);
    await this.checkLines(dossier);
    if (carried) this.report.notChecked("content", DROP_IT);
    else await this.checkFiles(dossier);
    for (const item of this.items()) {
      if (item.mismatch === null) continue;
      const said = `other fingerprints were reported by ${item.mismatch.by.join(", ")}, and no other handler has found a match since`;
      this.report.fault("content", said, item.mismatch.index, item.number);
    }
    for (const subject of [...this.away.keys()]) this.leg(subject, null);
    const closed = [...this.state.facts.keys()].filter((key) => key.startsWith("digest:") && !this.disclosed.has(key.slice(7))).length;
    if (closed) this.report.note("disclosure", `at most ${closed} fields stay closed`);
    this.items().forEach((item) => this.checkItem(item));
    this.checkUnsafe(signed);
    this.report.items = this.items().length;
  }

  items() {
    return [...this.state.facts].filter(([key]) => key.startsWith("item:")).map(([, item]) => item);
  }

  // --- content ---

  // Each FileSet's manifest is the first of the attachments that is here, in its form, with that root: its files count as named.
  async checkFolders(dossier) {
    for (const folder of this.folders) {
      const lines = await manifestOf(dossier, folder);
      folder.lines = lines || [];
      if (lines === null) this.report.notChecked("content", `the manifest of ${folder.place.number} is not here`);
      const size = folder.lines.reduce((sum, line) => sum + BigInt(line.size), 0n), { files, bytes } = folder.set, { index, number } = folder.place;
      if (lines !== null && (lines.length !== files || size !== BigInt(bytes))) {
        const said = `${files} files of ${bytes} bytes were signed, and the manifest has ${lines.length} of ${size}`;
        this.report.fault("content", said, index, number);
      }
      for (const line of folder.lines) this.name(line.sha256, folder.place);
    }
  }

  // The files of a manifest that are shown alone.
  async checkLines(dossier) {
    for (const { name, proof, error } of await dossier.lineProofs()) {
      const folder = proof && this.folders.find(({ set }) => set.root === proof.root && set.files === proof.count);
      if (!folder || !proof.holds) {
        const said = folder ? "it does not lead to the root that was signed" : "it is of no manifest that was signed here";
        this.report.fault("content", `${name}: ${error ? error.message : said}`);
        continue;
      }
      this.lines.push({ proof, place: folder.place });
      this.name(proof.sha256, folder.place);
    }
    for (const folder of this.folders) this.countClosed(folder);
  }

  countClosed(folder) {
    if (folder.lines.length) return;
    const { root, files } = folder.set, shown = new Set(this.lines.filter(({ proof }) => proof.root === root).map(({ proof }) => proof.index));
    this.report.note("content", `${folder.place.number}: ${files - shown.size} of ${files} lines of its manifest stay closed`);
  }

  async checkFiles(dossier) {
    const absent = [];
    for (const [digest, { index, number }] of this.files) {
      const found = await dossier.content(digest);
      const said = `the file ${digest.slice(0, 16)}… has other bytes now than were signed`;
      if (found === "mismatch") this.report.fault("content", said, index, number);
      if (found === "missing") absent.push(number);
    }
    if (!absent.length) return;
    const names = eachOnce(absent), some = names.slice(0, 5).join(", ") + (names.length > 5 ? " …" : "");
    this.report.notChecked("content", `files that are not here to be hashed: ${absent.length} of ${this.files.size}, of ${some}`);
  }

  // --- people and items ---

  checkItem(item) {
    const box = item.container === null ? undefined : this.state.fact(`item:${item.container}`);
    if (box && (box.status !== item.status || box.holder !== item.holder)) {
      const where = ({ number, status, holder }) => `${number} (${status} by ${holder})`;
      this.report.note("custody", `${where(item)} lies in ${where(box)}: it did not follow its container`);
      this.report.notChecked("custody", "items did not follow the container they lie in; see the notes");
    }
    const { number, since, holder, to } = item;
    const offered = `${number}: offered to ${to} at record ${since}, not accepted: ${holder} still answers`;
    if (item.status === "offered") this.report.note("custody", offered);
    if (item.status === "missing") this.report.note("custody", `${number}: missing since record ${since}; ${holder} answers`);
  }

  // Sections 12.3 and 12.7: a key that was declared unsafe, what it signed, and who vouches for what is in doubt.
  checkUnsafe(signed) {
    const handlers = [...this.state.facts].filter(([key]) => key.startsWith("handler:")).map(([, handler]) => handler);
    const all = handlers.flatMap(({ name, keys }) => keys.filter((key) => key.unsafe !== null).map((key) => ({ name, ...key })));
    for (const key of all) Object.assign(key, partsOf(key, signed.get(key.vkey) || []));
    const unsafe = (name, index) => all.some((key) => key.name === name && key.doubtful.includes(index));
    const good = this.vouchings.filter(({ by, index }) => !by.every((name) => unsafe(name, index)));
    for (const { name, unsafe: from, doubtful, before, after } of all) {
      const [here, first, late] = [doubtful, before, after].map((at) => `${at.length}${at.length ? `, records ${places(at)}` : ""}`);
      this.report.note("keys", `entries by ${name} where the key was declared unsafe: ${here}; proved before: ${first}; after its end: ${late}`);
      for (const { index, by, target } of good.filter((one) => doubtful.includes(one.target)))
        this.report.note("keys", `record ${target} is vouched for at record ${index} by ${by.join(" and ")}`);
      if (doubtful.some((index) => !good.some(({ target }) => target === index)))
        this.report.notChecked("keys", `a key of ${name} was declared unsafe from record ${from} on`);
    }
  }
}

// The records that a key signed: before the place from which it is unsafe, from there to its end, and after that.
function partsOf({ unsafe, until }, records) {
  const at = eachOnce(records).sort((one, other) => one - other);
  const doubtful = at.filter((index) => index >= unsafe && index <= until);
  return { before: at.filter((index) => index < unsafe), doubtful, after: at.filter((index) => index >= unsafe && index > until) };
}

// [{file, field}] of every file that stands in a value, or in a part of one.
function filesIn(value, field = "") {
  if (Array.isArray(value)) return value.flatMap((one) => filesIn(one, field));
  if (!isObject(value)) return [];
  const own = has(value, "sha256") && has(value, "size") && has(value, "name") ? [{ file: value, field }] : [];
  return [...own, ...Object.keys(value).flatMap((name) => filesIn(value[name], name))];
}

// The lines of a manifest [{sha256, size, path}], or null where none of the attachments is it.
async function manifestOf(dossier, { attached, set }) {
  for (const { sha256: digest } of attached) {
    if ((await dossier.content(digest)) !== "match") continue;
    const bytes = await dossier.read(AT_FILES + digest, MAX_FOLDER_MANIFEST), lines = orNone(() => parseManifest(bytes, set.root));
    if (lines !== null) return lines;
  }
  return null;
}

// Section 11; raises Malformed unless the lines ascend, no salt stands twice, and the root is this one.
function parseManifest(bytes, root) {
  const texts = linesOf(bytes), found = texts.map((text) => MANIFEST_LINE.exec(text));
  well(found.every((line) => line !== null) && ascend(found.map((line) => line[3])), "not a list of files");
  well(new Set(texts.map((text) => text.slice(0, 32))).size === texts.length, "a salt stands twice");
  let row = texts.map((text) => sha256(Uint8Array.of(0), utf8(text)));
  while (row.length > 1) row = row.flatMap((hash, at) => (at % 2 ? [] : at + 1 < row.length ? [node(hash, row[at + 1])] : [hash]));
  well(hex(row[0]) === root, "a list of files with another root");
  return found.map((line) => ({ sha256: line[1], size: decimal(line[2]), path: manifestPath(line[3]) }));
}
