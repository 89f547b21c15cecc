"""Reads the QR codes in a picture. Run as a program of its own (see `scan.py`), never imported by the ledger.

A picture on a stick may be made to attack its reader, so this process has no key, no environment and, once its libraries are
loaded, no right to open another file or socket, to write one, or to start a program. The picture is standard input, opened by
others; the answer is one line of JSON on standard output.
"""

import json
import os
import resource
import sys
from typing import Any, BinaryIO

MAX_PIXELS = 100_000_000
"""A picture is measured before it is unpacked; this is more than the sensors of most telephones have."""
_MAX_CODES = 500
_MEGA = 1 << 20
_LIMITS = (
    (resource.RLIMIT_AS, 1536 * _MEGA),
    (resource.RLIMIT_CPU, 20),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_NOFILE, 64),
)
_ENOUGH = (4000, 4000)
"""Pixels to which a larger JPEG is shrunk while it is unpacked: six codes on a page have four and more a module then."""


def main() -> int:
    """0 when an answer was printed; anything else, or a death by limit, means that nothing can be said."""
    _limit(*_LIMITS)
    import zxingcpp
    from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    Image.preinit()  # as opening a picture would, but then no file can be opened any more
    formats = [plugin.format for plugin in (JpegImagePlugin.JpegImageFile, PngImagePlugin.PngImageFile, WebPImagePlugin.WebPImageFile)]
    source = os.fdopen(0, "rb", closefd=False)
    # Below what is open, so that from here on not even a library's bug can open a file or a socket.
    _limit((resource.RLIMIT_NOFILE, 3), (resource.RLIMIT_NPROC, 0))
    Image.MAX_IMAGE_PIXELS = None  # it would only warn; `opened` is stricter
    try:
        answer: dict[str, Any] = {"texts": codes(zxingcpp, opened(Image, source, formats))}
    except TooLarge:
        answer = {"failed": "too large"}
    except Exception:
        answer = {"failed": "damaged"}
    sys.stdout.write(json.dumps(answer, ensure_ascii=True))
    return 0


class TooLarge(Exception):
    """More pixels than are unpacked."""


def opened(image: Any, source: BinaryIO, formats: list[str]) -> Any:
    """The picture in shades of grey."""
    picture = image.open(source, formats=formats)
    if picture.width * picture.height > MAX_PIXELS:
        raise TooLarge
    picture.draft("L", _ENOUGH)
    return picture.convert("L")


def codes(zxingcpp: Any, picture: Any) -> list[str]:
    """What the codes say, characters as they are, in no order."""
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode, text_mode=zxingcpp.TextMode.Plain)
    return [code.text for code in found if code.valid][:_MAX_CODES]


def _limit(*limits: tuple[int, int]) -> None:
    for kind, most in limits:
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
