"""Incidents: what a monitoring mission publishes of each, as a table, CSV or JSON. No key is needed, and nothing is written."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click

from ledger.commands.folder import open_ledger
from ledger.commands.incident_view import CLAIMS, RESULTS, Finding, Incident, Incidents, Item
from ledger.commands.output import print_json
from ledger.commands.words import counted, safe, without_marks, words
from ledger.errors import Usage
from ledger.printable import csv_cell

COLUMNS = (
    "incident", "row", "item", "side", "kind", "status", "content_differs", "description", "claim", "method", "result", "author",
    "concur", "dissent", "superseded_by", "record",
)  # fmt: skip


@click.command("incidents")
@click.argument("label", required=False)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV: one row for each item and each finding of an incident.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
def incidents(label: str | None, as_csv: bool, as_json: bool) -> None:
    """Show what is known of each incident, or of one LABEL: items by side, findings for each claim, open questions, reviews.

    A label is that of an incident or a case, given when an item was taken in, or one that somebody described an item with. The side
    that an item comes from is a label of the form side:NAME (custody describe ITEM --label side:north), else the code of its source,
    else that of the items it was derived from. It is a table, not a score: nothing is computed across findings. Persons are codes.
    """
    if as_csv and as_json:
        raise Usage("--csv or --json, not both")
    with open_ledger() as ledger:
        all_ = Incidents(ledger.store)
        found = all_.all() if label is None else [all_.one(_label(all_, label))]
    if as_csv:
        return _print_csv(found)
    if label is None:
        return print_json([_brief(incident) for incident in found]) if as_json else _print_list(found)
    print_json(as_data(found[0])) if as_json else _print_one(found[0])


def _label(all_: Incidents, asked: str) -> str:
    spelt = all_.spelt(asked)
    if not spelt:
        raise Usage(f"no item has the label {safe(asked)}; custody incidents lists those there are")
    if len(spelt) > 1:
        raise Usage(f"several labels are spelt so: {', '.join(map(safe, spelt))}; give one of them exactly")
    return spelt[0]


# --- for programs --------------------------------------------------------------------------------------------------------------


def _brief(incident: Incident) -> dict[str, Any]:
    return {
        "incident": incident.label, "given_as": incident.given_as, "items": len(incident.items), "findings": len(incident.findings),
        "open_questions": len(incident.questions()),
    }  # fmt: skip


def as_data(incident: Incident) -> dict[str, Any]:
    """One incident as plain values."""
    return {
        "incident": incident.label,
        "given_as": incident.given_as,
        "items": [_item_data(item) for item in incident.items],
        "claims": [
            {"claim": claim, **{result: [one.record for one in incident.standing(claim, result)] for result in RESULTS}}
            for claim in CLAIMS
        ],
        "findings": [_finding_data(finding) for finding in incident.findings],
        "open_questions": [question._asdict() for question in incident.questions()],
    }


def _item_data(item: Item) -> dict[str, Any]:
    same = {name: item.row[name] for name in ("number", "subject", "kind", "status", "holder", "acquired", "description")}
    return {**same, "sides": list(item.sides), "content_differs": item.row["mismatch_record"] is not None}


def _finding_data(finding: Finding) -> dict[str, Any]:
    return {
        "record": finding.record, "item": finding.item, "claim": finding.claim, "method": finding.method, "result": finding.result,
        "author": finding.author, "statement": finding.statement, "superseded_by": finding.superseded_by,
        "reviews": [{"record": r.record, "opinion": r.opinion, "author": r.author} for r in finding.reviews],
    }  # fmt: skip


def _print_csv(found: Iterable[Incident]) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for incident in found:
        for row in _csv_rows(incident):
            cells = {name: "" if value is None else csv_cell(without_marks(safe(value))) for name, value in row.items()}
            writer.writerow({"incident": csv_cell(without_marks(safe(incident.label))), **cells})
    click.echo(out.getvalue(), nl=False)


def _csv_rows(incident: Incident) -> Iterator[dict[str, Any]]:
    sides = {item.number: item.side for item in incident.items}
    for item in incident.items:
        same = {name: item.row[name] for name in ("kind", "status", "description")}
        differs = "yes" if item.row["mismatch_record"] is not None else "no"
        yield {"row": "item", "item": item.number, "side": item.side, **same, "content_differs": differs}
    for one in incident.findings:
        yield {
            "row": "finding", "item": one.item, "side": sides[one.item], "description": one.statement, "claim": one.claim,
            "method": one.method, "result": one.result, "author": one.author, "concur": _opinions(one, "concur"),
            "dissent": _opinions(one, "dissent"), "superseded_by": one.superseded_by, "record": one.record,
        }  # fmt: skip


def _opinions(finding: Finding, opinion: str) -> str:
    return ", ".join(review.author for review in finding.reviews if review.opinion == opinion)


# --- for people ----------------------------------------------------------------------------------------------------------------


def _print_list(found: Sequence[Incident]) -> None:
    from ledger.commands.paper import table

    if not found:
        return click.echo("no item has a label yet; give one with custody acquire --incident, or custody describe ITEM --label")
    headers = ("incident", "given as", "items", "findings", "open questions")
    counts = ((len(one.items), len(one.findings), len(one.questions())) for one in found)
    table(headers, [(safe(one.label, 60), ", ".join(one.given_as), *map(str, c)) for one, c in zip(found, counts, strict=True)])


def _print_one(incident: Incident) -> None:
    from ledger.commands.paper import Line, page, table

    questions = incident.questions()
    items, findings = counted(len(incident.items), "item"), counted(len(incident.findings), "finding")
    page([Line("", f"{safe(incident.label)} · {items}, {findings}, {counted(len(questions), 'open question')}", "bold")])
    for side in sorted({item.side for item in incident.items}):
        page(_title(f"Items, {safe(side)}"))
        table(("item", "kind", "status", "acquired", "description"), [_item_row(i) for i in incident.items if i.side == side])
    page(_title("Findings"))
    table(("claim", *RESULTS), [(claim, *(_cell(incident, claim, result) for result in RESULTS)) for claim in CLAIMS])
    page([Line("", "Numbers in brackets are records: custody show --record N. Nothing is summed up: findings stand side by side.", "dim")])
    if questions:
        page(_title("Open questions"))
        page(Line("  ", safe(question.text), "", "  ") for question in questions)
    if reviewed := [row for one in incident.findings for row in _review_rows(one)]:
        page(_title("Reviews"))
        table(("finding", "item", "claim", "method", "by", "review", "opinion", "reviewer"), reviewed)
    if replaced := [one for one in incident.findings if one.superseded_by is not None]:
        page(_title("Superseded"))
        page(Line("  ", f"the finding in record {one.record} by that in record {one.superseded_by}") for one in replaced)


def _title(text: str) -> "list[Any]":
    from ledger.commands.paper import Line

    return [Line("", ""), Line("", text, "bold underline")]


def _item_row(item: Item) -> tuple[str, ...]:
    from ledger.commands.reading import status

    row = item.row
    return safe(item.number), safe(row["kind"]), status(row), safe(row["acquired"]), safe(row["description"] or "(closed)", 60)


def _cell(incident: Incident, claim: str, result: str) -> str:
    found = incident.standing(claim, result)
    return ", ".join(f"{words(one.method)} {safe(one.item)} ({one.record})" for one in found) or "–"


def _review_rows(one: Finding) -> Iterator[tuple[str, ...]]:
    for review in one.reviews:
        opinion = "concurs" if review.opinion == "concur" else "DISSENTS"
        what = (str(one.record), safe(one.item), one.claim, words(one.method), safe(one.author))
        yield (*what, str(review.record), opinion, safe(review.author))


COMMANDS: dict[str, click.Command] = {"incidents": incidents}
