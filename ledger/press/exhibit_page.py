"""The court's page of one exhibit: six questions that a court asks of a recording, each answered from the signed entries alone.

The questions are those that E. Goldstein asks of video evidence.
"""

from collections.abc import Collection, Iterator

from msgspec import UnsetType

from ledger import acts
from ledger import fields as f
from ledger.condition import content_digest
from ledger.dossier.exhibits import Contents, Exhibit, Said
from ledger.identifiers import seals
from ledger.press import custody_table, looks_table
from ledger.press.custody_table import custody
from ledger.press.entries_table import more
from ledger.press.findings_table import findings
from ledger.press.ink import Ink, ink, joined, phrase
from ledger.press.looks_table import content, looks, stamp
from ledger.press.parts import Part, table, title
from ledger.press.values import Cell, Names, counted, description, field_of, fields, given, kind, seal, signers, time, told, words

QUESTIONS = (
    "Who captured it, and when?",
    "Who had access to it between capture and court?",
    "Has it been altered since?",
    "Who enhanced it, when and why?",
    "What was done, and is it repeatable?",
    "Has the enhanced image been altered since?",
)


def page(contents: Contents, exhibit: Exhibit, names: Names, held: Collection[str]) -> Part:
    """`held`: SHA-256 of the files that lie in the dossier."""
    made = _made_from(contents, exhibit)
    answers = (
        _captured(exhibit, names), _access(exhibit, names), _altered(exhibit, names), _enhanced(exhibit, made, names),
        _done(exhibit, made, names), _derived(made, names),
    )  # fmt: skip
    return {
        "number": exhibit.number, "description": description(exhibit, names), "kind": kind(exhibit), "subject": exhibit.subject,
        "questions": [{"title": title, "parts": list(parts)} for title, parts in zip(QUESTIONS, answers, strict=True)],
        "findings": findings(exhibit, names), "more": list(more(exhibit, names, held)),
    }  # fmt: skip


# --- 1 -------------------------------------------------------------------------------------------------------------------------


def _captured(exhibit: Exhibit, names: Names) -> Iterator[Part]:
    if exhibit.first is None:
        yield {"text": Ink("The entry by which it came into custody is withheld, or not in this dossier.")}
        return
    said = exhibit.said[0]
    what = "made from another exhibit" if isinstance(exhibit.first, acts.Derive) else "taken into custody"
    lead = [(what, phrase("by {}, {} (record {})", signers(said), time(said.entry.time), said.record.index)), *_recorded(said)]
    yield {"pairs": [*lead, *fields(said, names, ("number", "files", "prior_custody"))]}
    prior = given(exhibit.first.prior_custody) if isinstance(exhibit.first, acts.Acquire) else None
    for one in prior or ():
        span = phrase("from {} to {}", given(one.from_) or "?", given(one.to) or "?")
        yield {"text": phrase("Before the ledger, stated and not signed by those named: {}, {}; basis: {}.", one.holder, span, one.basis)}


def _recorded(said: Said) -> Iterator[tuple[str, Ink]]:
    yield "recorded", phrase("{}, by the ledger's clock", time(said.record.recorded))


# --- 2 -------------------------------------------------------------------------------------------------------------------------


def _access(exhibit: Exhibit, names: Names) -> Iterator[Part]:
    rows, state = custody(exhibit, names)
    reference = content_digest(exhibit.first.files) if exhibit.first else None
    widths = ("12mm", "1fr", "1fr", "20mm", "20mm", "1fr", "17mm", "1fr")
    yield table(custody_table.HEAD, widths, [row.cells() for row in rows], "No entry on its custody is shown.")
    yield {"text": state}
    yield title("Access", 3)
    looks = [_opened(said, said.entry.body, reference, names) for said in exhibit.said if isinstance(said.entry.body, acts.Access)]
    head = ("Record", "Time", "By", "What for", "Fingerprint and seal, before and after")
    yield table(head, ("12mm", "26mm", "1fr", "1.4fr", "1.2fr"), looks, "No entry tells of an access by those who held it.")
    kept = [_kept(said, said.entry.body, names) for said in exhibit.said if isinstance(said.entry.body, acts.Store)]
    if kept:
        yield title("Keeping", 3)
        yield table(("Record", "Time", "By", "Kept"), ("12mm", "26mm", "1fr", "2fr"), kept, "")


def _opened(said: Said, body: acts.Access, reference: str | None, names: Names) -> list[Cell]:
    child = [phrase("to derive {}", names.subject(body.child))] if not isinstance(body.child, UnsetType) else [ink(body.manner)]
    looks: list[Cell] = [*content(body, reference), *(seal(one) for one in seals(body))]
    why = [*child, told(said, "purpose", names) or Ink("no purpose is shown")]
    return [*stamp(said), [*why, *_rest(said, names, ("manner", "child", "purpose", *_SEEN))], looks or "–"]


_SEEN = ("sha256_before", "sha256_after", "seal_before", "seal_after")


def _kept(said: Said, body: acts.Store, names: Names) -> list[Cell]:
    return [*stamp(said), [phrase("{}: {}", name, text) for name, text in fields(said, names)]]


def _rest(said: Said, names: Names, without: tuple[str, ...]) -> list[Ink]:
    """What an entry says beyond the fields that have a place of their own."""
    return [phrase("{}: {}", name, text) for name, text in fields(said, names, without) if isinstance(text, str)]


# --- 3 -------------------------------------------------------------------------------------------------------------------------


def _altered(exhibit: Exhibit, names: Names) -> Iterator[Part]:
    reference = content_digest(exhibit.first.files) if exhibit.first else None
    if reference is not None and exhibit.first is not None:
        yield {"pairs": [("first fingerprint", [{"code": reference}, _means(exhibit.first.files)])]}
    rows = list(looks(exhibit, reference))
    yield table(looks_table.HEAD, looks_table.WIDTHS, rows, "No later look at it is recorded.")
    amended = [_amended(said, said.entry.body, names) for said in exhibit.said if isinstance(said.entry.body, acts.Amend)]
    if amended:
        yield title("Corrections of what was written; the first wording stays signed", 3)
        yield table(("Record", "By", "Corrects", "From", "To", "Reason"), ("12mm", "1fr", "1fr", "1fr", "1fr", "1fr"), amended, "")


def _means(files: f.Opt[f.Files]) -> Ink:
    if isinstance(files, f.FileSet):
        return phrase("root over the list of {}", counted(files.files, "file"))
    one = isinstance(files, list) and len(files) == 1
    return Ink("SHA-256 of its one file" if one else "SHA-256 over the list of its files")


def _amended(said: Said, body: acts.Amend, names: Names) -> list[Cell]:
    target = phrase("{} in {}", words(body.field), names.record(body.target))
    reason = told(said, "reason", names) or Ink("–")
    return [str(said.record.index), phrase("{}, {}", signers(said), time(said.entry.time)), target, ink(body.old), ink(body.new), reason]


# --- 4, 5, 6 -------------------------------------------------------------------------------------------------------------------


def _made_from(contents: Contents, exhibit: Exhibit) -> list[Exhibit]:
    """The exhibits here that were derived from this one."""
    shown = (*contents.exhibits, *contents.others)
    return [
        one for one in shown if isinstance(one.first, acts.Derive) and exhibit.subject in {parent.subject for parent in one.first.parents}
    ]


def _steps(exhibit: Exhibit, made: list[Exhibit]) -> list[Exhibit]:
    own = [exhibit] if isinstance(exhibit.first, acts.Derive) else []
    return [*own, *made]


def _enhanced(exhibit: Exhibit, made: list[Exhibit], names: Names) -> Iterator[Part]:
    rows = [_operation(one, one.said[0], names) for one in _steps(exhibit, made)]
    head, widths = ("Exhibit", "Record", "Operation", "By", "Time", "Reason"), ("1fr", "12mm", "1fr", "1.2fr", "26mm", "1.6fr")
    yield table(head, widths, rows, "No entry here tells of an enhancement, a copy or anything else that was made from it.")
    if absent := [child for child in _children(exhibit) if child not in {one.subject for one in made}]:
        yield {"text": phrase("Made from it, and not in this dossier: {}.", joined(", ", map(names.subject, absent)))}


def _children(exhibit: Exhibit) -> list[str]:
    found = (said.entry.body.child for said in exhibit.said if isinstance(said.entry.body, acts.Access))
    return [child for child in found if not isinstance(child, UnsetType)]


def _operation(one: Exhibit, said: Said, names: Names) -> list[Cell]:
    operation = words(one.first.operation) if isinstance(one.first, acts.Derive) else Ink("–")
    reason = told(said, "reason", names) or Ink("–")
    return [one.number, str(said.record.index), operation, signers(said), time(said.entry.time), reason]


_OPERATION = (
    "tool", "parameters", "repeatable", "lost_or_hidden", "stream_digests", "read_errors", "write_blocker", "quantity_taken",
    "quantity_left", "consumed", "changes_to_original", "performed_by", "present", "remarks",
)  # fmt: skip


def _done(exhibit: Exhibit, made: list[Exhibit], names: Names) -> Iterator[Part]:
    steps = _steps(exhibit, made)
    for one in steps:
        said = one.said[0]
        pairs = [(str(words(name)), text) for name in _OPERATION if (text := told(said, name, names)) is not None]
        yield {"text": phrase("{}, record {}:", one.number, said.record.index)}
        yield {"pairs": pairs} if pairs else {"text": Ink("Neither a tool nor its settings are given.")}
        if field_of(said, "repeatable") is None:
            yield {"text": Ink("Whether it is repeatable is not stated.")}
    if not steps:
        yield {"text": Ink("Nothing that was done to its content is recorded here.")}


def _derived(made: list[Exhibit], names: Names) -> Iterator[Part]:
    if not made:
        yield {"text": Ink("No exhibit here was made from it.")}
    for one in made:
        reference = content_digest(one.first.files) if one.first else None
        yield {"pairs": [(f"{one.number}", [{"code": reference}] if reference else "no files")]}
        rows = list(looks(one, reference))
        yield table(looks_table.HEAD, looks_table.WIDTHS, rows, "No later look at it is recorded.")
