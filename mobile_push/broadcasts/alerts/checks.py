"""An alert as a broadcast: whom it is for, what a lock screen shows of it, and when it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any

from banshi import LANGUAGES, FieldProblem, InvalidFields, text_in
from mobile_push.broadcasts import addressing
from mobile_push.broadcasts.publication import succeeding
from mobile_push.cap.errors import CapError
from mobile_push.cap.representations import document_of
from mobile_push.cap.values import Alert
from mobile_push.cap.vocabulary import MessageType, Scope, Status
from mobile_push.sentences import say, word
from mobile_push.tables.models import Broadcast

#: Characters of a title and of the text below it.
MAX_TITLE_LENGTH, MAX_BODY_LENGTH = 120, 1000

#: Days after which an alert counts as over, whatever it says: a slip of the year must not keep it up for a decade.
MAX_DAYS_IN_FORCE = 366

#: What stands before the title of what is not meant, so that no phone shows it as a danger.
MARKS = {
    Status.EXERCISE: word("EXERCISE: "),
    Status.TEST: word("TEST: "),
    Status.DRAFT: word("DRAFT: "),
}
CANCELLED = say("Cancelled: ")

#: Messages that go to people; Ack and Error are for other systems.
FOR_PEOPLE = frozenset({MessageType.ALERT, MessageType.UPDATE, MessageType.CANCEL})


def check(alert: Alert) -> list[FieldProblem]:
    """What keeps an alert from going to the public."""
    wrong = []
    if alert.message_type not in FOR_PEOPLE:
        detail = say("A message of this type is for other systems and not published; take Alert, Update or Cancel.")
        wrong.append(FieldProblem("/msg_type", detail, "invalid"))
    if alert.scope is not Scope.PUBLIC:
        wrong.append(
            FieldProblem("/scope", say("What is published here is read by everybody; take Public."), "invalid")
        )
    if alert.status is Status.SYSTEM:
        detail = say(
            "System is for the alerting network itself and not published; take Actual, Exercise, Test or Draft."
        )
        wrong.append(FieldProblem("/status", detail, "invalid"))
    return wrong


def wrong_with(error: CapError, where: str = "") -> InvalidFields:
    """A CapError as the API tells it; `where` stands behind the sentence."""
    detail = say("{told}.", told=error.detail[:1].upper() + error.detail[1:] + where)
    return InvalidFields([FieldProblem(error.pointer, detail, "invalid")])


def audience_of(alert: Alert, earlier: Sequence[Broadcast], exercise_topic: str) -> dict[str, Any] | None:
    """Whom an alert is for where nobody says it; None where its areas don't tell.

    An Update goes to those of what it updates as well: who is no longer in danger has to hear of that too. Exercises
    and tests reach those who follow their topic, and nobody else.
    """
    if alert.status in {Status.EXERCISE, Status.TEST}:
        return {"topics": [exercise_topic]} if exercise_topic else {}
    before = [one.audience for one in earlier]
    if alert.message_type is MessageType.CANCEL:
        return addressing.united(before) if before else None
    own = addressing.of_areas(alert)
    if own is None:
        return None
    return addressing.united([own, *before])


def check_audience(alert: Alert, audience: Mapping[str, Any]) -> list[FieldProblem]:
    """What is wrong with an alert's audience beside what is wrong with any."""
    if "people" in audience:
        return [FieldProblem("/audience/people", say("An alert is public; address places or followers."), "forbidden")]
    # An exercise reaches only those who chose to be reached.
    if alert.status in {Status.EXERCISE, Status.TEST} and not audience.keys() <= {"topics", "departments"}:
        detail = say("An exercise or a test goes to followers of topics or departments alone.")
        return [FieldProblem("/audience", detail, "forbidden")]
    many = len(audience.get("divisions", ())) > addressing.MAX_DIVISIONS
    if many or addressing.shapes_of(audience) > addressing.MAX_SHAPES:
        detail = say(
            "More than {divisions} divisions or {shapes} polygons and circles: simplify them, or name whole divisions.",
            divisions=addressing.MAX_DIVISIONS,
            shapes=addressing.MAX_SHAPES,
        )
        return [FieldProblem("/audience", detail, "maxItems")]
    return []


def texts(alert: Alert, earlier: Sequence[Broadcast]) -> dict[str, Any]:
    """Title and body in our languages, shortened to what a lock screen holds."""
    said = {language: _text(alert, earlier, language) for language in LANGUAGES}
    body = {language: below for language, (_, below) in said.items()}
    return {"title": {language: title for language, (title, _) in said.items()}, "body": body}


def _text(alert: Alert, earlier: Sequence[Broadcast], language: str) -> tuple[str, str]:
    info = alert.info_in(language)
    mark = text_in(MARKS[alert.status], language) if alert.status in MARKS else ""
    if info is not None:
        told = " ".join(part for part in (info.description, info.instruction) if part)
        return shortened(mark + (info.headline or info.event), MAX_TITLE_LENGTH), shortened(told, MAX_BODY_LENGTH)
    before = earlier[0].title.get(language, "") if earlier else alert.identifier
    cancelled = text_in(CANCELLED, language) if alert.message_type is MessageType.CANCEL else ""
    return shortened(mark + cancelled + before.removeprefix(mark), MAX_TITLE_LENGTH), shortened(
        alert.note or "", MAX_BODY_LENGTH
    )


def shortened(text: str, most: int) -> str:
    """The text on one line, cut where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def ends(alert: Alert, ttl: int) -> dict[str, Any]:
    """The columns that say when it is over: as its texts say, or so many seconds after it was sent."""
    if alert.expires is None:
        return {"ttl": ttl, "expires_at": alert.sent.astimezone(UTC) + timedelta(seconds=ttl)}
    latest = alert.sent.astimezone(UTC) + timedelta(days=MAX_DAYS_IN_FORCE)
    # In this order: the last hours of the year 9999 have no time in UTC.
    return {"ttl": None, "expires_at": latest if alert.expires > latest else alert.expires.astimezone(UTC)}


def columns(alert: Alert, earlier: Sequence[Broadcast], ttl: int) -> dict[str, Any]:
    """All that a broadcast keeps of an alert, but for its audience."""
    return {**texts(alert, earlier), **ends(alert, ttl), **succeeding(earlier), "cap": document_of(alert)}
