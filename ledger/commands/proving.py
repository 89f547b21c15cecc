"""Proofs and the audit."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.commands.cosigning import check_auditor, cosign_audited, keep_lines
from ledger.commands.folder import find_ledger, open_ledger
from ledger.commands.output import print_json, write_new
from ledger.commands.passphrases import PASSPHRASES
from ledger.commands.progress import progress
from ledger.commands.trust import move_pins, save_trust, trust_given, trusting
from ledger.commands.verdicts import as_data, show_report, show_times, tell_dossiers, times_as_data
from ledger.errors import Usage, worst
from ledger.printable import printable

if TYPE_CHECKING:
    from ledger.ledger import Ledger


@click.command("prove")
@click.argument("what", required=False)
@click.option("--size", type=click.IntRange(1), metavar="SIZE", help="Under the checkpoint of this size, else the newest.")
@click.option(
    "--absent", is_flag=True, help="Prove by the completeness index how many entries a subject has, or that it has none."
)
@click.option(
    "--consistent", type=click.Path(), metavar="CHECKPOINT", help="Prove that the log continues this older signed checkpoint (a file)."
)
@click.option("--to", "to", type=click.Path(), metavar="FILE", help="Write the proof there, else to standard output.")
def prove(what: str | None, size: int | None, absent: bool, consistent: str | None, to: str | None) -> None:
    """Prove that record WHAT (a number) is in the log; with --absent, what the index says of subject WHAT.

    With --consistent, that the newest checkpoint continues an older one. Where the log signed both and they do not continue each other,
    that is a fault (exit 1), and --to gets the evidence. Anyone may keep a proof: custody audit --proof holds it against a ledger.
    """
    from ledger.commands.proofs import prove_consistent

    if (what is None) == (consistent is None) or (consistent and (size or absent)):
        raise Usage("name the number of a record, or --absent SUBJECT, or --consistent CHECKPOINT")
    with open_ledger(ahead=False) as ledger:
        if what is None:
            proof = prove_consistent(ledger, Path(consistent or ""), to)
        else:
            proof = _subject_proof(ledger, what) if absent else ledger.prove(_record_number(what), size)
    if to is not None:
        write_new(Path(to), proof)
        return click.echo(f"proof written to {printable(to)}")
    click.echo(proof.decode(), nl=False)


def _record_number(word: str) -> int:
    if not word.isascii() or not word.isdigit():
        raise Usage(f"{word!r} is not the number of a record; see custody log")
    return int(word)


def _subject_proof(ledger: "Ledger", subject: str) -> bytes:
    from ledger.index import format_index_proof
    from ledger.record import subject_tag

    return format_index_proof(*ledger.store.prove_subjects([subject_tag(ledger.origin, subject)]))


@click.command("audit")
@click.argument("dossier", required=False, type=click.Path())
@trusting
@click.option("--no-pins", is_flag=True, help="Do not use the heads that this computer remembers.")
@click.option(
    "--since",
    metavar="SIZE",
    type=click.IntRange(1),
    help="Signatures and files before this checkpoint were verified by an earlier audit.",
)
@click.option(
    "--require", multiple=True, metavar="LINE", help="This verdict line must pass, or the outcome is uncertain (exit 3)."
)
@click.option(
    "--save-trust",
    "trust_to",
    type=click.Path(),
    metavar="DIR",
    help="After a sound audit, write policy and anchors.json for others there.",
)
@click.option(
    "--before", type=click.Path(), metavar="LEDGER", help="Also the ended ledger that this one continues: both are read as one history."
)
@click.option(
    "--proof",
    "kept",
    multiple=True,
    type=click.Path(),
    metavar="FILE|DIR",
    help="A proof, receipt or checkpoint that somebody kept: does it hold here?",
)
@click.option("--checkpoint", type=click.Path(), metavar="FILE", help="Without a ledger: hold --proof against this checkpoint alone.")
@click.option("--file", "files", multiple=True, type=click.Path(), metavar="FILE", help="Of a dossier: which exhibit is this file, if any?")
@click.option("--mirror", type=click.Path(), metavar="FOLDER", help="Without a ledger: the records that were pulled into this mirror.")
@click.option("--times", is_flag=True, help="Of each record, between which two proven instants it was made, by whose word.")
@click.option("--cosign", "auditor", metavar="NAME", help="After a whole audit without fault, cosign the checkpoint as this auditor.")
@click.option("--json", "as_json", is_flag=True)
@PASSPHRASES
def audit(
    dossier: str | None, trust: tuple[str, ...], no_pins: bool, since: int | None, require: tuple[str, ...], trust_to: str | None, before: str | None,
    kept: tuple[str, ...], checkpoint: str | None, files: tuple[str, ...], mirror: str | None, times: bool, auditor: str | None, as_json: bool,
    passphrases: tuple[str, ...],
) -> int:  # fmt: skip
    """Check everything, and say for each verdict line what holds: of the ledger, or of a DOSSIER (its folder or archive).

    Exit status: 0 sound, 1 a fault, 3 cannot tell (no anchor, or a line that you require could not be checked).
    """
    from ledger.commands.proofs import keepsakes
    from ledger.commands.succession import read_as_one
    from ledger.report import LINES
    from ledger.workers import Workers

    if unknown := set(require) - set(LINES):
        raise Usage(f"there is no verdict line {min(unknown)!r}; they are {', '.join(LINES)}")
    if files and dossier is None:
        raise Usage("--file asks of a dossier; of a ledger, custody find FILE answers")
    if auditor is not None:
        if since is not None or dossier is not None or checkpoint is not None:
            raise Usage("an auditor cosigns what was replayed in full, from a ledger: leave out --since, --checkpoint and the dossier")
        check_auditor(auditor)
    if mirror is not None:
        if any((since, dossier, checkpoint, trust_to, before, kept, auditor)):
            raise Usage("a mirror is judged by itself: give --trust, and leave the rest out")
        return _of_mirror(Path(mirror), trust, require, as_json)
    if dossier is not None or checkpoint is not None:
        if since is not None or trust_to is not None or before is not None or (dossier is not None and (kept or checkpoint is not None)):
            raise Usage("judged without a ledger: leave --since, --before, --save-trust out, and for a dossier --proof, --checkpoint")
        if dossier is not None:
            return _of_dossier(Path(dossier), trust, no_pins, require, files, as_json, times)
        return _of_checkpoint(str(checkpoint), kept, trust, require, as_json)
    with open_ledger(ahead=False) as ledger:
        held = replace(trust_given(ledger, trust, use_pins=not no_pins), keepsakes=keepsakes(kept))
        if since is not None and ledger.store.checkpoint(since) is None:
            raise Usage(f"there is no checkpoint of size {since} to start from; see custody log")
        if since is not None and since > held.reach:
            raise Usage(f"no pin or anchor of yours reaches size {since}: audit all of it, or from a checkpoint that you hold")
        with Workers(ledger.size) as judge, progress("records", ledger.size, worth=20_000) as done:
            report = ledger.audit(held, judge, since or 0, done)
        earlier = read_as_one(ledger, report, Path(before), trust) if before else None
        code = worst([report.exit_code(require), earlier.exit_code() if earlier is not None else 0])
        if code == 0 and not no_pins:
            move_pins(ledger, report)
        if trust_to and code == 0:
            save_trust(ledger, Path(trust_to))
        lines = cosign_audited(ledger, report, auditor, passphrases) if auditor is not None and code == 0 else []
    if as_json:
        more: dict[str, Any] = {"before": as_data(earlier, earlier.exit_code())} if earlier is not None else {}
        more |= {"times": times_as_data(report)} if times else {}
        more |= {"cosignatures": [line.decode() for line in lines]} if auditor is not None else {}
        print_json({**as_data(report, code), **more})
    else:
        if earlier is not None:
            click.echo("the ledger before, as far as it is here:")
            show_report(earlier, earlier.exit_code())
            click.echo("\nthe ledger that continues it:")
        show_report(report, code)
        if times:
            show_times(report)
    if auditor is not None:
        keep_lines(click.get_current_context().obj, report, auditor, lines, as_json)
    return code


def _of_dossier(
    path: Path, trust: tuple[str, ...], no_pins: bool, require: tuple[str, ...], files: tuple[str, ...], as_json: bool, times: bool
) -> int:
    """What somebody shows, judged without a ledger."""
    from ledger.commands.dossiers import audit_tree
    from ledger.dossier.archive import check_dossier, open_tree
    from ledger.dossier.programs import foreign_programs

    check_dossier(path)
    with open_tree(path) as tree:
        found = audit_tree(tree, trust, use_pins=not no_pins)
        for remark in foreign_programs(found[0].dossier):
            found[0].report.note("content", remark)
    return tell_dossiers(found, require, as_json, files, times)


def _of_mirror(folder: Path, trust: tuple[str, ...], require: tuple[str, ...], as_json: bool) -> int:
    """What somebody pulled of a published log."""
    from ledger.bare import BareAudit
    from ledger.commands.trust import trust_among
    from ledger.mirror import Mirror
    from ledger.source import Trust

    found = Mirror(folder)
    held = trust_among(trust, found.published_origin()) if trust else None
    report = BareAudit(found, held if held is not None else Trust()).run()
    code = report.exit_code(require)
    print_json(as_data(report, code)) if as_json else show_report(report, code)
    return code


def _of_checkpoint(checkpoint: str, kept: tuple[str, ...], trust: tuple[str, ...], require: tuple[str, ...], as_json: bool) -> int:
    """What somebody kept, held against one checkpoint."""
    from ledger.commands.proofs import judge_alone, show_alone

    report = judge_alone(checkpoint, kept, trust)
    code = report.exit_code(require)
    print_json(as_data(report, code)) if as_json else show_alone(report, code)
    return code


@click.command("reindex")
@click.option(
    "--to", "to", type=click.Path(), metavar="FILE.db", help="Write the tables into a new file, to be read with Datasette."
)
def reindex(to: str | None) -> None:
    """Rebuild the tables that are derived from the entries; also those of a ledger that an older release made."""
    with open_ledger(ahead=False) if to is not None else _to_mend() as ledger:
        count = ledger.reindex(None if to is None else Path(to))
    click.echo(f"{count} records indexed" + (f" into {printable(to)}" if to else ""))


def _to_mend() -> "Ledger":
    """The ledger of this command line, of whatever release."""
    from ledger.ledger import Ledger
    from ledger.reading import DATABASE
    from ledger.store.sqlite import SqliteStore

    folder = find_ledger(click.get_current_context().obj)
    return Ledger(folder, SqliteStore.open(folder / DATABASE, write=True, older=True))


COMMANDS = {"prove": prove, "audit": audit, "reindex": reindex}
