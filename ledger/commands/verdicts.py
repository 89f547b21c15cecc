"""The verdict lines of an audit, as text and as data."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.commands.output import print_json
from ledger.errors import worst
from ledger.printable import printable

if TYPE_CHECKING:
    from ledger.bounds import End
    from ledger.dossier.nested import Found
    from ledger.report import Line, Report


def tell_dossiers(found: "list[Found]", require: tuple[str, ...], as_json: bool, files: Sequence[str] = (), times: bool = False) -> int:
    """The dossier in hand, after those of other ledgers that lie in it; and which exhibit each of the `files` is."""
    first, *others = found
    asked = [_asked(path, found) for path in files]
    codes = [one.report.exit_code() for one in others]
    code = worst([first.report.exit_code(require), *codes])
    if as_json:
        before = [{**as_data(one.report, own), "sha256": one.sha256} for one, own in zip(others, codes, strict=True)]
        more = ({"files": asked} if asked else {}) | ({"times": times_as_data(first.report)} if times else {})
        print_json({**as_data(first.report, code), "before": before, **more})
        return code
    for one, own in zip(others, codes, strict=True):
        click.echo(f"a dossier that lies in it, {one.sha256}:")
        show_report(one.report, own)
        click.echo("")
    if others:
        click.echo("the dossier itself:")
    show_report(first.report, code)
    if times:
        show_times(first.report)
    none = "no entry here names it" + ("; what is withheld or stays closed may" if any(map(_keeps_back, found)) else "")
    for file in asked:
        said = "; ".join(dict.fromkeys(_namings(file["named"])))
        click.echo(printable(f"{file['path']}: SHA-256 {file['sha256']}: {said or none}"))
    return code


def _asked(path: str, found: "list[Found]") -> dict[str, Any]:
    """A file, by its bytes alone, and the entries that name it."""
    from ledger.fixity import hash_file

    sha256 = hash_file(Path(path)).sha256
    namings = ((one.report.origin, naming) for one in found for naming in one.showing.namings(sha256))
    named = [{"ledger": origin, **naming._asdict()} for origin, naming in namings]
    return {"path": path, "sha256": sha256, "named": named}


def _namings(named: Sequence[dict[str, Any]]) -> list[str]:
    """In words; by its ledger too, where there are several."""
    several = len({one["ledger"] for one in named}) > 1
    return [f"{one['field']} of record {one['record']}, {one['item']}" + (f" of {one['ledger']}" if several else "") for one in named]


def _keeps_back(one: "Found") -> bool:
    """Whether entries or lines of a manifest are not shown."""
    notes = [*one.report.lines["content"].notes, *one.report.lines["completeness"].notes]
    return any("lines of its manifest stay closed" in note or " is withheld: " in note for note in notes)


def as_data(report: "Report", code: int) -> dict[str, Any]:
    """The report as plain values."""
    lines = {
        line.name: {
            "verdict": line.verdict, "reason": line.reason, "notes": line.notes, "more_faults": line.more_faults,
            "faults": [{"record": x.record, "item": x.item, "field": x.field, "message": x.message} for x in line.faults],
        }
        for line in report.lines.values()
    }  # fmt: skip
    return {
        "origin": report.origin, "records": report.size, "judged": report.judged, "items": report.items, "head": report.head,
        "checkpoint": report.checkpoint, "lines": lines, "exit": code,
    }  # fmt: skip


def times_as_data(report: "Report") -> list[dict[str, Any]]:
    """Each record between what is proven of it, the claims beside it; nothing where nobody's word on time counts."""
    from ledger.times import moment

    def end(found: "End | None") -> dict[str, Any] | None:
        return None if found is None else {"time": moment(found.moment), "checkpoint": found.size, "by": list(found.by)}

    names = ("signed_not_before", "recorded_not_before", "recorded_not_after")
    return [
        {"record": one.record, "claimed": moment(one.claimed), "recorded": moment(one.recorded)}
        | {name: end(found) for name, found in zip(names, one.proven, strict=True)}
        for one in (report.times() if report.times is not None else ())
    ]


def show_times(report: "Report") -> None:
    """A line for each record: claimed, recorded, and between which proven instants."""
    from ledger.times import between, moment

    if report.times is None:
        return click.echo("times: you hold neither a timestamp authority nor a quorum of witnesses, so no end of any interval is proven")
    for one in report.times():
        first = one.proven.recorded_not_before
        proven = between(one.proven.signed_not_before, None), between(first, one.proven.recorded_not_after)
        signed = f"; signed {proven[0]}" if proven[0] and one.proven.signed_not_before != first else ""
        said = f"recorded {proven[1] or 'at no proven time'}{signed}"
        click.echo(printable(f"record {one.record}: claims {moment(one.claimed)}, the log says {moment(one.recorded)}; {said}"))
    return None


def show_report(report: "Report", code: int) -> None:
    from ledger.report import NOT_PROVED

    click.echo(f"{printable(report.origin)}: {report.size} records, {report.items} items, head {report.head}")
    for line in report.lines.values():
        show_line(line)
    show_outcome(code)
    click.echo(f"no log can prove: {NOT_PROVED}")


def show_line(line: "Line") -> None:
    """One verdict, with what stands behind it."""
    reason = f" ({line.reason})" if line.verdict == "not checked" else ""
    click.echo(f"{line.name:<13} {line.verdict}{printable(reason)}")
    for fault in line.faults:
        click.echo(f"    fault: {printable(str(fault))}")
    if line.more_faults:
        click.echo(f"    and {line.more_faults} more faults")
    for remark in line.notes:
        click.echo(f"    note: {printable(remark)}")


def show_outcome(code: int) -> None:
    outcome = {0: "sound, as far as it was asked", 1: "NOT sound: see the faults", 3: "cannot tell: see what was not checked"}[
        code
    ]
    click.echo(f"outcome: {outcome}")
