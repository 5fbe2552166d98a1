"""How many segments a text is sent and charged as.

Source: 3GPP TS 23.038, 6.2.1 (GSM 7-bit default alphabet and its extension) and TS 23.040, 9.2.3.24.1 (concatenation):
160 septets or 70 UCS-2 units in one, 153 or 67 in each of several, since six bytes of each say which it is.
"""

from __future__ import annotations

#: The default alphabet; and what stands in its extension, each a letter of two septets.
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")

#: Letters in one segment, and in each of several.
GSM, UCS2 = (160, 153), (70, 67)


def segments(text: str) -> int:
    """Of a text as it is sent, with its signature. No letter of two is cut between segments."""
    if BASIC.union(EXTENDED).issuperset(text):
        (most, each), sizes = GSM, [2 if letter in EXTENDED else 1 for letter in text]
    else:
        (most, each), sizes = UCS2, [2 if letter > "\uffff" else 1 for letter in text]
    if sum(sizes) <= most:
        return 1
    found, left = 1, each
    for size in sizes:
        if size > left:
            found, left = found + 1, each
        left -= size
    return found
