"""Every parser against hostile bytes: only the project's own errors come out, and what is taken has one form."""

import os
import random
import time
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import msgspec
import pytest
from mission import ORIGIN, Mission
from mutation import mutated
from parcels import answer, request

from keys.errors import KeyFileError, NoteError, PassphraseError, SignatureError
from keys.kept import _frame, _frames
from keys.keyfile import Public, format_key, make_key, parse_key
from keys.note import format_note, parse_note, sign_note
from keys.openssh import openssh_seed
from keys.seal import Cost
from keys.signing import parse_vkey
from ledger.card import card_of, format_card, parse_card
from ledger.checkpoint import Checkpoint, format_checkpoint_text, parse_checkpoint_text
from ledger.consistency import Consistency, check_two_heads, make_consistency, make_equivocation, parse_two_heads
from ledger.disclosure import make_disclosure, open_disclosure
from ledger.entry import decode_entry, encode_entry
from ledger.errors import CustodyError, Malformed
from ledger.exposure import Alone
from ledger.frames import frames, join_frames
from ledger.index import Index, check_index_proof, format_index_proof, parse_index_proof
from ledger.keepsake import parse_keepsake
from ledger.manifest import build_manifest, parse_manifest
from ledger.merkle import consistency_proof, inclusion_proof, root_of
from ledger.parcel import format_parcel, parse_parcel
from ledger.policy import (
    Anchors,
    Auditors,
    Authorities,
    format_anchor_list,
    format_anchors,
    format_policy,
    parse_anchor_list,
    parse_anchors,
    parse_policy,
)
from ledger.proof import format_proof, parse_proof
from ledger.record import format_record, parse_record, record_hash, subject_tag
from ledger.source import Trust


@dataclass(frozen=True)
class Parser:
    """`again` parses and writes once more; `errors` are all that it may raise; `exact`: what is taken must come out unchanged."""

    again: Callable[[bytes], bytes]
    seeds: Callable[[], list[bytes]]
    errors: tuple[type[Exception], ...]
    exact: bool = True


@cache
def mission() -> Mission:
    m = Mission()
    item = m.acquire()
    m.accept(item, m.release(item))
    m.finding(item)
    m.act("note", item, "olena@un.example", {"text": "Two lines.\nПо-українськи: «на полиці» 𝒳"})
    m.consent("W-1", "olena@un.example", "court")
    m.checkpoint()
    m.rotate_log()
    m.checkpoint()
    return m


def anchors() -> list[bytes]:
    nobody: dict[str, Any] = {"tsa": Authorities(roots=[], quorum=0), "auditors": Auditors(vkeys=[], quorum=0), "clock_tolerance_s": 600}
    note = next(iter(mission().checkpoints.values())).decode()
    both = Anchors(origin=ORIGIN, first=record_hash(mission().records[0]), checkpoint=note, **nobody)
    return [format_anchors(both), format_anchors(msgspec.structs.replace(both, checkpoint=None))]


def anchor_lists() -> list[bytes]:
    one = msgspec.structs.replace(parse_anchors(anchors()[1]), origin="a.example")
    return [format_anchor_list([parse_anchors(data), one]) for data in anchors()]


def cards() -> list[bytes]:
    m = mission()
    size = next(iter(m.checkpoints))
    bare = card_of(ORIGIN, record_hash(m.records[0]), m.log_keys)
    return [format_card(card) for card in (bare, replace(bare, head=Checkpoint(ORIGIN, size, m.state.root(size))))]


def carded(data: bytes) -> bytes:
    """White space and the case of hex may differ: what is taken is one of the cards that were made."""
    assert format_card(parse_card(data)) in cards()
    return data


@cache
def two_heads() -> list[bytes]:
    leaves = [record_hash(raw) for raw in mission().records]
    (old, note), (new, newer), *_ = mission().checkpoints.items()
    path = consistency_proof(old, new, lambda level, index, width: leaves[index << 8 : (index << 8) + width])
    return [make_consistency(note, newer, path), make_equivocation(note, newer, bytes(32), path)]


def _two_heads(data: bytes) -> bytes:
    proof = parse_two_heads(data)
    try:
        check_two_heads(proof, [mission().log.verifier])
    except CustodyError:
        pass
    path = [b64decode(each) for each in proof.path]
    if isinstance(proof, Consistency):
        return make_consistency(proof.old.encode(), proof.new.encode(), path)
    return make_equivocation(proof.old.encode(), proof.new.encode(), b64decode(proof.root), path)


def receipts() -> list[bytes]:
    return [sign_note(raw, [mission().log]) for raw in mission().records[:2]]


def keepsakes() -> list[bytes]:
    return [*proofs(), *two_heads(), *mission().checkpoints.values(), *mission().records[:2], *receipts()]


def kept_thing(data: bytes) -> bytes:
    """Nothing that is made up or damaged speaks against a log that never lied."""
    note = next(iter(mission().checkpoints.values()))
    trust = Trust(policy=parse_policy(policies()[0]))
    assert Alone(note, trust, [parse_keepsake("kept", data)]).judge(ORIGIN).exit_code() in (0, 3)
    return data


def policies() -> list[bytes]:
    own = format_policy([mission().log.verifier, mission().cosigner.verifier])
    witness = "witness w1 witness.example+c1a2b3c4+BJqE\n"
    return [own, own.replace(b"quorum none", witness.encode() + b"group g all w1\nquorum g"), b"# nothing\n\nquorum none\n"]


def proofs() -> list[bytes]:
    leaves = [record_hash(raw) for raw in mission().records]
    head, note = next(iter(mission().checkpoints.items()))
    path = inclusion_proof(2, head, lambda level, index, width: leaves[index << 8 : (index << 8) + width])
    assert root_of(leaves[:head])
    return [format_proof(2, path, note), format_proof(2, path, note, extra=b"anything")]


def index_proofs() -> list[bytes]:
    index = Index((subject_tag(ORIGIN, f"person:{n}"), bytes([n]) * 32) for n in range(40))
    return [format_index_proof(index.prove(subject_tag(ORIGIN, f"person:{n}"))) for n in (3, 50)]


def manifests() -> list[bytes]:
    files = [(f"a/{n}%\n.txt", f"{n:02}" * 32, n) for n in range(9)]
    return [build_manifest(files, [bytes([n]) * 16 for n in range(9)])]


@cache
def key_files() -> list[bytes]:
    handler = Public("handler", "olena@un.example", (mission().signers["olena@un.example"].verifier.vkey,), bytes(32))
    log = Public("log", ORIGIN, (mission().log.verifier.vkey, mission().cosigner.verifier.vkey), None)
    return [format_key(make_key(public, bytes(64), b"seven small boats", Cost(1, 8))) for public in (handler, log)]


def kept() -> list[bytes]:
    return [b"".join(_frame(n, note, note if n % 2 else None) for n, note in enumerate(mission().notes[:5]))]


def disclosures() -> list[bytes]:
    fields = {"text": "An x.", "present": ["A", "B"], "place": {"text": "x"}}
    return [make_disclosure(bytes(range(16)), name, value).encode() for name, value in fields.items()]


def vkeys() -> list[bytes]:
    return [key.verifier.vkey.encode() for key in mission().log_keys.values()] + [
        signer.verifier.vkey.encode() for signer in mission().signers.values()
    ]


@cache
def parcels() -> list[bytes]:
    return [format_parcel(request(mission(), 6)), format_parcel(answer(mission(), 10))]


def framed() -> list[bytes]:
    """As a hand scanner types them."""
    return ["".join(f"{text}\n" for text in frames(data, room)).encode() for data in parcels() for room in (528, 2000)]


def disclosed(data: bytes) -> bytes:
    text = data.decode("utf-8", "surrogateescape")
    name, value = open_disclosure(text, "note")
    salt = msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))[0]
    return make_disclosure(urlsafe_b64decode(salt + "=="), name, value).encode()


def refilled(data: bytes) -> bytes:
    """Whole frames come out as they are; what is damaged between them is passed over."""
    for found in _frames(data):
        assert _frame(found.index, found.entry, found.receipt) in data
    return data


def listed(data: bytes) -> bytes:
    lines = parse_manifest(data)
    return build_manifest([(line.path, line.sha256, line.size) for line in lines], [line.salt for line in lines])


def policy(data: bytes) -> bytes:
    parse_policy(data).quorum_met(())
    return data


def index_proof(data: bytes) -> bytes:
    proof = parse_index_proof(data)
    try:
        check_index_proof(bytes(32), proof.tag, proof)
    except CustodyError:
        pass
    return format_index_proof(proof)


def imported(data: bytes) -> bytes:
    assert len(openssh_seed(data, None)) == 32
    return data


def joined(data: bytes) -> bytes:
    """Order, repetition and what stands between codes may differ; what they make is a parcel that was cut into codes, or nothing."""
    made = join_frames(data.decode("utf-8", "replace").split("\n"))
    assert made in parcels()
    return data


@cache
def openssh() -> list[bytes]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return [Ed25519PrivateKey.from_private_bytes(bytes(32)).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())]


PARSERS = {
    "note": Parser(lambda d: format_note(parse_note(d)), lambda: mission().notes, (NoteError,)),
    "vkey": Parser(lambda d: parse_vkey(d.decode("utf-8", "surrogateescape")).vkey.encode(), vkeys, (NoteError, SignatureError)),
    "entry": Parser(lambda d: encode_entry(decode_entry(d)), lambda: [parse_note(n).text for n in mission().notes], (CustodyError,)),
    "record": Parser(lambda d: format_record(parse_record(d)), lambda: mission().records, (CustodyError,)),
    "checkpoint": Parser(
        lambda d: format_checkpoint_text(parse_checkpoint_text(d)), lambda: [parse_note(n).text for n in mission().checkpoints.values()], (Malformed,)
    ),
    "policy": Parser(policy, policies, (Malformed,)),
    "anchors": Parser(lambda d: format_anchors(parse_anchors(d)), anchors, (CustodyError,)),
    "anchors of several": Parser(lambda d: format_anchor_list(parse_anchor_list(d)), anchor_lists, (CustodyError,)),
    "card": Parser(carded, cards, (CustodyError,)),
    "two heads": Parser(_two_heads, two_heads, (CustodyError,)),
    "keepsake": Parser(kept_thing, keepsakes, (CustodyError,)),
    "index proof": Parser(index_proof, index_proofs, (CustodyError,)),
    "tlog proof": Parser(lambda d: _proof(d), proofs, (CustodyError,)),
    "manifest": Parser(listed, manifests, (Malformed,)),
    "key file": Parser(lambda d: format_key(parse_key(d)), key_files, (KeyFileError,)),
    "kept frames": Parser(refilled, kept, ()),
    "disclosure": Parser(disclosed, disclosures, (Malformed,)),
    "parcel": Parser(lambda d: format_parcel(parse_parcel(d)), parcels, (CustodyError,)),
    "frames": Parser(joined, framed, (CustodyError,)),
    "openssh key": Parser(imported, openssh, (KeyFileError, PassphraseError)),
}


def _proof(data: bytes) -> bytes:
    proof = parse_proof(data)
    return format_proof(proof.index, proof.path, proof.checkpoint, proof.extra)


@pytest.mark.parametrize("name", PARSERS)
def test_hostile_bytes(name: str, seconds: float) -> None:
    """Taken bytes come out unchanged; anything else ends in an error of ours, with words in it."""
    parser, number = PARSERS[name], int(os.environ.get("CUSTODY_FUZZ_SEED", time.time_ns() % 10**9))
    chance, seeds = random.Random(number), parser.seeds()
    everything = [seed for other in PARSERS.values() for seed in other.seeds()[:3]]
    for seed in seeds:
        _tried(parser, seed, number)
    until, tried, taken = time.monotonic() + seconds, 0, 0
    while time.monotonic() < until:
        data = mutated(chance.choice(seeds), chance, everything)
        taken += _tried(parser, data, number)
        tried += 1
    print(f"{name}: seed {number}, {tried} tried, {taken} taken")
    assert tried > 0
    assert taken < tried or not parser.errors


def _tried(parser: Parser, data: bytes, number: int) -> bool:
    out, words = None, "taken"
    try:
        out = parser.again(data)
    except parser.errors as error:
        words = str(error)
    except Exception as error:
        raise AssertionError(f"CUSTODY_FUZZ_SEED={number}: {type(error).__name__}: {error} from {data!r}") from error
    assert words, f"CUSTODY_FUZZ_SEED={number}: an error without words for {data!r}"
    assert out in (None, data), f"CUSTODY_FUZZ_SEED={number}: taken in two forms: {data!r}"
    return out is not None


def test_the_seeds_are_taken() -> None:
    """Else every mutation would be refused for the wrong reason."""
    refused = [name for name, parser in PARSERS.items() if name != "policy" and not all(_tried(parser, seed, 0) for seed in parser.seeds())]
    assert refused == []
