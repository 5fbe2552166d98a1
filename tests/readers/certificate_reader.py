"""Reads a certificate with others' libraries: pypdf for the file, PDFium for its page, zxing-cpp for its code."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pypdf
import pypdfium2
import zxingcpp

#: As a phone's camera sees it: 144 dots an inch.
RENDER_SCALE = 2.0

#: What the reader looks for: of all that it knows, it sees a bar code in a table now and then.
QR = zxingcpp.BarcodeFormat.QRCodeModel2


@dataclass(frozen=True)
class Seen:
    """What a reader finds in the file."""

    title: str
    language: str
    tagged: bool
    pages: int
    text: str
    code: str

    def says(self, text: str) -> bool:
        """Whether the pages say it, wherever the lines are broken."""
        return bare(text) in bare(self.text)


def bare(text: str) -> str:
    return "".join(text.replace("\u200b", "").split())


def _codes(page: pypdfium2.PdfPage) -> list[zxingcpp.Barcode]:
    """The codes on a page, which nobody has turned or printed white on black."""
    grey = page.render(scale=RENDER_SCALE, grayscale=True).to_pil()
    return list(zxingcpp.read_barcodes(grey, QR, try_rotate=False, try_invert=False))


def read(data: bytes) -> Seen:
    """The file as others' readers see it; an unreadable one raises."""
    document = pypdf.PdfReader(BytesIO(data), strict=True)
    root: Any = document.trailer["/Root"]
    pages = pypdfium2.PdfDocument(data)
    try:
        text = "\n".join(page.get_textpage().get_text_range() for page in pages)
        codes = [code.text for page in pages for code in _codes(page)]
        count = len(pages)
    finally:
        pages.close()
    assert len(codes) == 1, codes
    title = str((document.metadata or {}).get("/Title", ""))
    return Seen(title, str(root.get("/Lang", "")), bool(root["/MarkInfo"]["/Marked"]), count, text, codes[0])
