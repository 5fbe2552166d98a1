"""The access token that every request to FCM carries: fetched in a thread, and its failures as receipts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from banshi.sdk.outgoing import AccessToken, Consequence, Refused, Token
from mobile_push.providers.provider import NO_ACCESS_TOKEN

logger = logging.getLogger(__name__)

#: Seconds before an access token expires at which the next one is fetched, while the old one still works.
RENEWED_EARLY_S = 300.0


def access_token(fetch: Callable[[], tuple[str, float]]) -> AccessToken:
    """The one Authorization header of all requests."""

    async def header(_: str) -> Token:
        try:
            value, seconds = await asyncio.to_thread(fetch)
        except Exception as error:  # google-auth, requests and ssl raise their own; each means "no token now"
            logger.warning("no FCM access token: %.300s", error)
            raise refusal_of(error) from None
        return Token(f"Bearer {value}", seconds)

    return AccessToken("fcm", header, early_s=RENEWED_EARLY_S)


def refusal_of(error: Exception) -> Refused:
    """Tell a token endpoint that is out of order from one that refuses our key."""
    answer = error.args[1] if len(error.args) > 1 else None
    if isinstance(answer, Mapping) and "error" in answer and not getattr(error, "retryable", False):
        return Refused("credentials", Consequence.OURS)
    return Refused(NO_ACCESS_TOKEN.code, Consequence.SOON)
