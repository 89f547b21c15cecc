// Which exhibit a file is, by its SHA-256, or that it is none.

const SLICE = 1 << 22;

// The SHA-256 of a file of any size, slice by slice; `heard` is told how far it is, from 0 to 1.
async function hashed(blob, heard) {
  const hash = new Sha256();
  for (let at = 0; at < blob.size; at += SLICE) {
    hash.update(new Uint8Array(await blob.slice(at, at + SLICE).arrayBuffer()));
    heard(Math.min(1, (at + SLICE) / blob.size));
  }
  return hex(hash.digest());
}

// A dossier can be a file of another one. Only what has the size of a file that is named is hashed for that.
async function isNamed(blob, book) {
  const alike = book !== null && [...fileRows(book).values()].some((row) => row.size === blob.size);
  return alike && book.report.whichFile(await hashed(blob, () => undefined)).length > 0;
}

async function fileShown(blob, book) {
  const sha256Hex = await hashed(blob, (part) => reading(`Hashed: ${Math.floor(100 * part)} %`, part));
  reading(null);
  const found = book === null ? [] : book.report.whichFile(sha256Hex);
  return [element("p", { class: "answer" }, found.length ? itIs(found) : noneNames(book)),
    listed(found.map(namedAt)), element("p", {}, told`${blob.name}, ${counted(blob.size, "byte")}, SHA-256 `, digest(sha256Hex))];
}

// What is not shown here may name it all the same, and is then not denied.
function noneNames(book) {
  const said = "✗ It is none of the files shown: no entry here names a file with this SHA-256.";
  return book !== null && (book.report.withheld.length || book.report.lines.content.notes.some((note) => note.includes("lines of its manifest stay closed")))
    ? `${said} What is withheld or stays closed may name it.` : said;
}

function itIs(found) {
  const items = [...new Set(found.map((one) => one.item))];
  return ["✓ It is a file of ", joined(items.map(outside), " and "), ":"];
}

function namedAt({ name, field, record }) {
  return [lead("", name), " · ", words(field), " in ", recordLink(record)];
}
