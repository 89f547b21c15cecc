// X.509 certificates and the signatures that stand in timestamp tokens (section 8.1, steps 3 to 5 and 7).

const HASH_OIDS = new Map([["608648016503040201", "SHA-256"], ["608648016503040202", "SHA-384"], ["608648016503040203", "SHA-512"]]);
const SIGNATURE_OIDS = new Map([
  ["2a864886f70d010101", { kind: "rsa", hash: null }], ["2a864886f70d01010b", { kind: "rsa", hash: "SHA-256" }],
  ["2a864886f70d01010c", { kind: "rsa", hash: "SHA-384" }], ["2a864886f70d01010d", { kind: "rsa", hash: "SHA-512" }],
  ["2a8648ce3d040302", { kind: "ec", hash: "SHA-256" }], ["2a8648ce3d040303", { kind: "ec", hash: "SHA-384" }],
  ["2a8648ce3d040304", { kind: "ec", hash: "SHA-512" }],
]);
const CURVES = new Map([["2a8648ce3d030107", { name: "P-256", size: 32 }], ["2b81040022", { name: "P-384", size: 48 }]]);
const OID_RSA = "2a864886f70d010101", OID_EC = "2a8648ce3d0201";
const OID_USAGE = "551d25", OID_STAMPING = "2b06010505070308", OID_CONSTRAINTS = "551d13", OID_KEY_USAGE = "551d0f";

// {whole, tbs, serial, issuer, subject, from, to, spki, extensions, algorithm, signature}; raises Malformed.
function parseCertificate(bytes) {
  const one = derOne(bytes), [tbs, algorithm, signature] = derWithin(one), parts = derWithin(tbs);
  if (parts[0] && parts[0].tag === 0xa0) parts.shift();
  const [serial, , issuer, validity, subject, spki] = parts, [from, to] = derWithin(validity).map((time) => derMoment(time).micros);
  const wrapped = parts.slice(6).find((part) => part.tag === 0xa3);
  return {
    whole: one.whole, tbs: tbs.whole, serial: derContent(serial, DER.integer), issuer: issuer.whole, subject: subject.whole, from, to,
    spki: spki.whole, algorithm: derAlgorithm(algorithm), signature: bitsOf(signature),
    extensions: wrapped ? parseExtensions(derOne(wrapped.content)) : new Map(),
  };
}

// OID → {critical, value: bytes}; raises Malformed where one stands twice.
function parseExtensions(list) {
  const found = new Map();
  for (const extension of derWithin(list)) {
    const [oid, ...rest] = derWithin(extension), critical = rest.length > 1 && derContent(rest[0], DER.bool)[0] === 255;
    well(!found.has(derOid(oid)), "an extension that stands twice");
    found.set(derOid(oid), { critical, value: derContent(rest[rest.length - 1], DER.octets) });
  }
  return found;
}

function bitsOf(one) {
  const bytes = derContent(one, DER.bits);
  well(bytes.length > 1 && bytes[0] === 0, "a bit string with bits left over");
  return bytes.subarray(1);
}

function parsePem(text) {
  return parseCertificate(unbase64(text.split("\n").slice(1).filter((line) => line !== "" && !line.startsWith("-")).join("")));
}

// True, or false for a signature that is false or of a kind that is not accepted. `hash`: what the text says beside the algorithm, or null.
async function verifyBy(certificate, signature, data, oid, hash = null) {
  const kind = SIGNATURE_OIDS.get(oid), name = hash === null ? kind && kind.hash : hash;
  if (!kind || !name || (kind.hash !== null && kind.hash !== name)) return false;
  try {
    const key = publicKeyOf(certificate.spki);
    if (key.kind !== kind.kind) return false;
    const algorithm = key.kind === "rsa" ? { name: "RSASSA-PKCS1-v1_5", hash: name } : { name: "ECDSA", namedCurve: key.curve.name, hash: name };
    const imported = await crypto.subtle.importKey("spki", certificate.spki, algorithm, false, ["verify"]);
    return await crypto.subtle.verify(algorithm, imported, key.kind === "rsa" ? signature : plainEcdsa(signature, key.curve.size), data);
  } catch {
    return false; // a key or signature that is not in its form
  }
}

// {kind, curve}; raises Malformed for a key of another kind, or an RSA key below 2048 bits.
function publicKeyOf(spki) {
  const [algorithm, bits] = derWithin(derOne(spki)), [oid, parameter] = derWithin(algorithm);
  if (derOid(oid) === OID_RSA) {
    const modulus = derContent(derWithin(derOne(bitsOf(bits)))[0], DER.integer), from = modulus[0] === 0 ? 1 : 0;
    const size = (modulus.length - from) * 8 - Math.clz32(modulus[from]) + 24;
    well(size >= 2048, "an RSA key below 2048 bits");
    return { kind: "rsa", curve: null };
  }
  const curve = derOid(oid) === OID_EC ? CURVES.get(derOid(parameter)) : undefined;
  well(curve !== undefined, "a key of a kind that is not accepted");
  return { kind: "ec", curve };
}

// r and s side by side, as WebCrypto takes them.
function plainEcdsa(signature, size) {
  const numbers = derWithin(derOne(signature)).map((one) => derContent(one, DER.integer));
  well(numbers.length === 2, "not an ECDSA signature");
  return concat(...numbers.map((number) => {
    const bare = number[0] === 0 && number.length > 1 ? number.subarray(1) : number;
    well(number.length > 0 && number[0] < 128 && bare.length <= size, "not an ECDSA signature");
    return concat(new Uint8Array(size - bare.length), bare);
  }));
}

// Step 3: the ways from the signer to a root, the shortest first: [{place: which root, chain: certificates, the root last}]. Each certificate is met
// once: many of one name and one key do not make many ways.
async function waysTo(signer, others, roots) {
  const found = [], waiting = [[signer]], met = [signer];
  for (const way of waiting) {
    const last = way[way.length - 1];
    for (const [place, root] of roots.entries()) {
      if (equal(last.whole, root.whole)) found.push({ place, chain: way });
      else if (await isIssued(last, root)) found.push({ place, chain: [...way, root] });
    }
    for (const other of way.length < 8 ? others : []) {
      if (met.some((one) => equal(one.whole, other.whole)) || !(await isIssued(last, other))) continue;
      met.push(other);
      waiting.push([...way, other]);
    }
  }
  return found;
}

async function isIssued(one, by) {
  return equal(one.issuer, by.subject) && verifyBy(by, one.signature, one.tbs, one.algorithm);
}

// Step 4: whether a way was good at that time.
function wasGood(chain, micros) {
  return chain.every((one) => one.from <= micros && micros <= one.to) && chain.slice(1).every((one, below) => mayIssue(one, below));
}

// Step 5.
function isForStamping({ extensions }) {
  const usage = extensions.get(OID_USAGE), purposes = usage ? derWithin(derOne(usage.value)).map(derOid) : [];
  return usage !== undefined && usage.critical && purposes.length === 1 && purposes[0] === OID_STAMPING;
}

// `below`: how many CAs stand between this one and the signer.
function mayIssue({ extensions }, below) {
  const constraints = extensions.get(OID_CONSTRAINTS), usage = extensions.get(OID_KEY_USAGE);
  if (!constraints) return false;
  const parts = derWithin(derOne(constraints.value)), ca = parts[0] && parts[0].tag === DER.bool && parts[0].content[0] === 255;
  const room = parts.find((part) => part.tag === DER.integer), signs = !usage || (derContent(derOne(usage.value), DER.bits)[1] & 4) !== 0;
  return ca && signs && (!room || derNumber(room) >= below);
}
