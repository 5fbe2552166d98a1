"""Texts through the operator's gateway, one a call: what its answer means, and what each costs.

Source: 短信网关接口规范（JSON）1.6, sendMessageOne: an interface that several operators' gateways have.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog
from prometheus_client import Counter

from banshi import Key, Platform
from banshi.sdk.limits import Limit, spend, used
from banshi.sdk.outgoing import Consequence, Request, Vendor
from banshi.sdk.outgoing import Refused as NotSent
from conversations import Accepted, Later, Opened, Outbound, Outcome, Received, Refused, Unknown
from sms.codes import CODES
from sms.segments import segments
from sms.sentences import say
from sms.settings import SmsSettings

log = structlog.get_logger("sms.sending")

#: Its name among all accounts.
ACCOUNT = "sms:city"

MOBILE = re.compile(r"1[3-9][0-9]{9}")
#: A row's id, and that it is from us: 64 letters are the most that the gateway brings back.
PROOF = re.compile(r"[0-9a-f]{64}")

#: Until the account may be filled up again, a day's segments be whole, or the hours be over in which nothing is sent.
SPENT_FOR = timedelta(minutes=10)


@dataclass
class Sms:
    """Sends for the account, and knows its receipts."""

    platform: Platform
    settings: SmsSettings
    vendor: Vendor
    has_windows = False

    def __post_init__(self) -> None:
        metrics = self.platform.metrics
        self.sent = Counter("banshi_sms_segments", "Segments that the gateway has taken", registry=metrics)
        self.cost = Counter("banshi_sms_yuan", "What they cost", registry=metrics)

    def windows(self, _: Received) -> Sequence[Opened]:
        return ()

    async def send(self, outbound: Outbound) -> Outcome:
        """Try once."""
        number, text = outbound.contact.removeprefix("+86"), self.settings.signature + outbound.reply.text
        outcome: Outcome = Accepted(outbound.id)
        try:
            await self._count(outbound.id, number, size := segments(text))
            await self.vendor.ask(self._request(number, text, outbound.id), _taken)
            self.sent.inc(size)
            self.cost.inc(size * self.settings.price)
        except NotSent as error:
            outcome = self._outcome(error)
        return outcome

    async def _count(self, identity: str, number: str, size: int) -> None:
        """Raises NotSent for what no text goes to, and for one too many. What is tried again counts once in a day,
        whichever process tries it.
        """
        if not MOBILE.fullmatch(number):
            raise NotSent("no-mobile", Consequence.DEAD)
        day, own = self.platform.settings.timezone, self.settings
        texts, budget = Limit("texts", own.texts_for_one, day=day), Limit("segments", own.segments_a_day, day=day)
        # Of this text: that it is one of its number's, and each of its segments.
        counted, of_text = Limit("counted", size + 1, day=day), f"{ACCOUNT}:{identity}"
        for place in range(await used(self.platform, of_text, counted), size + 1):
            if place == 0 and not await spend(self.platform, f"{ACCOUNT}:{self._hashed(number)}", texts):
                raise NotSent("texts-for-one", Consequence.REFUSED)
            if place > 0 and not await spend(self.platform, ACCOUNT, budget):
                raise NotSent("segments-a-day", Consequence.SPENT)
            await spend(self.platform, of_text, counted)

    def _request(self, number: str, text: str, identity: str) -> Request:
        user, at = self.settings.account, int(self.platform.now().timestamp() * 1000)
        sign = _md5(f"{user}{at}{_md5(self.settings.key)}")
        message = {"phone": number, "content": text, "callData": self.proof(identity)}
        document = {"userName": user, "timestamp": at, "sign": sign, "messageList": [message]}
        return Request(method="POST", path="/api/sendMessageOne", document=document)

    def _outcome(self, error: NotSent) -> Outcome:
        is_spent = error.consequence is Consequence.SPENT
        if is_spent or error.consequence is Consequence.OURS:
            log.error("no text is taken: see docs/sms.md", code=error.code)
        if error.consequence is Consequence.UNKNOWN:
            return Unknown()
        if error.comes_again:
            return Later(self.platform.now() + SPENT_FOR if is_spent else None, error.code)
        return Refused(error.code, say("The text was not taken (code {code}).", code=error.code))

    def _hashed(self, text: str) -> str:
        return hmac.digest(self.settings.key.encode(), text.encode(), hashlib.sha256).hex()

    def proof(self, identity: str) -> str:
        """What goes with a message and comes back with its receipt alone: its id, and that it is from us."""
        hidden = UUID(identity).hex
        return hidden + self._hashed(f"receipt\0{hidden}")[:32]

    def proven(self, told: object) -> str:
        """The id of the message that a receipt is for; "" where it doesn't prove it."""
        proof = told if self.settings.key and isinstance(told, str) and PROOF.fullmatch(told) else ""
        return str(UUID(proof[:32])) if proof and hmac.compare_digest(self.proof(proof[:32]), proof) else ""


SMS: Key[Sms] = Key("sms")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _taken(status: int, _: Mapping[str, str], body: bytes) -> None:
    """Raises Refused where the call as a whole, or the message in it, wasn't taken."""
    if status == 429:
        raise NotSent("429", Consequence.SOON)
    try:
        found: Any = orjson.loads(body) if status == 200 else None
        codes = [found["code"], *(one["code"] for one in found.get("data") or ())]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise NotSent("", Consequence.UNKNOWN) from None
    for code in codes:
        if code not in (0, "0"):
            raise CODES.refused(code)
