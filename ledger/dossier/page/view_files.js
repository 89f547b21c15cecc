// The fingerprints: every file that the entries name, and whether it is in hand.

function filesShown(book, tree) {
  const names = new Set(tree ? tree.names() : []), rows = [...fileRows(book).values()];
  if (!rows.length) return element("p", {}, "The entries shown name no file.");
  return table("Files by their SHA-256", ["File", "Size", "SHA-256", "Named in", "In hand"], rows.map((one) => [
    joined([...one.names].map(outside), " · "), counted(one.size, "byte"), digest(one.sha256), namedIn([...one.steps], book),
    inHand(one.sha256, names)]), "files");
}

// The subjects that name it, each with its records.
function namedIn(steps, book) {
  const subjects = [...new Set(steps.map((step) => step.subject))];
  const links = (subject) => joined(steps.filter((step) => step.subject === subject).map((step) => recordLink(step.index)));
  return joined(subjects.map((subject) => [book.subject(subject), ": ", links(subject)]), "; ");
}

// What the page carries lists the files of the dossier and does not hold them.
function inHand(sha256, names) {
  return names.has(`data/files/${sha256}`) ? "yes" : "not here";
}

// {sha256, size, names, steps} by SHA-256; lists of many files stand by their root.
function fileRows(book) {
  const rows = new Map();
  for (const step of book.steps) for (const file of filesIn(step.body)) {
    const row = rows.get(file.sha256) || { sha256: file.sha256, size: file.size, names: new Set(), steps: new Set() };
    row.names.add(file.name);
    row.steps.add(step);
    rows.set(file.sha256, row);
  }
  return rows;
}

// Every file object anywhere in a body.
function filesIn(value) {
  if (value === null || typeof value !== "object") return [];
  if (typeof value.sha256 === "string" && typeof value.size === "number" && typeof value.name === "string") return [value];
  return Object.values(value).flatMap(filesIn);
}
