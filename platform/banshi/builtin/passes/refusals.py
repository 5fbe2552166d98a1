"""Why a pass is refused, for programs and for the people who read their logs."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a pass is refused; programs may rely on these words."""

    #: Something else was scanned: the prefix of this format and version is missing.
    NOT_A_PASS = "not-a-pass"  # noqa: S105 - no password
    #: Longer than any pass; not looked at further.
    TOO_LONG = "too-long"
    #: Not base45, not the kind of CBOR that a pass is made of, or cut short.
    MALFORMED = "malformed"
    #: Something follows the end of the pass.
    TRAILING_BYTES = "trailing-bytes"
    #: Another spelling of the same content: long integers, unsorted or repeated keys, indefinite lengths.
    NOT_CANONICAL = "not-canonical"
    #: Something stands in the header that no signature protects.
    UNPROTECTED_HEADER = "unprotected-header"
    #: Signed with another algorithm than ES256, or with one that isn't named.
    WRONG_ALGORITHM = "wrong-algorithm"
    #: A signed object of another type than a pass.
    WRONG_TYPE = "wrong-type"
    #: The protected header lacks the key id, or holds more than alg, kid and typ.
    WRONG_HEADER = "wrong-header"
    #: No key with that id: withdrawn, not fetched yet, or invented.
    UNKNOWN_KEY = "unknown-key"
    #: The other of the two signatures that ECDSA accepts for one pass.
    HIGH_S = "high-s"
    #: Not signed by the key that it names, or changed since.
    BAD_SIGNATURE = "bad-signature"
    #: Signed by a known key, but what is signed isn't a pass.
    WRONG_CLAIMS = "wrong-claims"
    #: Of an item that this verifier doesn't know.
    UNKNOWN_ITEM = "unknown-item"
    #: Holds more claims than this verifier knows of the item: its catalogue is older than the pass.
    UNKNOWN_CLAIM = "unknown-claim"
    #: It has to be signed by the phone that holds it, and was not: a copy of what the phone keeps.
    NOT_SIGNED_BY_PHONE = "not-signed-by-phone"
    #: Its phone signed it longer ago than it shows one picture: a screenshot, or a clock that is slow.
    SCREENSHOT = "screenshot"
    #: Its phone signed it at a time that has not come: the phone's clock is fast.
    PHONE_CLOCK = "phone-clock"
    #: Its time has not come.
    NOT_YET_VALID = "not-yet-valid"
    #: Its time is over.
    EXPIRED = "expired"


class PassRefused(Exception):
    """This is not a pass that can be relied on."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")
