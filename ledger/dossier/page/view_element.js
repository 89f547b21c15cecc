// Elements of the page. What comes from outside enters it only by `outside`: as text, kept apart from the direction of its neighbours.

const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/u;
// Format characters that readers of Persian, Arabic, Syriac and Kaithi need; the others turn, hide or join what stands beside them.
const NEEDED = new Set("\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}");

// A child is a node, a list, our own words or a number; null and undefined are left out.
function element(tag, attributes, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function drawn(tag, attributes, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) if (value !== null) node.setAttribute(name, String(value));
  for (const child of children.flat(Infinity)) if (child !== null && child !== undefined) node.append(child instanceof Node ? child : String(child));
  return node;
}

// A value that somebody signed or a file is called, for eyes.
function outside(value) {
  const shown = element("bdi", { dir: "auto" });
  String(value).split("\n").forEach((line, at) => shown.append(...(at ? [element("br")] : []), ...visible(line)));
  return shown;
}

// The line, with what cannot be seen as \u{...} of its code point.
function visible(line) {
  const parts = [""];
  for (const sign of line) {
    if (!HIDDEN.test(sign) || NEEDED.has(sign)) parts[parts.length - 1] += sign;
    else parts.push(element("span", { class: "sign" }, escapedSign(sign)), "");
  }
  return parts.filter((part) => part !== "");
}

function escapedSign(sign) {
  return `\\u{${sign.codePointAt(0).toString(16).toUpperCase()}}`;
}

// The same where only text can stand: the title of a drawing, a message that is spoken.
function plainly(value) {
  return [...String(value)].map((sign) => (HIDDEN.test(sign) && !NEEDED.has(sign) ? (sign === "\n" ? " " : escapedSign(sign)) : sign)).join("");
}

// told`released ${item} to ${name}`: our words, and between them strings from outside, numbers and nodes. A list of nodes.
function told(words, ...values) {
  return words.flatMap((word, at) => [word, ...(at < values.length ? [typeof values[at] === "string" ? outside(values[at]) : values[at]] : [])]);
}

function joined(parts, between = ", ") {
  return parts.filter((part) => part !== null && part !== undefined).flatMap((part, at) => (at ? [between, part] : [part]));
}

// A table whose rows are lists of cells. Its roles are spelt out, since a narrow screen shows it as blocks.
function table(caption, heads, rows, kind = "") {
  const head = heads.map((one) => element("th", { scope: "col", role: "columnheader" }, one));
  const body = rows.map((row) => element("tr", { role: "row" }, row.map((cell, at) => tableCell(cell, heads[at], at === 0))));
  return element("table", { role: "table", class: kind }, element("caption", {}, caption),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, head)), element("tbody", { role: "rowgroup" }, body));
}

function tableCell(content, head, first) {
  return element(first ? "th" : "td", { role: first ? "rowheader" : "cell", scope: first ? "row" : null, "data-head": head }, content);
}

// Names and what is known of them; pairs with nothing known are left out.
function facts(pairs, kind = "") {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && !(Array.isArray(value) && !value.length));
  const rows = known.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  return rows.length ? element("dl", { class: kind }, rows) : null;
}

function listed(items, kind = "") {
  return element("ul", { class: kind }, items.map((item) => element("li", {}, item)));
}

function folded(summary, ...content) {
  return element("details", {}, element("summary", {}, summary), content);
}
