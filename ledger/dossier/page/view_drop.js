// What a person drops on the page or chooses: the dossier, as archive or folder, which is checked anew; or any file, which is looked up.

const BEGINS = "PK\x03\x04", FIRST_NAME = "dossier/";

// `dossier(what, open)` checks a dossier; `file(blob)` looks a file up.
function dropZone(dossier, file) {
  const zone = document.getElementById("drop");
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", event.type === "dragover");
    });
  }
  document.addEventListener("drop", (event) => dropped(event.dataTransfer, dossier, file));
  chosen("archive", ([one]) => dossier(one.name, opener(one)));
  chosen("folder", (files) => dossier(files[0].webkitRelativePath.split("/")[0], opener(new Map(files.map((one) => [placeOf(one), one])))));
  chosen("file", ([one]) => file(one));
}

function chosen(id, action) {
  const input = document.getElementById(id);
  input.addEventListener("change", async () => {
    const files = [...input.files];
    if (files.length) await action(files);
    input.value = "";
  });
}

// The name of a file within the folder that was chosen.
function placeOf(file) {
  return file.webkitRelativePath.split("/").slice(1).join("/");
}

async function dropped(held, dossier, file) {
  const [first] = held.items, folder = first ? first.webkitGetAsEntry() : null, [one] = held.files;
  if (folder && folder.isDirectory) return dossier(folder.name, opener(await filesUnder(folder)));
  if (one) return (await isDossier(one)) && !(await isNamed(one, page.book)) ? dossier(one.name, opener(one)) : file(one);
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

// How a dossier is opened: an archive, or a Map of files by name. How much of it was read is told meanwhile.
function opener(brought) {
  return async () => {
    let read = 0;
    const blocks = new Blocks((size) => reading(`Read so far: ${grouped(Math.round((read += size) / 1e6))} MB`));
    return brought instanceof Map ? openFiles(new Map([...brought].map(([name, file]) => [name, blocks.of(file)]))) : openZip(blocks.of(brought));
  };
}

// Whether a file begins as a dossier's archive does. Any other archive may well be a piece of evidence.
async function isDossier(blob) {
  const start = latin(new Uint8Array(await blob.slice(0, 30 + FIRST_NAME.length).arrayBuffer()));
  return start.startsWith(BEGINS) && start.slice(30) === FIRST_NAME;
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
