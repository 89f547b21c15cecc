// An entry in full: its sentence, and folded below it everything that was signed, and between which proven instants.

function recordShown(step, book) {
  const signed = facts([["signed by", book.people(step.by)], ["time, as signed", moment(step.time)], ["recorded", moment(step.recorded)],
    ...provenShown(step.proven), ["entry hash", digest(step.hash)]], "fields");
  const mark = step.fault ? element("strong", { class: "bad" }, "✗ at fault ") : null;
  const said = [element("span", { class: "index" }, step.index), " ", mark, moment(step.time), " · ", sentence(step, book)];
  const shown = folded(said, signed, fieldsShown(step, book));
  shown.id = recordId(step.index);
  return shown;
}

// By the word of those whom the reader named; nothing before they have.
function provenShown(proven) {
  if (!proven) return [];
  const by = (end) => [moment(end.time), told`, by ${end.by.join(", ")}, who saw the log of ${end.size} records`];
  const rows = [["signed not before", proven.signed], ["recorded not before", proven.after], ["recorded not after", proven.before]];
  return rows.map(([name, end]) => [name, end ? by(end) : "not proved"]);
}
