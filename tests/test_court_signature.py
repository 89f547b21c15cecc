"""The signature in report.pdf: PAdES with a P-256 key, checked by another program, and broken by one changed byte."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from court_case import story
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from pdf_pair import NAME, make_pair

from ledger.errors import Unavailable
from ledger.press.court import court_pdf
from ledger.press.signature import open_signer, sign_pdf

pytest.importorskip("typst", reason="paper needs the extra paper")
pytest.importorskip("pyhanko", reason="signatures in a PDF need the extra pdfsig")

AT = 1_780_000_000


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return court_pdf(story().contents())


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_pair(tmp_path_factory.mktemp("pair"))


@pytest.fixture(scope="module")
def signed(pdf: bytes, pair: tuple[Path, Path]) -> bytes:
    return sign_pdf(pdf, open_signer(*pair), AT)


def pdfsig(data: bytes, tmp_path: Path) -> str:
    """What poppler says of it."""
    if shutil.which("pdfsig") is None:
        pytest.skip("pdfsig is not here: install poppler-utils")
    (tmp_path / "signed.pdf").write_bytes(data)
    done = subprocess.run(["pdfsig", "-nocert", tmp_path / "signed.pdf"], capture_output=True, text=True, check=False, env={"TZ": "UTC"})
    return done.stdout


def test_another_program_finds_it_valid_over_the_whole_document(signed: bytes, tmp_path: Path) -> None:
    said = pdfsig(signed, tmp_path)
    for text in ("Signature is Valid.", "Total document signed", "ETSI.CAdES.detached", NAME, "May 28 2026 20:26:40", "SHA-256"):
        assert text in said


@pytest.mark.parametrize("where", [b"/Title", b"stream\n", b"/Marked true"])
def test_one_changed_byte_breaks_it(signed: bytes, where: bytes, tmp_path: Path) -> None:
    at = signed.index(where) + len(where) + 3
    changed = signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :]
    assert "Signature is Valid." not in pdfsig(changed, tmp_path)


def test_what_follows_it_is_seen(signed: bytes, tmp_path: Path) -> None:
    assert "Total document signed" not in pdfsig(signed + b"\n% more\n", tmp_path)


def test_the_bytes_before_it_and_what_they_say_of_their_form_stay(pdf: bytes, signed: bytes) -> None:
    assert signed.startswith(pdf)
    added = signed[len(pdf) :]
    assert b"pdfaid" not in added
    assert b"/Version" not in added
    assert b"/ModDate" not in added
    assert re.search(rb"/M \(D[^)]*20260528202640", added)


def test_qpdf_finds_nothing_wrong(signed: bytes, tmp_path: Path) -> None:
    if shutil.which("qpdf") is None:
        pytest.skip("qpdf is not here")
    (tmp_path / "signed.pdf").write_bytes(signed)
    done = subprocess.run(["qpdf", "--check", tmp_path / "signed.pdf"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_key_under_a_passphrase_opens_with_it_alone(pdf: bytes, tmp_path: Path) -> None:
    pair = make_pair(tmp_path / "locked", passphrase=b"boats")
    assert sign_pdf(pdf, open_signer(*pair, lambda: "boats"), AT).startswith(pdf)
    for wrong in (None, lambda: "ships"):
        with pytest.raises(Unavailable, match="no private key in PEM that opens so"):
            open_signer(*pair, wrong)


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()], ids=["P-384", "Ed25519"])
def test_a_key_of_another_kind_is_refused(key: Any, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="a P-256 key is needed"):
        open_signer(*make_pair(tmp_path / "other", key))


def test_the_certificate_of_another_key_is_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="is not the certificate of the key"):
        open_signer(pair[0], make_pair(tmp_path / "other")[1])


@pytest.mark.parametrize(("data", "said"), [(b"", "holds no certificate"), (None, "cannot be read")])
def test_a_file_that_is_none_is_named(data: bytes | None, said: str, pair: tuple[Path, Path], tmp_path: Path) -> None:
    if data is not None:
        (tmp_path / "c.pem").write_bytes(data)
    with pytest.raises(Unavailable, match=rf"c\.pem.*{said}.*nothing was written"):
        open_signer(pair[0], tmp_path / "c.pem")


def test_what_is_no_pdf_is_no_traceback(pair: tuple[Path, Path]) -> None:
    with pytest.raises(Unavailable, match="the PDF could not be signed"):
        sign_pdf(b"no pdf", open_signer(*pair), AT)


def test_a_missing_package_is_named_with_the_extra(pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyhanko.sign", None)
    with pytest.raises(Unavailable, match=r"evidence-custody\[pdfsig\]"):
        open_signer(*pair)
