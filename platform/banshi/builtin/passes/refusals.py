"""Why a pass is refused, for programs and for the people who read their logs, and in which colour officers see it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from banshi.builtin.sentences import say, word


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


#: What an officer reads of each verdict: what was found, and what to do now.
TOLD: Mapping[str, Mapping[str, str]] = {
    Reason.NOT_A_PASS: say("This is no pass: ask for the pass, and scan the code that it shows."),
    Reason.TOO_LONG: say("This code says more than any pass: ask for the pass, and scan the code that it shows."),
    Reason.MALFORMED: say(
        "The code is damaged or was not read whole: scan it again, or have the pass opened anew; don't accept it"
        " unread."
    ),
    Reason.TRAILING_BYTES: say(
        "This code has data after the pass: don't accept it; ask the holder to open the pass again."
    ),
    Reason.NOT_CANONICAL: say("This is not written as our passes are: don't accept it; it may be forged."),
    Reason.UNPROTECTED_HEADER: say("Something unsigned was added to this pass: don't accept it; it may be forged."),
    Reason.WRONG_ALGORITHM: say("This is not signed as our passes are: don't accept it; it may be forged."),
    Reason.WRONG_TYPE: say("What is signed here is no pass: don't accept it, and ask for the pass."),
    Reason.WRONG_HEADER: say("This doesn't say as our passes do who signed it: don't accept it; it may be forged."),
    Reason.UNKNOWN_KEY: say(
        "The key that signed this was withdrawn, or is not ours: don't accept it; its holder asks the department for"
        " another pass."
    ),
    Reason.HIGH_S: say("The signature of this pass was altered: don't accept it; it may be forged."),
    Reason.BAD_SIGNATURE: say("This pass was changed after it was signed: don't accept it; it may be forged."),
    Reason.WRONG_CLAIMS: say("This is signed, but says other than a pass: don't accept it, and tell the operator."),
    Reason.UNKNOWN_ITEM: say("This pass is of an item that is not known here: ask the department before accepting it."),
    Reason.UNKNOWN_CLAIM: say("This pass says more than is known here: ask the department before accepting it."),
    Reason.NOT_SIGNED_BY_PHONE: say(
        "This is a copy of what only a phone can show: don't accept it, and have the pass opened on the phone."
    ),
    Reason.SCREENSHOT: say(
        "This was shown too long ago, as a picture or by a slow clock: have the phone's clock set and the pass opened"
        " anew, and scan it again."
    ),
    Reason.PHONE_CLOCK: say("The phone's clock is fast: have it set, and scan the pass again."),
    Reason.NOT_YET_VALID: say("This pass is genuine, but has not begun: don't accept it before its first day."),
    Reason.EXPIRED: say("This pass is over: don't accept it; its holder renews it, or applies anew."),
    "unknown-pass": say(
        "This bears our signature, but we never issued it: don't accept it, and tell the operator at once."
    ),
    "revoked": say("This pass is no longer valid: don't accept it, and tell its holder why."),
}

#: What says nothing of the pass itself: it was not read, or its phone's clock is wrong. Look once more.
UNSURE: frozenset[str] = frozenset(
    {
        *(Reason.NOT_A_PASS, Reason.TOO_LONG, Reason.MALFORMED, Reason.UNKNOWN_ITEM, Reason.UNKNOWN_CLAIM),
        *(Reason.SCREENSHOT, Reason.PHONE_CLOCK, "not-a-certificate"),
    }
)


def colour_of(verdict: str) -> str:
    """The colour that a verdict is shown in, always beside its words."""
    return "green" if verdict == "valid" else "amber" if verdict in UNSURE else "red"


#: The same of what was revoked, by how it ended.
ENDED: Mapping[str, Mapping[str, str]] = {
    "revoked": say("The approval of this pass was revoked: don't accept it, and tell its holder why."),
    "taken-back": say(
        "The approval of this pass was taken back, as law or circumstances changed: don't accept it, and tell its"
        " holder why."
    ),
    "cancelled": say(
        "The approval of this pass was cancelled, as it is over: don't accept it, and tell its holder why."
    ),
    "moved": say("Another phone holds this pass now: don't accept it here, and have it opened on that phone."),
    "test": say("This is a test case's pass, which allows nothing: don't accept it."),
}

#: What the holder reads of a scan.
TITLES: Mapping[str, Mapping[str, str]] = {
    "valid": word("Valid"),
    "revoked": word("No longer valid"),
    Reason.EXPIRED: word("Over"),
    Reason.NOT_YET_VALID: word("Not yet begun"),
    Reason.SCREENSHOT: word("A picture, or a slow clock"),
    Reason.PHONE_CLOCK: word("A fast clock"),
}
