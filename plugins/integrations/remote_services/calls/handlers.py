"""A service behind the behaviour that a plugin's Python would have, kind by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from banshi import (
    LANGUAGES,
    Appeal,
    Application,
    Appointment,
    Decision,
    FieldProblem,
    Item,
    Opening,
    Posting,
    Problem,
    Submission,
    Write,
)
from banshi.sdk.http import in_utc

from ..models import OwedCheck
from .line import Line, WrongAnswer

T = TypeVar("T")

#: Field problems and slots that are taken from one answer, and characters of each text.
MAX_PROBLEMS, MAX_SLOTS, MAX_TEXT_LENGTH = 100, 5_000, 1000


class _Validates:
    """What all kinds have: the check of answers while the citizen waits."""

    #: Whether what was handed in waits for a review before it is accepted.
    reviews = False

    def __init__(self, line: Line) -> None:
        self.line = line

    async def validate(self, submission: Submission) -> Sequence[FieldProblem]:
        """The service's problems with the answers. Nobody gets past it by any other answer, or by none.

        An application is kept while the service is away, and looked at before it is accepted.
        """
        self.line.not_suspended()
        if not self.line.takes("validate"):
            return ()
        try:
            return await self._ask("validate", submission, problems_of)
        except Problem:
            if not self.reviews or not self.line.is_away("validate"):
                raise
        platform = self.line.platform
        owed = OwedCheck(case_id=submission.case_id, at=platform.now())
        await platform.store.commit(Write(unless_there=[owed]))
        return ()

    async def _ask(
        self, name: str, submission: Submission, read: Callable[[dict[str, Any]], T], identifier: str = ""
    ) -> T:
        """What `read` makes of the service's answer about what was handed in."""
        item = submission.item
        document = {
            "case": {
                "id": submission.case_id,
                "number": submission.number,
                "received_at": submission.received_at.isoformat(),
                "renews": submission.renews,
                "mode": submission.mode,
            },
            "item": {"code": item.code, "version": item.version},
            "person": {"name": submission.name},
            "answers": submission.answers,
        }
        return await self.line.ask(
            name, document, read, person=submission.person, item=item.code, identifier=identifier
        )


class RemoteApplication(_Validates, Application):
    """An application that a service decides."""

    reviews = True

    async def review(self, submission: Submission) -> Decision:
        decision = Decision(action="accept")
        if self.line.takes("review"):
            # The same whenever it is tried again; another once it was handed in again.
            identifier = f"review_{submission.case_id}_{submission.version}"
            decision = await self._ask("review", submission, decision_of, identifier)
        if decision.action != "accept" or not self.line.takes("validate"):
            return decision
        # The row stays until the case has moved on: what fails from here on is asked again.
        if not await OwedCheck.filter(case_id=submission.case_id).exists():
            return decision
        problems = await self._ask("validate", submission, problems_of)
        return Decision(action="return", reason=reason_in(problems)) if problems else decision

    async def claims(self, submission: Submission) -> Mapping[str, Any]:
        if not self.line.takes("claims"):
            return {}
        return await self._ask("claims", submission, claims_of)


class RemoteAppeal(_Validates, Appeal):
    """An appeal that a service answers later."""


class RemotePosting(_Validates, Posting):
    """A posting whose answers a service looks at."""


class RemoteAppointment(_Validates, Appointment):
    """An appointment at a service's places, in its own calendar where it has one."""

    async def openings(self, item: Item, first: date, last: date) -> Sequence[Opening] | None:
        if not self.line.takes("slots"):
            return None
        document = {"item": {"code": item.code, "version": item.version}, "from": str(first), "to": str(last)}
        return await self.line.ask("slots", document, openings_of, item=item.code)


#: By the kind's name; a query's register is asked in their place.
HANDLERS: Mapping[str, type[_Validates]] = {
    "application": RemoteApplication,
    "appeal": RemoteAppeal,
    "posting": RemotePosting,
    "appointment": RemoteAppointment,
}


def problems_of(answer: Mapping[str, Any]) -> list[FieldProblem]:
    """`{"problems": [{"pointer": "/plate", "detail": "…", "code": "…"}]}`; no pointer is the whole form.

    A detail is a text, or one for each language. Raises WrongAnswer.
    """
    return [
        FieldProblem(_pointer(one), _detail(one), _text(one, "code", "invalid"))
        for one in _objects(answer, "problems")[:MAX_PROBLEMS]
    ]


def reason_in(problems: Sequence[FieldProblem]) -> dict[str, str]:
    """What somebody reads whose application is returned for problems with its answers."""
    told = {language: [one.document(language)["detail"] for one in problems] for language in LANGUAGES}
    return {language: "\n".join(texts)[:MAX_TEXT_LENGTH] for language, texts in told.items()}


def claims_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """`{"claims": {"plate": "…"}}`. Raises WrongAnswer."""
    claims = answer.get("claims", {})
    if not isinstance(claims, dict):
        raise WrongAnswer("claims is an object from name to value")
    return claims


def openings_of(answer: Mapping[str, Any]) -> list[Opening]:
    """`{"slots": [{"place": "office", …}]}`. Raises WrongAnswer."""
    return [opening_of(one) for one in _objects(answer, "slots")[:MAX_SLOTS]]


def opening_of(slot: Mapping[str, Any]) -> Opening:
    """`{"place": "office", "begins": "2026-12-01T09:00:00+08:00", "ends": "…", "capacity": 3}`. Raises WrongAnswer."""
    capacity = slot.get("capacity", 1)
    if not isinstance(capacity, int) or isinstance(capacity, bool) or not 0 <= capacity < 1 << 31:
        raise WrongAnswer("capacity is a whole number")
    begins, ends = moment_of(slot.get("begins"), "begins"), moment_of(slot.get("ends"), "ends")
    return Opening(place=_text(slot, "place"), begins=begins, ends=ends, capacity=capacity)


def moment_of(value: Any, name: str) -> datetime:
    """A time with its zone. Raises WrongAnswer."""
    try:
        return in_utc(value)
    except (TypeError, ValueError):
        raise WrongAnswer(f"{name} is a time with its zone") from None


def decision_of(answer: Mapping[str, Any]) -> Decision:
    """`{"action": "refuse", "reason": {"zh-CN": "…", "en": "…"}}`; nothing at all takes the case up.

    Raises WrongAnswer.
    """
    return Decision(action=_text(answer, "action", "accept"), reason=reason_of(answer.get("reason")))


def reason_of(value: Any) -> dict[str, str] | None:
    """A reason in several languages, or one text for all of them. Raises WrongAnswer."""
    return None if value is None else texts_of(value, "reason")


def texts_of(value: Any, name: str) -> dict[str, str]:
    """Texts by language, or one text for all of them. Raises WrongAnswer."""
    if isinstance(value, str):
        return dict.fromkeys(LANGUAGES, value[:MAX_TEXT_LENGTH])
    if isinstance(value, dict) and value and all(isinstance(text, str) for text in value.values()):
        first = next(iter(value.values()))
        return {language: value.get(language, first)[:MAX_TEXT_LENGTH] for language in LANGUAGES}
    raise WrongAnswer(f"{name} is a text, or one for each language")


def _detail(problem: Mapping[str, Any]) -> dict[str, str]:
    texts = texts_of(problem.get("detail"), "detail")
    if not all(texts.values()):
        raise WrongAnswer("detail says what is wrong, and is not empty")
    return texts


def _objects(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    listed = document.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise WrongAnswer(f"{name} is a list of objects")
    return listed


def _text(document: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = document.get(name, default)
    if not isinstance(value, str) or not value:
        raise WrongAnswer(f"{name} is a text")
    return value[:MAX_TEXT_LENGTH]


def _pointer(problem: Mapping[str, Any]) -> str:
    pointer = problem.get("pointer", "")
    if pointer == "" or (isinstance(pointer, str) and pointer.startswith("/")):
        return str(pointer[:MAX_TEXT_LENGTH])
    raise WrongAnswer("pointer is a JSON Pointer into the answers, such as /plate")
