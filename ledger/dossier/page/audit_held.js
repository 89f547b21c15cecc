// The audit of a dossier, step 10: what the reader holds, and what leads from it to this dossier.

const OTHER_LEDGER = "the first record is not the one you hold: this is another ledger under the same name";

Object.assign(Audit.prototype, {
  async checkHeld() {
    const { hashes } = this.state, first = hashes.get(0), { anchors, report } = this;
    report.head = (this.head && hashes.get(this.head.size - 1)) || null;
    if (this.others.length) {
      const held = this.others.map((one) => one.origin).join(", ");
      report.fault("log", `your anchors are of the ledger ${held}; this one calls itself ${report.origin || "by no name that is proved"}`);
    } else if (anchors && anchors.first !== null) {
      if (first === undefined) report.notChecked("log", "the first record, which you hold the hash of, is not shown", true);
      else if (first !== anchors.first) report.fault("log", OTHER_LEDGER, 0);
    }
    this.heldHeads().forEach((held) => this.checkHeldHead(held));
    this.checkPolicyKeys();
    const older = await this.checkConsistency();
    if (!this.anchored()) this.untie();
    else if (!this.tied(first, older)) report.notChecked("log", "nothing here leads to the records or the checkpoint that you hold", true);
    await this.checkTimes(older);
  },

  // The heads that tie a ledger to what the reader knows.
  heldHeads() {
    const pinned = [this.anchors, ...this.others].map((one) => one && one.pinned), card = this.trust ? this.trust.head : null;
    return [...pinned, card].filter((head) => head !== null && head !== undefined);
  },

  checkHeldHead(held) {
    if (this.head === null || held.origin !== this.report.origin) return;
    if (held.size === this.head.size && !equal(held.root, this.head.root)) {
      this.report.fault("log", `two signed heads for size ${held.size}: the checkpoint you hold is over other records than these`);
    } else if (held.size > this.head.size) {
      const later = held.size - this.head.size;
      this.report.note("completeness", `the checkpoint you hold is of size ${held.size}: ${later} later records are not spoken of`);
    }
  },

  checkPolicyKeys() {
    const known = this.state.logKeys();
    if (!this.trust || !known.length || this.trust.policy.logs.some((log) => known.includes(log.vkey))) return;
    this.report.fault("log", "no key of this log stands in your policy: it is not the log that the policy names");
  },

  // The older checkpoints from which a proof leads to this one: [{origin, size, root}].
  async checkConsistency() {
    const older = [];
    if (this.head === null) return older; // told already
    for (const name of this.dossier.under(AT_CONSISTENCY)) {
      try {
        const bytes = await this.dossier.read(name, MAX_CONSISTENCY);
        older.push(this.consistentFrom(name, parseConsistency(bytes)));
      } catch (error) {
        if (!foreseen(error)) throw error;
        this.report.fault("log", `${name}: ${error.message}`);
      }
    }
    for (const held of this.heldHeads()) {
      const other = older.some((old) => old.origin === held.origin && old.size === held.size && !equal(old.root, held.root));
      if (other) this.report.fault("log", `two heads for size ${held.size}: the checkpoint you hold is not the one that this dossier continues`);
    }
    return older;
  },

  consistentFrom(name, proof) {
    const { old } = proof, named = name === `${AT_CONSISTENCY}${tenDigits(old.size)}.json`;
    well(named && old.origin === this.report.origin, "a consistency proof of another size or ledger");
    well(equal(proof.now, this.signedHead), "a consistency proof that leads to another checkpoint");
    well(consistent(old, this.head, proof.path), "a consistency proof that does not hold");
    return old;
  },

  anchored() {
    if (!this.trust) return false;
    return this.trust.head !== null || this.trust.anchors.some((one) => one.first !== null || one.pinned !== null);
  },

  // Whether something that the reader holds is in it: the first record, this very checkpoint, or an older one that it continues.
  tied(first, older) {
    const same = (one) => (held) => one.origin === held.origin && one.size === held.size && equal(one.root, held.root);
    if (first !== undefined && [this.anchors, ...this.others].some((one) => one && one.first !== null)) return true;
    return this.head !== null && [this.head, ...older].some((one) => this.heldHeads().some(same(one)));
  },

  // Whoever holds nothing learns that it is consistent in itself, and not whose it is.
  untie() {
    const said = "whose keys these are is not established: nothing you hold says so";
    const reason = this.report.faulty ? said : `consistent in itself, but ${said}`;
    for (const name of LINES.filter((one) => one !== "content")) {
      Object.assign(this.report.lines.get(name), { reason, counts: ["log", "signatures", "keys"].includes(name) });
    }
  },
});
