// What a reader holds from elsewhere (section 14.1): policies with anchors, and trust cards (14.4). Nothing found in a dossier is trusted.
//
// Each makes {policy: {logs, witnesses, groups, quorum}, head, mldsa,
// anchors: [{origin, first, pinned, roots, tolerance, tsaQuorum, auditors, auditorQuorum}]}.

const MAX_TRUST = 1 << 20;

// A list of them. `brought`: null; the text of a card; {policy, anchors}, two texts; a list of these; or what this has answered before. Texts are
// strings or bytes. Raises CannotTell: a slip in what the reader typed or got accuses no ledger.
function readTrust(brought) {
  if (brought === null || brought === undefined) return [];
  try {
    return (Array.isArray(brought) ? brought : [brought]).map((one) => (has(one, "mldsa") ? one : readOne(one)));
  } catch (error) {
    throw foreseen(error) ? new CannotTell(error.message) : error;
  }
}

function readOne(brought) {
  const bytes = (text) => (typeof text === "string" ? utf8(text) : text);
  if (typeof brought === "string" || brought instanceof Uint8Array) return parseCard(bytes(brought));
  const policy = parsePolicy(bytes(brought.policy)), anchors = parseAnchors(bytes(brought.anchors));
  anchors.forEach((one) => checkTogether(policy, one));
  return { policy, anchors, head: null, mldsa: null };
}

function checkTogether(policy, anchors) {
  well(policy.logs.some((log) => log.name === anchors.origin), "policy and anchors are of different logs");
  const others = new Set([...policy.logs, ...policy.witnesses.values()].map((key) => hex(key.key)));
  well(!anchors.auditors.some((key) => others.has(hex(key.key))), "an auditor has the key of a log or witness");
}

// What is held of one ledger: the first that has its anchors, else a policy that names its log, else null.
function heldOf(held, origin) {
  const named = held.filter(({ policy }) => policy.logs.some((log) => log.name === origin));
  const some = named.map((one) => ({ ...one, anchors: one.anchors.filter((anchors) => anchors.origin === origin) }));
  return some.find((one) => one.anchors.length) || some[0] || null;
}

// --- the policy ---

function parsePolicy(bytes) {
  const text = latin(bytes), plain = /^[\t\n\x20-\x7e\x80-\xff]*$/u.test(text);
  well(bytes.length <= MAX_TRUST && text.endsWith("\n") && plain, "a policy with a control character, or not ended by a line feed");
  const policy = { logs: [], witnesses: new Map(), groups: new Map(), quorum: null, members: new Set(), keys: new Set() };
  text.slice(0, -1).split("\n").forEach((line, at) => {
    const words = line.replace(/^[ \t]+|[ \t]+$/gu, "").split(/[ \t]+/u);
    if (words[0] === "" || words[0].startsWith("#")) return;
    try {
      takePolicyLine(policy, words);
    } catch (error) {
      throw foreseen(error) ? new Malformed(`line ${at + 1} of the policy: ${error.message}`) : error;
    }
  });
  well(policy.quorum !== null, "the policy has no quorum line");
  return policy;
}

function takePolicyLine(policy, words) {
  const [word, name] = words;
  if (word === "log" && (words.length === 2 || words.length === 3)) {
    const key = policyKey(policy, name, [KEY_ED25519, KEY_ML_DSA]);
    well(isOrigin(key.name), "the log's name is no origin");
    policy.logs.push(key);
  } else if (word === "witness" && (words.length === 3 || words.length === 4)) {
    policy.witnesses.set(newName(policy, name), policyKey(policy, words[2], [KEY_COSIGNATURE, KEY_ML_DSA]));
  } else if (word === "group" && words.length > 3) {
    policy.groups.set(newName(policy, name), groupOf(policy, words[2], words.slice(3)));
  } else if (word === "quorum" && words.length === 2) {
    well(policy.quorum === null, "a second quorum line");
    policy.quorum = name === "none" ? name : knownName(policy, name);
  } else {
    throw new Malformed("expected log, witness, group or quorum and its words");
  }
}

function policyKey(policy, word, types) {
  const key = parseVkey(textOf(Uint8Array.from(word, (sign) => sign.charCodeAt(0))));
  well(types.includes(key.type), "a key of this type cannot stand here");
  well(key.type === KEY_ML_DSA || usable(key.key), "the key is unsafe: malformed, of low order, or not of prime order");
  well(!policy.keys.has(hex(key.key)), "the key stands in the policy already");
  policy.keys.add(hex(key.key));
  return key;
}

function newName(policy, name) {
  well(name !== "none" && !policy.witnesses.has(name) && !policy.groups.has(name), "the name is taken");
  return name;
}

function knownName(policy, name) {
  well(policy.witnesses.has(name) || policy.groups.has(name), "a name that no line before defines");
  return name;
}

function groupOf(policy, threshold, names) {
  const members = names.map((name) => knownName(policy, name));
  well(new Set(members).size === members.length && !members.some((name) => policy.members.has(name)), "a name is a member twice");
  members.forEach((name) => policy.members.add(name));
  const least = { all: members.length, any: 1 }[threshold] || (/^[1-9][0-9]{0,5}$/u.test(threshold) ? Number(threshold) : 0);
  well(Number.isInteger(least) && least >= 1 && least <= members.length, "a group asks for all, any, or a number up to that of its members");
  return { least, members };
}

// Whether these keys, each with a true cosignature, are enough. `by`: vkeys.
function quorumMet(policy, by) {
  const met = new Set(["none"]);
  for (const [name, key] of policy.witnesses) if (by.has(key.vkey)) met.add(name);
  for (const [name, group] of policy.groups) if (group.members.filter((member) => met.has(member)).length >= group.least) met.add(name);
  return met.has(policy.quorum);
}

// --- the anchors ---

const PEM = /^-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]{1,76}\n)+-----END CERTIFICATE-----\n?$/u;
const isText = (what) => (value) => well(value === null || typeof value === "string", `${what} is no text`);
const isNatural = (value) => checkType("Natural", value, "a number in the anchors");
const ANCHOR_FIELDS = new Map([
  ["custody", (value) => well(value === "anchors/v1", "not anchors")],
  ["origin", (value) => checkType("Origin", value, "origin")],
  ["first", (value) => value === null || well(typeof value === "string" && unbase64(value, 32), "first is no hash")],
  ["checkpoint", isText("the pinned checkpoint")],
  ["tsa", (value) => checkAuthorities(value)],
  ["auditors", (value) => checkAuditors(value)],
  ["clock_tolerance_s", isNatural],
]);

// Of one ledger or of several, ascending by origin.
function parseAnchors(bytes) {
  well(bytes.length <= MAX_TRUST, "anchors above 1 MiB");
  const value = decodeJson(bytes), several = Array.isArray(value);
  const found = (several ? value : [value]).map(anchorsOf);
  well(!several || (found.length > 1 && ascend(found.map((one) => one.origin))), "a list of anchors holds two or more, ascending by origin");
  sameJson(value, bytes, 2);
  return found;
}

function anchorsOf(value) {
  const newer = isObject(value) && /^anchors\/v([2-9]|[1-9][0-9]+)$/u.test(value.custody);
  if (newer) throw new Newer("anchors that were made by a newer format");
  checkInOrder(value, ANCHOR_FIELDS, "the anchors");
  const { origin, first, checkpoint } = value, pinned = checkpoint === null ? null : checkpointOf(utf8(checkpoint));
  well(isOrigin(origin) && (pinned === null || pinned.origin === origin), "the pinned checkpoint is of another origin");
  const quorums = { tsaQuorum: value.tsa.quorum, auditorQuorum: value.auditors.quorum };
  const { roots } = value.tsa, tolerance = value.clock_tolerance_s;
  return { origin, first, pinned, roots, tolerance, auditors: value.auditors.vkeys.map((vkey) => parseVkey(vkey)), ...quorums };
}

function checkAuthorities(value) {
  const isRoot = (root) => typeof root === "string" && root.length <= 20000 && PEM.test(root);
  const checkRoots = (roots) => well(Array.isArray(roots) && roots.every(isRoot), "a root that is no certificate");
  checkInOrder(value, new Map([["roots", checkRoots], ["quorum", isNatural]]), "tsa");
  checkQuorum(value.roots, value.quorum);
}

function checkAuditors(value) {
  checkInOrder(value, new Map([["vkeys", checkAuditorKeys], ["quorum", isNatural]]), "auditors");
  checkQuorum(value.vkeys.map((vkey) => hex(parseVkey(vkey).key)), value.quorum);
}

function checkAuditorKeys(vkeys) {
  well(Array.isArray(vkeys), "the auditors' keys are no list");
  for (const vkey of vkeys) {
    checkType("Vkey", vkey, "an auditor's key");
    const key = parseVkey(vkey);
    well(key.type !== KEY_ED25519 && key.name.endsWith("/audit"), "an auditor's key is one that cosigns, under a name that ends in /audit");
    well(key.type === KEY_ML_DSA || usable(key.key), "an auditor's key is unsafe");
  }
}

function checkQuorum(members, quorum) {
  well(new Set(members).size === members.length && quorum <= members.length, "a quorum above the number of its members, or a member twice");
}
