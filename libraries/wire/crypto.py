"""The signatures and the encryption of messages of WeChat's kind, which other Tencent services share.

Source: developers.weixin.qq.com, "消息加解密": AES-256-CBC whose first vector is the key's first half, over 16 random
bytes, the length of the text in four bytes, the text, and the account's AppID, padded to blocks of 32 bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

#: Bytes of the random beginning, of the length, and of a padded block.
SALT_BYTES, LENGTH_BYTES, BLOCK_BYTES = 16, 4, 32

#: Characters of an EncodingAESKey: 32 bytes in Base64 without its "=".
KEY_CHARS = 43


class NotOurs(ValueError):
    """What came is not signed, or not encrypted, as the provider does it for this account."""


def signature(*parts: str) -> str:
    """The signature of some parts: SHA-1 over them, sorted and joined."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def is_signed(given: str, *parts: str) -> bool:
    """Whether that is the signature of these parts; it takes the same time whatever is wrong with it."""
    return hmac.compare_digest(signature(*parts).encode(), given.encode())


class MessageCipher:
    """Encrypts and decrypts the messages of one account.

    Raises:
        ValueError: the key is no EncodingAESKey; the text says what one is.
    """

    def __init__(self, encoding_aes_key: str, appid: str) -> None:
        try:
            self._key = base64.b64decode(encoding_aes_key + "=", validate=True)
        except binascii.Error:
            self._key = b""
        if len(encoding_aes_key) != KEY_CHARS or len(self._key) != BLOCK_BYTES:
            raise ValueError(f"aes_key has to be the EncodingAESKey of the account: {KEY_CHARS} letters and digits")
        self._appid = appid.encode()

    def decrypted(self, sealed: str) -> bytes:
        """The text in what the provider has encrypted. Raises NotOurs, also where it is for another account."""
        try:
            cipher = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError):
            raise NotOurs("it is no Base64") from None
        if not cipher or len(cipher) % 16:
            raise NotOurs("it is not whole")
        decryptor = self._cipher.decryptor()
        plain = decryptor.update(cipher) + decryptor.finalize()
        padding = plain[-1]
        if not 1 <= padding <= BLOCK_BYTES or plain[-padding:] != bytes([padding]) * padding:
            raise NotOurs("it is encrypted with another key")
        plain = plain[SALT_BYTES:-padding]
        size = int.from_bytes(plain[:LENGTH_BYTES], "big")
        text, appid = plain[LENGTH_BYTES : LENGTH_BYTES + size], plain[LENGTH_BYTES + size :]
        if len(text) != size or not hmac.compare_digest(appid, self._appid):
            raise NotOurs("it is for another account")
        return text

    def encrypted(self, text: bytes, salt: bytes = b"") -> str:
        """The text as the provider reads it; `salt`, for tests with known answers, is its 16 random bytes."""
        plain = (salt or os.urandom(SALT_BYTES)) + len(text).to_bytes(LENGTH_BYTES, "big") + text + self._appid
        padding = BLOCK_BYTES - len(plain) % BLOCK_BYTES
        encryptor = self._cipher.encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()).decode()

    @property
    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))
