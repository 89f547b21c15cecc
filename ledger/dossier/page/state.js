// What the rules remember, of a log of which only some records are here (section 18.3). Facts are values: a rule answers with new ones, which
// count once the whole entry is admitted.

class Excerpt {
  // `noteAt`: index → bytes of the entry note in hand, or undefined.
  constructor(noteAt) {
    this.facts = new Map();
    this.claimed = new Set();
    this.noteAt = noteAt;
    this.hashes = new Map();
    this.times = new Map();
    this.entries = new Map();
    this.texts = new Map();
    this.said = new Set();
    this.pairs = [];
    this.tips = new Map();
    this.record = null;
    this.entry = null;
  }

  // From now on this record is under judgement. Where its subject's chain has a gap before it, the head is as it claims.
  begin(record, entry) {
    [this.record, this.entry, this.claimed] = [record, entry, new Set()];
    if (entry === null) return;
    this.closeBefore(entry);
    const head = this.tips.get(record.tag);
    if (record.seq <= (head ? head.seq + 1 : 0)) return;
    this.claimed.add("prev");
    const claimed = { seq: record.seq - 1, index: -1, entry: entry.prev ? entry.prev.entry : "", seen: 0, time: instant(entry.time) };
    this.tips.set(record.tag, { ...claimed, record: record.before || base64(INDEX_NOTHING) });
  }

  // A checkpoint act carries the one before it: where the act that fixed that one is not here, its size is as claimed, and its keys are those of
  // the log at that size, since who replaced which key is always here.
  closeBefore(entry) {
    const ledger = this.fact("ledger");
    if (!ledger || entry.act !== "checkpoint" || entry.body.previous === null) return;
    const { size } = this.carried(entry);
    if (this.said.has(size - 1)) return;
    this.claimed.add("previous");
    const then = this.pairs.filter(({ since }) => since < size - 1).pop();
    this.facts.set("ledger", { ...ledger, closedAt: size, closedBy: then ? then.vkeys : ledger.vkeys });
  }

  // The record under judgement takes its place; `text`: the hash of its entry's text, or null. An entry that is not here, or at fault, has no
  // `changes`: all that changes is the head of its subject.
  add(record, text, changes) {
    this.hashes.set(record.index, record.hash);
    this.times.set(record.index, record.recorded);
    this.entries.set(record.entry, record.index);
    if (text !== null) {
      if (!this.texts.has(text)) this.texts.set(text, record.index);
      this.said.add(record.index);
    }
    const before = this.tips.get(record.tag), now = { seq: record.seq, index: record.index, entry: record.entry, record: record.hash };
    this.tips.set(record.tag, { ...now, seen: before ? before.seen : 0, time: before ? before.time : 0 });
    for (const [key, fact] of changes) {
      if (key.startsWith("head:")) this.tips.set(record.tag, fact);
      else this.facts.set(key, fact);
    }
    const ledger = changes.get("ledger"), last = this.pairs[this.pairs.length - 1];
    if (ledger && (!last || last.vkeys.join() !== ledger.vkeys.join())) this.pairs.push({ since: record.index, vkeys: ledger.vkeys });
  }

  // Heads by tag, since not every record here has an entry that names its subject.
  fact(key) {
    return key.startsWith("head:") ? this.tips.get(tagOf(this.entry.ledger, key.slice("head:".length))) : this.facts.get(key);
  }

  // The vkeys that the log ever had, by the first entry and the rotations here.
  logKeys() {
    return this.pairs.flatMap(({ vkeys }) => vkeys);
  }

  // The entry with this hash, in base64, if it is here: {index, entry}.
  cited(hash) {
    const index = this.entries.get(hash), bytes = index === undefined ? undefined : this.noteAt(index);
    if (bytes === undefined || base64(sha256(bytes)) !== hash) return null;
    try {
      return { index, entry: openEntry(bytes).entry };
    } catch (error) {
      if (!foreseen(error)) throw error;
      return null;
    }
  }

  recordHash(index) {
    if (this.hashes.has(index)) return this.hashes.get(index);
    const { record, entry } = this, seen = entry && entry.seen;
    if (!record || index < 0 || index >= record.index) return null;
    if (seen && index === seen.size - 1) this.claimed.add("seen");
    if (index === record.index - 1) return record.prev;
    return seen && index === seen.size - 1 ? seen.record : null;
  }

  // Of a record that is not here: the moment that makes neither a lag nor a delay.
  recorded(index) {
    if (this.times.has(index)) return this.times.get(index);
    this.claimed.add("recorded");
    const { record, entry } = this, now = record.recorded;
    if (entry && entry.seen && index === entry.seen.size - 1) return Math.min(now, instant(entry.time));
    const after = [...this.times.keys()].filter((place) => place > index);
    return after.length ? this.times.get(after.reduce((least, place) => Math.min(least, place))) : now;
  }

  // As the checkpoint act under judgement carries it: only who has all records can make the root and the index anew.
  root() {
    return this.carried(this.entry).root;
  }

  carried(entry) {
    try {
      return checkpointOf(utf8(entry.body.previous.note));
    } catch (error) {
      if (!foreseen(error)) throw error;
      return { size: 0, root: new Uint8Array() };
    }
  }

  knownText(hash) {
    return this.texts.get(hash);
  }
}

// One entry before its judges, at the place that its record gives it.
class Submission {
  constructor(entry, bytes, record, state) {
    well(bytes.length <= MAX_ENTRY, "a signed entry above 65,536 bytes");
    Object.assign(this, { entry, record, state, index: record.index, recorded: record.recorded, cited: base64(sha256(bytes)) });
    this.body = entry.body;
    this.changes = new Map();
    this.notes = [];
  }

  fact(key) {
    return this.changes.has(key) ? this.changes.get(key) : this.state.fact(key);
  }

  put(key, fact) {
    this.changes.set(key, fact);
  }

  note(line, words) {
    this.notes.push([line, `record ${this.index}: ${words}`]);
  }

  get ledger() {
    return this.fact("ledger") || refuse("open.first", "the ledger has not been opened");
  }

  handler(name) {
    return this.fact(`handler:${name}`) || refuse("key.unknown", `${name} is not enrolled`);
  }

  item(subject = this.entry.subject) {
    return this.fact(`item:${subject}`) || refuse("item.unknown", `there is no item ${subject} in this ledger`);
  }

  putItem(item, subject = this.entry.subject) {
    this.put(`item:${subject}`, item);
  }

  // Those who sign; refused unless there are as many as the act needs.
  signers(...counts) {
    const { by, act } = this.entry;
    need(counts.includes(by.length), "by.count", `${act} is signed by ${by.length}, and needs ${counts.join(" or ")}`);
    return by;
  }

  requireRole(name, ...roles) {
    const held = this.handler(name).roles;
    need(roles.some((role) => held.includes(role)), "role", `${name} is ${held.join(" and ")}, and not ${roles.join(" or ")}`);
  }

  claimDigest(digest) {
    need(!this.fact(`digest:${digest}`), "sd.repeated", "a digest of a confidential field stands in the ledger already");
    this.put(`digest:${digest}`, { of: this.cited });
  }
}

function validAt(handler, recorded) {
  return handler.from <= recorded && (handler.to === null || recorded <= handler.to);
}

// Whether a handler has a key that is good after this entry, at the time it is recorded.
function active(s, handler) {
  return handler.keys[handler.keys.length - 1].until === null && validAt(handler, s.recorded);
}

// What a body has, or `otherwise`.
function given(object, name, otherwise = null) {
  return has(object, name) ? object[name] : otherwise;
}

function eachOnce(values) {
  return [...new Set(values)];
}
