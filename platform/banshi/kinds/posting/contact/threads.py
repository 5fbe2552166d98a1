"""Contact through the platform: who may see a conversation, and how it reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal
from uuid import UUID

from banshi.foundation.errors import Hidden, NotFound
from banshi.kernel.cases import actors
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.routes import Link
from banshi.kernel.contract.values import text_in
from banshi.kernel.http.document_schemas import ID, LINKS, MOMENT, TEXT, Record
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.posting.models import Conversation, PostingRecord
from banshi.kinds.posting.representations import OWN
from banshi.kinds.posting.rules import SORTS
from banshi.kinds.sentences import say

Side = Literal["poster", "writer", "staff"]

#: What staff need to read what was reported.
ROLE = "reviewer"

SIDE = {"enum": ["poster", "writer"]}
REPORT = {"oneOf": [{"type": "null"}, Record(at=MOMENT, by=SIDE, reason=TEXT, is_reviewed={"type": "boolean"})]}

CONVERSATION = Record(
    id=ID,
    posting=Record(id=ID, title=TEXT, sort=TEXT, sort_title=TEXT),
    you={"enum": ["poster", "writer", "staff"]},
    is_open={"type": "boolean", "description": "Whether the two can write."},
    blocked_by_you={"type": "boolean"},
    report={**REPORT, "description": "Only staff, and whoever made it, see a report."},
    other_report={**REPORT, "description": "For staff: the other side's, where both have made one."},
    created_at=MOMENT,
    last_at=MOMENT,
    links=LINKS,
)

MESSAGE = Record(id=ID, by=SIDE, text=TEXT, at=MOMENT)

#: What the two sides do in it; staff come to it from the list of what was reported.
VERBS = ("show_conversation", "list_conversation_messages", "write_message", "block_conversation")
LEADS = [
    *(Link(name, OWN) for name in (*VERBS, "unblock_conversation", "report_conversation")),
    Link("show_posting", {"id": "$response.body#/posting/id"}),
]


def side_of(row: Conversation, person: Principal) -> Side | None:
    """In which role a person stands towards a conversation; None: in none. Staff see only what was reported."""
    if person.is_staff:
        # Nobody judges what they wrote themselves.
        is_theirs = person.may(ROLE, row.department, row.unit) and person.subject not in (row.poster, row.writer)
        return "staff" if is_theirs and row.reported_at is not None else None
    if person.subject == row.poster:
        return "poster"
    return "writer" if person.subject == row.writer else None


async def find(identity: Any, person: Principal) -> tuple[Conversation, Side]:
    """The conversation, if the person may see it; otherwise NotFound, as if it did not exist.

    That staff have read it is recorded as a reading of the posting's case.
    """
    row = await Conversation.get_or_none(id=identity)
    side = side_of(row, person) if row is not None else None
    if row is None or side is None:
        raise (NotFound if row is None else Hidden)(say("There is no such conversation that you may see."))
    if side == "staff":
        await record_readings([row], person)
    return row, side


async def record_readings(rows: Sequence[Conversation], person: Principal) -> None:
    """Record that staff read these conversations."""
    if rows:
        postings = await Case.filter(id__in=list({row.case_id for row in rows}))
        await actors.record_reading(actors.Actor(person), postings)


def is_open(platform: Platform, row: Conversation, posting: PostingRecord) -> bool:
    return is_running(platform, posting) and not (row.poster_blocks or row.writer_blocks or row.closed_at)


def is_running(platform: Platform, posting: PostingRecord) -> bool:
    """Whether the posting is public at this moment."""
    return posting.state == "public" and posting.expires_at is not None and posting.expires_at > platform.now()


def conversation_document(
    platform: Platform, row: Conversation, posting: PostingRecord, side: Side, language: str
) -> dict[str, Any]:
    """A conversation for one side or for staff. Nothing in it says who the two are."""
    address = f"/v1/conversations/{row.id}"
    reports = {one["by"]: one for one in _reports(platform, row)}
    report, other = reports.get(side), None
    if side == "staff":
        report, other = [*reports.values(), None, None][:2]
    links = {"self": address, "messages": f"{address}/messages"}
    if is_running(platform, posting):
        links["posting"] = f"/v1/postings/{row.case_id}"
    if side in ("poster", "staff"):
        links["case"] = f"/v1/cases/{row.case_id}"
    return CONVERSATION.of(
        platform,
        row,
        posting={
            "id": str(row.case_id),
            "title": posting.title,
            "sort": posting.sort,
            "sort_title": text_in(SORTS[posting.sort], language),
        },
        you=side,
        is_open=is_open(platform, row, posting),
        blocked_by_you={"poster": row.poster_blocks, "writer": row.writer_blocks, "staff": False}[side],
        report=report,
        other_report=other,
        links=links,
    )


def _reports(platform: Platform, row: Conversation) -> Iterator[dict[str, Any]]:
    """What was reported and is not reviewed, or was last reviewed: one of each side at most, the first one first."""
    is_reviewed = row.reviewed_at is not None
    for by, at, reason in (
        (row.reported_by, row.reported_at, row.report),
        ("writer" if row.reported_by == "poster" else "poster", row.other_reported_at, row.other_report),
    ):
        if at is not None:
            yield {"at": platform.moment(at), "by": by, "reason": reason, "is_reviewed": is_reviewed}


async def postings_of(rows: list[Conversation]) -> dict[UUID, PostingRecord]:
    """What the conversations are about."""
    found = await PostingRecord.filter(case_id__in=list({row.case_id for row in rows})) if rows else []
    return {one.case_id: one for one in found}
