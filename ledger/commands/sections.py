"""How `show` presents an item: head, timeline, findings with their reviews, corrections, and what was only said of it."""

from collections.abc import Iterator

from msgspec import UNSET, UnsetType

from ledger import acts
from ledger import fields as f
from ledger.commands.paper import Line, width
from ledger.commands.phrases import signers
from ledger.commands.portrait import Portrait, head
from ledger.commands.timeline import Step, draw, stretch
from ledger.commands.words import given, period, place, safe, words
from ledger.entry import cite


def pages(p: Portrait) -> Iterator[Line]:
    """The whole presentation."""
    yield from head(p)
    yield from _section("Custody", draw(p.steps, p.legs, p.book, p.now))
    yield Line("  ▼  ", f"now {stretch(p.legs[-1], p.now)}", "bold")
    yield from _section("Findings", _findings(p))
    yield from _section("Corrections", _corrections(p))
    yield from _section("Stated of the time before, not signed by those named", _prior(p))
    yield from _section("Claimed, and read from the file itself", _claims(p))


def _section(title: str, lines: Iterator[Line]) -> Iterator[Line]:
    first = next(lines, None)
    if first is not None:
        yield from (Line("", ""), Line("", title, "bold underline"), first)
        yield from lines


# --- findings ------------------------------------------------------------------------------------------------------------------


def _findings(p: Portrait) -> Iterator[Line]:
    """Each finding with its reviews. They stand side by side: nothing is averaged."""
    newer = {body.supersedes: step for step, body in p.of(acts.Verify)}
    for step, body in p.of(acts.Verify):
        about = f"{body.claim}, by {words(body.method)}: {body.result}"
        style = {"supports": "green", "contradicts": "red"}.get(body.result, "yellow")
        lead = f"  {step.record.index}  "
        yield Line(lead, f"{about} · {signers(step.entry)}, {step.entry.time}", style)
        yield from _told(p, step, body, " " * len(lead))
        yield from (Line(" " * len(lead), f"! {text}", "bold red") for text in step.remarks)
        own = cite(step.record.entry)
        if own in newer:
            yield Line(" " * len(lead), f"superseded by the finding in record {newer[own].record.index}", "yellow")
        yield from _reviews(p, own, " " * len(lead))


def _told(p: Portrait, step: Step, body: acts.Verify, margin: str) -> Iterator[Line]:
    statement = given(body.statement)
    texts = [("", statement if statement is not None else "(statement closed)")]
    point, interval, confidence = given(body.geolocation), given(body.interval), given(body.confidence)
    texts += [("at ", place(point))] if point else []
    texts += [("", period(interval))] if interval else []
    texts += [("confidence: ", f"{confidence.scale} {confidence.value}: {confidence.rationale}")] if confidence else []
    texts += [("against it: ", body.contrary)] if not isinstance(body.contrary, UnsetType) else []
    texts += [("rests on: ", _input(p, i)) for i in given(body.inputs) or ()]
    texts += [(f"step {n}: ", text) for n, text in enumerate(given(body.steps) or (), 1)]
    for lead, text in texts:
        yield from (Line(margin, line) for line in f"{lead}{safe(text)}".split("\n"))


def _input(p: Portrait, value: f.Input) -> str:
    name = "" if isinstance(value.name, UnsetType) else f" {value.name}"
    return f"sha256 {value.sha256}{name}" if isinstance(value.entry, UnsetType) else f"{p.book.record(value.entry)}{name}"


def _reviews(p: Portrait, finding: str, left: str) -> Iterator[Line]:
    mine = [(step, body) for step, body in p.of(acts.Review) if body.finding == finding]
    for n, (step, body) in enumerate(mine, 1):
        word, style = ("concurs", "green") if body.opinion == "concur" else ("DISSENTS", "bold red")
        rationale = safe(given(body.rationale) or "(rationale closed)").split("\n")
        margin = f"{left}│  " if n < len(mine) else f"{left}   "
        corner = "├" if n < len(mine) else "└"
        yield Line(f"{left}{corner}─ {step.record.index}  ", f"{signers(step.entry)} {word}: {rationale[0]}", style, margin)
        yield from (Line(margin, line, style) for line in rationale[1:])
    if not mine:
        yield Line(left, "not reviewed yet", "dim")


# --- corrections, and what was only said ---------------------------------------------------------------------------------------


def _corrections(p: Portrait) -> Iterator[Line]:
    """The original first, then each correction with its reason."""
    threads: dict[tuple[str, str], list[tuple[Step, acts.Amend]]] = {}
    for step, body in p.of(acts.Amend):
        threads.setdefault((body.target, body.field), []).append((step, body))
    for (target, name), amendments in threads.items():
        yield Line("  ", f"{words(name)} of {p.book.record(target)}")
        yield from _value("original", amendments[0][1].old)
        for step, body in amendments:
            yield from _value(f"record {step.record.index}", body.new)
            reason = safe(given(body.reason) or "(reason closed)")
            yield Line(f"    {'':<12} ", f"by {signers(step.entry)}, {step.entry.time}: {reason}")


def _value(lead: str, text: str) -> Iterator[Line]:
    yield from (Line(f"    {lead if n == 0 else '':<12} ", line) for n, line in enumerate(safe(text).split("\n")))


def _prior(p: Portrait) -> Iterator[Line]:
    body = p.origin.entry.body
    stated = body.prior_custody if isinstance(body, acts.Acquire) else []
    for prior in [] if isinstance(stated, UnsetType) else stated:
        start, end = given(prior.from_) or "?", given(prior.to) or "?"
        yield Line("  ", f"{safe(prior.holder)}, from {safe(start)} to {safe(end)}; basis: {safe(prior.basis)}")


def _claims(p: Portrait) -> Iterator[Line]:
    """What somebody says beside what the file's metadata says; neither is preferred."""
    body = p.origin.entry.body
    claimed, embedded = (given(body.claimed), given(body.embedded)) if isinstance(body, acts.Acquire) else (None, None)
    rows = [(name, _of(claimed, name), _of(embedded, name)) for name in ("time", "place", "camera")]
    rows = [row for row in rows if row[1] or row[2]]
    left = max((width(said or "") for _, said, _ in rows), default=0) + 2
    if rows:
        yield Line(f"  {'':<8} ", f"{'claimed':<{max(left, 9)}}in the file", "dim")
    for name, said, read in rows:
        yield Line(f"  {name:<8} ", (said or "–") + " " * (max(left, 9) - width(said or "–")) + (read or "–"))


def _of(part: f.Claimed | f.Embedded | None, name: str) -> str | None:
    value = None if part is None else given(getattr(part, name, UNSET))
    shown = place(value) if isinstance(value, f.Place) else None if value is None else safe(value)
    return None if shown is None else shown.replace("\n", " / ")
