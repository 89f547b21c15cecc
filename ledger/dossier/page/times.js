// Proven times (section 8.2): between which two instants each record was made, by the word of whom the reader chose. And auditors (8.3).

const OWN_CLOCK = "no trusted timestamp was given; times are those of the ledger's own clock";
const AT_TIMESTAMPS = "custody/timestamps/";

Object.assign(Audit.prototype, {
  // The cosignatures of the reader's auditors on the checkpoint. [{name, time}]
  async checkAuditors() {
    this.replayed = [];
    const note = this.anchors && orNone(() => parseNote(this.signedHead));
    for (const key of note ? this.anchors.auditors : []) {
      const line = note.signatures.find((one) => madeBy(key, one));
      const verdict = line ? await verifyLine(key, line, note.text) : null;
      if (verdict === true) this.replayed.push({ name: key.name, time: timeOf(line) });
      if (verdict === false) this.report.fault("log", `the line of the auditor ${key.name} on the checkpoint is false`);
      if (line && verdict === null) this.report.notChecked("log", NO_ED25519, true);
    }
  },

  sayWhoReplayed() {
    const asked = this.anchors ? this.anchors.auditorQuorum : 0, size = this.report.checkpoint;
    const names = this.replayed.map(({ name, time }) => `${name} (${time ? momentOf(time) : "no time stated"})`).join("; ");
    if (this.replayed.length >= Math.max(1, asked)) {
      for (const line of ["keys", "completeness"]) this.report.note(line, `as of checkpoint size ${size}, replayed in full by ${names}`);
      return;
    }
    const few = `the index was replayed by ${this.replayed.length} of the ${asked} auditors that you ask for: ${names}`;
    const said = this.replayed.length ? few : "the index was not replayed by an auditor";
    this.report.notChecked("completeness", said, asked > 0);
    this.report.note("keys", `as of checkpoint size ${size}; ${said}`);
    this.report.note("completeness", `as of checkpoint size ${size}, according to the ledger`);
  },

  // An admitted entry, with the ends of its signers' enrolments.
  watchTimes(s) {
    const { entry, record } = s, handlers = entry.by.map((name) => this.state.fact(`handler:${name}`)).filter((one) => one);
    const until = handlers.filter((one) => one.to !== null && one.to !== undefined).map(({ name, to }) => ({ name, to }));
    const seen = entry.seen ? entry.seen.size : 0;
    this.timed.push({ index: record.index, recorded: s.recorded, claimed: instant(entry.time), seen, late: has(entry.body, "late"), until });
    if (entry.act === "checkpoint" && entry.body.previous !== null) this.carries.push({ index: record.index, ...entry.body.previous });
  },

  // The line `time`. `older`: the checkpoints that a proof leads from to the one in hand.
  async checkTimes(older) {
    const policy = this.trust ? this.trust.policy : null, roots = this.anchors ? this.anchors.roots : [];
    if (!roots.length && !(policy && policy.quorum !== "none")) return this.report.notChecked("time", OWN_CLOCK);
    this.roots = roots.map((pem) => orNone(() => parsePem(pem))).filter((root) => root !== null);
    const { begins, ends } = await this.ends(older);
    const slack = this.anchors ? this.anchors.tolerance : 0;
    this.intervals = new Map();
    for (const one of this.timed) this.judgeTime(one, begins, ends, slack);
    const last = this.head === null ? null : this.head.size, proven = Math.max(0, ...ends.map((end) => end.size));
    if (last === null || proven < last) {
      const asks = this.anchors !== null && this.anchors.tsaQuorum > 0;
      this.report.notChecked("time", "the checkpoint lacks the timestamps or cosignatures that you ask for", asks);
    } else {
      const end = oldest(ends, proven - 1);
      this.report.note("time", `the records up to ${proven - 1} were there by ${momentOf(end.at)} (${end.by.join(", ")})`);
    }
  },

  // What is proved: not before `at`, carried by the record at `index`; not after `at`, for the records below `size`.
  async ends(older) {
    const begins = [], ends = [];
    for (const { index, note, timestamps } of this.carries) {
      const bytes = utf8(note), head = orNone(() => checkpointOf(bytes));
      const found = await this.weigh(bytes, timestamps.map((one) => unbase64(one)));
      for (const said of [...found.falseTokens, ...found.falseLines]) this.report.fault("time", `the checkpoint that it carries: ${said}`, index);
      if (head === null || found.earliest === null) continue;
      begins.push({ index, at: found.earliest, by: found.after, size: head.size });
      const continued = older.some((one) => one.size === head.size && equal(one.root, head.root));
      if (continued) ends.push({ size: head.size, at: found.latest, by: found.before });
    }
    if (this.head !== null) await this.weighHead(ends);
    return { begins, ends };
  },

  async weighHead(ends) {
    const tokens = [];
    for (const name of this.roots.length ? this.dossier.under(AT_TIMESTAMPS) : []) tokens.push(await this.dossier.read(name, MAX_TOKEN));
    const found = await this.weigh(this.signedHead, tokens);
    for (const said of found.falseTokens) this.report.fault("time", said);
    if (found.foreign) this.report.note("time", `timestamp tokens by authorities that you have not chosen to trust: ${found.foreign}`);
    if (found.earliest !== null) ends.push({ size: this.head.size, at: found.latest, by: found.before });
  },

  // {earliest, latest, after, before, foreign, falseTokens, falseLines}: null where a checkpoint has no proven times.
  async weigh(bytes, tokens) {
    const found = { earliest: null, latest: null, after: [], before: [], foreign: 0, falseTokens: [], falseLines: [] };
    const sides = [await this.weighTokens(bytes, this.roots.length ? tokens : [], found), await this.weighLines(bytes, found)];
    for (const { lower, upper } of sides.filter((one) => one !== null)) {
      if (found.earliest === null || lower.at > found.earliest) Object.assign(found, { earliest: lower.at, after: lower.by });
      if (found.latest === null || upper.at < found.latest) Object.assign(found, { latest: upper.at, before: upper.by });
    }
    return found;
  },

  async weighTokens(bytes, tokens, found) {
    const byRoot = new Map();
    for (const token of tokens) {
      try {
        const stamp = await checkToken(token, imprintedOf(bytes), this.roots);
        if (stamp === null) found.foreign++;
        else byRoot.set(stamp.root, [...(byRoot.get(stamp.root) || []), stamp]);
      } catch (error) {
        if (!foreseen(error)) throw error;
        found.falseTokens.push(error.message);
      }
    }
    return ofStamps([...byRoot.values()], Math.max(1, this.anchors ? this.anchors.tsaQuorum : 1));
  },

  async weighLines(bytes, found) {
    const policy = this.trust ? this.trust.policy : null, note = orNone(() => parseNote(bytes)), times = [];
    for (const key of policy && note ? policy.witnesses.values() : []) {
      const line = note.signatures.find((one) => madeBy(key, one)), verdict = line ? await verifyLine(key, line, note.text) : null;
      if (verdict === false) found.falseLines.push(`the line of ${key.name} is false`);
      if (verdict === true && timeOf(line) > 0) times.push({ at: timeOf(line), key });
    }
    return policy && policy.quorum !== "none" ? ofWitnesses(policy, times) : null;
  },

  judgeTime(one, begins, ends, slack) {
    const signed = newest(begins, one.seen), after = newest(begins, one.index), before = oldest(ends, one.index);
    this.intervals.set(one.index, { signed, after, before });
    const impossible = after && before && after.at > before.at + slack;
    if ((after && one.recorded < after.at - slack) || (before && one.recorded > before.at + slack) || impossible) {
      this.report.fault("time", `the log says ${momentOf(one.recorded)}; it was recorded ${spanOf(after, before)}`, one.index, null, "recorded");
    }
    if ((before && one.claimed > before.at + slack) || (signed && !one.late && one.claimed < signed.at - slack)) {
      this.report.note("time", `record ${one.index} claims ${momentOf(one.claimed)}; it was signed ${spanOf(signed, before)}`);
    }
    for (const { name, to } of one.until) {
      const said = `record ${one.index}: the enrolment of ${name} ended between the two instants that it is proved to lie between`;
      if (after && before && after.at <= to && to < before.at) this.report.notChecked("keys", said);
    }
  },
});

// The time in a cosignature line, seconds since 1970.
function timeOf(line) {
  return Number(new DataView(line.value.buffer, line.value.byteOffset).getBigUint64(0));
}

// Of each root the best ends; of the roots the one that makes the quorum.
function ofStamps(groups, quorum) {
  if (groups.length < quorum) return null;
  const first = (some) => some.sort((one, other) => one.order - other.order);
  const best = (pick) => first(groups.map((stamps) => first(stamps.map(pick))[0]));
  const side = (pick) => {
    const chosen = best(pick).slice(0, quorum);
    return { at: chosen[quorum - 1].at, by: chosen.map(({ who }) => who).sort(compareText) };
  };
  return {
    lower: side(({ earliest, authority }) => ({ at: earliest, order: -earliest, who: authority })),
    upper: side(({ latest, authority }) => ({ at: latest, order: latest, who: authority })),
  };
}

// The first time, from the newest back and from the oldest on, by which the quorum is met.
function ofWitnesses(policy, times) {
  const side = (ordered) => {
    for (let count = 1; count <= ordered.length; count++) {
      const some = ordered.slice(0, count), names = [...new Set(some.map(({ key }) => key.name))];
      const met = quorumMet(policy, new Set(some.map(({ key }) => key.vkey)));
      if (met) return { at: some[count - 1].at, by: names.sort(compareText) };
    }
    return null;
  };
  const lower = side([...times].sort((one, other) => other.at - one.at)), upper = side([...times].sort((one, other) => one.at - other.at));
  return lower && upper ? { lower, upper } : null;
}

// The newest beginning that a record below `place` carries, or null.
function newest(begins, place) {
  return begins.filter(({ index }) => index < place).reduce((best, one) => (best === null || one.at > best.at ? one : best), null);
}

// The oldest end of a checkpoint that holds this record, or null.
function oldest(ends, index) {
  return ends.filter(({ size }) => size > index).reduce((best, one) => (best === null || one.at < best.at ? one : best), null);
}

function spanOf(after, before) {
  const said = (word, end) => (end ? [`${word} ${momentOf(end.at)} (${end.by.join(", ")}, checkpoint size ${end.size})`] : []);
  return [...said("not before", after), ...said("not after", before)].join(" and ");
}

// UTC, of seconds since 1970 (the proleptic calendar of section 5).
function momentOf(seconds) {
  const days = Math.floor(seconds / 86400), two = (number) => String(number).padStart(2, "0"), rest = seconds - days * 86400;
  let year = 1970 + Math.floor(days / 366) - 1;
  const first = (one) => instant(`${String(one).padStart(4, "0")}-01-01T00:00:00Z`) / 86400;
  if (!(year >= 1 && year <= 9998)) return `second ${seconds}`;
  while (year < 9998 && first(year + 1) <= days) year++;
  let month = 1;
  while (month < 12 && instant(`${String(year).padStart(4, "0")}-${two(month + 1)}-01T00:00:00Z`) / 86400 <= days) month++;
  const day = days - instant(`${String(year).padStart(4, "0")}-${two(month)}-01T00:00:00Z`) / 86400 + 1;
  const clock = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60].map(two).join(":");
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${clock}Z`;
}
