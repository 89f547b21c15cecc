// Findings and commentary (section 12.6).

// An entry that must be in this ledger already.
function citedBy(s, hash, code) {
  return s.state.cited(hash) || refuse(code, `${s.entry.act} cites an entry that is not here`);
}

function underSubject(s, target) {
  need(s.entry.subject === target.entry.subject, "subject", `${s.entry.act} stands under the subject of what it cites, ${target.entry.subject}`);
}

function doVerify(s) {
  const [by] = s.signers(1);
  s.requireRole(by, "examiner");
  if (!has(s.body, "supersedes")) return;
  const { entry } = citedBy(s, s.body.supersedes, "verify.supersedes");
  const own = entry.act === "verify" && entry.subject === s.entry.subject && entry.by.length === 1 && entry.by[0] === by;
  need(own, "verify.supersedes", "supersedes is no finding by the same examiner on the same item");
}

function doReview(s) {
  const [by] = s.signers(1);
  s.requireRole(by, "examiner");
  const finding = citedBy(s, s.body.finding, "review.finding"), item = s.fact(`item:${s.entry.subject}`);
  need(finding.entry.act === "verify", "review.finding", "finding is no entry of act verify");
  underSubject(s, finding);
  need(!finding.entry.by.includes(by), "review.author", `${by} made this finding`);
  const bound = s.ledger.rules.independent_review && item && (by === item.holder || by === item.author);
  need(!bound, "review.independent", `${by} holds or acquired ${item && item.number}, and this ledger asks for independence`);
}

function doAmend(s) {
  const { body } = s, [by] = s.signers(1), target = citedBy(s, body.target, "amend.target");
  underSubject(s, target);
  if (!target.entry.by.includes(by)) s.requireRole(by, "registrar");
  if (body.field === "number" && ["acquire", "derive"].includes(target.entry.act)) return amendNumber(s);
  const field = hideable(target.entry.act, body.field);
  need(field, "amend.field", `${body.field} of ${target.entry.act} cannot be amended`);
  amendValue(s, target.entry, field);
}

function amendNumber(s) {
  const { body } = s, item = s.item();
  need(body.old === item.number, "amend.old", `the number is ${item.number}, and not ${body.old}`);
  reserveNumber(s, body.new);
  s.putItem({ ...item, number: body.new });
}

function amendValue(s, target, field) {
  const { body } = s, key = `amended:${body.target}:${body.field}`, known = s.fact(key), clear = inClear(target, body.field);
  const first = clear !== null ? [clear] : digestsOf(target).filter((digest) => digest === body.old);
  const values = known ? known.values : first;
  need(values.length && values[values.length - 1] === body.old, "amend.old", `old is not the present value of ${body.field}`);
  need(!values.includes(body.new), "amend.cycle", `${body.field} had this value before`);
  if (clear === null) amendDigest(s);
  else need(fitsAsText(field.type, body.new), "amend.new", `${body.field} cannot have this value, or it is not in its one form`);
  s.put(key, { values: [...values, body.new] });
}

// What a field holds: text as it is, anything else as compact JSON; null where it is not in clear.
function inClear(target, name) {
  if (!has(target.body, name)) return null;
  const value = target.body[name];
  return typeof value === "string" ? value : JSON.stringify(value);
}

function amendDigest(s) {
  need(STRINGS.get("SdDigest").pattern.test(s.body.new), "amend.new", "the new value of a confidential field is given by its digest");
  s.claimDigest(s.body.new);
}

function fitsAsText(type, text) {
  try {
    checkType(type, text, "new");
    return true;
  } catch (error) {
    if (!foreseen(error)) throw error;
  }
  try {
    const value = decodeJson(utf8(text));
    checkType(type, value, "new");
    sameJson(value, utf8(text), 0);
    return true;
  } catch (error) {
    if (!foreseen(error)) throw error;
    return false;
  }
}

// describe and note: read by no rule.
function doComment(s) {
  s.signers(1);
}
