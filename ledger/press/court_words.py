"""What report.pdf says in every dossier alike: how to check it, and its words."""

from typing import Any

from ledger import acts
from ledger.dossier.contents import entry_name, record_name
from ledger.dossier.exhibits import Contents

GLOSSARY = {
    "acceptance": "the receiver's signed statement that an exhibit arrived, with their own look at it",
    "act": "the kind of an entry: taking into custody, release, acceptance, finding, and so on",
    "checkpoint": "the signed state of the whole ledger at one size: its name, the number of records, and one hash over all of them",
    "closed": "said of a confidential field: the signed text holds a fingerprint of it, and its content is not in this dossier",
    "custody": "who answers for an exhibit; at every moment one person",
    "declared gap": "a time for which nobody can say who had the exhibit, stated by those who found it so",
    "derivative": "an exhibit that was made from another one: a copy, an excerpt, an enhancement, a translation",
    "disclosed": "said of a confidential field that is opened here; whoever checks can tell that it is what was signed",
    "dossier": "the folder or archive in which this document lies: entries, records, proofs, files, and the means to check them",
    "entry": "one signed statement by a named person about one exhibit, person or the ledger itself",
    "exhibit": "one item in custody, under its number",
    "finding": "what an examiner found on one claim, by one method, with the steps to repeat it",
    "fingerprint": "the SHA-256 of a file: 64 signs that change when any bit of the file changes",
    "handler": "a person who may sign, enrolled in the ledger with a key",
    "ledger": "the list of all records, to which entries are only ever added; its name is its origin",
    "outside": "with somebody who has no key in the ledger, on the word of the person who gave it to them",
    "record": "the place of an entry in the ledger, by number, with the time at which the ledger recorded it",
    "release": "the holder's signed statement that they give an exhibit to somebody",
    "review": "what a second examiner says of a finding: concurs or dissents, and why",
    "root": "one hash over all records of a checkpoint, or over all lines of a list of files",
    "seal": "a numbered closure on a bag or box, looked at in place of its content",
    "time stated": "the time that the signer gives; the ledger's own time of recording stands in the record",
    "trust policy, trust card": "what a reader must hold from elsewhere: the ledger's keys and the hash of its first record",
    "withheld": "said of an entry that is not in this dossier; its record is, with the reason",
}  # fmt: skip


def steps(contents: Contents) -> list[dict[str, Any]]:
    """Each a title, a sentence, and commands to type in the folder of the dossier."""
    index = contents.export.record.index
    note, record = entry_name(index, late=True), record_name(index, late=True)
    found = [
        _step(
            "Everything at once, with Python alone",
            "verify.py lies in the dossier, is one file to read, and needs nothing else. TRUST is the folder or trust card that you hold.",
            "python3 -I verify.py . --trust TRUST", "python3 -I verify.py . --trust TRUST --file FILE",
        ),
        _step(
            "Everything at once, in a browser",
            "Open report.html from the disk, without a network. Enter the trust card. Drop a file on the page to see which exhibit it is, or none.",
        ),
        _step(
            "Everything at once, with the program that keeps such ledgers",
            "It comes from elsewhere than the dossier; a verifier that came with what it verifies may lie.",
            "custody audit . --trust TRUST",
        ),
        _step(
            "That no file was changed since the dossier was written",
            "Each line must say OK. This alone does not say who wrote the dossier.",
            "sha256sum -c manifest-sha256.txt", "sha256sum -c tagmanifest-sha256.txt",
        ),
        _step(
            "That a file is an exhibit",
            "The 64 signs printed must be those under “Files and their fingerprints” of the exhibit.",
            "sha256sum FILE",
        ),
        _step(
            "That an entry is the one that was recorded, here the export itself",
            "Both commands print the same line: the hash of the signed entry, and line 6 of its record.",
            f"openssl dgst -sha256 -binary {note} | base64", f"sed -n 6p {record}",
        ),
    ]  # fmt: skip
    key = _key_of(contents, contents.export.entry.by[0], index)
    return [*found, *([_signature(note, key)] if key else [])]


def _step(title: str, text: str, *commands: str) -> dict[str, Any]:
    return {"title": title, "text": text, "commands": [{"code": command} for command in commands]}


def _signature(note: str, key: str) -> dict[str, Any]:
    """Ed25519 by openssl: the key is 32 bytes behind the head that SubjectPublicKeyInfo has for it (RFC 8410)."""
    return _step(
        "That a named person signed an entry, here the export",
        "openssl 3 prints “Signature Verified Successfully”. The key is that of the first signer, as enrolled; whose it is, the enrolment says.",
        f"sed '/^$/,$d' {note} > text",
        f"grep -m1 '^— ' {note} | sed 's/.* //' | base64 -d | tail -c 64 > signature",
        "printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000' > key",
        f"echo {key} | base64 -d | tail -c 32 >> key",
        "openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in text -sigfile signature",
    )


def _key_of(contents: Contents, name: str, before: int) -> str | None:
    """The key material, base64, by which a handler signed an entry at this place; None where no enrolment is shown."""
    found: str | None = None
    for said in contents.said:
        body = said.entry.body
        if said.record.index >= before:
            break
        if isinstance(body, acts.Open):
            found = next((one.vkey for one in body.registrars if one.handler == name), found)
        elif isinstance(body, acts.Enrol) and body.handler == name:
            found = body.vkey
        elif isinstance(body, acts.Rotate) and said.entry.subject == f"handler:{name}":
            found = body.new[0]
    return None if found is None else found.split("+", 2)[2]  # base64 holds "+" too
