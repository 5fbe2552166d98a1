"""What is shown of enquiries: a line of each in a list, and all of one to whoever holds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from banshi import Platform, Principal, text_in
from banshi.sdk.database import Asked, read
from banshi.sdk.documents import MAYBE_MOMENT, TEXT, Record, array, optional
from banshi.sdk.personal_data import masked
from desk.party import BECAME, Known, Party, Reachable, party_of
from desk.routes.enquiries import EVENT, HEAD, MESSAGE, earlier_of, event, head, message, words_of
from desk.tables.models import DeskEvent, Enquiry

#: Events by which something was said, and enquiries with the words of such, the oldest in front.
SAID = ("queued", "heard", "urgent")
Heard = Sequence[tuple[UUID, UUID]]

#: Messages of an earlier enquiry that are shown, the last ones; and letters of what somebody said, in a list.
MAX_EARLIER, MAX_CHARS = 10, 200

SOME_COUNT = {"type": ["integer", "null"], "minimum": 0}
#: Of what isn't over: who it is, and how far they can be written to.
LIVE = {
    "reachable_until": {**MAYBE_MOMENT, "description": "Until when an answer reaches them unasked; null: always."},
    "sends_left": {**SOME_COUNT, "description": "Messages that reach them until they write again; null: any number."},
    "channel": {**TEXT, "description": "By which they write; empty where nobody is there any more."},
    "name": {**TEXT, "description": "Of whoever has signed in there: whole for who holds it, masked for all others."},
    "place": {**SOME_COUNT, "description": "In the queue of its desk, the first being 1; null: in none."},
    "words": {
        "type": ["object", "null"],
        "description": "A message's `content`, cut: of who waits what they wrote first, of whom you hold what they "
        "wrote last.",
    },
}
SOME = {name: optional(schema) for name, schema in LIVE.items()}
LISTED = Record(**HEAD, **SOME)
#: What somebody said last time, for who has them now.
EARLIER = Record(
    **HEAD,
    messages=array(MESSAGE, description="The last ones."),
    notes=array(EVENT, description="Those of colleagues at this desk."),
)
ENQUIRY = Record(
    **HEAD,
    **SOME,
    messages=optional(array(MESSAGE)),
    events=optional(array(EVENT)),
    earlier=optional({"oneOf": [{"type": "null"}, EARLIER]}),
)


async def heads(
    platform: Platform, rows: Sequence[Enquiry], reader: Principal, language: str, heard: Heard | None = None
) -> list[dict[str, Any]]:
    """Theirs, and of those who wait or talk who it is, what they said, and how far they can be written to."""
    live = [row for row in rows if row.state in ("waiting", "held")]
    places = await _places({row.desk for row in live if row.state == "waiting"})
    told = dict[UUID, dict[str, Any]]()
    for kind in {row.kind for row in live}:
        party, own = party_of(platform, kind), [row for row in live if row.kind == kind]
        subjects = [row.subject for row in own]
        reach, known = await party.reachable(subjects), await party.known(subjects)
        mine = {row.id: _holds(row, reader) for row in own if row.state == "waiting" or _holds(row, reader)}
        words = await _said(party, mine, heard)
        for row in own:
            far, who = reach.get(row.subject, Reachable(sends=0)), known.get(row.subject, Known())
            told[row.id] = {
                "reachable_until": platform.moment(far.until),
                "sends_left": far.sends,
                "channel": text_in(who.channel, language) if who.channel else "",
                "name": who.name if _holds(row, reader) else masked(who.name),
                "place": places.get(row.id),
                "words": words.get(row.id),
            }
    return [{**head(platform, row), **told.get(row.id, {})} for row in rows]


def _holds(row: Enquiry, reader: Principal) -> bool:
    return row.state == "held" and row.officer == reader.subject


async def _said(party: Party, mine: Mapping[UUID, bool], heard: Heard | None) -> Mapping[UUID, Mapping[str, Any]]:
    """By enquiry, what whoever waits wrote first, and whoever the reader holds (`mine`) wrote last."""
    if heard is None:
        told = DeskEvent.filter(enquiry_id__in=[*mine], what__in=SAID, word__isnull=False)
        heard = await told.order_by("id").values_list("enquiry_id", "word")
    word_of = dict[UUID, UUID]()
    for enquiry, word in heard:
        if enquiry in mine and (mine[enquiry] or enquiry not in word_of):
            word_of[enquiry] = word
    contents = {one.id: _cut(one.content) for one in await party.messages([*word_of.values()])}
    return {enquiry: contents[word] for enquiry, word in word_of.items() if word in contents}


def _cut(content: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: one[:MAX_CHARS] if isinstance(one, str) else one for name, one in content.items()}


async def _places(desks: Collection[str]) -> Mapping[UUID, int]:
    """The place of each that waits there, as `queue.place_of` has it for one."""
    found, counted = dict[UUID, int](), Counter[str]()
    waiting = Enquiry.filter(desk__in=desks, state="waiting").order_by("-urgent", "asked_at", "id")
    for identity, desk in await waiting.values_list("id", "desk") if desks else ():
        counted[desk] += 1
        found[identity] = counted[desk]
    return found


async def document(platform: Platform, row: Enquiry, reader: Principal, language: str) -> dict[str, Any]:
    """All of it as it is now, for whoever holds it; its head for the others of the desk."""
    rows, events = await read(Asked(Enquiry, {"id": row.id}), Asked(DeskEvent, {"enquiry_id": row.id}, "id"))
    row = next(iter(rows), row)
    heard = [(row.id, one.word) for one in events if one.what in SAID and one.word]
    (own,) = await heads(platform, [row], reader, language, heard)
    if not _holds(row, reader):
        return own
    known = (await party_of(platform, row.kind).known([row.subject])).get(row.subject, Known())
    words = await words_of(platform, row)
    happened = [one for one in events if one.what not in BECAME]
    return {
        **own,
        "messages": [message(platform, word, language) for word in words],
        "events": [event(platform, one, one.desk == row.desk or one.what == "transferred") for one in happened],
        "earlier": await _earlier(platform, row, language) if known.is_sure else None,
    }


async def _earlier(platform: Platform, row: Enquiry, language: str) -> dict[str, Any] | None:
    """What the same citizen said last at this desk, with its notes."""
    last = await earlier_of(row, [row.desk]).filter(state__in=("closed", "left")).first()
    if last is None:
        return None
    notes = await DeskEvent.filter(enquiry_id=last.id, what="note", desk=row.desk).order_by("id")
    return {
        **head(platform, last),
        "messages": [message(platform, one, language) for one in await words_of(platform, last, MAX_EARLIER)],
        "notes": [event(platform, one, True) for one in notes],
    }
