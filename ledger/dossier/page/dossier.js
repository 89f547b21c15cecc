// What lies where in a dossier (section 18). What cannot be read as what its name says is not shown.

const AT_RECORDS = ["data/records/", "custody/records/"], AT_ENTRIES = ["data/entries/", "custody/entries/"];
const AT_FILES = "data/files/", AT_DISCLOSURES = "data/disclosures/", AT_LINES = "data/lines/", AT_CONSISTENCY = "custody/consistency/";
const MAX_RECORD = 1024, MAX_PROOF = 1 << 17, MAX_CONSISTENCY = 4 << 20;

class Dossier {
  constructor(tree) {
    this.tree = tree;
    this.names = tree.names();
    this.there = new Set(this.names);
  }

  under(folder) {
    return this.names.filter((name) => name.startsWith(folder));
  }

  // No bytes, where a file is too long to be what it is called, or not what the archive states: the check of the bag names that.
  async read(name, limit) {
    if (!this.there.has(name) || this.tree.size(name) > limit) return new Uint8Array();
    try {
      return await this.tree.read(name);
    } catch (error) {
      if (!(error instanceof Malformed || error instanceof Contradiction)) throw error;
      return new Uint8Array();
    }
  }

  // Names of each record and of its entry, or null.
  pairs() {
    return AT_RECORDS.flatMap((folder, at) => this.under(folder).filter((name) => name.endsWith(".record")).map((name) => {
      const entry = `${AT_ENTRIES[at]}${name.slice(folder.length, -".record".length)}.note`;
      return [name, this.there.has(entry) ? entry : null];
    }));
  }

  // [{name, record: bytes, note: bytes or null}]
  async records() {
    const found = [];
    for (const [name, entry] of this.pairs()) {
      found.push({ name, record: await this.read(name, MAX_RECORD), note: entry === null ? null : await this.read(entry, MAX_ENTRY) });
    }
    return found;
  }

  checkpoint() {
    return this.read("custody/checkpoint", MAX_PROOF);
  }

  // The inclusion path of a record, whose proof has the dossier's own checkpoint; or null.
  async path(index, checkpoint) {
    const bytes = await this.read(`custody/proofs/${tenDigits(index)}.tlog-proof`, MAX_PROOF);
    const proof = orNone(() => parseProof(bytes));
    return proof && proof.index === index && equal(proof.checkpoint, checkpoint) ? proof.path : null;
  }

  async indexProof(tag) {
    const bytes = await this.read(`custody/index/${hex(unbase64(tag))}.proof`, MAX_PROOF);
    return orNone(() => parseIndexProof(bytes));
  }

  async disclosures() {
    const texts = [];
    for (const name of this.under(AT_DISCLOSURES)) texts.push(latin(await this.read(name, 1 << 20)));
    return texts;
  }

  // What lies under a name that is another's, or belongs to nothing here.
  async misplaced() {
    const paired = new Set(this.pairs().flat());
    const alone = [...AT_RECORDS, ...AT_ENTRIES].flatMap((folder) => this.under(folder)).filter((name) => !paired.has(name));
    return [
      ...(await this.misplacedRecords()), ...alone.map((name) => `${name} belongs to no record that is here`),
      ...(await this.misplacedFiles()), ...(await this.misplacedDisclosures()), ...(await this.misplacedLines()),
      ...(await this.misplacedTokens()),
    ];
  }

  async misplacedRecords() {
    const wrong = [], seen = new Set();
    for (const [name] of this.pairs()) {
      const bytes = await this.read(name, MAX_RECORD), record = orNone(() => parseRecord(bytes));
      if (!record) continue; // the audit says that it is none
      if (!AT_RECORDS.some((folder) => name === `${folder}${tenDigits(record.index)}.record`)) wrong.push(`${name} is record ${record.index}`);
      if (seen.has(record.index)) wrong.push(`record ${record.index} stands twice`);
      seen.add(record.index);
    }
    return wrong;
  }

  async misplacedFiles() {
    const bytes = await this.read("manifest-sha256.txt", MAX_MANIFEST), listed = orNone(() => parseBagManifest(bytes)) || new Map();
    const other = this.under(AT_FILES).filter((name) => listed.has(name) && listed.get(name) !== name.slice(AT_FILES.length));
    return other.map((name) => `${name} is not the file of that SHA-256`);
  }

  async misplacedDisclosures() {
    const wrong = [];
    for (const name of this.under(AT_DISCLOSURES)) {
      const text = latin(await this.read(name, 1 << 20)), digest = orNone(() => unbase64url(disclosureDigest(text)));
      if (digest && name !== `${AT_DISCLOSURES}${hex(digest)}.txt`) wrong.push(`${name} is not the disclosure of that digest`);
    }
    return wrong;
  }

  async misplacedTokens() {
    const wrong = [];
    for (const name of this.under(AT_TIMESTAMPS)) {
      const bytes = await this.read(name, MAX_TOKEN);
      if (name !== `${AT_TIMESTAMPS}${hex(sha256(bytes))}.tsr`) wrong.push(`${name} is not the token of that SHA-256`);
    }
    return wrong;
  }

  async misplacedLines() {
    const named = ({ root, index }) => `${AT_LINES}${root}/${tenDigits(index)}.proof`;
    const other = (await this.lineProofs()).filter(({ name, proof }) => proof && name !== named(proof));
    return other.map(({ name }) => `${name} is not the proof of that line`);
  }

  // [{name, proof: parsed, or null, error}]
  async lineProofs() {
    const found = [];
    for (const name of this.under(AT_LINES)) {
      const bytes = await this.read(name, MAX_PROOF);
      try {
        found.push({ name, proof: parseLineProof(bytes), error: null });
      } catch (error) {
        if (!foreseen(error)) throw error;
        found.push({ name, proof: null, error });
      }
    }
    return found;
  }

  // "match", "mismatch" or "missing", of the file with this SHA-256.
  async content(digest) {
    if (!this.there.has(AT_FILES + digest)) return "missing";
    return (await hashOrNone(this.tree, AT_FILES + digest)) === digest ? "match" : "mismatch";
  }
}

function tenDigits(number) {
  return String(number).padStart(10, "0");
}

// What `parse` answers, or null where what it reads is malformed or newer.
function orNone(parse) {
  try {
    return parse();
  } catch (error) {
    if (!foreseen(error)) throw error;
    return null;
  }
}
