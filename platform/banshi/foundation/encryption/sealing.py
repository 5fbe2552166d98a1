"""How a text is sealed and opened: AES-GCM with a random nonce, or AES-SIV where it has to be found again.

A sealed text says so itself, and with which key: `sealed1:<id>:<base64url of nonce, ciphertext and tag>`, or
`sealed1:i<number>:…` for look-ups. What it is bound to is where it belongs: the table and the column, so that in
another column it doesn't open; for look-ups the family of columns (a person's subject), so that they can be joined.
A plain text that begins like a sealed one is kept as `sealed0:` and itself.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from typing import Any

from cryptography.exceptions import InvalidTag
from tortoise.context import TortoiseContext

from banshi.foundation.encryption.ring import Ring

SEALED, LITERAL = "sealed1:", "sealed0:"
MARKS = (SEALED, LITERAL)

#: What a sealed text looks like.
SHAPE = re.compile(r"sealed1:(?:([0-9a-f]{8})|i([1-9][0-9]{0,8})):([A-Za-z0-9_-]+)\Z")

#: Bytes of a nonce (NIST SP 800-38D, 8.2.2) and of either tag.
NONCE_BYTES, TAG_BYTES = 12, 16

#: Characters before the base64: the mark and a key's id.
HEAD_CHARS = len(SEALED) + 9


class CannotOpen(Exception):
    """A sealed text that can't be opened; it says where it lies and what to do."""

    def __init__(self, place: str, told: str, row: str = "") -> None:
        self.place, self.told = place, told
        super().__init__(f"{place}{f', row {row}' if row else ''}: {told}")

    def of(self, row: object) -> CannotOpen:
        """The same, with the row that it is about."""
        return type(self)(self.place, self.told, str(row))


class UnknownKey(CannotOpen):
    """It was sealed with a key that this process doesn't have."""


class Altered(CannotOpen):
    """It is not what was sealed for this place."""


class Context(TortoiseContext):
    """Tortoise's, with the keys of its database."""

    def __init__(self, ring: Ring | None = None) -> None:
        super().__init__()
        self.ring = ring

    async def init(self, *given: Any, **named: Any) -> None:
        """As it is; then each statement has its columns in the order of their fields.

        Tortoise takes them from a set, whose order is another in each process: the server would count, plan and keep
        one statement as many times as there are processes.
        """
        await super().init(*given, **named)
        for model in (model for app in (self.apps or {}).values() for model in app.values()):
            meta: Any = model._meta
            meta.db_fields = dict.fromkeys(meta.fields_db_projection.values()).keys()
            meta.basequery_all_fields = meta.basequery.select(*meta.db_fields)


def longest(characters: int) -> int:
    """How long a sealed text of so many characters is at most."""
    return HEAD_CHARS + -(-(NONCE_BYTES + TAG_BYTES + 4 * characters) * 4 // 3)


def sealed(ring: Ring, place: str, text: str) -> str:
    """Seal a text for a place; twice the same text is never twice the same."""
    key, aead = ring.sealing()
    nonce = os.urandom(NONCE_BYTES)
    return f"{SEALED}{key}:{_written(nonce + aead.encrypt(nonce, text.encode(), place.encode()))}"


def sealed_look_up(ring: Ring, number: int, family: str, text: str) -> str:
    """Seal a text so that the same text is found by it."""
    key = ring.look_up(number)
    if key is None:
        raise UnknownKey(family, _missing(ring, f"look-up key {number}"))
    return f"{SEALED}i{number}:{_written(key.encrypt(text.encode(), [family.encode()]))}"


def opened(ring: Ring | None, bound: str, place: str, text: str) -> str:
    """Open what was sealed for `bound`, in a message called `place`. Raises UnknownKey, Altered."""
    if ring is None:
        raise UnknownKey(place, "it is encrypted, and platform.personal_keys in plugins.toml names no ring of keys")
    found = SHAPE.match(text)
    if found is None:
        raise Altered(place, _altered(""))
    key, number, body = found.groups()
    try:
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        if number is not None:
            if (siv := ring.look_up(int(number))) is None:
                raise UnknownKey(place, _missing(ring, f"look-up key {number}"))
            return siv.decrypt(raw, [bound.encode()]).decode()
        if (aead := ring.opening(key)) is None:
            raise UnknownKey(place, _missing(ring, f"key {key}"))
        return aead.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound.encode()).decode()
    except (InvalidTag, binascii.Error, ValueError):
        raise Altered(place, _altered(f" with key {key or f'i{number}'}")) from None


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _missing(ring: Ring, key: str) -> str:
    return f"it is sealed with {key}, which {ring.file} doesn't have; bring back the ring that has it from its copy"


def _altered(key: str) -> str:
    return f"it is not what was sealed{key} for this column: it was altered or moved; bring the row back from a backup"
