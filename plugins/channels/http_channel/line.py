"""The way to a channel's endpoint: each call is a POST of JSON that the channel's secret signs (Standard Webhooks)."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson
from uuid_utils.compat import uuid7

from banshi import Key, Platform, Problem
from banshi.sdk.http import CLIENTS
from banshi.sdk.outgoing import SEAL, Answered, CallFailed, Outgoing, new_secret, open_outgoing, signed
from http_channel.models import ChannelRow
from http_channel.sentences import say
from http_channel.settings import SETTINGS

#: The verb of a client's scope that makes it a channel.
SCOPE = "channels"

#: Bytes of an answer to a call, but for a file's.
MAX_ANSWER_BYTES = 65_536


class EndpointNotProven(Problem, status=422, code="not-proven", says=say):
    """The endpoint has not answered the challenge; mend what `detail` says, and send this again."""


class NoFile(Problem, status=502, code="no-file", says=say):
    """The file could not be fetched; send it once more."""


@dataclass(frozen=True, slots=True)
class Line:
    """Calls endpoints, through connections of its own."""

    platform: Platform
    outgoing: Outgoing

    async def ask(
        self,
        name: str,
        endpoint: str,
        secret: str,
        document: Mapping[str, Any],
        *,
        identifier: str = "",
        limit: int = MAX_ANSWER_BYTES,
    ) -> Answered:
        """One signed request, whatever it is answered. Raises CallFailed.

        Args:
            identifier: The same at each try of one call.
        """
        body = orjson.dumps({"channel": name, **document})
        at = int(self.platform.now().timestamp())
        headers = {"Content-Type": "application/json", **signed([secret], identifier or f"msg_{uuid7()}", at, body)}
        seconds = self.platform[SETTINGS].deadline
        return await self.outgoing.call(endpoint, body=body, headers=headers, seconds=seconds, limit=limit)

    async def ask_of(self, channel: ChannelRow, document: Mapping[str, Any], **more: Any) -> Answered:
        """The same of a channel as it stands in its row."""
        try:
            secret = self.platform[SEAL].opened(channel.secret)
        except ValueError:
            raise CallFailed("sealed", "its secret can't be read here; register the channel again") from None
        return await self.ask(channel.name, channel.endpoint, secret, document, **more)

    async def prove(self, name: str, endpoint: str, secret: str) -> None:
        """Have an endpoint show that it knows its secret, and refuses any other. Raises EndpointNotProven."""
        challenge = secrets.token_urlsafe(32)
        document = {"call": "challenge", "challenge": challenge}
        try:
            forged = await self.ask(name, endpoint, new_secret(), {**document, "challenge": "forged"})
            answered = await self.ask(name, endpoint, secret, document)
        except CallFailed as failed:
            raise EndpointNotProven(say("The endpoint can't be called: {why}.", why=failed)) from None
        if forged.status not in (401, 403):
            told = "The endpoint answered {status} to a call that another secret signed: answer 401 to such a one."
            raise EndpointNotProven(say(told, status=forged.status))
        if not answered.ok or read(answered.body).get("challenge") != challenge:
            told = 'Answer the call "challenge" with 200 and {"challenge": …}, the text that the call has.'
            raise EndpointNotProven(say(told))

    async def file(self, channel: ChannelRow, identity: str) -> bytes:
        """The bytes of a file that a message has named. Raises NoFile."""
        limit = self.platform.settings.attachment_limit
        with suppress(CallFailed):
            answered = await self.ask_of(channel, {"call": "file", "file": identity}, limit=limit)
            if answered.ok:
                return answered.body
        raise NoFile

    async def may_speak(self, client_id: str) -> bool:
        """Whether a client is still one whose program is a channel: its cases are real, and so it has to be live."""
        for _, directory in self.platform.registry.offered(CLIENTS):
            if (client := await directory.find(self.platform, client_id)) is not None:
                return client.mode == "live" and SCOPE in client.scopes
        return False


def read(body: bytes) -> dict[str, Any]:
    """The object of an answer; {} for one that is none."""
    try:
        document = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


LINE: Key[Line] = Key("http channels' line")


@asynccontextmanager
async def open_line(platform: Platform) -> AsyncIterator[Line]:
    async with open_outgoing(platform) as outgoing:
        yield Line(platform, outgoing)
