"""What is said unasked, by a signed call of the channel's endpoint: what it answers is what became of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from banshi import LANGUAGES, Key, Platform
from banshi.sdk.outgoing import Answered, CallFailed, Retry
from conversations import Accepted, Later, Opened, Outbound, Outcome, Received, Refused, Shut, Unknown
from http_channel.forms import HttpReceived, spoken
from http_channel.line import LINE, read
from http_channel.models import ChannelRow
from http_channel.sentences import say

#: What says that nothing was taken, and that it may have been.
NOT_NOW, PERHAPS = {425, 429, 503}, {408, 500, 502, 504}

#: How a call fails that carried nothing over, or broke off: an endpoint knows a message again by its id.
UNSENT = {"unreachable", "forbidden-address", "certificate", "sealed"}

#: An endpoint that takes so many seconds for an answer, or gives none, is called by one message at a time: it would
#: hold up all other channels. After failures it rests, twice as long each time, and for a minute at most.
SLOW_S, REST = 2.0, Retry(1.0, 60.0)

#: Seconds that a channel may have a message wait.
MAX_LATER_S = 86_400.0

#: Letters of what a channel says of a message.
MAX_ID_CHARS, MAX_CODE_CHARS, MAX_WHY_CHARS = 128, 64, 200


@dataclass(slots=True)
class Pace:
    """Of an endpoint that is slow or away: failures in a row, and until when nobody else calls it, by `monotonic`."""

    failures: int = 0
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class HttpSender:
    """Sends for all channels that programs are."""

    platform: Platform
    _paces: dict[str, Pace] = field(default_factory=dict)
    has_windows = True

    def windows(self, received: Received) -> Sequence[Opened]:
        return [received.opened] if isinstance(received, HttpReceived) else ()

    async def notice(self, _: Outbound, __: str, ___: Mapping[str, str]) -> str:
        """Cases and alerts are told in the chat: which notices a channel's provider has is its own."""
        return "no-notice"

    async def ready(self, account: str) -> Later | None:
        """Asked before a message is marked: not while its endpoint rests, or another tries whether it is back."""
        pace, now = self._paces.get(account), time.monotonic()
        if pace is None:
            return None
        if now < pace.until:
            return Later(self.platform.now() + timedelta(seconds=pace.until - now))
        pace.until = now + SLOW_S
        return None

    async def send(self, outbound: Outbound) -> Outcome:
        line = self.platform[LINE]
        channel = await ChannelRow.get_or_none(name=outbound.account.partition(":")[2], ended_at=None)
        if channel is None or not await line.may_speak(channel.client):
            return Refused(code="no-channel", why=say("This channel is run no more."))
        to = {"id": outbound.id, "contact": outbound.contact, "ref": outbound.ref}
        told = {"call": "send", **to, **spoken(outbound.reply)}
        begun = time.monotonic()
        try:
            answered = await line.ask_of(channel, told, identifier=outbound.id)
        except CallFailed as failed:
            self._failed(outbound.account)
            return (
                Later() if failed.code in ("unreachable", "forbidden-address", "certificate", "sealed") else Unknown()
            )
        if answered.status in NOT_NOW | PERHAPS:
            self._failed(outbound.account)
        elif time.monotonic() - begun > SLOW_S:
            self._paces[outbound.account] = Pace()
        else:
            self._paces.pop(outbound.account, None)
        return self._outcome(outbound, answered)

    def _failed(self, account: str) -> None:
        pace = self._paces.setdefault(account, Pace())
        pace.failures += 1
        pace.until = time.monotonic() + REST.pause(pace.failures)

    def _outcome(self, outbound: Outbound, answered: Answered) -> Outcome:
        if answered.status in NOT_NOW:
            return self._later(answered.retry_after(self.platform.now().timestamp()))
        if answered.status in PERHAPS:
            return Unknown()
        if not answered.ok:
            return _refused({"code": str(answered.status)})
        document = read(answered.body) if answered.body else {"outcome": "accepted"}
        match document.get("outcome"):
            case "accepted":
                return Accepted(_line(document.get("id"), MAX_ID_CHARS) or outbound.id)
            case "refused":
                return _refused(document)
            case "later":
                seconds = document.get("seconds")
                return self._later(float(seconds) if isinstance(seconds, int | float) else None)
            case "shut":
                return Shut()
        return Unknown()

    def _later(self, seconds: float | None) -> Later:
        if seconds is None:
            return Later()
        return Later(self.platform.now() + timedelta(seconds=min(max(seconds, 0.1), MAX_LATER_S)))


def _refused(document: Mapping[str, Any]) -> Refused:
    code, why = _line(document.get("code"), MAX_CODE_CHARS) or "refused", document.get("why")
    texts = why if isinstance(why, dict) else dict.fromkeys(LANGUAGES, why)
    told = {language: _line(texts.get(language), MAX_WHY_CHARS) for language in LANGUAGES}
    if not all(told.values()):
        told = say("The channel does not take this (code {code}).", code=code)
    final, counted = document.get("final") is not False, document.get("counted") is True
    return Refused(code, told, final=final, counted=counted)


def _line(value: Any, most: int) -> str:
    """A text of one line; "" for anything else: no column takes it."""
    return value[:most] if isinstance(value, str) and value.isprintable() else ""


SENDER: Key[HttpSender] = Key("http channels' sender")
