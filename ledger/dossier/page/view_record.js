// An entry in full: its sentence, and folded below it everything that was signed.

function recordShown(step, book) {
  const signed = facts([["signed by", book.people(step.by)], ["time, as signed", moment(step.time)], ["recorded", moment(step.recorded)],
    ["entry hash", digest(step.hash)]], "fields");
  const mark = step.fault ? element("strong", { class: "bad" }, "✗ at fault ") : null;
  const said = [element("span", { class: "index" }, step.index), " ", mark, moment(step.time), " · ", sentence(step, book)];
  const shown = folded(said, signed, fieldsShown(step, book));
  shown.id = recordId(step.index);
  return shown;
}
