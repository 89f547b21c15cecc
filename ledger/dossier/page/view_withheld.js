// What this dossier does not show: entries held back, fields that stay closed; and fields that were opened for it.

function withheldShown(book) {
  return [entriesWithheld(book), fieldsClosed(book), fieldsOpened(book)];
}

function entriesWithheld(book) {
  const rows = book.report.withheld.map((one) => [`record ${one.index}`, given(one.subject, (subject) => book.subject(subject)) || "–", outside(one.reason)]);
  if (!rows.length) return element("p", {}, "No entry is withheld.");
  return table("Entries that are withheld; their records are here and counted", ["Record", "About", "Reason given"], rows);
}

function fieldsClosed(book) {
  const steps = book.steps.filter((step) => step.closed), count = steps.reduce((sum, step) => sum + step.closed, 0);
  if (!count) return element("p", {}, "No confidential field stays closed.");
  const said = `${counted(count, "confidential field")} ${count === 1 ? "stays" : "stay"} closed: only a digest is shown, and which field it is cannot be told.`;
  return [element("p", {}, said), listed(steps.map((step) => [recordLink(step.index), `: ${counted(step.closed, "field")}, about `, book.subject(step.subject)]))];
}

function fieldsOpened(book) {
  const steps = book.steps.filter((step) => Object.keys(step.opened).length);
  if (!steps.length) return null;
  const names = (step) => joined(Object.keys(step.opened).map(words));
  return [element("p", {}, "Confidential fields that are disclosed in this dossier:"),
    listed(steps.map((step) => [recordLink(step.index), ", about ", book.subject(step.subject), ": ", names(step)]))];
}
