// What the dossier says, below its verdicts: exhibits, what is withheld, places, files, people, and every other entry.

// `tree`: where the files are; null where the page has none of them.
function showContents(book, tree) {
  const subjects = exhibits(book), items = new Set(subjects);
  put("contents", listed(subjects.map((subject) => [book.exhibitLink(subject), " ", brief(book.of(subject)[0])]), "contents"));
  put("exhibits-shown", subjects.map((subject) => exhibitShown(subject, book)));
  put("withheld-shown", withheldShown(book));
  put("places-shown", placesShown(book));
  put("files-shown", filesShown(book, tree));
  put("people-shown", peopleShown(book));
  put("others-shown", book.steps.filter((step) => !items.has(step.subject)).map((step) => recordShown(step, book)));
}

// Those of the export first, then what they lay in or were made from; by number.
function exhibits(book) {
  const named = book.exported(), every = [...new Set(book.steps.map((step) => step.subject))].filter((subject) => subject.startsWith("urn:"));
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  const byNumber = (subjects) => subjects.sort((one, other) => compare(book.number(one), book.number(other)));
  return [...byNumber(named), ...byNumber(every.filter((subject) => !named.includes(subject)))];
}

function brief(first) {
  return first && first.body.description !== undefined ? outside([...first.body.description.split("\n")[0]].slice(0, 80).join("")) : null;
}

// In two sentences what this is.
function about(book) {
  const number = counted(book.exported().length, "exhibit");
  return element("p", { class: "lead" }, `This page carries the signed records of ${number} from the custody ledger `, book.report.origin ? outside(book.report.origin) : "whose name is not proved",
    given(book.exportStep(), exportSaid), ". It checks them here, on your computer and without any network, and shows what they say of each exhibit.");
}

function exportSaid({ time, body }) {
  const to = given(body.recipient, (one) => told` for ${one.name}, ${one.organisation}`);
  return [", exported ", moment(time), to, given(authority(body), (one) => [", on the authority of ", one])];
}
