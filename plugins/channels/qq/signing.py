"""QQ's signatures: Ed25519, with a key made of the bot's secret.

Source: github.com/tencent-connect/bot-docs, "事件订阅与通知: 签名校验".
"""

from __future__ import annotations

import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: Bytes of a key's seed: the secret, as often as it takes.
SEED_BYTES = 32

#: What QQ has us sign when it checks an address. Nothing else is signed: it is the key of QQ's own events, too, and
#: none of them has the form of a time with letters and digits behind it.
TIME, TOKEN = re.compile(r"[0-9]{1,16}"), re.compile(r"[A-Za-z0-9_-]{1,128}")


def key_of(secret: str) -> Ed25519PrivateKey:
    """The key of a bot's secret."""
    seed = secret.encode() * (SEED_BYTES // len(secret) + 1)
    return Ed25519PrivateKey.from_private_bytes(seed[:SEED_BYTES])


def is_signed(key: Ed25519PrivateKey, signature: str, at: str, body: bytes) -> bool:
    """Whether the bot's secret has signed a body at that time."""
    try:
        key.public_key().verify(bytes.fromhex(signature), at.encode() + body)
    except (ValueError, InvalidSignature):
        return False
    return True


def answer(key: Ed25519PrivateKey, at: str, token: str) -> str | None:
    """The signature by which an address is shown to be ours; None for what no check has."""
    if not TIME.fullmatch(at) or not TOKEN.fullmatch(token):
        return None
    return key.sign((at + token).encode()).hex()
