"""Keyed hashes in place of people's numbers: the same number gives the same hash, and nobody without the key can tell.

A citizen's number has so few possible values that a plain hash of it is soon undone by trying all; the key, a file in
the keys folder, is what makes it more than that. Machines that serve one platform share it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from banshi.forms.spelling import spelled_id
from banshi.foundation.files.secret_files import kept_key

#: Bytes of the key, and of each hash.
KEY_BYTES, HASH_BYTES = 32, 16


class Pseudonyms:
    """Hashes with one key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key has {len(key)} bytes in place of {KEY_BYTES}")
        self._key = key
        #: Says which key it is, and nothing about it.
        self.key_id = self._hash(b"id", b"")[:16]

    def person(self, resident_id: str) -> str:
        """What stands for somebody, however their number is written; "" for nobody."""
        number = spelled_id(resident_id)
        return self._hash(b"person", number.encode()) if number else ""

    def key(self, register: str, values: Iterable[str]) -> str:
        """What stands for the key of a record: the texts of its columns, in the order in which they are declared."""
        return self._hash(b"key", "\x1f".join((register, *values)).encode())

    def _hash(self, purpose: bytes, text: bytes) -> str:
        return hashlib.blake2b(text, key=self._key, person=purpose, digest_size=HASH_BYTES).hexdigest()


def read_pseudonyms(folder: Path) -> Pseudonyms:
    """The hashes with this platform's key, which is made on first use and readable by its owner alone."""
    file = folder / "look-ups.key"
    try:
        return Pseudonyms(kept_key(file, KEY_BYTES))
    except ValueError as error:
        raise OSError(None, str(error), str(file)) from None
