"""Base45 (RFC 9285): bytes as text that a QR code stores at 5.5 bits a character.

Decoding is strict: every byte string has exactly one text, and no other text is read. The RFC lets a decoder be
lenient nowhere, but several are (they fold lower case, or drop what is left over), and each leniency is a second
spelling of a signed pass, which the scan audit would take for a second pass.
"""

from __future__ import annotations

#: RFC 9285 table 1, which is also the alphanumeric alphabet of ISO/IEC 18004.
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

_VALUES = {character: value for value, character in enumerate(ALPHABET)}
#: Every two characters that a group may begin with, low digit first: one look-up instead of two divisions.
_PAIRS = [low + high for high in ALPHABET for low in ALPHABET]


class NotBase45(ValueError):
    """The text is not base45 as RFC 9285 writes it."""


def encode(data: bytes) -> str:
    """Write `data` as base45.

    A text never ends in a space (the last digit of a group is at most 32 or 5, space is 36), so whatever
    trims a scanned line leaves it whole.
    """
    groups = []
    for at in range(0, len(data) - 1, 2):
        high, pair = divmod(data[at] << 8 | data[at + 1], 2025)
        groups.append(_PAIRS[pair] + ALPHABET[high])
    if len(data) % 2:
        groups.append(_PAIRS[data[-1]])
    return "".join(groups)


def decode(text: str) -> bytes:
    """Read base45; raise `NotBase45` for anything that `encode` would not have written."""
    if len(text) % 3 == 1:
        raise NotBase45("one character is left over after the last group of three")
    try:
        digits = [_VALUES[character] for character in text]
    except KeyError as unknown:
        raise NotBase45(f"{unknown.args[0]!r} is not in the base45 alphabet") from None
    data = bytearray()
    for at in range(0, len(digits) - 2, 3):
        value = digits[at] + 45 * digits[at + 1] + 2025 * digits[at + 2]
        if value > 0xFFFF:
            raise NotBase45(f"the group at character {at} is larger than two bytes")
        data += value.to_bytes(2, "big")
    if len(digits) % 3:
        value = digits[-2] + 45 * digits[-1]
        if value > 0xFF:
            raise NotBase45("the last group is larger than one byte")
        data.append(value)
    return bytes(data)
