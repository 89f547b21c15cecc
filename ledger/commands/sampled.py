"""A check of a sample of the files, over terabytes: drawn by a checkpoint, hashed with a bar, gone on with after an interruption."""

from collections.abc import Callable, Iterator
from typing import Any

import click

from ledger.commands.desk import Desk
from ledger.commands.evidence import stored_text
from ledger.commands.look import Content
from ledger.commands.progress import progress
from ledger.commands.unfinished import Unfinished
from ledger.commands.words import counted, safe
from ledger.entry import cite
from ledger.errors import Fault, Unavailable, Usage
from ledger.ledger import Ledger
from ledger.sampling import draw, parse_extent

_BAR_FROM = 64 << 20
_DIFFER = {
    "mismatch": "the stored file {} has other bytes than its name says",
    "unreadable": "the stored file {} cannot be read",
}


def check_sample(desk: Desk, extent: str, size: int, resume: bool, trigger: str) -> int:
    """Draws, hashes, and records one check of the ledger; 1 where a file differs or cannot be read.

    What was recorded where it lay is not counted among the checked. The signer is judged, and the keys are opened, before hours are
    spent on reading.
    """
    asked = parse_extent(extent)
    seed, found = seed_of(desk.ledger, size), population(desk.ledger, size)
    drawn = draw(seed, found, asked)
    if not drawn:
        raise Usage(f"no record before the checkpoint of size {size} names a file: there is nothing to draw from")
    sample = {"seed": cite(seed), "population": len(found), "items": len(drawn), "bytes": sum(found[sha256] for sha256 in drawn)}
    body: dict[str, Any] = {"trigger": trigger, "sample": sample}
    desk.foresee("check", "ledger", {**body, **_outcome({}, len(drawn))})
    with Unfinished(desk.keystore.home, desk.ledger.origin, drawn, resume) as unfinished:
        try:
            _hash(desk.ledger, drawn, found, unfinished)
            return _record(desk, body, unfinished)
        except BaseException:
            done = len(unfinished.results)
            go_on = f"custody check --sample {safe(extent)} --seed {size} --resume"
            click.echo(f"note: {done} of {counted(len(drawn), 'file')} are done and kept; go on with: {go_on}", err=True)
            raise


def seed_of(ledger: Ledger, size: int) -> bytes:
    """The root of the signed checkpoint of a size. Usage where there is none, Fault where the records have another root."""
    from ledger.checkpoint import parse_checkpoint_text

    note = ledger.store.checkpoint(size)
    if note is None:
        raise Usage(
            f"there is no signed checkpoint of size {size}; custody checkpoint makes one, custody checkpoint --show prints the newest"
        )
    root = parse_checkpoint_text(note.partition(b"\n\n")[0] + b"\n").root
    if root != ledger.store.root(size):
        raise Fault(f"the checkpoint of size {size} is not of these records; run custody audit")
    return root


def population(ledger: Ledger, size: int) -> dict[str, int]:
    """Every file that records below `size` take in: SHA-256 → size in bytes, the smallest where entries differ on it."""
    found: dict[str, int] = {}
    for sha256, length in _named(ledger, size):
        found[sha256] = min(length, found.get(sha256, length))
    return found


def _named(ledger: Ledger, size: int) -> Iterator[tuple[str, int]]:
    listed = set()
    for row in ledger.store.rows("files"):
        listed.add(row["subject"])
        if row["record_index"] < size:
            yield row["sha256"], row["size"]
    for row in ledger.store.rows("items"):
        if row["content"] is not None and row["subject"] not in listed and ledger.store.chain(row["subject"])[0] < size:
            yield from Content(ledger, row["subject"]).sizes.items()


def _hash(ledger: Ledger, drawn: list[str], sizes: dict[str, int], unfinished: Unfinished) -> None:
    """Reads what is not done yet, in the order drawn."""
    done = sum(sizes[sha256] for sha256 in unfinished.results)
    with progress("bytes checked", sum(sizes[sha256] for sha256 in drawn), worth=_BAR_FROM) as advance:
        for sha256 in drawn:
            if sha256 not in unfinished.results:
                unfinished.add(sha256, _checked(ledger, sha256, done, advance))
                done += sizes[sha256]


def _checked(ledger: Ledger, sha256: str, before: int, advance: Callable[[int], None]) -> str:
    """A bad sector is a result, not the end of the run."""
    try:
        return ledger.objects.check(sha256, lambda read: advance(before + read))
    except Unavailable:
        return "unreadable"


def _outcome(results: dict[str, str], of: int) -> dict[str, Any]:
    differ = any(outcome in _DIFFER for outcome in results.values())
    checked = sum(outcome != "missing" for outcome in results.values())
    return {"outcome": "mismatch" if differ else "match", "coverage": {"checked": checked, "of": of}}


def _record(desk: Desk, body: dict[str, Any], unfinished: Unfinished) -> int:
    results, drawn = unfinished.results, body["sample"]["items"]
    body = {**body, **_outcome(results, drawn)}
    checked = body["coverage"]["checked"]
    if not checked:
        raise Usage("none of the files drawn is stored here: there is nothing to check")
    if not desk.options.dry_run:
        lines = "".join(f"{sha256} {outcome}\n" for sha256, outcome in sorted(results.items()))
        body["results"] = stored_text(desk.ledger.objects, "results.txt", lines.encode())
    differ = sorted(sha256 for sha256, outcome in results.items() if outcome in _DIFFER)
    for sha256 in differ:
        click.echo(f"difference: {_DIFFER[results[sha256]].format(sha256)}", err=True)
    answer = desk.act("check", ["ledger"], body)
    absent = f", {drawn - checked} not stored here" if checked < drawn else ""
    found = "all match" if not differ else f"{len(differ)} differ"
    sentence = f"{drawn} of {body['sample']['population']} files drawn, {checked} checked{absent}: {found}"
    desk.tell(answer, sentence, outcome=body["outcome"], differ=differ, sample=body["sample"], **body["coverage"])
    if answer is not None:
        unfinished.finished()
    return int(bool(differ))
