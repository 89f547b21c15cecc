// The page: what it carries is checked when it is opened, and again with each thing its reader gives.

const shown = { own: null, open: null, carried: true, what: null, trust: null, turn: 0, book: null };

function carriedMembers() {
  const kept = JSON.parse(document.getElementById("dossier").textContent), members = new Map();
  for (const [name, value] of Object.entries(kept)) if (typeof value === "string") members.set(name, unbase64(value));
  for (const [name, value] of Object.entries(kept)) if (typeof value !== "string") members.set(name, concat(unbase64(value.begins), members.get(value.then)));
  return members;
}

// Checks what is at hand with the trust at hand. A later turn overtakes one that still runs.
async function judge(asked) {
  const turn = ++shown.turn;
  say("Checking…", "working");
  let tree = null, report = null, refused = null;
  try {
    tree = await shown.open();
    report = await auditDossier(tree, shown.trust, { carried: shown.carried });
  } catch (error) {
    if (error.exit === undefined) say(`This page failed, and says nothing of the dossier: ${plainly(error.message)}. Use verify.py or custody audit.`, "unknown");
    refused = error;
  }
  reading(null);
  if (turn !== shown.turn || (refused && refused.exit === undefined)) return;
  if (refused) showRefusal(refused);
  else show(report, tree);
  document.getElementById("outcome").dataset.turn = turn;
  if (asked) document.getElementById("outcome-head").focus();
}

function say(message, kind) {
  put("outcome-said", element("p", { class: "outcome-word" }, message));
  document.getElementById("outcome").dataset.kind = kind;
  delete document.getElementById("outcome").dataset.exit;
}

function put(id, ...content) {
  const place = document.getElementById(id);
  place.replaceChildren();
  filled(place, {}, content);
}

function showRefusal(error) {
  put("outcome-said", refusalShown(error), source(null));
  const box = document.getElementById("outcome");
  box.dataset.kind = error.exit === 1 ? "unsound" : "unknown";
  box.dataset.exit = error.exit;
  document.getElementById("content").hidden = true;
  for (const id of ["lines", "before"]) put(id);
}

function show(report, tree) {
  const book = (shown.book = new Book(report)), kind = outcomeKind(report, shown.trust !== null), box = document.getElementById("outcome");
  document.getElementById("content").hidden = false;
  put("about", about(book));
  put("outcome-said", outcomeShown(kind, source(book)));
  box.dataset.kind = kind;
  box.dataset.exit = report.exit;
  put("lines", linesTable(report, book));
  put("before", report.before && report.before.length ? [element("h3", {}, "Dossiers inside this one"), beforeShown(report.before)] : null);
  showContent(book, tree);
}

function showContent(book, tree) {
  const subjects = exhibits(book);
  put("contents", listed(subjects.map((subject) => [element("a", { href: `#${exhibitId(subject)}` }, outside(book.number(subject))), " ", brief(book.of(subject)[0])]), "contents"));
  put("exhibits-shown", subjects.map((subject) => exhibitShown(subject, book)));
  put("withheld-shown", withheldShown(book));
  put("places-shown", placesShown(book));
  put("files-shown", filesShown(book, shown.carried ? null : tree));
  put("people-shown", peopleShown(book));
  const items = new Set(subjects);
  put("others-shown", book.steps.filter((step) => !items.has(step.subject)).map((step) => recordShown(step, book)));
}

// Those of the export first, then what they lay in or were made from.
function exhibits(book) {
  const named = book.exported(), all = [...new Set(book.steps.map((step) => step.subject).filter((subject) => subject.startsWith("urn:")))];
  const order = new Intl.Collator("en", { numeric: true }).compare, byNumber = (list) => list.sort((one, other) => order(book.number(one), book.number(other)));
  return [...byNumber(named), ...byNumber(all.filter((subject) => !named.includes(subject)))];
}

function brief(first) {
  return first && first.body.description !== undefined ? outside([...first.body.description.split("\n")[0]].slice(0, 80).join("")) : null;
}

// In two sentences what this is.
function about(book) {
  const act = book.exportStep(), number = counted(book.exported().length, "exhibit");
  const given_ = act ? [" on ", moment(act.time), given(act.body.recipient, (one) => told`, for ${one.name}, ${one.organisation}`), given(act.body.authority, (one) => told`, on the authority of ${one.kind} ${one.reference}`)] : "";
  return [element("p", { class: "lead" }, `This page carries the signed records of ${number} from the custody ledger `, outside(book.report.origin), ", exported", given_,
    ". It checks them here, on your computer and without any network, and shows what they say of each exhibit.")];
}

function source(book) {
  const other = !shown.carried && shown.own !== null && book && book.report.checkpointNote !== shown.own;
  const what = shown.carried ? "Checked: what this page carries, that is all but the files and the seal. Choose the dossier below to check these too." : told`Checked: ${shown.what}, with its files and its seal.`;
  return element("p", { class: "quiet" }, what, other ? " It is ANOTHER dossier than the one that this page carries." : null, " ", shown.trust ? "Held against what you gave." : "Held against nothing: no trust card was given.");
}

async function start() {
  const members = carriedMembers();
  shown.own = members.has("custody/checkpoint") ? textOf(members.get("custody/checkpoint")) : null;
  shown.open = async () => openHeld(members);
  put("legend", legend());
  put("limits", notProved());
  trustForm(async (brought) => {
    shown.trust = await readTrust(brought);
    await judge(true);
  });
  dropZone(async (what, open) => {
    Object.assign(shown, { open, carried: false, what });
    put("file-said");
    await judge(true);
  }, async (blob) => put("file-said", await fileShown(blob, shown.book)), (blob) => named(blob, shown.book));
  put("program-hash", await programShown());
  await judge(false);
}

// Everything is on paper: what is folded is opened while it is printed.
let opened = [];
window.addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const one of opened) one.open = true;
});
window.addEventListener("afterprint", () => {
  for (const one of opened) one.open = false;
});

start();
