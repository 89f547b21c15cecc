// The trust card (section 14.4), printed, pasted or typed.

const CARD_MARK = "custody-card/v1";
const CARD_WORDS = ["origin", "first", "key", "mldsa", "head", "check"];
const CARD_HEX = /^[0-9a-f]{64}$/u;

function lowerAscii(text) {
  return text.replace(/[A-Z]/gu, (letter) => letter.toLowerCase());
}

function isCard(text) {
  return lowerAscii(text.replace(/^[ \t\r\n]+/u, "")).startsWith("custody-card/");
}

function hexOf(...lines) {
  return hex(sha256(utf8(lines.join(""))));
}

// What `readTrust` answers; raises Malformed, naming the line that was mistyped, or Newer.
function parseCard(bytes) {
  const typed = cardLines(cardWords(bytes)), values = new Map();
  for (const [word, value] of typed) {
    if (word === "check") break;
    const bare = value.slice(0, -4), check = hexOf(`${CARD_MARK} ${word} ${bare}`).slice(0, 4);
    well(lowerAscii(value.slice(-4)) === check, `the line ${word} of the card is mistyped: compare it with the paper`);
    values.set(word, bare);
  }
  const whole = hexOf(`${CARD_MARK}\n`, ...[...values].map(([word, value]) => `${word} ${value}\n`)).slice(0, 8);
  well(typed.get("check") === whole, "the line check of the card is mistyped, or a line was left out");
  return trustOf(values);
}

function cardWords(bytes) {
  const words = textOf(bytes).split(/[ \t\r\n\u00a0]+/u).filter((word) => word !== "");
  const mark = words.length ? lowerAscii(words[0]) : "";
  if (/^custody-card\/v([2-9]|[1-9][0-9]{1,8})$/u.test(mark)) throw new Newer("a card that was made by a newer format");
  well(mark === CARD_MARK && bytes.length <= 16384, `no trust card: it begins with ${CARD_MARK}, and has at most 16,384 bytes`);
  return words.slice(1);
}

// Each line's word with what was typed for it, without white space; hex in lower case.
function cardLines(words) {
  const found = new Map();
  let at = 0;
  CARD_WORDS.forEach((name, number) => {
    const here = at < words.length && lowerAscii(words[at]) === name;
    if (!here && name === "head") return;
    well(here, `the card does not hold the line ${name} where it belongs`);
    let end = at + (name === "origin" ? 2 : 1);
    while (end < words.length && !CARD_WORDS.slice(number + 1).includes(lowerAscii(words[end]))) end++;
    const typed = words.slice(at + 1, end).join("");
    found.set(name, name === "origin" ? typed : lowerAscii(typed));
    at = end;
  });
  return found;
}

function trustOf(values) {
  const origin = values.get("origin"), head = values.has("head") ? /^([1-9][0-9]{0,15})([0-9a-f]{64})$/u.exec(values.get("head")) : undefined;
  const wrong = ["first", "key", "mldsa"].find((word) => !CARD_HEX.test(values.get(word))) || (head === null ? "head" : undefined);
  well(!wrong, `the line ${wrong} of the card is not in its form`);
  const key = unhex(values.get("key"));
  well(isOrigin(origin) && isKeyName(origin) && usable(key), "the card does not hold the key of a log");
  const nobody = { roots: [], tolerance: 600, tsaQuorum: 0, auditors: [], auditorQuorum: 0 };
  const anchors = { origin, first: base64(unhex(values.get("first"))), pinned: null, ...nobody };
  const policy = { logs: [makeKey(origin, KEY_ED25519, key)], witnesses: new Map(), groups: new Map(), quorum: "none" };
  return { policy, anchors: [anchors], mldsa: values.get("mldsa"), head: head ? { origin, size: decimal(head[1]), root: unhex(head[2]) } : null };
}

// The card's ML-DSA-44 key is trusted wherever it is found: among these vkeys, by its hash.
function withFoundKey(trust, vkeys) {
  const found = trust.mldsa === null ? undefined : vkeys.find((vkey) => hexOf(vkey) === trust.mldsa);
  if (found === undefined) return trust;
  const logs = [...trust.policy.logs, parseVkey(found)];
  return { ...trust, policy: { ...trust.policy, logs } };
}
