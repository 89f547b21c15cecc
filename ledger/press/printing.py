"""Paper as PDF, set by typst, with codes by segno. What is printed is handed over as data: nothing in it is ever read as markup.

The same data give the same bytes, with the same fonts: those that typst brings (Latin, Greek, Cyrillic), and for other scripts those
of the system. A sign without a font is printed as an empty box; it fails nothing. What is to be filed is set in the fonts that lie here
and in no other, and there a sign without a font is an error: its data come from `ledger.press.ink`.
"""

import json
import re
from pathlib import Path
from typing import Any, Literal

from ledger.errors import Unavailable
from ledger.printable import printable

_TEMPLATES = Path(__file__).parent
FONTS = _TEMPLATES / "fonts"
_RUN = re.compile(r"(\S{20})(?=\S)")
_BREAK = "\u200b"
"""Zero-width space: where a long word without spaces may go on in the next line."""


def printed(template: str, data: dict[str, Any]) -> bytes:
    """The PDF of a template with these data. Raises Unavailable where typst is not installed, or cannot set the page."""
    return bytes(_compile(template, _plain(data), "pdf")[0])


def filed(template: str, data: dict[str, Any]) -> bytes:
    """The PDF as it is kept for decades (PDF/A-3a) and read aloud (PDF/UA-1). The data are printed as they are. Raises as `printed`."""
    return bytes(_compile(template, data, "pdf", pdf_standards=["a-3a", "ua-1"], font_paths=[FONTS], ignore_system_fonts=True)[0])


def pictured(template: str, data: dict[str, Any], ppi: int = 200) -> list[bytes]:
    """The same pages as PNG, as a printer would show them."""
    return _compile(template, _plain(data), "png", ppi=ppi)


def check_press() -> None:
    """Raises Unavailable where typst is not installed."""
    try:
        import typst  # noqa: F401
    except ImportError:
        raise Unavailable(
            "PDF needs typst, which is not installed: pip install 'evidence-custody[paper]'; nothing was written"
        ) from None


def _compile(template: str, data: Any, form: Literal["pdf", "png"], **how: Any) -> list[bytes]:
    check_press()
    import typst

    source = (_TEMPLATES / f"{template}.typ").read_bytes()
    try:
        made: Any = typst.compile(source, format=form, sys_inputs={"data": json.dumps(data)}, **how)
    except typst.TypstError as error:
        raise Unavailable(f"typst could not set the page: {error}; nothing was written") from None
    return made if isinstance(made, list) else [made]


def code(text: str) -> str:
    """A QR code as SVG, with its quiet margin, for a template to place."""
    import segno

    svg: str = segno.make(text, error="m", micro=False).svg_inline(border=4)
    return svg


def _plain(value: Any, name: str = "") -> Any:
    """Every text without signs that turn or hide others, and with places at which a long word can be broken.

    Codes, and their texts, which people copy, stay as they are.
    """
    if isinstance(value, str):
        return (
            value
            if name in ("code", "slip")
            else "\n".join(_RUN.sub(rf"\1{_BREAK}", printable(line)) for line in value.split("\n"))
        )
    if isinstance(value, dict):
        return {key: _plain(of, key) for key, of in value.items()}
    return [_plain(of) for of in value] if isinstance(value, list) else value
