// What a page needs beyond one entry: numbers of items, people, and which record a cited entry is.

class Book {
  // `steps`: the entries that could be read, in the order of the log, each with its fields in one body, disclosed ones included.
  constructor(report) {
    this.report = report;
    this.handlers = report.handlers;
    this.steps = report.entries.map((one) => stepOf(one));
    this.byHash = new Map(this.steps.map((step) => [step.hash, step]));
  }

  of(subject) {
    return this.steps.filter((step) => step.subject === subject);
  }

  number(subject) {
    const first = this.steps.find((step) => step.subject === subject && step.body.number !== undefined);
    return first ? first.body.number : subject;
  }

  // A subject as people call it.
  subject(name) {
    if (name.startsWith("urn:")) return this.exhibitLink(name);
    return name === "ledger" ? "the ledger" : outside(name.slice(name.indexOf(":") + 1));
  }

  exhibitLink(subject) {
    const shown = outside(this.number(subject));
    return this.of(subject).length ? element("a", { href: `#${exhibitId(subject)}`, class: "to-exhibit" }, shown) : shown;
  }

  // The record of a cited entry as a link, or null where that is not here.
  cited(hash) {
    const step = this.byHash.get(hash);
    return step ? recordLink(step.index) : null;
  }

  record(hash) {
    return this.cited(hash) || "an entry that is not shown";
  }

  // A handler by name, and of which organisation where the entries say so.
  person(name) {
    const known = this.handlers.get(name);
    return known && known.organisation ? [outside(name), told` (${known.organisation})`] : outside(name);
  }

  people(names) {
    return joined([...new Set(names)].map((name) => this.person(name)), " and ");
  }

  // The export act, right before the last record under the checkpoint; or null.
  exportStep() {
    return this.steps.find((step) => step.act === "export" && step.index === this.report.checkpoint - 2) || null;
  }

  exported() {
    const act = this.exportStep();
    return act ? act.body.items.map((one) => one.subject) : [];
  }

  // When what is shown ends.
  until() {
    return (this.exportStep() || this.steps.at(-1)).time;
  }

  // All names under which somebody signed.
  signers() {
    return [...new Set(this.steps.flatMap((step) => step.by))].sort();
  }
}

function stepOf({ index, recorded, hash, fault, closed, opened, entry, proven }) {
  const { act, subject, time, by, body } = entry;
  return { index, recorded, hash, fault, closed, opened, proven, act, subject, time, by, body: { ...body, ...opened } };
}

function recordId(index) {
  return `record-${index}`;
}

function recordLink(index) {
  return element("a", { href: `#${recordId(index)}`, class: "to-record" }, `record ${index}`);
}

function exhibitId(subject) {
  return `exhibit-${subject.replace(/[^0-9a-f]/gu, "").slice(-32)}`;
}
