"""One version of a service as it is called: signed, bounded, behind a breaker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any, TypeVar

import orjson
import structlog
from prometheus_client import Counter
from uuid_utils.compat import uuid7

from banshi import Platform, Problem, Unavailable, Write
from banshi.sdk.operations import Mistake, guarded
from banshi.sdk.outgoing import Answered, CallFailed, Outgoing, signed

from ..declared import owner_of
from ..models import FailedCall, RemoteService, ServiceVersion
from ..sentences import say
from ..settings import ServiceSettings

log = structlog.get_logger("banshi.services")

T = TypeVar("T")

#: What a call ends with, and what the metric calls that.
ANSWERED, AWAY, WRONG = "answered", "away", "wrong"
COUNTED = {ANSWERED: "answered", AWAY: "away", WRONG: "failed"}

#: The member that an answer to a call has; `{}` alone goes without it.
MEMBERS = {"validate": "problems", "review": "action", "claims": "claims", "slots": "slots", "query": "records"}

#: What says "not now" and not "never so".
NOT_NOW = {408, 425, 429, 502, 503, 504}

#: Seconds until a service that is away is asked again, where it doesn't say.
RETRY_AFTER_S = 30.0

SUSPENDED = say("This item is suspended at present; try again later.")
AWAY_TEXT = say("The system of {title} can't be reached at present; try again later.")
WRONG_TEXT = say("The system of {title} gave a wrong answer; come back later. Whoever runs it can see what was wrong.")

#: A signing secret, and when it ends; None for the newest.
Secret = tuple[str, datetime | None]


def good_secrets(secrets: Sequence[Secret], now: datetime) -> list[str]:
    """Those that are good at that time, the newest first."""
    return [text for text, ends_at in secrets if ends_at is None or ends_at > now]


class Away(Exception):
    """The service can't be reached, or says that it can't answer now."""

    def __init__(self, why: str, again: float | None = None, status: int | None = None) -> None:
        self.status = status
        self.again = RETRY_AFTER_S if again is None else min(max(again, 1.0), 3600.0)
        super().__init__(why)


class WrongAnswer(Mistake):
    """The service answered with something that it can't have meant."""

    #: The HTTP status of that answer, once it is known.
    status: int | None = None

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
    #: What the last call of each name ended with, by service; this process's own.
    outcomes: dict[tuple[str, str], str]

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

    def is_away(self, name: str) -> bool:
        """Whether nothing came back when it was last called by that name; a breaker that is open since says so too."""
        return self.outcomes.get((self.owner, name)) == AWAY

    async def ask(
        self,
        name: str,
        document: Mapping[str, Any],
        read: Callable[[dict[str, Any]], T],
        *,
        person: str = "",
        item: str = "",
        identifier: str = "",
    ) -> T:
        """What `read` makes of the service's answer to a call.

        Raises Unavailable, DepartmentUnavailable, DepartmentTimedOut, DepartmentFailed; what `read` can't read is one
        of its failures, too.

        Args:
            person: On whose account it fails, for the breaker.
            identifier: The same for each try of one call; new where a call is never repeated.
        """
        identifier = identifier or f"msg_{uuid7()}"

        if self.service.state == "suspended":
            raise Unavailable(SUSPENDED, headers={"Retry-After": "60"})
        # Not that of the handler around it, which does well whenever it says that the service does not.
        breaker = self.platform.breakers.of(self.owner, f"call {name}")
        about = {"department": self.service.department, "item": item}
        anything: Any = object
        told = WRONG
        try:
            answer: T = await guarded(
                breaker,
                person,
                partial(self._outcome, name, document, read, identifier),
                expect=anything,
                plugin=self.owner,
                about=about,
                method=f"call {name}",
                development=self.platform.settings.development,
            )
            told = ANSWERED
            return answer
        except Problem as problem:
            error = problem.__cause__
            if isinstance(error, Away | WrongAnswer):
                told = AWAY if isinstance(error, Away) else WRONG
                await self._record(name, item, identifier, told, error)
            elif error is None:
                # It is left alone for what it did before.
                told = self.outcomes.get((self.owner, name), WRONG)
            raise self._told(problem, about) from error
        finally:
            self.outcomes[self.owner, name] = told
            self.counted.labels(self.service.code, name, COUNTED[told]).inc()

    async def _outcome(
        self, name: str, document: Mapping[str, Any], read: Callable[[dict[str, Any]], T], identifier: str
    ) -> tuple[T | None, Exception | None]:
        try:
            return await self.send(name, document, read, identifier), None
        except Exception as error:
            return None, error

    def _told(self, problem: Problem, about: Mapping[str, str]) -> Problem:
        """What a citizen is told of a call that failed: to come back."""
        error = problem.__cause__
        if isinstance(error, Away):
            return Unavailable(self._text(AWAY_TEXT), headers={"Retry-After": str(int(error.again) + 1)}, **about)
        if isinstance(error, WrongAnswer):
            problem.texts = self._text(WRONG_TEXT)
            problem.detail = problem.texts["en"]
            problem.headers["Retry-After"] = str(int(RETRY_AFTER_S))
        return problem

    async def _record(self, name: str, item: str, identifier: str, outcome: str, error: Away | WrongAnswer) -> None:
        """Keep what became of a call, for its integrator. Where that can't be written, the log alone has it."""
        row = FailedCall(
            service_id=self.service.id,
            version=self.version.number,
            at=self.platform.now(),
            call=name,
            item=item,
            webhook_id=identifier,
            outcome=outcome,
            status=error.status,
            reason=str(error),
        )
        try:
            await self.platform.store.commit(Write(rows=[row]))
        except Exception as failed:
            log.error("a service's call can't be recorded", service=self.service.code, error=type(failed).__name__)

    def _text(self, texts: Mapping[str, str]) -> dict[str, str]:
        title = self.platform.registry.departments[self.service.department].title
        return {language: text.format(title=title[language]) for language, text in texts.items()}

    async def send(
        self, name: str, document: Mapping[str, Any], read: Callable[[dict[str, Any]], T], identifier: str
    ) -> T:
        """One try. Raises Away and WrongAnswer."""
        answered = await self.post({"call": name, **document}, self.good_secrets(), identifier)
        status = answered.status
        if status in NOT_NOW:
            raise Away(f"it answers {status}", answered.retry_after(self.platform.now().timestamp()), status)
        try:
            return read(_object_in(answered, MEMBERS[name]))
        except WrongAnswer as wrong:
            wrong.status = status
            raise

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
            if error.code == "too-long":
                raise WrongAnswer(str(error)) from None
            raise Away(f"{error.code}: {error}") from None


def _object_in(answered: Answered, member: str) -> dict[str, Any]:
    """The one JSON object of an answer. Raises WrongAnswer, also for one that says nothing of what was asked."""
    if not answered.ok:
        raise WrongAnswer(f"it answers {answered.status}")
    try:
        read = orjson.loads(answered.body)
    except orjson.JSONDecodeError:
        raise WrongAnswer("the answer is not JSON") from None
    if not isinstance(read, dict):
        raise WrongAnswer("the answer is not one JSON object")
    if read and member not in read:
        raise WrongAnswer(f"the answer has no {member!r}")
    return read
