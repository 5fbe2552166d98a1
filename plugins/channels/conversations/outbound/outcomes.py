"""What a provider's refusal means for a message, the same on every channel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from banshi import Texts
from banshi.sdk.outgoing import Codes, Consequence, NoToken, Refused
from conversations.outbound import sender
from conversations.outbound.sender import Later, Outcome, Shut, Unknown
from conversations.sentences import say

log = structlog.get_logger("banshi.conversations")


def outcome_of(error: Refused, codes: Codes, now: datetime, vendor: str | Texts) -> Outcome:
    """Of a refusal, by the vendor's codes; it is named to the officer who reads why something wasn't taken."""
    match error.consequence:
        case Consequence.SHUT:
            return Shut()
        case Consequence.UNKNOWN:
            return Unknown()
        case Consequence.SPENT | Consequence.OURS:
            log.error("a provider lets an account send nothing: see the channel's page in docs", code=error.code)
    if error.comes_again:
        return Later(codes.again_at(error, now), error.code)
    return sender.Refused(error.code, _why(error, vendor))


async def not_ready(ready: Callable[[], Awaitable[None]], codes: Codes, now: datetime) -> Later | None:
    """None where an API is ready to send; when to look again where it has no access token."""
    try:
        await ready()
    except NoToken as error:
        return Later(codes.again_at(error, now), error.code)
    return None


def _why(error: Refused, vendor: str | Texts) -> Texts:
    named = {"vendor": vendor, "code": error.code}
    match error.consequence:
        case Consequence.DEAD:
            return say("They can't be reached there any more.")
        case Consequence.OURS:
            return say("{vendor} doesn't let the account do this (code {code}); tell whoever runs it.", **named)
    return say("{vendor} doesn't take this for them (code {code}).", **named)
