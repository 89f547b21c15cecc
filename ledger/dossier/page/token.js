// Timestamp tokens over checkpoints: RFC 3161, by the steps of section 8.1.

const MAX_TOKEN = 1 << 16;
const OID_SIGNED = "2a864886f70d010702", OID_INFO = "2a864886f70d0109100104", OID_SHA256 = "608648016503040201";
const OID_CONTENT_TYPE = "2a864886f70d010903", OID_DIGEST = "2a864886f70d010904";
const OID_NAMES_1 = "2a864886f70d010910020c", OID_NAMES_2 = "2a864886f70d010910022f";

// Text, empty line and first line of a note: what a token is over.
function imprintedOf(bytes) {
  const { text, signatures } = parseNote(bytes);
  return formatNote({ text, signatures: signatures.slice(0, 1) });
}

// {earliest, latest: seconds, root: which, authority}; null where it leads to none of the roots. Raises Contradiction for what is false.
async function checkToken(bytes, over, roots) {
  try {
    well(bytes.length > 0 && bytes.length <= MAX_TOKEN, "no token, or a larger one than any real one");
    const token = parseToken(bytes);
    if (!equal(token.imprint, sha256(over))) throw new Contradiction("the timestamp is for other content than this checkpoint");
    const ways = token.signer ? await waysTo(token.signer, token.certificates, roots) : [];
    if (!ways.length) return null;
    const found = ways.find(({ chain }) => wasGood(chain, token.micros));
    if (!found) throw new Contradiction("a certificate of the authority was not valid at the time in the token, or may not issue the one below it");
    if (!isForStamping(token.signer)) throw new Contradiction("the certificate of the signer is not for timestamps and nothing else");
    await checkAttributes(token);
    return { ...token.ends, root: found.place, authority: nameOf(token.signer) };
  } catch (error) {
    if (error instanceof Malformed) throw new Contradiction(`this is no timestamp token: ${error.message}`);
    throw error;
  }
}

// Steps 1 and 2.
function parseToken(bytes) {
  const [status, content] = derWithin(derWhole(bytes)), granted = derNumber(derWithin(status)[0]);
  well(granted <= 1 && content !== undefined, "the authority did not grant it");
  const [type, wrapped] = derWithin(content);
  well(derOid(type) === OID_SIGNED, "it is not signed");
  const parts = derWithin(derOne(derContent(wrapped, 0xa0))), [infoType, infoWrapped] = derWithin(parts[2]);
  well(derOid(infoType) === OID_INFO, "it does not sign a time");
  const info = derContent(derOne(derContent(infoWrapped, 0xa0)), DER.octets), signers = derWithin(parts[parts.length - 1], DER.set);
  well(signers.length === 1, "it has not exactly one signer");
  derWhole(info);
  const held = parts.slice(3, -1).find((part) => part.tag === 0xa0);
  const certificates = held ? derAll(held.content).filter((one) => one.tag === DER.sequence).map((one) => parseCertificate(one.whole)) : [];
  well(certificates.length <= 64, "more than 64 certificates");
  return { info, certificates, ...parseStampInfo(info), ...parseSigner(signers[0], certificates) };
}

function parseStampInfo(info) {
  const [version, , imprint, , time, ...rest] = derWithin(derOne(info)), [algorithm, hash] = derWithin(imprint), moment = derMoment(time);
  well(derNumber(version) === 1 && time.tag === DER.time, "it is of another version");
  well(derAlgorithm(algorithm) === OID_SHA256, "it is not over a SHA-256 fingerprint");
  const accuracy = rest[0] && rest[0].tag === DER.sequence ? accuracyOf(rest[0]) : 0, { micros, more } = moment;
  const ends = { earliest: Math.floor((micros - accuracy) / 1e6), latest: Math.ceil((micros + (more ? 1 : 0) + accuracy) / 1e6) };
  return { imprint: derContent(hash, DER.octets), micros, ends };
}

// In microseconds.
function accuracyOf(one) {
  const scale = new Map([[DER.integer, 1e6], [0x80, 1e3], [0x81, 1]]);
  return derWithin(one).reduce((sum, part) => {
    const number = derNumber(part, part.tag), fits = part.tag === DER.integer || (number >= 1 && number <= 999);
    well(scale.has(part.tag) && fits, "an accuracy that is none");
    return sum + scale.get(part.tag) * number;
  }, 0);
}

function parseSigner(one, certificates) {
  const [, sid, digest, attributes, algorithm, signature] = derWithin(one);
  well(attributes !== undefined && attributes.tag === 0xa0, "it has no signed attributes");
  const named = sid.tag === DER.sequence ? derWithin(sid) : [];
  const isNamed = (each) => named.length === 2 && equal(each.issuer, named[0].whole) && equal(each.serial, named[1].content);
  const signer = certificates.find(isNamed) || null;
  return {
    signer, hash: HASH_OIDS.get(derAlgorithm(digest)) || null, attributes: derAll(attributes.content), algorithm: derAlgorithm(algorithm),
    signature: derContent(signature, DER.octets), signed: concat(Uint8Array.of(DER.set), attributes.whole.subarray(1)),
  };
}

// Steps 6 and 7; raises Contradiction.
async function checkAttributes(token) {
  const contradict = (holds, message) => { if (!holds) throw new Contradiction(message); };
  contradict(token.hash !== null, "the token is signed with a hash that is not accepted");
  const found = new Map();
  for (const attribute of token.attributes) {
    const [type, values] = derWithin(attribute), inside = derWithin(values, DER.set);
    const known = [OID_CONTENT_TYPE, OID_DIGEST, OID_NAMES_1, OID_NAMES_2].includes(derOid(type));
    contradict(!known || !found.has(derOid(type)), "a signed attribute stands twice");
    found.set(derOid(type), inside);
  }
  const one = (oid) => (found.has(oid) && found.get(oid).length === 1 ? found.get(oid)[0] : undefined);
  const type = one(OID_CONTENT_TYPE), digest = one(OID_DIGEST);
  contradict(type && derOid(type) === OID_INFO, "the token does not say that it signs a time");
  const wanted = await hashOf(token.hash, token.info);
  contradict(digest && equal(derContent(digest, DER.octets), wanted), "the token signs another time than the one that stands in it");
  await checkNamesSigner(token.signer, found, contradict);
  const verdict = await verifyBy(token.signer, token.signature, token.signed, token.algorithm, token.hash);
  contradict(verdict, "the token's signature is false, or of a kind that is not accepted");
}

// The signed attribute that says which certificate it is.
async function checkNamesSigner(signer, found, contradict) {
  const named = [OID_NAMES_1, OID_NAMES_2].filter((oid) => found.has(oid));
  contradict(named.length > 0, "the token does not say which certificate it is signed with");
  for (const oid of named) {
    contradict(found.get(oid).length === 1, "the token says twice which certificate it is signed with");
    const first = derWithin(derWithin(derWithin(found.get(oid)[0])[0])[0]), stated = first[0].tag === DER.sequence;
    const hash = oid === OID_NAMES_1 ? "SHA-1" : stated ? HASH_OIDS.get(derAlgorithm(first[0])) || null : "SHA-256";
    const value = derContent(oid === OID_NAMES_2 && stated ? first[1] : first[0], DER.octets);
    contradict(hash !== null && equal(value, await hashOf(hash, signer.whole)), "the token names another certificate than that of its signer");
  }
}

async function hashOf(name, bytes) {
  return new Uint8Array(await crypto.subtle.digest(name, bytes));
}

// The last text in the subject's name: the common name, as a rule.
function nameOf(certificate) {
  const texts = derWithin(derOne(certificate.subject)).flatMap((set) => derWithin(set, DER.set)).map((pair) => derWithin(pair)[1]);
  const last = texts[texts.length - 1];
  return (last && orNone(() => textOf(last.content))) || "an authority without a name";
}
