// The custody of an exhibit as a drawing: a lane for each who answered, spans for stretches, points for acts. The table beside it says the same.

const DRAWING = { width: 960, left: 8, right: 34, top: 8, lane: 58, gap: 26, label: 24, axis: 26, tick: 130 };
const MOVES = new Set(["acquire", "derive", "release", "withdraw", "decline", "accept", "handover", "return", "reassign", "incident", "dispose"]);

// `gaps`: the records of the exhibit whose entries are withheld; `until`: when the export was signed.
function timeline(subject, steps, gaps, found, until, book) {
  const lanes = laneNames(found), marks = marksOf(steps, gaps), at = positions(marks, until), last = at.get("end");
  const height = DRAWING.top + lanes.length * DRAWING.lane + DRAWING.axis, id = exhibitId(subject);
  const parts = [
    summarised(id, subject, found, book), ticks(marks, at, until, height), lanes.map((name, row) => laneDrawn(name, row)),
    found.map((one, place) => spanDrawn(one, found[place + 1], lanes, at, last)), marks.map((mark) => pointDrawn(mark, found, lanes, at, book)), numbers(marks, found, lanes, at),
  ];
  const picture = drawn("svg", { viewBox: `0 0 ${DRAWING.width} ${height}`, role: "img", "aria-labelledby": `${id}-title ${id}-desc`, class: "timeline" }, parts);
  return element("div", { class: "drawing", role: "region", tabindex: 0, "aria-label": "drawing of the custody, which can be scrolled" }, picture);
}

function summarised(id, subject, found, book) {
  const said = found.map((one) => `${element("p", {}, stretchShown(one, book)).textContent}, from ${one.start.time}${one.end ? ` to ${one.end.time}` : ""}`);
  return [drawn("title", { id: `${id}-title` }, `Custody of ${plainly(book.number(subject))}`), drawn("desc", { id: `${id}-desc` }, `${said.join(". ")}.`)];
}

function laneNames(found) {
  return [...new Set(found.flatMap((one) => [one.holder, ...(one.other === undefined ? [] : [one.other])]))];
}

// Acts and withheld records in the order of the log; what is withheld stands where the one before it stood.
function marksOf(steps, gaps) {
  const marks = [...steps.map((step) => ({ index: step.index, step })), ...gaps.map((index) => ({ index, step: null }))].sort((one, other) => one.index - other.index);
  let before = marks.find((mark) => mark.step)?.step.time;
  for (const mark of marks) before = mark.time = mark.step ? mark.step.time : before;
  return marks;
}

// Where each record stands, in proportion to the time between them, but never so close that they cannot be told apart. "end": the export.
function positions(marks, until) {
  const times = [...marks.map((mark) => seconds(mark.time)), seconds(until)], room = DRAWING.width - DRAWING.left - DRAWING.right - 20;
  const gap = Math.min(DRAWING.gap, room / (marks.length + 1)), steps = times.map((time, at) => (at ? Math.max(0, time - times[at - 1]) || 0 : 0));
  const whole = steps.reduce((sum, one) => sum + one, 0) || 1, spare = room - gap * marks.length;
  const at = new Map();
  let x = DRAWING.left + 14;
  marks.forEach((mark, place) => {
    x += place ? gap + (spare * steps[place]) / whole : 0;
    at.set(mark.index, x);
  });
  return at.set("end", x + gap + (spare * steps.at(-1)) / whole);
}

function laneY(lanes, name) {
  return DRAWING.top + lanes.indexOf(name) * DRAWING.lane + 30;
}

function laneDrawn(name, row) {
  const y = DRAWING.top + row * DRAWING.lane + 30, shown = plainly(name), short = [...shown];
  return drawn("g", {}, drawn("line", { class: "lane", x1: DRAWING.left, x2: DRAWING.width - 4, y1: y, y2: y }),
    drawn("text", { class: "lane-name", x: DRAWING.left, y: y - 14 }, short.length > 90 ? `${short.slice(0, 89).join("")}…` : shown));
}

function spanDrawn(one, next, lanes, at, last) {
  if (one.status === "ended") return null;
  const from = at.get(one.start.index), to = one.end ? at.get(one.end.index) : last, y = laneY(lanes, one.holder);
  const own = one.status === "missing" ? zigzag(from, to, y) : drawn("line", { class: `span ${one.status === "outside" ? "answers" : one.status}`, x1: from, x2: to, y1: y, y2: y });
  const away = one.status === "outside" ? drawn("line", { class: "span outside", x1: from, x2: to, y1: laneY(lanes, one.other), y2: laneY(lanes, one.other) }) : null;
  return drawn("g", {}, own, away, one.status === "outside" ? crossing(from, y, laneY(lanes, one.other)) : null, next ? crossing(to, laneY(lanes, one.status === "outside" ? one.other : one.holder), laneY(lanes, next.holder)) : null);
}

function zigzag(from, to, y) {
  const count = Math.max(2, Math.round((to - from) / 8)), points = [];
  for (let step = 0; step <= count; step++) points.push(`${from + ((to - from) * step) / count},${y + (step % 2 ? 6 : -6)}`);
  return drawn("polyline", { class: "span missing", points: points.join(" ") });
}

function crossing(x, from, to) {
  return from === to ? null : drawn("line", { class: "crossing", x1: x, x2: x, y1: from, y2: to });
}

// The stretch that a record ends or falls into, by its place in the log.
function stretchAt(index, found) {
  return found.findLast((one) => one.start.index <= index) || found[0];
}

function pointDrawn(mark, found, lanes, at, book) {
  const x = at.get(mark.index), hands = stretchAt(mark.index, found), y = hands ? laneY(lanes, hands.holder) : DRAWING.top + 30;
  if (!mark.step) return drawn("g", {}, drawn("path", { class: "point withheld", d: `M${x} ${y - 8}l8 8l-8 8l-8 -8z` }), drawn("title", {}, `record ${mark.index}: withheld`));
  const { step } = mark, said = `record ${step.index}, ${step.time}: ${element("p", {}, sentence(step, book)).textContent}`;
  const kind = step.fault ? "at-fault" : MOVES.has(step.act) ? "move" : "act";
  const shape = step.fault ? drawn("path", { class: `point ${kind}`, d: `M${x - 7} ${y - 7}l14 14m0 -14l-14 14` })
    : step.act === "dispose" ? drawn("rect", { class: "point move", x: x - 7, y: y - 7, width: 14, height: 14 }) : drawn("circle", { class: `point ${kind}`, cx: x, cy: y, r: kind === "move" ? 7 : 5 });
  return drawn("g", {}, shape, drawn("title", {}, step.fault ? `${said} (at fault)` : said));
}

function numbers(marks, found, lanes, at) {
  const ends = new Map(), shown = [];
  for (const mark of marks) {
    const hands = stretchAt(mark.index, found), y = (hands ? laneY(lanes, hands.holder) : DRAWING.top + 30) + 21, x = at.get(mark.index);
    if (x - (ends.get(y) ?? -99) < DRAWING.label) continue;
    ends.set(y, x);
    shown.push(drawn("text", { class: "record-number", x, y }, mark.index));
  }
  return shown;
}

// Days below, for the first record, each move that leaves room, and the export.
function ticks(marks, at, until, height) {
  const bottom = height - DRAWING.axis, end = at.get("end");
  const shown = [drawn("line", { class: "tick", x1: end, x2: end, y1: DRAWING.top, y2: bottom + 6 }), drawn("text", { class: "day last", x: DRAWING.width - 4, y: bottom + 20 }, `export, ${dayOf(until)}`)];
  let before = -DRAWING.tick, told_ = null;
  for (const mark of marks.filter((one, place) => place === 0 || !one.step || MOVES.has(one.step.act))) {
    const x = at.get(mark.index), day = dayOf(mark.time);
    if (x - before < DRAWING.tick || day === told_ || at.get("end") - x < DRAWING.tick) continue;
    before = x;
    told_ = day;
    shown.push(drawn("line", { class: "tick", x1: x, x2: x, y1: DRAWING.top, y2: bottom + 6 }), drawn("text", { class: "day", x, y: bottom + 20 }, day));
  }
  return shown;
}

function dayOf(time) {
  const [year, month, day] = time.slice(0, 10).split("-");
  return `${Number(day)} ${MONTHS[Number(month) - 1].slice(0, 3)} ${year}`;
}

// What the signs mean, once for the page.
function legend() {
  const sample = (...parts) => drawn("svg", { viewBox: "0 0 44 16", class: "sample", "aria-hidden": "true" }, parts);
  const span = (kind) => sample(drawn("line", { class: `span ${kind}`, x1: 2, x2: 42, y1: 8, y2: 8 }));
  const signs = [
    [span("held"), "held"], [span("offered"), "in transit"], [span("outside"), "outside the ledger"], [sample(zigzag(2, 42, 8)), "missing"],
    [sample(drawn("circle", { class: "point move", cx: 22, cy: 8, r: 7 })), "custody moved"], [sample(drawn("circle", { class: "point act", cx: 22, cy: 8, r: 5 })), "another act"],
    [sample(drawn("path", { class: "point withheld", d: "M22 0l8 8l-8 8l-8 -8z" })), "withheld"], [sample(drawn("path", { class: "point at-fault", d: "M15 1l14 14m0 -14l-14 14" })), "at fault"],
  ];
  return listed(signs, "legend");
}
