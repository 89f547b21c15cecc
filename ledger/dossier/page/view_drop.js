// What a person drops on the page or chooses: the dossier, as archive or folder, which is checked anew; or any file, which is looked up.

const BEGINS = [0x50, 0x4b, 0x03, 0x04];
const FIRST_NAME = "dossier/";

// `dossier(what, open)` checks a dossier; `file(blob)` looks a file up; `isNamed(blob)`: whether it is a file of an exhibit.
function dropZone(dossier, file, isNamed) {
  const zone = document.getElementById("drop");
  const over = (event) => {
    event.preventDefault();
    zone.classList.toggle("over", event.type === "dragover");
  };
  for (const kind of ["dragover", "dragleave"]) document.addEventListener(kind, over);
  document.addEventListener("drop", async (event) => {
    over(event);
    const dropped = event.dataTransfer.items.length ? event.dataTransfer.items[0].webkitGetAsEntry() : null, files = [...event.dataTransfer.files];
    if (dropped && dropped.isDirectory) return dossier(dropped.name, opener(await filesUnder(dropped)));
    if (files.length) await (await isDossier(files[0]) && !(await isNamed(files[0])) ? dossier(files[0].name, opener(files[0])) : file(files[0]));
  });
  chosen("archive", (files) => dossier(files[0].name, opener(files[0])));
  chosen("folder", (files) => dossier(files[0].webkitRelativePath.split("/")[0], opener(new Map(files.map((one) => [one.webkitRelativePath.split("/").slice(1).join("/"), one])))));
  chosen("file", (files) => file(files[0]));
}

function chosen(id, action) {
  const input = document.getElementById(id);
  input.addEventListener("change", async () => {
    const files = [...input.files];
    if (files.length) await action(files);
    input.value = "";
  });
}

// How a dossier is opened: an archive, or a Map of files by name. What is read of it is told while it is read.
function opener(given_) {
  return async () => {
    let read = 0;
    const blocks = new Blocks((size) => reading(`Read so far: ${grouped(Math.round((read += size) / 1e6))} MB`));
    return given_ instanceof Map ? openFiles(new Map([...given_].map(([name, file]) => [name, blocks.of(file)]))) : openZip(blocks.of(given_));
  };
}

// Whether a file begins as a dossier's archive does. Any other archive may well be a piece of evidence.
async function isDossier(blob) {
  const start = new Uint8Array(await blob.slice(0, 30 + FIRST_NAME.length).arrayBuffer());
  return BEGINS.every((byte, at) => start[at] === byte) && new TextDecoder().decode(start.slice(30)) === FIRST_NAME;
}

// The files of a dropped folder, by their names in it.
async function filesUnder(folder, before = "") {
  const reader = folder.createReader(), found = new Map();
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return found;
    for (const entry of entries) {
      if (entry.isDirectory) for (const [name, file] of await filesUnder(entry, `${before}${entry.name}/`)) found.set(name, file);
      else found.set(before + entry.name, await new Promise((resolve, reject) => entry.file(resolve, reject)));
    }
  }
}

// --- a file: which exhibit it is

const SLICE = 1 << 22;

// The SHA-256 of a file of any size; `told(part)` hears how far it is, from 0 to 1.
async function hashed(blob, told_) {
  const hash = new Sha256();
  for (let at = 0; at < blob.size; at += SLICE) {
    hash.update(new Uint8Array(await blob.slice(at, at + SLICE).arrayBuffer()));
    told_(Math.min(1, (at + SLICE) / blob.size));
  }
  return hex(hash.digest());
}

// A dossier can be a file of another one. Only what has the size of a file that is named is hashed for that.
async function named(blob, book) {
  const alike = [...fileRows(book).values()].some((row) => row.size === blob.size);
  return alike && book.report.whichFile(await hashed(blob, () => undefined)).length > 0;
}

async function fileShown(blob, book) {
  const sha256 = await hashed(blob, (part) => reading(`Hashed: ${Math.floor(100 * part)} %`, part));
  reading(null);
  const found = book.report.whichFile(sha256), head = told`${blob.name}, ${counted(blob.size, "byte")}, SHA-256 `;
  const answer = found.length ? ["It is a file of ", joined([...new Set(found.map((one) => one.item))].map((one) => namedItem(one, book)), " and "), ":"] : "It is none: no entry shown here names a file with this SHA-256.";
  return [element("p", { class: "answer" }, found.length ? "✓ " : "✗ ", answer),
    found.length ? listed(found.map((one) => [given(one.name, (name) => told`“${name}”, `), words(one.field), " in ", recordLink(one.record)])) : null, element("p", {}, head, digest(sha256))];
}

function namedItem(item, book) {
  return item && item.startsWith("urn:") ? book.subject(item) : item ? outside(item) : "no item";
}

let toldLast = 0;

// How far it is; null when it is done. The bar has no end where that is not known. Told ten times a second, at most.
function reading(said, part = null) {
  const bar = document.getElementById("progress"), now = performance.now();
  if (said !== null && now - toldLast < 100) return;
  toldLast = said === null ? 0 : now;
  bar.hidden = said === null;
  if (said !== null) bar.replaceChildren(said, element("progress", { max: 1, value: part, "aria-label": "reading" }));
}
