"""What a phone shows of a dynamic pass: the pass, the time, and the phone's signature over both, anew every 15 seconds.

On the wire (ABNF's words; base45 of RFC 9285, all of it in the alphanumeric alphabet of QR codes)::

    shown  = "BD1:" base45(pass) base45(time signature)
    time   = Unix seconds, 4 bytes, the most significant first
    signature = r s, 32 bytes each, s the lower of its two values; ES256 over ASCII("BD1:" base45(pass)) time

So a phone needs no CBOR: it takes the text that the platform gave it, puts its own prefix before and 102 characters
behind. A signature in COSE around the pass would take 22 bytes more, which is a version of the QR code more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec

from banshi.builtin.passes import holder
from banshi.builtin.passes.refusals import PassRefused, Reason
from banshi.builtin.passes.wire import base45, cose
from banshi.builtin.passes.wire.addressed import text_in_code
from banshi.foundation.encryption.signatures import ES256, low_s, of_raw, raw

#: Says what was scanned: another prefix than a pass that needs no phone, so that neither is taken for the other.
PREFIX = "BD1:"

#: Seconds after which a phone signs anew, and by which its clock and the officer's may differ.
EVERY_S, LEEWAY_S = 15, 15

#: By how much what is shown is longer than the pass: the time and the signature, and their characters.
SHOWN_BYTES = 68
_TAIL = SHOWN_BYTES // 2 * 3


@dataclass(frozen=True, slots=True)
class Scanned:
    """What was scanned, whoever showed it."""

    credential: cose.Credential
    #: The pass as it was given out, without what its phone put around it.
    text: str
    #: When its phone signed it, in Unix seconds; None for a pass that needs no phone.
    shown_at: int | None


def show(text: str, at: int, key: ec.EllipticCurvePrivateKey) -> str:
    """What the phone with `key` shows of the pass `text` at that second: for tests, and for whoever writes an app."""
    begin = PREFIX + text.removeprefix(cose.PREFIX)
    time = at.to_bytes(4, "big")
    return begin + base45.encode(time + raw(key.sign(begin.encode() + time, ES256)))


def read(text: str, keys: Mapping[bytes, ec.EllipticCurvePublicKey], labels_of: cose.LabelsOf) -> Scanned:
    """Return what was scanned of either sort of pass, or raise `PassRefused`; see `cose.read`.

    Says nothing about time: ask `cose.check_times` and `check_shown`.
    """
    text = text_in_code(text)
    if not text.startswith(PREFIX):
        credential = cose.read(text, keys, labels_of)
        if credential.holder is not None:
            raise PassRefused(Reason.NOT_SIGNED_BY_PHONE, "a pass that only the phone which holds it can show")
        return Scanned(credential, text, None)
    begin, tail = text[:-_TAIL], text[-_TAIL:]
    held = cose.PREFIX + begin.removeprefix(PREFIX)
    credential = cose.read(held, keys, labels_of)
    if not credential.holder:
        raise PassRefused(Reason.WRONG_CLAIMS, "signed by a phone, and the pass names none")
    try:
        added = base45.decode(tail)
    except base45.NotBase45 as error:
        raise PassRefused(Reason.MALFORMED, f"what the phone added: {error}") from None
    if not low_s(added[4:]):
        raise PassRefused(Reason.HIGH_S, "s of the phone's signature is not the lower of its two values")
    try:
        holder.public_key(credential.holder).verify(of_raw(added[4:]), begin.encode() + added[:4], ES256)
    except InvalidSignature:
        raise PassRefused(Reason.BAD_SIGNATURE, "the phone's signature does not fit") from None
    return Scanned(credential, held, int.from_bytes(added[:4], "big"))


def check_shown(shown_at: int, now: int) -> Reason | None:
    """Say whether a phone signed at another time than it can show at `now`; both in Unix seconds."""
    if now >= shown_at + EVERY_S + LEEWAY_S:
        return Reason.SCREENSHOT
    return Reason.PHONE_CLOCK if now < shown_at - LEEWAY_S else None
