// What each act says beyond its verb and its subject: the parts of its sentence, null for one that is not there.

const CHECKED = { match: "match", mismatch: "MISMATCH", missing: "MISSING" };

const DETAILS = {
  open: (b, book) => [text(b.title), ["registrars ", book.people(b.registrars.map((one) => one.handler))]],
  close: (b) => [text(b.reason), lead("continued in ", b.successor)],
  enrol: (b) => [
    ["as ", joined(b.roles.map(outside), " and ")], given(b.prefix, (one) => told`numbers ${one}-…`), given(b.valid_to, (one) => ["until ", moment(one)]),
  ],
  rotate: (b) => b.old.map((old, at) => [keyId(old), " is now ", keyId(b.new[at])]),
  revoke: (b) => [keyId(b.vkey), words(b.reason), given(b.compromised_since, (one) => `declared unsafe since record ${one}`)],
  acquire: (b) => [["(", joined([outside(b.kind), filesCounted(b.files)]), ")", lead(" by ", b.method), lead(": ", b.description)]],
  derive: (b, book, step) => [["from ", parentsOf(step, book)], words(b.operation), text(b.description)],
  release: (b, book) => [recipient(b.to, book), contentSeen(b), byWay(b.method), given(b.expires, (one) => ["until ", moment(one)])],
  withdraw: (b) => [text(b.reason)],
  decline: (b) => [text(b.reason)],
  accept: (b, book) => [released(b, book), contentSeen(b), exceptions(b)],
  handover: (b, book) => [recipient(b.to, book), contentSeen(b), byWay(b.method), exceptions(b)],
  acknowledge: (b) => [
    given(b.received, (one) => [told`by ${one.by} of ${one.organisation}, `, moment(one.time)]), exceptions(b),
    given(b.onward, (one) => told`passed on to ${one.to}`),
  ],
  return: (b, book, step) => [lead("from ", b.from), contentSeen(b), exceptions(b), others(step, book)],
  reassign: (b, book, step) => [
    ["from ", book.person(b.from), " to ", book.person(step.by.at(-1))], ["a declared gap (", words(b.cause), ")"],
    ["last certain: ", book.record(b.last_certain)],
  ],
  verify: (b) => [words(b.claim), words(b.method), [outside(b.result), lead(": ", b.statement)]],
  review: (b, book) => [
    [b.opinion === "concur" ? "concurs with" : "dissents from", " the finding in ", book.record(b.finding), lead(": ", b.rationale)],
  ],
  access: (b, book) => [b.child === undefined ? outside(b.manner) : ["to derive ", book.subject(b.child)], text(b.purpose)],
  store: (b, book) => [typeof b.location === "string" ? lead("at ", b.location) : ["in ", book.subject(b.location.container)]],
  check: (b) => [CHECKED[b.outcome], given(b.coverage, (one) => `${grouped(one.checked)} of ${grouped(one.of)}`), text(b.trigger)],
  describe: (b, book) => [
    given(b.labels, (list) => ["labels ", joined(list.map(outside))]),
    given(b.other_numbers, (list) => joined(list.map((one) => told`${one.scheme} number ${one.number}`))),
    given(b.related, (list) => joined(list.map((one) => [words(one.relation), ": ", book.subject(one.subject)]))),
  ],
  amend: (b, book) => [[words(b.field), " of ", book.record(b.target), told`, from “${b.old}” to “${b.new}”`], text(b.reason)],
  note: (b) => [text(b.text)],
  incident: (b) => [
    outside(b.kind.toUpperCase()), text(b.occurred), given(b.discovered, (one) => ["discovered ", moment(one)]), lead("remedy: ", b.remedy),
  ],
  consent: (b) => [
    given(b.withdrawn, (one) => ["WITHDRAWN ", moment(one.date), lead(": ", one.reason)]), layers(b, true, "granted to "), layers(b, false, "refused to "),
  ],
  hold: (b) => [authority(b), given(b.until, (one) => ["until ", moment(one)])],
  lift: (b) => [authority(b)],
  disclose: (b, book) => [[joined(b.fields.map(words)), " of ", book.record(b.target), " to ", joined(b.to.map(outside))], authority(b)],
  erase: (b, book, step) => [[outside(b.scope), " of ", book.record(b.target)], text(b.reason), authority(b), others(step, book)],
  attest: (b, book, step) => [book.record(b.target), text(b.basis), others(step, book)],
  export: (b, book, step) => [
    [counted(b.items.length, "item"), given(b.recipient, (one) => told` to ${one.name} of ${one.organisation}`), told` (${b.to})`],
    b.withheld.length ? `${counted(b.withheld.length, "record")} withheld` : null, b.override ? "AGAINST CONSENT" : null, others(step, book),
  ],
  dispose: (b, book, step) => [
    words(b.manner), lead("to ", b.to), authority(b), others(step, book),
    given(b.witness, (one) => told`witnessed on paper by ${one.name} of ${one.organisation}`),
  ],
  checkpoint: (b) => [counted(b.index.subjects, "subject")],
};
