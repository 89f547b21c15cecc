// A dossier as one zip archive (section 18). From the few facts in its directory all headers are made anew, and all bytes compared: so two
// programs cannot read two dossiers in it. Nothing is unpacked.

const ZIP_BASE = "dossier/";
const ZIP_TAIL = 22 + 20 + 56;
const ZIP_ENTRY_AT_MOST = 46 + ZIP_BASE.length + MAX_NAME_LENGTH + 28;
const ZIP_SMALL = 0xffff, ZIP_LARGE = 0xffffffff;
const ZIP_DAY = (1 << 5) | 1, ZIP_UNIX = 3 << 8, ZIP_PLAIN = 0o100644 * 65536;
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

class Crc32 {
  constructor() {
    this.rest = -1;
  }

  update(bytes) {
    let rest = this.rest;
    for (let at = 0; at < bytes.length; at++) rest = CRC_TABLE[(rest ^ bytes[at]) & 255] ^ (rest >>> 8);
    this.rest = rest;
  }

  value() {
    return (this.rest ^ -1) >>> 0;
  }
}

// Numbers with their widths in bytes, little-endian: pack([4, 1], [2, 5]).
function pack(...numbers) {
  return concat(...numbers.map(([width, number]) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(number), true);
    return bytes.subarray(0, width);
  }));
}

function unpack(bytes, at, width) {
  let number = 0;
  for (let place = width - 1; place >= 0; place--) number = number * 256 + (bytes[at + place] || 0);
  return number;
}

// The rights 0644 of zip's outer half do not fit 32 bits with a sign, so numbers are never shifted there.
function localHeader(member) {
  const { nameBytes, shown, needed } = stated(member), extra = zip64(shown === ZIP_LARGE ? [member.size, member.size] : []);
  const fixed = pack(
    [4, 0x04034b50], [2, needed], [2, 0], [2, 0], [2, 0], [2, ZIP_DAY], [4, member.crc], [4, shown], [4, shown],
    [2, nameBytes.length], [2, extra.length],
  );
  return concat(fixed, nameBytes, extra);
}

function centralHeader(member) {
  const { nameBytes, shown, needed } = stated(member), offset = Math.min(member.offset, ZIP_LARGE);
  const extra = zip64([...(shown === ZIP_LARGE ? [member.size, member.size] : []), ...(offset === ZIP_LARGE ? [member.offset] : [])]);
  const fixed = pack(
    [4, 0x02014b50], [2, ZIP_UNIX | needed], [2, needed], [2, 0], [2, 0], [2, 0], [2, ZIP_DAY], [4, member.crc], [4, shown], [4, shown],
    [2, nameBytes.length], [2, extra.length], [2, 0], [2, 0], [2, 0], [4, ZIP_PLAIN], [4, offset],
  );
  return concat(fixed, nameBytes, extra);
}

function stated(member) {
  const needed = Math.max(member.size, member.offset) >= ZIP_LARGE ? 45 : 20;
  return { nameBytes: utf8(ZIP_BASE + member.name), shown: Math.min(member.size, ZIP_LARGE), needed };
}

function zip64(numbers) {
  return numbers.length ? pack([2, 1], [2, 8 * numbers.length], ...numbers.map((number) => [8, number])) : new Uint8Array();
}

function formatEnd(end) {
  const [count, size, offset] = [Math.min(end.count, ZIP_SMALL), Math.min(end.size, ZIP_LARGE), Math.min(end.offset, ZIP_LARGE)];
  const last = pack([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0]);
  if (count < ZIP_SMALL && size < ZIP_LARGE && offset < ZIP_LARGE) return last;
  const numbers = [[8, end.count], [8, end.count], [8, end.size], [8, end.offset]];
  const full = pack([4, 0x06064b50], [8, 44], [2, ZIP_UNIX | 45], [2, 45], [4, 0], [4, 0], ...numbers);
  return concat(full, pack([4, 0x07064b50], [4, 0], [8, end.offset + end.size], [4, 1]), last);
}

// The end record of a file of `length` bytes; raises Malformed.
function parseEnd(tail, length) {
  const at = tail.length - 22;
  well(at >= 0 && unpack(tail, at, 4) === 0x06054b50, "it does not end with a zip archive's end record");
  let [count, size, offset] = [unpack(tail, at + 10, 2), unpack(tail, at + 12, 4), unpack(tail, at + 16, 4)];
  if (count === ZIP_SMALL || size === ZIP_LARGE || offset === ZIP_LARGE) {
    well(tail.length === ZIP_TAIL && unpack(tail, 0, 4) === 0x06064b50, "its end record speaks of zip64, and there is none");
    [count, size, offset] = [unpack(tail, 32, 8), unpack(tail, 40, 8), unpack(tail, 48, 8)];
  }
  well(offset + size < length, "its end record points beyond its end");
  const end = { count, size, offset }, expected = formatEnd(end);
  well(tail.length >= expected.length && equal(tail.subarray(tail.length - expected.length), expected), "its end record is not in the one form");
  well(offset + size + expected.length === length, "something stands before, between or behind its parts");
  return end;
}

// The members {name, size, crc, offset, start} of a directory; raises Malformed unless it is that of these members and of no others.
function parseDirectory(data, end) {
  const members = [];
  let at = 0, offset = 0;
  while (at < data.length) {
    const member = parseCentral(data, at, offset, end.offset), before = members[members.length - 1];
    well(!before || before.name <= member.name, `${member.name} is out of order in it`);
    members.push(member);
    at += centralHeader(member).length;
    offset = member.start + member.size;
  }
  well(members.length > 0 && members.length === end.count && offset === end.offset, "its directory is not that of its members");
  checkNames(members.map((member) => member.name));
  return members;
}

function parseCentral(data, at, offset, room) {
  well(at + 46 <= data.length && unpack(data, at, 4) === 0x02014b50, "its directory is damaged");
  const nameEnd = at + 46 + unpack(data, at + 28, 2), whole = latin(data.subarray(at + 46, nameEnd));
  well(whole.startsWith(ZIP_BASE), `a file that does not lie in ${ZIP_BASE}`);
  checkName(whole.slice(ZIP_BASE.length));
  let size = unpack(data, at + 24, 4);
  if (size === ZIP_LARGE) size = unpack(data, nameEnd + 4, 8);
  const member = { name: whole.slice(ZIP_BASE.length), size, crc: unpack(data, at + 16, 4), offset };
  well(size <= room, `${member.name} claims more bytes than the archive has for it`);
  member.start = offset + localHeader(member).length;
  well(member.start + size <= room, `${member.name} claims more bytes than the archive has for it`);
  const expected = centralHeader(member), same = equal(data.subarray(at, at + expected.length), expected);
  well(same, `${member.name} is not written in the one form: a link, a folder, compressed, or packed anew`);
  return member;
}

// The tree of an archive, a Blob or a source; raises CannotTell for what is none or beyond the limits, Malformed for one in another form.
async function openZip(archive) {
  const file = typeof archive.read === "function" ? archive : sourceOf(archive), { size } = file;
  const tail = await file.read(Math.max(0, size - ZIP_TAIL), size), end = await endOf(file, tail);
  checkCount(end.count);
  well(end.size <= end.count * ZIP_ENTRY_AT_MOST, "its directory is longer than its members can make it");
  const members = parseDirectory(await file.read(end.offset, end.offset + end.size), end);
  checkSizes(new Map(members.map((member) => [member.name, member.size])));
  for (const member of members) {
    const expected = localHeader(member), found = await file.read(member.offset, member.start);
    well(equal(found, expected), `what stands before the bytes of ${member.name} differs from what its directory says`);
  }
  const within = ({ start, size: length, crc }) => ({ size: length, crc, read: (from, to) => file.read(start + from, start + to) });
  return new Tree(new Map(members.map((member) => [member.name, within(member)])));
}

async function endOf(file, tail) {
  try {
    return parseEnd(tail, file.size);
  } catch (error) {
    const starts = await file.read(0, Math.min(4, file.size)), ends = latin(tail).includes("PK\x05\x06");
    if (unpack(starts, 0, 4) !== 0x04034b50 && !ends) throw new CannotTell("no dossier: neither a folder nor a zip archive");
    throw error;
  }
}
