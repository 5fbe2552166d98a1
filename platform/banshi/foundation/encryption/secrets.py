"""Secrets of others that have to be read again, kept in tables so that the tables alone don't tell them.

The key is a file in the keys folder, made on first use and readable by its owner alone. Whoever has a copy of the
database without it can sign nothing in our name.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from banshi.foundation.files.secret_files import write_private
from banshi.foundation.keys import Key

KEY_FILE = "sealed.key"

#: Secrets that are remembered open: each call is signed with one.
MAX_REMEMBERED = 1_024


class Seal:
    """Seals texts with the key of a folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / KEY_FILE
        #: What was sealed. Raises ValueError where another key did it.
        self.opened = lru_cache(MAX_REMEMBERED)(self._opened)

    def sealed(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def _opened(self, sealed: str) -> str:
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise ValueError("sealed with another key") from None

    @cached_property
    def _fernet(self) -> Fernet:
        if not self._file.exists():
            write_private(self._file, Fernet.generate_key())
        try:
            return Fernet(self._file.read_bytes())
        except ValueError:
            told = "it is no key; restore it from a backup, or remove it and let every integrator rotate their secret"
            raise OSError(None, told, str(self._file)) from None


#: The seal of this platform, set at assembly.
SEAL: Key[Seal] = Key("seal")
