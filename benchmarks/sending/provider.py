"""The provider for all senders: mobile_push's FCM sandbox over TLS, on uvloop.

It keeps no messages, only what shows whether each was sent, and when: `GET /provider/report` tells it and begins anew,
`PUT /provider/shares` sets the shares of messages that are taken and never answered (`silent`) and whose phone is gone
(`unregistered`).

Argument: a folder, in which it puts `account.json` (the service account's key) and `ca.pem` (the certificate to trust).
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import trustme
import uvloop
from aiohttp import web

from benchmarks.peers.serving import may_open_files
from mobile_push.sandbox import FAULTS, Answer, FcmSandbox
from mobile_push.sandbox.server import Heard


class Seen:
    """What became of the messages since the last report."""

    def __init__(self) -> None:
        self.answers = Counter[str]()
        #: By message as `key_of` tells them apart: how often it was taken, and when it may come again.
        self.taken = Counter[Any]()
        self.not_before: dict[Any, float] = {}
        self.early = self.refused = 0
        #: When the first message came, by the machine's clock; 0 while none has.
        self.first = 0.0

    def report(self) -> dict[str, Any]:
        return {
            "answers": self.answers,
            "distinct": len(self.taken),
            "taken": sum(self.taken.values()),
            "refused": self.refused,
            "early": self.early,
            "first": self.first,
        }


class Provider(FcmSandbox):
    """The sandbox, which tells what became of the messages."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(tls=context, record=False, http2=True)
        self.seen = Seen()
        self.given_shares = {"silent": 0.0, "unregistered": 0.0}

    def answer(self, heard: Heard) -> Answer | None:
        answer = super().answer(heard)
        # Without a body it is a connection that is made beforehand.
        if answer is None or not heard.path.endswith("/messages:send") or not heard.body:
            return answer
        seen, now, key = self.seen, time.monotonic(), self.key_of(heard.body)
        seen.first = seen.first or time.time()
        if answer.code == "OK" and self.shares.turn("gone", self.given_shares["unregistered"]):
            answer = FAULTS["UNREGISTERED"]
        seen.answers[answer.code] += 1
        wait = answer.headers.get("Retry-After")
        if seen.not_before and now < seen.not_before.pop(key, 0.0):
            seen.early += 1
        if wait is not None:
            seen.refused += 1
            seen.not_before[key] = now + float(wait)
        elif answer.code == "OK":
            is_silent = self.shares.turn("silent", self.given_shares["silent"])
            self.take(key, is_silent=is_silent)
            return None if is_silent else answer
        return answer

    def key_of(self, body: bytes) -> Any:
        """By which messages are told apart: the token of the phone.

        It is the first value of a message, whoever wrote it; JSON of our own senders escapes nothing in it.
        """
        start = body.find(b'"', body.find(b'"token":') + 8) + 1
        return body[start : body.find(b'"', start)]

    def take(self, key: Any, *, is_silent: bool) -> None:  # noqa: ARG002 - for whoever remembers more
        """Note a message that was taken; of one that `is_silent` its sender hears nothing."""
        self.seen.taken[key] += 1

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.raw_path == "/provider/report":
            seen, self.seen = self.seen, Seen()
            return web.json_response(seen.report())
        if request.raw_path == "/provider/shares":
            self.given_shares |= orjson.loads(await request.read())
            return web.json_response(self.given_shares)
        return await super().serve(request)


def tls(folder: Path) -> ssl.SSLContext:
    """A server's context with a new certificate for this machine, on the curve that Google's front ends use too."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


async def serve(folder: Path) -> None:
    async with Provider(tls(folder)) as provider:
        provider.service_account_file(folder / "account.json")
        print(provider.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    may_open_files()
    uvloop.run(serve(Path(sys.argv[1])))
