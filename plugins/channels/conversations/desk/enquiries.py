"""Enquiries as the staff of a desk see them: its head for all of them, the words for whoever holds it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from banshi import Call, Conflict, NotFound, Platform, Principal
from banshi.sdk.documents import ID, MAYBE_MOMENT, MAYBE_TEXT, MOMENT, TEXT, Record, array, optional
from conversations.desk.places import LEAD, OFFICER, Desk, desk_of
from conversations.sentences import say
from conversations.settings import SETTINGS
from conversations.tables.models import ContactLink, DeskEvent, Enquiry, Said, Turn

#: Messages of one enquiry that are shown, the last ones.
MAX_MESSAGES = 200

PERSON = Record(id=TEXT, name=TEXT)
MAYBE_PERSON = {"oneOf": [{"type": "null"}, PERSON]}

HEAD = {
    "id": ID,
    "desk": TEXT,
    "state": {"enum": ["waiting", "held", "closed", "left", "word"]},
    "urgent": {"type": "boolean", "description": "They spoke of danger."},
    "asked_at": MOMENT,
    "owed_since": {**MAYBE_MOMENT, "description": "Since when they wait for a word."},
    "officer": MAYBE_PERSON,
    "lease_until": {**MAYBE_MOMENT, "description": "Until when the officer has it without a word of theirs."},
    "answered_at": MAYBE_MOMENT,
    "closed_at": MAYBE_MOMENT,
    "rating": {"type": ["integer", "null"], "minimum": 1, "maximum": 5},
}
#: For whoever holds it.
MESSAGE = Record(
    at=MOMENT,
    by={"enum": ["citizen", "officer", "platform"]},
    content={
        "type": "object",
        "description": "What was sent: `text`, `voice`, `file`, `place` or `event`; `id` of a file that is kept.",
    },
    state={**MAYBE_TEXT, "description": "Of what was said to them, what became of it."},
)
EVENT = Record(at=MOMENT, what=TEXT, officer=MAYBE_PERSON, text=TEXT)
ENQUIRY = Record(
    **HEAD,
    name=optional({**TEXT, "description": "Of the citizen, where they have signed in for this contact."}),
    messages=optional(array(MESSAGE)),
    events=optional(array(EVENT)),
)


class NotHolder(Conflict):
    """You don't hold this conversation; claim it first."""

    code = "not-holder"
    says = say


class HeldByOther(Conflict):
    """A colleague holds this conversation."""

    code = "held-by-other"
    says = say


class Over(Conflict):
    """This conversation is over, or its citizen has left."""

    code = "enquiry-over"
    says = say


def desks_of(platform: Platform, principal: Principal, *roles: str) -> list[Desk]:
    """The desks at which somebody sits, or for which they have one of the roles."""
    return [desk for desk in platform[SETTINGS].desks if desk.is_of(principal, *(roles or (OFFICER, LEAD)))]


def own_desk(call: Call, code: str, *roles: str) -> Desk:
    """That desk, where the caller is of it. Raises NotFound, for others' as for none."""
    desk = desk_of(desks_of(call.platform, call.principal, *roles), code)
    if desk is None:
        raise NotFound(say("There is no such desk of yours; look at your list."), see="/v1/desk/desks")
    return desk


async def find(call: Call) -> Enquiry:
    """The enquiry that the path names. Raises NotFound for another desk's, as for none."""
    row = await Enquiry.get_or_none(id=UUID(call.path["id"]))
    if row is None or desk_of(desks_of(call.platform, call.principal, OFFICER), row.desk) is None:
        raise NotFound(say("There is no such conversation at a desk of yours."), see="/v1/desk/enquiries")
    return row


async def find_held(call: Call) -> Enquiry:
    """The same, where the caller holds it. Raises NotHolder, HeldByOther and Over."""
    return refuse_others(await find(call), call.principal)


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
    return HEAD_RECORD.of(platform, row, officer=person(row.officer, row.officer_name))


async def document(platform: Platform, row: Enquiry, reader: Principal) -> dict[str, Any]:
    """All of it for whoever holds it, its head for the others of the desk."""
    if row.state != "held" or row.officer != reader.subject:
        return head(platform, row)
    link = await ContactLink.filter(conversation_id=row.conversation_id, ended_at=None).first()
    events = await DeskEvent.filter(enquiry_id=row.id).order_by("id")
    return {
        **head(platform, row),
        **({"name": str(link.known.get("name", ""))} if link else {}),
        "messages": await messages(platform, row),
        "events": [_event(platform, one, one.desk == row.desk or one.what == "transferred") for one in events],
    }


def _event(platform: Platform, row: DeskEvent, is_ours: bool) -> dict[str, Any]:
    """What another desk noted and who was there stays with it."""
    officer = person(row.officer, row.officer_name) if is_ours else None
    return EVENT.of(platform, row, officer=officer, text=row.text if is_ours else "")


async def has_file(row: Enquiry, identity: str) -> bool:
    """Whether they have sent that file since they asked for a person, among the messages that are shown."""
    return any(one.heard.get("id") == identity for one in await _heard(row))


async def _heard(row: Enquiry) -> list[Turn]:
    turns = Turn.filter(conversation_id=row.conversation_id, at__gte=row.asked_at)
    return await turns.order_by("-id").limit(MAX_MESSAGES)


async def messages(platform: Platform, row: Enquiry) -> list[dict[str, Any]]:
    """What was said since they asked for a person; nothing that was said to others before."""
    turns, said = await _heard(row), Said.filter(conversation_id=row.conversation_id, at__gte=row.asked_at)
    said_to_them = await said.filter(by__in=("officer", "engine")).order_by("-id").limit(MAX_MESSAGES)
    rows: list[Turn | Said] = [*turns, *said_to_them]
    rows.sort(key=lambda row: (row.at, row.id))
    return [_message(platform, row) for row in rows[-MAX_MESSAGES:]]


def _message(platform: Platform, row: Turn | Said) -> dict[str, Any]:
    if isinstance(row, Turn):
        return MESSAGE.of(platform, row, by="citizen", content=row.heard, state=None)
    by = "officer" if row.by == "officer" else "platform"
    return MESSAGE.of(platform, row, by=by, content={"text": row.words["text"]})
