// The audit of a dossier (section 18.2), steps 2 to 4: the checkpoint, each record, each entry in its place.

const NOT_HERE = ["item.unknown", "key.unknown"];

class Audit {
  // `trust`: one of what `readTrust` answers, or null; `covered`: by the index of a return, the ledger that shows where the item was until then.
  constructor(dossier, trust, { carried = false, covered = new Map() } = {}) {
    Object.assign(this, { dossier, trust, carried, report: new Report() });
    this.notes = new Map();
    this.state = new Excerpt((index) => this.notes.get(index));
    this.rest = new Remainder(this.report, this.state, covered);
    this.head = null;
    this.chains = new Map();
    this.subjects = new Map();
    this.tainted = new Set();
    this.whole = new Set();
    this.open = [];
    this.unseen = [];
    this.signed = new Map();
    this.read = new Map();
    this.spoiled = new Map();
    this.faulty = new Set();
    this.indexRoot = null;
    this.export = null;
    this.replayed = [];
    this.timed = [];
    this.carries = [];
    this.intervals = new Map();
  }

  async run() {
    const records = await this.parsed();
    for (const { record, note } of records) if (note !== null) this.notes.set(record.index, note);
    this.signedHead = await this.dossier.checkpoint();
    await this.checkHead(records);
    for (const { record, note } of records) await this.take(record, note);
    await this.checkComplete();
    this.sayWhatIsLeftOpen();
    await this.checkDisclosures();
    await this.rest.check(this.dossier, this.signed, this.carried);
    await this.checkSealed();
    await this.checkHeld();
    this.sayWhatIsMissing();
    return this.report;
  }

  // {record, note}, by index.
  async parsed() {
    const found = [];
    for (const { record, note } of await this.dossier.records()) {
      this.report.records++;
      try {
        found.push({ record: parseRecord(record), note });
      } catch (error) {
        if (error instanceof Newer) this.report.allNotChecked(error.message);
        else if (foreseen(error)) this.report.fault("log", `a record that is shown is none: ${error.message}`);
        else throw error;
      }
    }
    return found.sort((one, other) => one.record.index - other.record.index);
  }

  // --- the head ---

  // Under the reader's keys; without any, under those that the first entry names, which proves nothing about whose they are.
  async checkHead(records) {
    const own = ownVkeys(records);
    if (this.trust) this.trust = withFoundKey(this.trust, own.all);
    const policy = this.trust && this.trust.policy;
    let opened, logs;
    try {
      logs = policy ? policy.logs : own.last.map((vkey) => parseVkey(vkey));
      opened = await openCheckpoint(this.signedHead, policy ? [...logs, ...policy.witnesses.values()] : logs);
    } catch (error) {
      if (!foreseen(error)) throw error;
      this.chooseAnchors();
      return this.report.fault("log", `the checkpoint is not one of the log that you know: ${error.message}`);
    }
    this.head = opened.checkpoint;
    this.report.origin = this.head.origin;
    this.report.checkpoint = this.head.size;
    this.chooseAnchors();
    await this.checkAuditors();
    this.checkSigners(logs, opened);
    if (policy) this.checkQuorum(policy, opened);
  }

  checkSigners(logs, { by, unsure }) {
    const made = (key) => by.has(key.vkey) || unsure.has(key.vkey);
    for (const type of [KEY_ED25519, KEY_ML_DSA]) {
      const asked = logs.some((key) => key.type === type && key.name === this.report.origin);
      const lacks = asked && !logs.some((key) => key.type === type && made(key));
      if (lacks) this.report.fault("log", `the checkpoint lacks the log's ${type === KEY_ML_DSA ? "ML-DSA-44" : "Ed25519"} signature`);
    }
    if (!logs.some(made)) this.report.fault("log", "the checkpoint is signed by no key of the log");
    if (logs.some((key) => unsure.has(key.vkey))) this.report.notChecked("log", NO_ED25519, true);
  }

  checkQuorum(policy, { by }) {
    if (!quorumMet(policy, by)) this.report.notChecked("log", "the quorum of witnesses that your policy asks for has not cosigned", true);
  }

  // Of several anchors those of this ledger count.
  chooseAnchors() {
    const held = this.trust ? this.trust.anchors : [], origin = claimedOrigin(this.signedHead);
    this.anchors = held.find((one) => one.origin === origin) || null;
    this.others = this.anchors ? [] : held;
  }

  // --- each record ---

  async take(record, note) {
    if (!(await this.isIncluded(record))) return;
    this.report.judged++;
    if (!this.chains.has(record.tag)) this.chains.set(record.tag, []);
    this.chains.get(record.tag).push(record);
    const opened = this.openNote(record, note);
    this.state.begin(record, opened ? opened.entry : null);
    const changes = opened ? await this.judge(record, note, opened) : new Map();
    if (note !== null && !changes.size) {
      this.spoiled.set(record.index, record.tag);
      this.tainted.add(record.tag);
    }
    this.state.add(record, opened ? base64(sha256(opened.note.text)) : null, changes);
  }

  async isIncluded(record) {
    if (this.head === null) return true; // told already: there is nothing to be in
    const path = await this.dossier.path(record.index, this.signedHead);
    if (path === null) this.report.fault("log", "nothing proves that this record is in the log", record.index);
    else if (included(unbase64(record.hash), record.index, this.head.size, path, this.head.root)) return true;
    else this.report.fault("log", `the proof of record ${record.index} is false`, record.index);
    return false;
  }

  openNote(record, note) {
    if (note === null) {
      if (record.tag !== tagOf(this.report.origin, "ledger")) this.tainted.add(record.tag); // of that one, few are ever shown
      return null;
    }
    if (base64(sha256(note)) !== record.entry) {
      this.signatureFault("the entry in hand is not the one that was signed and recorded", record.index);
      return null;
    }
    try {
      return openEntry(note);
    } catch (error) {
      if (error instanceof Newer) this.report.allNotChecked(`record ${record.index}: ${error.message}`);
      else if (foreseen(error)) this.signatureFault(error.message, record.index);
      else throw error;
      return null;
    }
  }

  signatureFault(message, index) {
    this.faulty.add(index);
    this.report.fault("signatures", message, index);
  }

  // What changes by this entry; nothing where a rule is broken.
  async judge(record, bytes, { note, entry }) {
    this.read.set(record.index, entry);
    for (const subject of [entry.subject, ...restsOn(entry)]) {
      if (!this.subjects.has(subject)) this.subjects.set(subject, tagOf(this.report.origin, subject));
    }
    try {
      const s = new Submission(entry, bytes, record, this.state), keys = signingKeys(s, note);
      for (const { vkey } of keys) {
        if (!this.signed.has(vkey)) this.signed.set(vkey, []);
        this.signed.get(vkey).push(record.index);
      }
      this.remember(record, entry, s.cited, keys);
      await this.verify(note, keys);
      await admit(s, base64(sha256(note.text)), record);
      for (const [line, words] of s.notes) this.report.note(line, words);
      if (this.state.claimed.has("seen")) this.unseen.push(record.index);
      this.rest.watch(entry, record.index, s.changes);
      this.watchTimes(s);
      return s.changes;
    } catch (error) {
      if (error instanceof Refused && error.code === "key.ended") this.rememberLate(record, note);
      if (error instanceof Refused) this.refused(record, entry, error);
      else if (foreseen(error)) this.signatureFault(error.message, record.index);
      else throw error;
      return new Map();
    }
  }

  // What is signed with a key after its end.
  rememberLate(record, note) {
    for (const line of note.signatures) {
      const handler = this.state.fact(`handler:${line.name}`), own = handler && handler.keys.find((one) => madeBy(knownKey(one.vkey), line));
      if (own) this.signed.set(own.vkey, [...(this.signed.get(own.vkey) || []), record.index]);
    }
  }

  // Raises Contradiction for a false signature.
  async verify(note, keys) {
    for (const [at, key] of keys.entries()) {
      const verdict = await verifyLine(key, note.signatures[at], note.text);
      if (verdict === null) this.report.notChecked("signatures", NO_ED25519, true);
      if (verdict === false) throw new Contradiction(`the signature of ${key.name} does not match the text: one of the two was changed`);
    }
  }

  // A rule that is broken for want of what is not shown is not checked; any other is a fault.
  refused(record, entry, refused) {
    if (refused.code === "export.head") return; // the index says it of each item
    const gap = this.restsOnGap(record, entry);
    if (NOT_HERE.includes(refused.code) && !gap) this.open.push({ record, entry, refused }); // a fault if all of it is here
    else if (gap) this.rests(record, refused);
    else this.broken(record, entry, refused);
  }

  restsOnGap(record, entry) {
    return [record.tag, ...restsOn(entry).map((subject) => tagOf(entry.ledger, subject))].some((tag) => this.tainted.has(tag));
  }

  rests(record, refused) {
    const line = lineOf(refused.code), counts = ["log", "signatures", "keys"].includes(line);
    this.report.notChecked(line, `record ${record.index} rests on what is not shown: ${refused.message}`, counts);
  }

  broken(record, entry, refused) {
    this.faulty.add(record.index);
    const said = `${entry.act} by ${entry.by.join(", ")}: ${refused.message} (${refused.code})`;
    this.report.fault(lineOf(refused.code), said, record.index, this.rest.number(entry.subject), fieldOf(refused.code));
  }

  // The last two records alone: an older act of either kind speaks of an older log.
  remember(record, entry, cited, keys) {
    const size = this.head ? this.head.size : 0;
    if (entry.act === "export" && record.index === size - 2) this.export = { entry, body: entry.body, cited, keys };
    if (entry.act === "checkpoint" && record.index === size - 1) this.indexRoot = unbase64(entry.body.index.root, 32);
  }

  // An entry at fault changes nothing but the chain of its subject; what rests on it is not checked.
  sayWhatIsLeftOpen() {
    const people = new Set([...this.neededTags("handler:"), tagOf(this.report.origin, "ledger")]), needed = this.neededTags("");
    for (const [index, tag] of this.spoiled) {
      const said = `what rests on record ${index} could not be judged`;
      this.report.notChecked("custody", said);
      if (people.has(tag) || !needed.has(tag)) this.report.notChecked("keys", said);
    }
  }

  subjectOf(tag) {
    const found = [...this.subjects].find(([, one]) => one === tag);
    return found ? found[0] : null;
  }
}

// The vkeys that record 0 or rotations of the log name: {last: the last pair, all}. Whether those entries stand is judged with the others.
function ownVkeys(records) {
  let last = [];
  const all = [];
  for (const { note } of records) {
    const opened = note === null ? null : orNone(() => openEntry(note)), entry = opened && opened.entry;
    const vkeys = entry && (entry.act === "open" ? entry.body.vkeys : entry.act === "rotate" && entry.subject === "ledger" ? entry.body.new : null);
    if (!vkeys) continue;
    last = vkeys;
    all.push(...vkeys);
  }
  return { last, all };
}

// The other subjects that an entry cannot be judged without: who signed or receives, what it lies in, comes from or exports, who is linked.
function restsOn(entry) {
  const { act, body } = entry, found = signersOf(entry);
  if ((act === "release" || act === "handover") && has(body.to, "handler")) found.push(`handler:${body.to.handler}`);
  if (act === "store" && isObject(body.location)) found.push(body.location.container);
  if (act === "derive") found.push(...body.parents.map((parent) => parent.subject));
  if (act === "export") found.push(...body.items.map((item) => item.subject));
  return [...found, ...given(body, "persons", []).map((person) => `person:${person.code}`)];
}

// The log's own key has no subject.
function signersOf(entry) {
  return entry.by.filter((name) => name !== entry.ledger).map((name) => `handler:${name}`);
}
