"""A signature in report.pdf, for courts that ask for one: PAdES B-B by pyHanko, with a P-256 key and its certificate.

It says who filed the paper. What the dossier says rests on its own signatures, and a dossier holds no less without this one.
Nothing is fetched: no timestamp, no revocation. The time in it is that which the signer claims.
"""

import asyncio
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger.errors import Unavailable

FIELD = "Signature"
_NOTHING = "nothing was written"


def open_signer(key: Path, certificate: Path, passphrase: Callable[[], str] | None = None) -> Any:
    """What `sign_pdf` signs with. `key`: PEM, P-256; `certificate`: PEM, that of the key first, then those above it; `passphrase`: asked
    only if the key is locked.

    Raises Unavailable where pyHanko is not installed, a file cannot be read, or key and certificate are not such a pair.
    """
    try:
        import pyhanko.sign  # noqa: F401
    except ImportError:
        raise Unavailable(
            f"a signature in a PDF needs pyHanko, which is not installed: pip install 'evidence-custody[pdfsig]'; {_NOTHING}"
        ) from None
    return _signer(key, certificate, passphrase)


def sign_pdf(pdf: bytes, signer: Any, at: int) -> bytes:
    """The PDF with the signature behind it, the bytes before it unchanged. `at`: Unix seconds, claimed. Raises Unavailable."""
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.general import SigningError

    try:
        return asyncio.run(_signed(_writer(pdf), signer, datetime.fromtimestamp(at, UTC)))
    except (PdfError, SigningError) as error:
        raise Unavailable(f"the PDF could not be signed: {error}; {_NOTHING}") from None


def _writer(pdf: bytes) -> Any:
    """Adds to the file, and leaves alone what says that it is PDF/A-3: pyHanko would make it PDF 2.0, and write the metadata anew."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf))
    writer.ensure_output_version = lambda version: None
    writer._update_meta = lambda: None
    return writer


async def _signed(writer: Any, signer: Any, when: datetime) -> bytes:
    """By the steps of pyHanko's own sign_pdf, which takes no time but that of the clock."""
    from pyhanko.sign.signers import PdfSigner
    from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes

    session = PdfSigner(_about(), signer, new_field_spec=_field()).init_signing_session(writer)
    session.system_time = when
    validation = await session.perform_presign_validation(writer)
    reserved = await session.estimate_signature_container_size(validation)
    document = session.prepare_tbs_document(validation_info=validation, bytes_reserved=reserved)
    prepared, output = document.digest_tbs_document()
    done = await document.perform_signature(prepared.document_digest, pdf_cms_signed_attrs=PdfCMSSignedAttributes(signing_time=when))
    await done.post_signature_processing(output)
    signed: bytes = output.getvalue()
    return signed


def _about() -> Any:
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata

    return PdfSignatureMetadata(field_name=FIELD, subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256")


def _field() -> Any:
    """Unseen, off the page: so the pages stay what PDF/A and PDF/UA ask for."""
    from pyhanko.sign.fields import InvisSigSettings, SigFieldSpec

    return SigFieldSpec(FIELD, invis_sig_settings=InvisSigSettings(box_out_of_bounds=True))


def _signer(key: Path, certificate: Path, passphrase: Callable[[], str] | None) -> Any:
    """Key and certificates in the form of pyHanko, after a look by cryptography that they belong together."""
    from asn1crypto.keys import PrivateKeyInfo
    from asn1crypto.x509 import Certificate
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    private = _private_key(key, passphrase)
    chain = _certificates(certificate)
    if chain[0].public_key() != private.public_key():
        raise Unavailable(f"{certificate} is not the certificate of the key in {key}; put that one first; {_NOTHING}")
    own, *above = (Certificate.load(one.public_bytes(Encoding.DER)) for one in chain)
    info = PrivateKeyInfo.load(private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    return SimpleSigner(own, info, SimpleCertificateStore.from_certs(above))


def _private_key(path: Path, passphrase: Callable[[], str] | None) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = _read(path)
    try:
        found = load_pem_private_key(data, passphrase().encode() if passphrase is not None and b"ENCRYPTED" in data else None)
    except (TypeError, ValueError):  # TypeError: it is locked, and there is no passphrase
        raise Unavailable(f"{path} is no private key in PEM that opens so; a P-256 key is needed; {_NOTHING}") from None
    if not isinstance(found, EllipticCurvePrivateKey) or not isinstance(found.curve, SECP256R1):
        raise Unavailable(f"{path} is a key of another kind; a P-256 key is needed; {_NOTHING}")
    return found


def _certificates(path: Path) -> Any:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(_read(path))
    except ValueError:
        raise Unavailable(f"{path} holds no certificate in PEM; {_NOTHING}") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unavailable(f"{path} cannot be read ({error.strerror}); {_NOTHING}") from None
