"""What a token may say: whose it is, when, and what the identity provider has verified of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

import structlog

from banshi.forms.numbers import NUMBERS, is_resident_id
from banshi.forms.spelling import spelled, spelled_id
from banshi.foundation.errors import Unauthenticated
from banshi.kernel.http.callers import INVALID

log = structlog.get_logger("banshi.auth")

#: Subjects that are the platform's own to give; an issuer's token with such a one is refused.
RESERVED = ("client:", "anonymous:", "caller:")


def refusal(
    why: str, headers: Mapping[str, str] = INVALID, told: Mapping[str, str] | None = None, **names: object
) -> Unauthenticated:
    """The refusal, which is logged: why, and by the line's request id for what, but never whose token it was.

    People are `told` to sign in; `reason` is for whoever develops what they use.
    """
    reason = why.format(**names)
    log.info("a token is refused", why=reason)
    return Unauthenticated(told, headers=headers, reason=reason)


def check_subject(subject: Any) -> None:
    """Raise Unauthenticated for what is no person's."""
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise refusal("The token names no subject.")
    if subject.startswith(RESERVED):
        raise refusal("A person's subject may not begin with {reserved}.", reserved=" / ".join(RESERVED))


def verified_number(claim: Any, name: str) -> str:
    """The number of the document that the identity provider has seen, in its one spelling; "" for a claim without.

    Not judged any further: what a passport's number looks like, or a permit's of next year, the provider knows and we
    don't, and whoever lost it here could do nothing about it. It is only ever compared, and never written to the log.
    """
    number = spelled_id(claim) if isinstance(claim, str) else ""
    if claim and not number:
        # A JSON number has lost its last digits wherever it was a double, and would be somebody else's.
        log.warning("a token's ID number can't be read: the claim has to be a short text", claim=name)
    elif number and not is_resident_id(number):
        log.info("a token's verified ID number is no resident's; it is taken as it is", claim=name)
    return number


def verified_phone(claims: Mapping[str, Any]) -> str:
    """The telephone number of OpenID Connect's claims (Core 1.0, 5.1), where the identity provider has verified it."""
    phone = claims.get("phone_number")
    if claims.get("phone_number_verified") is not True or not isinstance(phone, str):
        return ""
    number = spelled("cn-phone", phone)
    return number if NUMBERS["cn-phone"](number) else ""


def is_moment(value: Any) -> TypeGuard[int | float]:
    """Whether a claim is a NumericDate that this machine can reckon with."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53
