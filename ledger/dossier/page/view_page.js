// The page: what it carries is checked when it is opened, and again with each thing that its reader gives.

// `open` makes the tree that is checked; `own` is the checkpoint of what the page carries; `turn` counts the checks.
const page = { open: null, carried: true, what: null, own: null, trust: null, turn: 0, book: null };

function carriedMembers() {
  const kept = Object.entries(JSON.parse(document.getElementById("dossier").textContent)), members = new Map();
  for (const [name, value] of kept) if (typeof value === "string") members.set(name, unbase64(value));
  for (const [name, value] of kept) if (typeof value !== "string") members.set(name, concat(unbase64(value.begins), members.get(value.then)));
  return members;
}

// Checks what is at hand with the trust at hand. A later turn overtakes one that still runs.
async function judge(asked) {
  const turn = ++page.turn, box = document.getElementById("outcome");
  say("working", "Checking…");
  try {
    const tree = await page.open(), report = await auditDossier(tree, page.trust, { carried: page.carried });
    if (turn !== page.turn) return;
    showReport(report, tree);
  } catch (error) {
    if (turn !== page.turn) return;
    if (error.exit === undefined) return say("unknown", "This page failed and says nothing of it; use verify.py or custody audit: ", outside(error.message));
    showRefusal(error);
  } finally {
    if (turn === page.turn) reading(null);
  }
  box.dataset.turn = turn;
  if (asked) document.getElementById("outcome-head").focus();
}

function say(kind, ...words_) {
  const box = document.getElementById("outcome");
  put("outcome-said", element("p", { class: "outcome-word" }, words_));
  box.dataset.kind = kind;
  delete box.dataset.exit;
}

function put(id, ...content) {
  const place = document.getElementById(id);
  place.replaceChildren();
  filled(place, {}, content);
}

function conclude(kind, exit, said) {
  const box = document.getElementById("outcome");
  put("outcome-said", said);
  Object.assign(box.dataset, { kind, exit });
}

function showRefusal(error) {
  const kind = error.exit === 1 ? "unsound" : "unknown";
  document.getElementById("content").hidden = true;
  for (const id of ["lines", "before", "about"]) put(id);
  conclude(kind, error.exit, [outcomeWord(kind), element("p", {}, "Nothing in it was read: ", outside(error.message)), source(null)]);
}

function showReport(report, tree) {
  const book = (page.book = new Book(report)), kind = outcomeKind(report, page.trust !== null);
  document.getElementById("content").hidden = false;
  put("about", about(book));
  put("lines", linesTable(report, book));
  put("before", report.before.length ? [element("h3", {}, "Dossiers inside this one"), beforeShown(report.before)] : null);
  showContents(book, page.carried ? null : tree);
  conclude(kind, report.exit, [outcomeWord(kind), element("p", {}, OUTCOMES[kind].more), source(book)]);
}

// What was checked, and against what.
function source(book) {
  const own = "Checked: what this page carries, that is all but the files and the seal. Choose the dossier below to check these too.";
  const same = book === null || page.own === null || book.report.checkpointNote === page.own;
  const another = same ? null : element("strong", {}, " It is ANOTHER dossier than the one this page carries.");
  const held = page.trust ? " Held against what you gave." : " Held against nothing: no trust card was given.";
  return element("p", { class: "quiet" }, page.carried ? own : [told`Checked: ${page.what}, with its files and its seal.`, another], held);
}

async function trustGiven(brought) {
  page.trust = readTrust(brought);
  await judge(true);
}

async function dossierGiven(what, open) {
  Object.assign(page, { open, carried: false, what });
  put("file-said");
  await judge(true);
}

async function fileGiven(blob) {
  try {
    put("file-said", await fileShown(blob, page.book));
  } catch (error) {
    put("file-said", element("p", { class: "caution" }, "The file could not be read: ", outside(error.message)));
  }
}

async function start() {
  const members = carriedMembers(), head = members.get("custody/checkpoint");
  page.own = head ? orNone(() => textOf(head)) : null;
  page.open = async () => openHeld(members);
  put("legend", legend());
  put("limits", element("p", {}, "No log can prove:"), listed(NOT_PROVED, "not-proved"));
  trustForm(trustGiven);
  dropZone(dossierGiven, fileGiven);
  put("program-hash", hex(sha256(utf8(PROGRAM))));
  await judge(false);
}

// Everything is on paper: what is folded is opened while it is printed.
let unfolded = [];
window.addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details:not([open])")];
  for (const one of unfolded) one.open = true;
});
window.addEventListener("afterprint", () => {
  for (const one of unfolded) one.open = false;
});

start();
