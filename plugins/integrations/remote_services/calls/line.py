"""One version of a service as it is called: signed, bounded, behind a breaker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson
from prometheus_client import Counter
from uuid_utils.compat import uuid7

from banshi import Platform, Problem, Unavailable
from banshi.sdk.operations import Mistake, guarded
from banshi.sdk.outgoing import Answered, CallFailed, Outgoing, signed

from ..declared import owner_of
from ..models import RemoteService, ServiceVersion
from ..settings import ServiceSettings

#: What says "not now" and not "never so".
NOT_NOW = {408, 425, 429, 502, 503, 504}

#: Seconds until a service that is away is asked again, where it doesn't say.
RETRY_AFTER_S = 30.0

SUSPENDED = {
    "zh-CN": "此事项暂停办理，请稍后再试。",
    "en": "This item is suspended at present; try again later.",
}


#: A signing secret, and when it ends; None for the newest.
Secret = tuple[str, datetime | None]


def good_secrets(secrets: Sequence[Secret], now: datetime) -> list[str]:
    """Those that are good at that time, the newest first."""
    return [text for text, ends_at in secrets if ends_at is None or ends_at > now]


class Away(Exception):
    """The service can't be reached, or says that it can't answer now."""

    def __init__(self, why: str, again: float | None = None) -> None:
        self.again = RETRY_AFTER_S if again is None else min(max(again, 1.0), 3600.0)
        super().__init__(why)


class WrongAnswer(Mistake):
    """The service answered with something that it can't have meant."""

    def said_of(self, method: str) -> str:
        return f"{method} was answered by the service with something else: {self}"


@dataclass(frozen=True)
class Line:
    """The way to one version of a service."""

    platform: Platform
    outgoing: Outgoing
    settings: ServiceSettings
    counted: Counter
    service: RemoteService
    version: ServiceVersion
    #: The newest first.
    secrets: Sequence[Secret]

    @cached_property
    def owner(self) -> str:
        return owner_of(self.service.code)

    def takes(self, name: str) -> bool:
        """Whether it is asked this; one that is retired is asked nothing, and its cases go on as without a system."""
        return self.service.state != "retired" and name in self.version.calls

    def not_suspended(self) -> None:
        """Raise what a citizen is told of a service that is suspended."""
        if self.service.state == "suspended":
            raise Unavailable(SUSPENDED, headers={"Retry-After": "3600"})

    def good_secrets(self) -> list[str]:
        """Those that are good now."""
        return good_secrets(self.secrets, self.platform.now())

    async def ask(
        self, name: str, document: Mapping[str, Any], *, person: str = "", item: str = "", identifier: str = ""
    ) -> dict[str, Any]:
        """The service's answer to a call. Raises DepartmentUnavailable, DepartmentTimedOut, DepartmentFailed.

        Args:
            person: On whose account it fails, for the breaker.
            identifier: The same for each try of one call; new where a call is never repeated.
        """

        async def outcome() -> tuple[Any, Any]:
            try:
                return await self.send(name, document, identifier), None
            except Exception as error:
                return None, error

        if self.service.state == "suspended":
            raise Unavailable(SUSPENDED, headers={"Retry-After": "60"})
        # Not that of the handler around it, which does well whenever it says that the service does not.
        breaker = self.platform.breakers.of(self.owner, f"call {name}")
        about = {"department": self.service.department, "item": item}
        told = "failed"
        try:
            answer = await guarded(
                breaker,
                person,
                outcome,
                expect=dict,
                plugin=self.owner,
                about=about,
                method=f"call {name}",
                development=self.platform.settings.development,
            )
            told = "answered"
            return answer
        except Problem as problem:
            if isinstance(problem.__cause__, Away):
                told = "away"
                headers = {"Retry-After": str(int(problem.__cause__.again) + 1)}
                raise Unavailable(self._away_text(), headers=headers, **about) from problem.__cause__
            raise
        finally:
            self.counted.labels(self.service.code, name, told).inc()

    def _away_text(self) -> dict[str, str]:
        title = self.platform.registry.departments[self.service.department].title
        return {
            "zh-CN": f"{title['zh-CN']}的系统暂时无法连接，请稍后再试。",
            "en": f"The system of {title['en']} can't be reached at present; try again later.",
        }

    async def send(self, name: str, document: Mapping[str, Any], identifier: str = "") -> dict[str, Any]:
        """One try. Raises Away and WrongAnswer."""
        answered = await self.post({"call": name, **document}, self.good_secrets(), identifier)
        if answered.status in NOT_NOW:
            raise Away(f"it answers {answered.status}", answered.retry_after(self.platform.now().timestamp()))
        if not answered.ok:
            raise WrongAnswer(f"it answers {answered.status}")
        if not answered.body.strip():
            return {}
        try:
            read = orjson.loads(answered.body)
        except orjson.JSONDecodeError:
            raise WrongAnswer("the answer is not JSON") from None
        if not isinstance(read, dict):
            raise WrongAnswer("the answer is not one JSON object")
        return read

    async def post(self, document: Mapping[str, Any], secrets: Sequence[str], identifier: str = "") -> Answered:
        """One signed request, whatever it is answered. Raises Away."""
        if not secrets:
            raise Away("its secret can't be read here; rotate it")
        body = orjson.dumps({"service": self.service.code, "service_version": self.version.number, **document})
        at = int(self.platform.now().timestamp())
        headers = {"Content-Type": "application/json", **signed(secrets, identifier or f"msg_{uuid7()}", at, body)}
        try:
            return await self.outgoing.call(
                self.version.endpoint,
                body=body,
                headers=headers,
                seconds=self.settings.deadline,
                limit=self.settings.answer_limit,
            )
        except CallFailed as error:
            raise Away(f"{error.code}: {error}") from None
