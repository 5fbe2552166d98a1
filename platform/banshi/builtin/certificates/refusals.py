"""Why a certificate is no longer shown, and what somebody reads who has checked one."""

from __future__ import annotations

from collections.abc import Mapping

from banshi.builtin.passes.refusals import Reason
from banshi.builtin.sentences import say
from banshi.foundation.errors import Problem


class CertificateRevoked(Problem, status=410, code="certificate-revoked", says=say):
    """The certificate is no longer valid and is no longer shown; the case says why."""


class CertificateExpired(Problem, status=410, code="certificate-expired", says=say):
    """The certificate has ended and is no longer shown; apply for a new one."""


#: What its holder reads in its place, by how it ended.
NOT_SHOWN: Mapping[str, Mapping[str, str]] = {
    "revoked": say("The approval was revoked, and the certificate is no longer shown; the case says why."),
    "taken-back": say("The approval was taken back, and the certificate is no longer shown; the case says why."),
    "cancelled": say("The approval was cancelled, and the certificate is no longer shown; the case says why."),
    "test": say("This is a test case's certificate, which is not shown."),
}

NO_CERTIFICATE = say("This is no certificate: scan the code on the certificate's page.")
UNREAD = say(
    "The code is damaged or was not read whole: scan it again; if it stays so, ask the department that issued it."
)
NOT_OURS = say("This is not as our certificates are: don't rely on it; it may be forged.")
CHANGED = say("This was changed after it was signed: don't rely on it; it may be forged.")
UNKNOWN = say("This can't be read whole here: ask the department that issued it before relying on it.")

#: What anybody reads of each verdict: what was found, and what that means for them.
TOLD: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(Reason, NOT_OURS),
    Reason.NOT_A_PASS: NO_CERTIFICATE,
    Reason.TOO_LONG: NO_CERTIFICATE,
    Reason.MALFORMED: UNREAD,
    Reason.UNKNOWN_KEY: say(
        "The key that signed this was withdrawn, or is not ours: don't rely on it; its holder asks the department for"
        " another one."
    ),
    Reason.HIGH_S: CHANGED,
    Reason.BAD_SIGNATURE: CHANGED,
    Reason.UNKNOWN_ITEM: UNKNOWN,
    Reason.UNKNOWN_CLAIM: UNKNOWN,
    Reason.NOT_YET_VALID: say("This certificate has not begun: don't rely on it before its first day."),
    Reason.EXPIRED: say("This certificate is over: don't rely on it; its holder applies for a new one."),
    "unknown-pass": say("This bears our signature, but we never issued it: don't rely on it, and tell the department."),
    "not-a-certificate": say("This is a pass, not a certificate: an officer verifies it."),
    "revoked": say("This certificate is no longer valid: don't rely on it."),
}

#: The same of what was revoked, by how it ended.
ENDED: Mapping[str, Mapping[str, str]] = {
    "revoked": say("The approval of this certificate was revoked: don't rely on it."),
    "taken-back": say(
        "The approval of this certificate was taken back, as law or circumstances changed: don't rely on it."
    ),
    "cancelled": say("The approval of this certificate was cancelled, as it is over: don't rely on it."),
    "test": say("This is a test case's certificate, which proves nothing."),
}
