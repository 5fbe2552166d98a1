"""Signatures, and messages as WeChat encrypts them."""

from __future__ import annotations

import base64
import hashlib
import os

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

#: Padding is to whole blocks of so many bytes, twice AES's own.
BLOCK_BYTES = 32
RANDOM_BYTES = 16


def signature(*parts: str) -> str:
    """Of the token, the time stamp, the nonce, and the encrypted message where there is one; in hex."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


class MessageCipher:
    """AES-256-CBC by an EncodingAESKey of 43 letters; a message bears the account's appid."""

    def __init__(self, encoding_key: str, appid: str) -> None:
        key = base64.b64decode(encoding_key + "=")
        self._cipher, self._appid = Cipher(AES256(key), CBC(key[:16])), appid.encode()

    def seal(self, text: bytes, prefix: bytes | None = None) -> str:
        """The text encrypted, in Base64; `prefix` stands for 16 random bytes."""
        prefix = prefix or os.urandom(RANDOM_BYTES)
        plain = prefix + len(text).to_bytes(4, "big") + text + self._appid
        padding = BLOCK_BYTES - len(plain) % BLOCK_BYTES
        run = self._cipher.encryptor()
        return base64.b64encode(run.update(plain + bytes([padding]) * padding) + run.finalize()).decode()

    def open(self, sealed: str) -> bytes:
        """The text. Raises ValueError for what isn't encrypted by this key, or is another account's."""
        run = self._cipher.decryptor()
        plain = run.update(base64.b64decode(sealed, validate=True)) + run.finalize()
        padding = plain[-1] if plain else 0
        if not 1 <= padding <= BLOCK_BYTES or plain[-padding:] != bytes([padding]) * padding:
            raise ValueError("the padding is wrong")
        inner = plain[RANDOM_BYTES:-padding]
        end = 4 + int.from_bytes(inner[:4], "big")
        if end > len(inner) or inner[end:] != self._appid:
            raise ValueError("it bears another appid")
        return inner[4:end]
