"""Where the pushes of test cases go: to the sandbox that is set up for them, or nowhere. Never to a real provider.

Such a push has a delivery like any other, under a provider of its own, `fcm-sandbox`, with a courier of its own: what
is live meets it nowhere. The phone's address is the one that it registered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self, cast
from urllib.parse import urlsplit

import orjson
from prometheus_client import Counter

from mobile_push.providers.addresses import check_address
from mobile_push.providers.fcm.settings import FcmSettings
from mobile_push.providers.provider import Outcome, Provider, Push, Receipt
from mobile_push.providers.webpush import WebPushSettings

#: What a sandbox's provider is called, behind the name of the one that it stands for; and what a delivery is that no
#: sandbox takes: it is settled as soon as it is planned.
SUFFIX, SANDBOX, SANDBOXED = "-sandbox", "sandbox", "sandboxed"

#: Ids of phones at the Web Push sandbox that have subscribed at another service.
ELSEWHERE = "elsewhere-"

#: Where Google is: nothing of a test goes there.
GOOGLE = "googleapis.com"


@dataclass(frozen=True, kw_only=True)
class SandboxSettings:
    """Where test cases' pushes go (`[plugins.mobile_push.settings.sandbox]`); what is left out goes nowhere."""

    #: A running `banshi fcm-sandbox`, by what it prints at its start.
    fcm: FcmSettings | None = None
    #: Address of a running `banshi webpush-sandbox`, such as "http://127.0.0.1:9098".
    webpush: str | None = None

    def __post_init__(self) -> None:
        if self.fcm is not None:
            _check_address("fcm.base_url", self.fcm.base_url)
        if self.webpush is not None:
            _check_address("webpush", self.webpush)

    @property
    def names(self) -> dict[str, str]:
        """Provider → the name of the one that stands for it."""
        set_up = {"fcm": self.fcm, "webpush": self.webpush}
        return {name: f"{name}{SUFFIX}" for name, there in set_up.items() if there is not None}

    def providers(self, webpush: WebPushSettings | None) -> Iterator[Provider]:
        """The providers of what is set up, not opened yet. `webpush` says with which key phones have subscribed."""
        if self.fcm is not None:
            from mobile_push.providers.fcm.provider import FcmProvider

            yield cast("Provider", Sandboxed(FcmProvider(self.fcm)))
        if self.webpush is not None and webpush is not None:
            from mobile_push.providers.webpush.provider import WebPushProvider

            there = replace(webpush, hosts=frozenset(), proxy=None, loopback=True)
            yield cast("Provider", Sandboxed(WebPushProvider(there), partial(_at, self.webpush.rstrip("/"))))

    def wrong(self) -> str:
        """What is wrong with the files that are named, for an operator; "" for nothing."""
        if self.fcm is None:
            return ""
        try:
            token_uri = self.fcm.token_uri or self.fcm.service_account()["token_uri"]
        except ValueError as error:
            return str(error)
        if urlsplit(token_uri).netloc != urlsplit(self.fcm.base_url).netloc:
            # With a real key it would get a real token of Google's, and show that to the sandbox.
            return f"service_account_file has its tokens from {token_uri}; name the file that the sandbox has written"
        return ""


@dataclass(frozen=True, slots=True)
class Sandboxes:
    """What a running service knows of its sandboxes."""

    #: Provider → the name of the one that stands for it.
    names: Mapping[str, str] = field(default_factory=dict)
    attempts: Counter | None = None

    def count(self, providers: Iterable[str]) -> None:
        """Count what no sandbox takes, by the provider that would have sent it."""
        if self.attempts is not None:
            for provider in providers:
                self.attempts.labels(provider, SANDBOXED, SANDBOXED).inc()


NO_SANDBOX = Sandboxes()


def _check_address(key: str, address: str) -> None:
    host = urlsplit(address).hostname or ""
    if host == GOOGLE or host.endswith(f".{GOOGLE}"):
        raise ValueError(f"{key} is Google's own; name the address of a running sandbox")
    check_address(key, address)


def _at(address: str, subscription: str) -> str:
    """A subscription as if the phone had subscribed at the sandbox, always under the same id there."""
    own = orjson.loads(subscription)
    name = hashlib.sha256(own["endpoint"].encode()).hexdigest()[:32]
    return orjson.dumps({**own, "endpoint": f"{address}/push/{ELSEWHERE}{name}"}).decode()


@dataclass(slots=True)
class Sandboxed:
    """A provider whose messages arrive at a sandbox."""

    inner: Provider
    #: The phone's address at the sandbox, from its own.
    at: Callable[[str], str] = str
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = f"{self.inner.name}{SUFFIX}"

    def __getattr__(self, name: str) -> Any:
        """All else is as the provider has it."""
        return getattr(self.inner, name)

    async def send(self, push: Push, token: str) -> Receipt:
        """Try once. What a sandbox doesn't know is no dead phone, and what is spent there is no reason for another way:
        the address is good for what is live."""
        receipt = await self.inner.send(push, self.at(token))
        if receipt.outcome in (Outcome.DEAD_TOKEN, Outcome.SPENT):
            return receipt._replace(outcome=Outcome.REJECTED)
        return receipt

    async def __aenter__(self) -> Self:
        await self.inner.__aenter__()
        return self

    async def __aexit__(self, *raised: Any) -> None:
        await self.inner.__aexit__(*raised)
