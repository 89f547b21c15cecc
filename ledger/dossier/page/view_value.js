// Any field of an entry, as its shape tells: for what no sentence of its own speaks of.

const ENTRY_HASH = /^[A-Za-z0-9+/]{43}=$/u;
const SHA256 = /^[0-9a-f]{64}$/u;

// What a field says. `book` knows the numbers of items and the records of entries.
function valueShown(value, book) {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (value === null) return "none";
  if (typeof value === "number") return grouped(value);
  if (typeof value === "string") return textShown(value, book);
  if (Array.isArray(value)) return value.length === 1 ? valueShown(value[0], book) : listed(value.map((one) => valueShown(one, book)), "plain");
  return objectShown(value, book);
}

function textShown(text, book) {
  if (MOMENT.test(text)) return moment(text);
  if (SHA256.test(text)) return digest(text);
  if (text.startsWith("urn:uuid:")) return book.subject(text);
  return ENTRY_HASH.test(text) ? book.cited(text) || digest(text) : outside(text);
}

function objectShown(value, book) {
  if (value.sha256 !== undefined && value.size !== undefined) return fileNamed(value);
  if (value.root !== undefined && value.files !== undefined) return filesNamed(value);
  if (value.latitude !== undefined) return placed(value);
  if (value.state !== undefined && Object.keys(value).every((name) => ["number", "state", "replaced_by"].includes(name))) return sealSeen(value);
  const keys = Object.keys(value);
  if (keys.length && keys.every((name) => name === "from" || name === "to") && keys.every((name) => MOMENT.test(value[name]))) return period(value);
  return facts(Object.entries(value).map(([name, inner]) => [words(name), valueShown(inner, book)]), "inner");
}

// The fields of an entry but those of `told`, each by name; those that were disclosed say so, and closed ones are counted.
function fieldsShown(step, book, but = []) {
  const shown = Object.entries(step.body).filter(([name]) => name !== "_sd" && !but.includes(name));
  const pairs = shown.map(([name, value]) => [fieldNamed(name, step), valueShown(value, book)]);
  if (step.closed) pairs.push(["closed", `${counted(step.closed, "field")} kept confidential`]);
  return facts(pairs, "fields");
}

function fieldNamed(name, step) {
  return [words(name), Object.hasOwn(step.opened, name) ? element("span", { class: "tag" }, "disclosed") : null];
}
