// Who signed: each handler as the entries here enrol them.

function peopleShown(book) {
  const names = book.signers().filter((name) => name !== book.report.origin);
  if (!names.length) return element("p", {}, "No entry could be read.");
  return table("Those who signed entries shown here", ["Name", "Organisation", "Roles", "Signed"], names.map((name) => personRow(name, book)));
}

function personRow(name, book) {
  const known = book.handlers.get(name) || {}, signed = book.steps.filter((step) => step.by.includes(name)).length;
  const called = [outside(name), given(known.display_name, (one) => told` · ${one}`)];
  return [called, text(known.organisation) || "–", known.roles ? joined(known.roles.map(outside)) : "–", counted(signed, "entry")];
}
