// The custody of an exhibit as a drawing: a lane for each who answered, spans for stretches, points for acts. The table beside it says the same.

const DRAWING = { width: 960, left: 8, right: 54, top: 8, lane: 58, gap: 26, label: 24, axis: 26, tick: 130 };
const MOVES = new Set(["acquire", "derive", "release", "withdraw", "decline", "accept", "handover", "return", "reassign", "incident", "dispose"]);

// `gaps`: the records of the exhibit whose entries are withheld; `until`: when the export was signed.
function timeline(subject, steps, gaps, found, until, book) {
  const lanes = laneNames(found), marks = marksOf(steps, gaps), at = positions(marks, until), id = exhibitId(subject);
  const height = DRAWING.top + lanes.length * DRAWING.lane + DRAWING.axis;
  const parts = [
    summarised(id, subject, found, book), ticks(marks, at, until, height),
    lanes.map((name) => line("lane", DRAWING.left, laneY(lanes, name), DRAWING.width - 4, laneY(lanes, name))),
    found.map((one, place) => spanDrawn(one, found[place + 1], lanes, at)), lanes.map((name) => nameDrawn(name, laneY(lanes, name))),
    marks.map((mark) => pointDrawn(mark, at, heightOf(mark, found, lanes), book)), numbers(marks, found, lanes, at),
  ];
  const named = { role: "img", "aria-labelledby": `${id}-title ${id}-desc`, class: "timeline" };
  const picture = drawn("svg", { viewBox: `0 0 ${DRAWING.width} ${height}`, ...named }, parts);
  return element("div", { class: "drawing", role: "region", tabindex: 0, "aria-label": "drawing of the custody, which can be scrolled" }, picture);
}

function summarised(id, subject, found, book) {
  const said = found.map((one) => `${spoken(stretchShown(one, book))}, from ${one.start.time}${one.end ? ` to ${one.end.time}` : ""}.`);
  return [drawn("title", { id: `${id}-title` }, `Custody of ${plainly(book.number(subject))}`), drawn("desc", { id: `${id}-desc` }, said.join(" "))];
}

// The words of nodes alone.
function spoken(nodes) {
  return element("p", {}, nodes).textContent;
}

function laneNames(found) {
  return [...new Set(found.flatMap((one) => [one.holder, ...(one.other === undefined ? [] : [one.other])]))];
}

// Acts and withheld records in the order of the log; what is withheld stands where the one before it stood.
function marksOf(steps, gaps) {
  const all = [...steps.map((step) => ({ index: step.index, step })), ...gaps.map((index) => ({ index, step: null }))];
  const marks = all.sort((one, other) => one.index - other.index);
  let before = steps[0].time;
  for (const mark of marks) before = mark.time = mark.step ? mark.step.time : before;
  return marks;
}

// Where each record stands, in proportion to the time between them, but never so close that they cannot be told apart. "end": the export.
function positions(marks, until) {
  const times = [...marks.map((mark) => seconds(mark.time)), seconds(until)], room = DRAWING.width - DRAWING.left - DRAWING.right;
  const gap = Math.min(DRAWING.gap, room / (marks.length + 1)), spare = room - gap * marks.length, at = new Map();
  const passed = times.map((time, place) => (place ? Math.max(0, time - times[place - 1]) : 0));
  const whole = passed.reduce((sum, one) => sum + one, 0) || 1;
  let x = DRAWING.left + 14 - gap;
  [...marks.map((mark) => mark.index), "end"].forEach((index, place) => {
    x += gap + (spare * passed[place]) / whole;
    at.set(index, x);
  });
  return at;
}

// --- lines

function line(kind, x1, y1, x2, y2) {
  return drawn("line", { class: kind, x1, y1, x2, y2 });
}

function laneY(lanes, name) {
  return DRAWING.top + lanes.indexOf(name) * DRAWING.lane + 30;
}

function nameDrawn(name, y) {
  const shown = [...plainly(name)], short = shown.length > 90 ? `${shown.slice(0, 89).join("")}…` : shown.join("");
  return drawn("text", { class: "lane-name", x: DRAWING.left, y: y - 14 }, short);
}

// A stretch, and the step from it to the lane of the next.
function spanDrawn(one, next, lanes, at) {
  if (one.status === "ended") return null;
  const from = at.get(one.start.index), to = at.get(one.end ? one.end.index : "end"), y = laneY(lanes, one.holder);
  if (one.status === "outside") return outsideDrawn(one, next, from, to, lanes);
  const own = one.status === "missing" ? zigzag(from, to, y) : line(`span ${one.status}`, from, y, to, y);
  return [own, next ? crossing(to, y, laneY(lanes, next.holder)) : null];
}

// Who has it, and above, thin, who answers for it.
function outsideDrawn(one, next, from, to, lanes) {
  const y = laneY(lanes, one.holder), away = laneY(lanes, one.other);
  const back = next ? crossing(to, away, laneY(lanes, next.holder)) : null;
  return [line("span answers", from, y, to, y), line("span outside", from, away, to, away), crossing(from, y, away), back];
}

function zigzag(from, to, y) {
  const count = Math.max(2, Math.round((to - from) / 8));
  const points = Array.from({ length: count + 1 }, (_, place) => `${from + ((to - from) * place) / count},${y + (place % 2 ? 6 : -6)}`);
  return drawn("polyline", { class: "span missing", points: points.join(" ") });
}

function crossing(x, from, to) {
  return from === to ? null : line("crossing", x, from, x, to);
}

// --- points

// The lane of who answered when it was recorded.
function heightOf(mark, found, lanes) {
  return laneY(lanes, (found.findLast((one) => one.start.index <= mark.index) || found[0]).holder);
}

function pointDrawn({ index, step }, at, y, book) {
  const x = at.get(index);
  if (step === null) return drawn("g", {}, diamond(x, y), drawn("title", {}, `record ${index}: withheld`));
  const said = `record ${index}, ${step.time}: ${spoken(sentence(step, book))}${step.fault ? " (at fault)" : ""}`;
  const shape = step.fault ? cross(x, y) : step.act === "dispose" ? square(x, y) : circle(x, y, MOVES.has(step.act));
  return drawn("g", {}, shape, drawn("title", {}, said));
}

function diamond(x, y) {
  return drawn("path", { class: "point withheld", d: `M${x} ${y - 8}l8 8l-8 8l-8 -8z` });
}

function cross(x, y) {
  return drawn("path", { class: "point at-fault", d: `M${x - 7} ${y - 7}l14 14m0 -14l-14 14` });
}

function square(x, y) {
  return drawn("rect", { class: "point move", x: x - 7, y: y - 7, width: 14, height: 14 });
}

function circle(x, y, moves) {
  return drawn("circle", { class: moves ? "point move" : "point act", cx: x, cy: y, r: moves ? 7 : 5 });
}

// Below its point the number of each record that has room.
function numbers(marks, found, lanes, at) {
  const ends = new Map();
  return marks.map((mark) => {
    const x = at.get(mark.index), y = heightOf(mark, found, lanes) + 21;
    if (x - (ends.get(y) ?? -DRAWING.label) < DRAWING.label) return null;
    ends.set(y, x);
    return drawn("text", { class: "record-number", x, y }, mark.index);
  });
}

// Below all, the day of the export, and those days before it that have room.
function ticks(marks, at, until, height) {
  const bottom = height - DRAWING.axis, end = at.get("end");
  const shown = [tick(end, bottom), dayDrawn("day last", DRAWING.width - 4, bottom, `export, ${dayOf(until)}`)];
  let before = { x: -DRAWING.tick, day: null };
  for (const mark of marks) {
    const x = at.get(mark.index), day = dayOf(mark.time);
    if (x - before.x < DRAWING.tick || day === before.day || end - x < DRAWING.tick) continue;
    before = { x, day };
    shown.push(tick(x, bottom), dayDrawn("day", x, bottom, day));
  }
  return shown;
}

function tick(x, bottom) {
  return line("tick", x, DRAWING.top, x, bottom + 6);
}

function dayDrawn(kind, x, bottom, day) {
  return drawn("text", { class: kind, x, y: bottom + 20 }, day);
}

function dayOf(time) {
  const [year, month, day] = time.slice(0, 10).split("-");
  return `${Number(day)} ${MONTHS[Number(month) - 1].slice(0, 3)} ${year}`;
}

// What the signs mean, once for the page.
function legend() {
  const signs = [
    ["held", line("span held", 2, 8, 42, 8)], ["in transit", line("span offered", 2, 8, 42, 8)], ["outside the ledger", line("span outside", 2, 8, 42, 8)],
    ["missing", zigzag(2, 42, 8)], ["custody moved", circle(22, 8, true)], ["another act", circle(22, 8, false)], ["ended", square(22, 8)],
    ["withheld", diamond(22, 8)], ["at fault", cross(22, 8)],
  ];
  return listed(signs.map(([said, sign]) => [drawn("svg", { viewBox: "0 0 44 16", class: "sample", "aria-hidden": "true" }, sign), said]), "legend");
}
