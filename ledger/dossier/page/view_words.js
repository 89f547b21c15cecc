// Values of entries in the words of the people who read them.

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const MOMENT = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2}:\d{2})(Z|[+-]\d{2}:\d{2})$/u;
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/u;

// A code as words: `not_possible` is "not possible".
function words(code) {
  return outside(String(code).replaceAll("_", " "));
}

function counted(count, what) {
  const many = what.endsWith("y") ? `${what.slice(0, -1)}ies` : `${what}s`;
  return `${grouped(count)} ${count === 1 ? what : many}`;
}

// Thousands apart, the same in every language of the browser.
function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/gu, "\u202f");
}

// A time or a day as people write it, with the hour's place on earth: 3 February 2025, 11:12:44 +02:00.
function moment(text) {
  const found = MOMENT.exec(text), day = found || DAY.exec(text);
  if (!day) return outside(text);
  const date = `${Number(day[3])} ${MONTHS[Number(day[2]) - 1]} ${day[1]}`;
  return element("time", { datetime: text }, found ? `${date}, ${found[4]} ${found[5] === "Z" ? "UTC" : found[5]}` : date);
}

function seconds(text) {
  return Date.parse(text) / 1000;
}

// How long, in the two largest units.
function duration(length) {
  if (!(length >= 60)) return length >= 0 ? "less than a minute" : "an impossible time";
  const parts = [];
  for (const [size, name] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (length >= size) parts.push(`${Math.floor(length / size)}\u00a0${name}`);
    length %= size;
  }
  return parts.slice(0, 2).join(" ");
}

function period(value) {
  if (value.from && value.to) return ["between ", moment(value.from), " and ", moment(value.to)];
  return value.from ? ["from ", moment(value.from)] : ["until ", moment(value.to)];
}

function placed(value) {
  const point = value.latitude === undefined ? null : [coordinates(value)];
  return joined([value.text === undefined ? null : outside(value.text), point], " · ");
}

function coordinates(value) {
  const precision = value.precision_m === undefined ? null : ` ± ${grouped(value.precision_m)} m`;
  return element("span", { class: "number" }, `${value.latitude}, ${value.longitude}`, precision);
}

// A seal as it was seen.
function sealSeen(value) {
  const seen = value.number === undefined ? ["no seal"] : told`seal ${value.number} ${value.state}`;
  return value.replaced_by === undefined ? seen : [seen, told`, replaced by ${value.replaced_by}`];
}

function digest(text) {
  return element("code", { class: "digest" }, outside(text));
}

function fileNamed(value) {
  const more = Object.entries(value.digests || {}).map(([name, hash]) => [element("br"), told`${name} `, digest(hash)]);
  return [outside(value.name), `, ${counted(value.size, "byte")}`, lead(", ", value.media_type), element("br"), digest(value.sha256), more];
}

function filesNamed(value) {
  if (Array.isArray(value)) return value.length === 1 ? fileNamed(value[0]) : listed(value.map(fileNamed));
  return [`${counted(value.files, "file")}, ${counted(value.bytes, "byte")}, by the root of their list `, digest(value.root)];
}
