"""The challenge: an endpoint shows that it is there, knows its secret, and lets nobody in who doesn't.

It is called twice. A call that is signed with a secret of chance has to be refused with 401 or 403: an endpoint that
takes it would take anybody's. One that is signed rightly has to be answered with what it says.
"""

from __future__ import annotations

import secrets
from typing import Any

import orjson

from banshi import Problem
from banshi.sdk.outgoing import new_secret

from ..calls.line import Away, Line, WrongAnswer
from ..sentences import say

#: What an endpoint may answer to a call that isn't signed with its secret.
REFUSALS = {401, 403}


class NotProven(Problem, status=422, code="not-proven", says=say):
    """The endpoint has not answered the challenge; mend what `detail` says, and prove it again."""


async def prove(line: Line) -> None:
    """Challenge the endpoint. Raises NotProven with what to do."""
    forged = await _posted(line, secrets.token_urlsafe(32), new_secret())
    if forged.status not in REFUSALS:
        raise NotProven(
            say(
                "The endpoint answered {status} to a call that another secret signed."
                " Verify webhook-signature before anything else, and answer 401 where it is wrong.",
                status=forged.status,
            )
        )
    challenge = secrets.token_urlsafe(32)
    answered = await _posted(line, challenge, *line.good_secrets())
    if not answered.ok:
        raise NotProven(
            say(
                "The endpoint answered {status} to a call that its secret signed. Verify it over the raw body:"
                " webhook-id, webhook-timestamp and body, joined by dots (Standard Webhooks).",
                status=answered.status,
            )
        )
    if _challenge_in(answered.body) != challenge:
        raise NotProven(say('Answer the call "challenge" with {"challenge": "…"}, the text that the call has.'))


async def _posted(line: Line, challenge: str, *with_secrets: str) -> Any:
    try:
        return await line.post({"call": "challenge", "challenge": challenge}, with_secrets)
    except (Away, WrongAnswer) as away:
        raise NotProven(say("The endpoint can't be called: {away}.", away=away)) from None


def _challenge_in(body: bytes) -> Any:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return document.get("challenge") if isinstance(document, dict) else None
