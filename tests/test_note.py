"""A signed note has one byte form; anything else is refused before a key is looked at."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import NoteError
from keys.note import MAX_SIGNATURES, Note, Signature, format_note, parse_note, sign_note
from keys.signing import Ed25519Signer, Signer

LINE = "— a.example ".encode() + b64encode(b"idid" + b"value") + b"\n"
NOTE = b"first\n\nlast\n\n" + LINE
FROM_THE_SPECIFICATION = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()


def test_the_text_ends_at_the_last_blank_line():
    assert parse_note(NOTE) == Note(b"first\n\nlast\n", (Signature("a.example", b"idid", b"value"),))


def test_the_example_of_the_specification_reads_and_writes_the_same():
    note = parse_note(FROM_THE_SPECIFICATION)
    assert note.signatures[0].name == "example.com/foo"
    assert note.signatures[0].key_id.hex() == "530d903a"
    assert format_note(note) == FROM_THE_SPECIFICATION


def test_real_checkpoints_of_others_read_and_write_the_same(shared):
    files = sorted((shared / "vectors" / "tlog-tiles" / "log").glob("checkpoint*"))
    assert len(files) >= 16
    for file in files:
        assert format_note(parse_note(file.read_bytes())) == file.read_bytes()


MALFORMED = {
    "empty": b"",
    "no blank line": b"text\n" + LINE,
    "no text": b"\n" + LINE,
    "no signature": b"text\n\n",
    "text and nothing": b"text\n",
    "last newline missing": NOTE[:-1],
    "newline too many": NOTE + b"\n",
    "carriage return": NOTE.replace(b"first\n", b"first\r\n"),
    "tab": NOTE.replace(b"first", b"fir\tst"),
    "zero byte": NOTE.replace(b"first", b"fir\0st"),
    "escape": NOTE.replace(b"first", b"fir\x1bst"),
    "not UTF-8 in the text": NOTE.replace(b"first", b"fir\xffst"),
    "not UTF-8 in the name": NOTE.replace(b"a.example", b"a\xff"),
    "encoded surrogate": NOTE.replace(b"first", b"\xed\xa0\x80"),
    "hyphen for the dash": NOTE.replace("—".encode(), b"-"),
    "no space after the dash": NOTE.replace("— ".encode(), "—".encode()),
    "two spaces after the dash": NOTE.replace("— ".encode(), "—  ".encode()),
    "no name": NOTE.replace(b"a.example ", b" "),
    "no signature in the line": NOTE.replace(LINE, "— a.example\n".encode()),
    "empty signature in the line": NOTE.replace(LINE, "— a.example \n".encode()),
    "something behind the signature": NOTE[:-1] + b" x\n",
    "space behind the signature": NOTE[:-1] + b" \n",
    "plus in the name": NOTE.replace(b"a.example", b"a+b"),
    "no-break space in the name": NOTE.replace(b"a.example", "a\u00a0b".encode()),
    "next line (C1) in the name": NOTE.replace(b"a.example", "a\u0085b".encode()),
    "line separator in the name": NOTE.replace(b"a.example", "a\u2028b".encode()),
    "ideographic space in the name": NOTE.replace(b"a.example", "a\u3000b".encode()),
    "name of 256 bytes": NOTE.replace(b"a.example", b"a" * 256),
    "only a key ID": NOTE.replace(LINE, "— a.example ".encode() + b64encode(b"idid") + b"\n"),
    "three bytes": NOTE.replace(LINE, "— a.example ".encode() + b64encode(b"idi") + b"\n"),
    "base64 without padding": NOTE.replace(b64encode(b"ididvalue"), b64encode(b"ididvalues").rstrip(b"=")),
    "base64 with spare bits set": NOTE.replace(b64encode(b"ididvalue"), b"aWRpZHZ="),
    "base64 of URLs": NOTE.replace(b64encode(b"ididvalue"), b"____" * 3),
    "base64 with a stray character": NOTE.replace(b"aWRp", b"aW!Rp"),
    "another line among the signatures": NOTE.replace(LINE, LINE + b"x\n" + LINE),
    "65 signatures": NOTE.replace(LINE, LINE * (MAX_SIGNATURES + 1)),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_not_in_the_one_form_is_refused(data):
    with pytest.raises(NoteError):
        parse_note(data)


def test_spare_bits_are_what_makes_the_base64_case_fail():
    assert parse_note(NOTE.replace(b64encode(b"ididvalue"), b"aWRpZHY=")).signatures[0].value == b"v"


def test_a_cut_note_is_said_to_be_cut():
    with pytest.raises(NoteError, match="its last signature line is cut"):
        parse_note(NOTE[:-1])


@pytest.mark.parametrize("count", [1, 16, MAX_SIGNATURES])
def test_as_many_signatures_as_the_specification_asks_for_are_read(count):
    assert len(parse_note(b"text\n\n" + LINE * count).signatures) == count


def test_names_may_be_in_any_script_and_255_bytes_long():
    for name in ("Олена@un.example", "mission-7/журнал", "a" * 255, "—"):
        data = b"text\n\n" + Signature(name, b"idid", b"v").line
        assert parse_note(data).signatures[0].name == name


def test_a_note_larger_than_the_limit_is_not_read():
    assert parse_note(NOTE, limit=len(NOTE))
    with pytest.raises(NoteError, match="larger than"):
        parse_note(NOTE, limit=len(NOTE) - 1)


@given(st.binary(max_size=60), st.integers(0, 200), st.integers(0, 40))
def test_a_changed_note_is_refused_or_reads_back_to_the_changed_bytes(insert, at, cut):
    data = NOTE[:at] + insert + NOTE[at + cut :]
    try:
        note = parse_note(data)
    except NoteError:
        return
    assert format_note(note) == data


def test_every_single_changed_byte_is_refused_or_seen():
    note = parse_note(NOTE)
    for at in range(len(NOTE)):
        for value in range(256):
            data = NOTE[:at] + bytes([value]) + NOTE[at + 1 :]
            if data == NOTE:
                continue
            try:
                assert parse_note(data) != note
            except NoteError:
                pass


def test_signers_sign_in_their_order():
    signers: list[Signer] = [Ed25519Signer("b", b"1" * 32), Ed25519Signer("a", b"2" * 32)]
    note = parse_note(sign_note(b"text\n", signers))
    assert note.text == b"text\n"
    assert [signature.name for signature in note.signatures] == ["b", "a"]


class Refusing:
    """A signer that must not be asked."""

    verifier = Ed25519Signer("a", b"1" * 32).verifier

    def sign(self, text: bytes) -> Signature:
        raise AssertionError("a key was used on a text that no note can hold")


@pytest.mark.parametrize("text", [b"", b"no newline", b"tab\t\n", b"\xff\n"])
def test_a_text_that_no_note_can_hold_is_refused_before_any_key_is_used(text):
    with pytest.raises(NoteError):
        sign_note(text, [Refusing()])


def test_a_note_without_signers_is_refused():
    with pytest.raises(NoteError, match="0 signatures"):
        sign_note(b"text\n", [])


def test_a_lone_surrogate_in_a_name_is_refused():
    with pytest.raises(NoteError, match="surrogate"):
        Signature("a\ud800", b"idid", b"v")
