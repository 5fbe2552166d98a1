"""A pass's text as a QR picture: for a browser, for a printer, for a terminal.

Error correction is level M (a picture survives 15 % of damage) and never more: what a larger level takes from the
modules' size, a phone in the street loses twice. The same text gives the same bytes.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO, StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segno import QRCode

#: Pixels of a module in a PNG: V10-M is then 520 wide, which a phone shows without scaling it up.
_SCALE = 8


def svg(text: str) -> bytes:
    """Draw `text` as an SVG that takes the size of its place; white beneath, so that dark pages don't matter."""
    out = BytesIO()
    _symbol(text).save(out, kind="svg", light="white", omitsize=True, encoding="utf-8")
    return out.getvalue()


def png(text: str) -> bytes:
    """Draw `text` as a black and white PNG with the quiet zone of four modules that ISO/IEC 18004 asks for."""
    out = BytesIO()
    _symbol(text).save(out, kind="png", scale=_SCALE)
    return out.getvalue()


def terminal(text: str) -> str:
    """Draw `text` in half blocks, light on a dark terminal; no escape codes, so it can be piped."""
    out = StringIO()
    _symbol(text).terminal(out, compact=True)
    return out.getvalue()


def version(text: str) -> str:
    """Name the symbol's version and error correction level, as in "9-M"."""
    symbol = _symbol(text)
    return f"{symbol.version}-{symbol.error}"


@lru_cache(64)
def _symbol(text: str) -> QRCode:
    """Raises ValueError when `text` is outside the alphanumeric alphabet or too long for any symbol.

    What stands before a # is an address, and may have any characters.

    Which mask suits it best takes some ten milliseconds to find, and whoever shows a pass or a certificate asks for it
    again and again.
    """
    # 23 ms to import, and only who draws needs it.
    import segno
    from segno import consts

    address, sign, rest = text.rpartition("#")
    parts = [(rest, consts.MODE_ALPHANUMERIC)]
    if sign:
        parts.insert(0, (address + sign, consts.MODE_BYTE))
    # `make` might choose a Micro QR code, which hardly any phone reads.
    # Its encoder takes parts of several modes, and its hints don't say so.
    return segno.make_qr(parts, error="m", boost_error=False)  # type: ignore[arg-type]
