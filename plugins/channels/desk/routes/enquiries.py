"""Enquiries as the staff of a desk see them: its head for all of them, the words for whoever holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tortoise.models import Model
from tortoise.queryset import QuerySet

from banshi import Call, Conflict, NotFound, Platform, Principal, Update, text_in
from banshi.sdk.database import Asked, read
from banshi.sdk.documents import ID, MAYBE_MOMENT, MOMENT, TEXT, Record, array
from desk.officers import seen
from desk.party import BECAME, Word, party_of
from desk.places import LEAD, OFFICER, Desk, desk_of
from desk.sentences import say
from desk.settings import SETTINGS
from desk.tables.models import DeskEvent, Enquiry

#: Messages of one enquiry that are shown, the last ones.
MAX_MESSAGES = 200

PERSON = Record(id=TEXT, name=TEXT)
MAYBE_PERSON = {"oneOf": [{"type": "null"}, PERSON]}

HEAD = {
    "id": ID,
    "desk": TEXT,
    "kind": {**TEXT, "description": "At the other end is a `conversation` of a chat, or a `call`."},
    "subject": {**ID, "description": "Its id: of a call, at the hotline."},
    "state": {"enum": ["waiting", "held", "closed", "left", "word"]},
    "urgent": {"type": "boolean", "description": "They spoke of danger."},
    "asked_at": MOMENT,
    "owed_since": {**MAYBE_MOMENT, "description": "Since when they wait for a word."},
    "officer": MAYBE_PERSON,
    "lease_until": {**MAYBE_MOMENT, "description": "Until when the officer has it without a word of theirs."},
    "answered_at": MAYBE_MOMENT,
    "closed_at": MAYBE_MOMENT,
    "blocked_until": {**MAYBE_MOMENT, "description": "Until when the desk takes nothing of this contact but danger."},
    "rating": {"type": ["integer", "null"], "minimum": 1, "maximum": 5},
    "labels": array(TEXT, description="Codes of the desk's labels."),
}
#: For whoever holds it.
MESSAGE = Record(
    id=ID,
    at=MOMENT,
    by={"enum": ["citizen", "officer", "platform"]},
    content={
        "type": "object",
        "description": "What was sent: `text`, `voice`, `file`, `place` or `event`; `id` of a file that is kept.",
    },
    state={
        "enum": [None, "waiting", *BECAME],
        "description": "Of what was said to them, what became of it: `waiting` is on its way, the provider has "
        "`accepted` it, it was `delivered`, or `failed` or was `refused` (`why`), it is `shut` until they write, was "
        "said `late` with the answer to that, or nobody knows (`unknown`).",
    },
    why={**TEXT, "description": "Why it didn't reach them."},
)
EVENT = Record(at=MOMENT, what=TEXT, officer=MAYBE_PERSON, text=TEXT)


class NotHolder(Conflict, code="not-holder", says=say):
    """You don't hold this conversation; claim it first."""


class HeldByOther(Conflict, code="held-by-other", says=say):
    """A colleague holds this conversation."""


class Over(Conflict, code="enquiry-over", says=say):
    """This conversation is over, or its citizen has left."""


class PartyGone(Conflict, code="party-gone", says=say):
    """Nobody is there any more to whom this could be said; you can close it."""


def word_of(said: Sequence[Model | Update]) -> UUID:
    """The id of what a party says. Raises PartyGone where nobody is there."""
    if not said or isinstance(said[0], Update):
        raise PartyGone
    return UUID(str(said[0].pk))


def desks_of(platform: Platform, principal: Principal, *roles: str) -> list[Desk]:
    """The desks at which somebody sits, or for which they have one of the roles."""
    return [desk for desk in platform[SETTINGS].desks if desk.is_of(principal, *(roles or (OFFICER, LEAD)))]


def own_desk(call: Call, code: str, *roles: str) -> Desk:
    """That desk, where the caller is of it. Raises NotFound, for others' as for none."""
    desk = desk_of(desks_of(call.platform, call.principal, *roles), code)
    if desk is None:
        raise NotFound(say("There is no such desk of yours; look at your list."), see="/v1/desk/desks")
    return desk


async def find(call: Call, *roles: str) -> Enquiry:
    """The enquiry that the path names. Raises NotFound for another desk's, as for none."""
    (rows,) = await read(Asked(Enquiry, {"id": UUID(call.path["id"])}))
    row: Enquiry | None = next(iter(rows), None)
    desk = desk_of(desks_of(call.platform, call.principal, *roles), row.desk) if row else None
    if row is None or desk is None:
        raise NotFound(say("There is no such conversation at a desk of yours."), see="/v1/desk/enquiries")
    if desk.is_of(call.principal, OFFICER):
        await seen(call, [desk])
    return row


async def find_held(call: Call) -> Enquiry:
    """The same, where the caller holds it. Raises NotHolder, HeldByOther and Over."""
    return refuse_others(await find(call, OFFICER, LEAD), call.principal)


def leads(call: Call, row: Enquiry) -> bool:
    """Whether the caller leads the desk that it is at."""
    return desk_of(desks_of(call.platform, call.principal, LEAD), row.desk) is not None


async def find_led(call: Call, *, is_lead: bool = False) -> Enquiry:
    """What the caller holds; at a desk that they lead what anybody does, and what waits. Raises as `find_held` does."""
    row = await find(call, LEAD) if is_lead else await find(call)
    if leads(call, row) and row.state in ("waiting", "held"):
        return row
    return refuse_others(row, call.principal)


def refuse_others(row: Enquiry, caller: Principal) -> Enquiry:
    if row.state == "held" and row.officer != caller.subject:
        raise HeldByOther(officer=row.officer_name, lease_until=row.lease_until and row.lease_until.isoformat())
    if row.state not in ("waiting", "held"):
        raise Over
    if row.state == "waiting":
        raise NotHolder
    return row


def person(subject: str, name: str) -> dict[str, str] | None:
    return {"id": subject, "name": name} if subject else None


HEAD_RECORD = Record(**HEAD)


def head(platform: Platform, row: Enquiry) -> dict[str, Any]:
    return HEAD_RECORD.of(platform, row, officer=person(row.officer, row.officer_name), labels=labels_of(row))


def labels_of(row: Enquiry) -> list[str]:
    return row.labels.strip(",").split(",") if row.labels else []


async def words_of(
    platform: Platform, row: Enquiry, most: int = MAX_MESSAGES, before: UUID | None = None
) -> Sequence[Word]:
    """What was said from the call for a person until it was over; nothing of before and afterwards."""
    # A question that is left while a desk is closed goes on as a form's answer.
    until = None if row.state in ("waiting", "held") else row.closed_at or row.asked_at
    party = party_of(platform, row.kind)
    return await party.words(row.subject, row.asked_at, most, until=until, before=before)


def earlier_of(row: Enquiry, desks: Sequence[str]) -> QuerySet[Enquiry]:
    """The same citizen's before that one, or the same stranger's, at these desks; the newest in front."""
    same = {"person": row.person} if row.person else {"kind": row.kind, "subject": row.subject, "person": ""}
    return Enquiry.filter(**same, desk__in=desks, asked_at__lt=row.asked_at).order_by("-asked_at", "-id")


def message(platform: Platform, word: Word, language: str) -> dict[str, Any]:
    return MESSAGE.of(platform, word, why=text_in(word.why, language) if word.why else "")


def event(platform: Platform, row: DeskEvent, is_ours: bool) -> dict[str, Any]:
    """What another desk noted and who was there stays with it."""
    officer = person(row.officer, row.officer_name) if is_ours else None
    return EVENT.of(platform, row, officer=officer, text=row.text if is_ours else "")


async def has_file(platform: Platform, row: Enquiry, identity: str) -> bool:
    """Whether that file was sent since they asked for a person, among the messages that are shown."""
    return any(one.content.get("id") == identity for one in await words_of(platform, row))
