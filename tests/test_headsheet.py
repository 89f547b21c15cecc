"""The head of a log on paper: printed, read back by a machine, and held against the ledger."""

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from attacker import Attacker
from office import ORIGIN, Office


def read_back(folder: Path) -> bytes:
    """As a telephone would, from the sheet as it comes out of a printer."""
    zxing = pytest.importorskip("zxingcpp", reason="reading codes needs zxing-cpp: pip install 'evidence-custody[scan]'")
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm is not installed (poppler-utils)")
    from PIL import Image

    page = subprocess.run(["pdftoppm", "-png", "-r", "150", "head.pdf"], cwd=folder, check=True, capture_output=True).stdout
    (found,) = zxing.read_barcodes(Image.open(io.BytesIO(page)))
    return bytes(found.text, "utf-8")


def test_a_printed_head_is_read_back_and_exposes_a_ledger_that_was_changed(office: Office) -> None:
    office.new_item()
    office.run("checkpoint")
    shutil.copytree(office.folder, office.folder.parent / "fork")
    fork = Office(office.folder.parent / "fork")
    office.new_item()
    office.run("checkpoint")
    assert "head of 10 records" in office.run("checkpoint", "--print", "head.pdf", as_=None).stdout
    office.run("checkpoint", "--print", "head.txt", as_=None)
    back = read_back(office.desk)
    assert back == (office.desk / "head.txt").read_bytes()
    assert back.count("— ".encode()) == 1, "the Ed25519 line alone: a code holds no ML-DSA"
    scanned = office.file("scanned", back)
    assert office.run("audit", "--proof", scanned, "--json").json["lines"]["log"]["verdict"] == "pass"
    office.run("prove", "--consistent", scanned)
    fork.new_item("petro")
    fork.run("checkpoint")
    assert fork.run("audit", "--proof", scanned, "--json", expect=1).json["lines"]["log"]["verdict"] == "fail"


def test_a_head_over_other_records_is_not_printed(office: Office) -> None:
    office.run("checkpoint")
    Attacker(office).sql("DELETE FROM log WHERE idx = 6")
    assert "not over the records that are here" in office.run("checkpoint", "--print", "head.txt", as_=None, expect=1).stderr
    assert not (office.desk / "head.txt").exists()


def test_what_stands_on_it_is_what_is_signed(office: Office) -> None:
    assert "run: custody checkpoint" in office.run("checkpoint", "--print", "head.pdf", as_=None, expect=5).stderr
    office.run("checkpoint")
    office.run("checkpoint", "--print", "head.pdf", as_=None)
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (poppler-utils)")
    text = subprocess.run(["pdftotext", "head.pdf", "-"], cwd=office.desk, check=True, capture_output=True, text=True).stdout
    shown = office.run("checkpoint", "--show").stdout.split("\n")
    assert all(line in text for line in (ORIGIN, shown[1], shown[2]))
    assert "already there" in office.run("checkpoint", "--print", "head.pdf", as_=None, expect=5).stderr
