// What this dossier does not show: entries held back, fields that stay closed, fields that were opened.

function withheldShown(book) {
  const { report } = book, closed = book.steps.filter((step) => step.closed), opened = book.steps.filter((step) => Object.keys(step.opened).length);
  const count = closed.reduce((sum, step) => sum + step.closed, 0);
  const rows = report.withheld.map((one) => [`record ${one.index}`, one.subject ? book.subject(one.subject) : "–", outside(one.reason)]);
  return [
    rows.length ? table("Entries that are withheld; their records are here and counted", ["Record", "About", "Reason given"], rows) : element("p", {}, "No entry is withheld."),
    count ? [element("p", {}, `${counted(count, "confidential field")} closed: only a digest is shown, and which field it is cannot be told.`), listed(closed.map((step) => [recordLink(step.index), `: ${counted(step.closed, "field")}`, " of ", book.subject(step.subject)]))]
      : element("p", {}, "No confidential field stays closed."),
    opened.length ? [element("p", {}, "Confidential fields that were disclosed for this dossier:"), listed(opened.map((step) => [recordLink(step.index), ", ", book.subject(step.subject), ": ", joined(Object.keys(step.opened).map(words))]))] : null,
  ];
}
