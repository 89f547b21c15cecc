// The audit of a dossier, steps 5 to 9: all of it, what is withheld, what was sealed, what is opened.

Object.assign(Audit.prototype, {
  async checkComplete() {
    const items = this.export ? this.export.body.items : [];
    if (!this.export) this.report.fault("completeness", "no export act stands right before the checkpoint: what was to be shown cannot be told");
    for (const item of items) {
      const number = this.rest.number(item.subject), proved = await this.proved(item.subject, "completeness", number);
      if (proved && (proved.count !== item.count || proved.last !== item.record))
        this.report.fault("completeness", `the export act speaks of ${item.count} records, ${proved.count} are shown`, null, number);
    }
    const done = new Set([...items.map((item) => item.subject), "ledger", `handler:${this.report.origin}`]);
    for (const subject of [...this.subjects.keys()].filter((one) => !done.has(one)).sort(compareText))
      await this.proved(subject, subject.startsWith("handler:") ? "keys" : "custody", null);
    for (const { record, entry, refused } of this.open) {
      const needed = refused.code === "key.unknown" ? signersOf(entry) : [entry.subject, ...restsOn(entry)].filter((one) => one !== "ledger");
      if (needed.every((one) => this.whole.has(one))) this.broken(record, entry, refused);
      else this.rests(record, refused);
    }
  },

  // {count, last} of a subject by the index, if these are all its records; else null, and a fault or a reason.
  async proved(subject, line, number) {
    const tag = tagOf(this.report.origin, subject), chain = this.chains.get(tag) || [], named = number || subject;
    const proof = await this.dossier.indexProof(tag);
    if (proof === null || this.indexRoot === null) {
      this.report.notChecked(line, `nothing proves that all records of ${named} are shown`, true);
      return null;
    }
    let value;
    try {
      value = openIndexProof(proof, unbase64(tag), this.indexRoot);
    } catch (error) {
      if (!(error instanceof Contradiction)) throw error;
      this.report.fault(line, `${named}: ${error.message}`);
      return null;
    }
    const last = chain.length ? chain[chain.length - 1].hash : "", wanted = chain.length ? indexValue(chain.length, last) : null;
    const same = value === null || wanted === null ? value === wanted : equal(value, wanted);
    if (!isChain(chain) || !same) {
      this.report.fault(line, `${named} has other records in the log than the ${chain.length} that are shown`, null, number);
      this.report.notChecked("custody", `not all records of ${named} are shown`);
      return null;
    }
    this.whole.add(subject);
    return { count: chain.length, last };
  },

  async checkDisclosures() {
    const byDigest = new Map(), texts = new Map();
    this.opened = new Map();
    for (const [index, entry] of this.read) digestsOf(entry).forEach((digest) => byDigest.set(digest, index));
    for (const text of await this.dossier.disclosures()) {
      const index = byDigest.get(orNone(() => disclosureDigest(text)));
      if (index === undefined) this.report.fault("disclosure", "a disclosure belongs to no digest of an entry that is shown");
      else texts.set(index, [...(texts.get(index) || []), text]);
    }
    for (const index of [...texts.keys()].sort((one, other) => one - other)) this.openTexts(index, texts.get(index));
  },

  openTexts(index, texts) {
    try {
      const found = openDisclosures(texts, this.read.get(index));
      this.opened.set(index, found);
      for (const text of texts) this.rest.disclosed.add(disclosureDigest(text));
      this.report.note("disclosure", `record ${index}: ${[...found.keys()].sort().join(", ")} opened`);
    } catch (error) {
      if (!foreseen(error)) throw error;
      this.report.fault("disclosure", error.message, index);
    }
  },

  // What was exported is what the exporter signed: the payload in the act, the rest in a note of its own.
  async checkSealed() {
    if (!this.export) return;
    const { there } = this.dossier, { body } = this.export;
    if (there.has("manifest-sha256.txt")) {
      const manifest = hex(sha256(await this.dossier.read("manifest-sha256.txt", MAX_MANIFEST)));
      const said = "the payload is not the one that the export act names: its manifest has another fingerprint";
      if (manifest !== body.manifest_sha256) this.report.fault("content", said);
    }
    if (this.carried) this.report.note("content", "the seal of the dossier is not here: drop the whole dossier to check it");
    if (!there.has("dossier.note") || !there.has("tagmanifest-sha256.txt")) return;
    const seal = await this.dossier.read("dossier.note", MAX_ENTRY);
    const tagmanifest = sha256(await this.dossier.read("tagmanifest-sha256.txt", MAX_MANIFEST));
    await this.checkSeal(seal, `custody-dossier/v1\n${this.report.origin}\n${this.export.cited}\n${base64(tagmanifest)}\n`);
  },

  async checkSeal(seal, wanted) {
    const note = orNone(() => parseNote(seal));
    if (note === null) return this.report.fault("signatures", "the exporter's note cannot be read");
    const text = textOf(note.text), newer = /^custody-dossier\/v(?:[2-9]|[1-9][0-9]+)\n/u.test(text);
    if (newer) return this.report.allNotChecked("this dossier was made by a newer format: read it with a newer release");
    if (text !== wanted) return this.report.fault("content", "the exporter's note is over another dossier than this one");
    const verdicts = [];
    for (const key of this.export.keys) {
      const line = note.signatures.find((one) => madeBy(key, one));
      if (line) verdicts.push(await verifyLine(key, line, note.text));
    }
    if (verdicts.includes(true)) return;
    if (verdicts.includes(null)) this.report.notChecked("signatures", NO_ED25519, true);
    else this.report.fault("signatures", "the exporter's note is not signed by who signed the export act");
  },

  // Reasons stand in the export act, which its signer answers for. Of subjects that nothing here rests on, records stand alone.
  sayWhatIsWithheld() {
    const absent = new Map([...this.chains.values()].flat().filter((record) => !this.notes.has(record.index)).map((record) => [record.hash, record]));
    const handlers = this.neededTags("handler:"), needed = this.neededTags("");
    this.withheld = [];
    for (const { record: hash, reason } of this.export ? this.export.body.withheld : []) {
      const record = absent.get(hash);
      if (record === undefined) {
        this.report.fault("completeness", "the export act withholds a record that is shown, or that is not here at all");
        continue;
      }
      this.withheld.push({ index: record.index, subject: this.subjectOf(record.tag), reason });
      this.report.note("completeness", `record ${record.index} is withheld: ${reason}`);
      this.report.notChecked("custody", "entries are withheld; see completeness");
      if (handlers.has(record.tag)) this.report.notChecked("keys", "entries on the people who signed are withheld; see completeness", true);
      absent.delete(hash);
    }
    for (const record of absent.values())
      if (needed.has(record.tag)) this.report.fault("completeness", "its entry is not shown, and the export act gives no reason", record.index);
  },

  // Of the subjects that the entries here are about, or rest on, and of those that were exported.
  neededTags(kind) {
    const named = [...this.subjects.keys(), ...(this.export ? this.export.body.items.map((item) => item.subject) : [])];
    return new Set(named.filter((subject) => subject.startsWith(kind) && subject !== "ledger").map((subject) => tagOf(this.report.origin, subject)));
  },

  sayWhatIsMissing() {
    this.sayWhatIsWithheld();
    for (const line of this.report.judged ? [] : ["signatures", "keys", "custody"]) {
      this.report.notChecked(line, "no record that is shown could be judged", true);
    }
    if (this.unseen.length) this.report.notChecked("log", `what the signers of records ${places(this.unseen)} had seen is not shown`);
    this.sayWhoReplayed();
  },
});

// Whether records are a subject's chain from its first on, without a gap.
function isChain(chain) {
  return chain.every((record, seq) => record.seq === seq && record.before === (seq ? chain[seq - 1].hash : null));
}
