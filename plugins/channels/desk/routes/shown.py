"""What is shown of enquiries: a line of each in a list, and all of one to whoever holds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from banshi import Platform, Principal, text_in
from banshi.sdk.documents import MAYBE_MOMENT, TEXT, Record, array, optional
from banshi.sdk.personal_data import masked
from desk.party import BECAME, Known, Reachable, party_of
from desk.routes.enquiries import EVENT, HEAD, MESSAGE, earlier_of, event, head, message, words_of
from desk.tables.models import DeskEvent, Enquiry

#: Messages of an earlier enquiry that are shown, the last ones; and letters of what somebody said, in a list.
MAX_EARLIER, MAX_CHARS = 10, 200

#: Of what isn't over: who it is, and how far they can be written to.
LIVE = {
    "reachable_until": {**MAYBE_MOMENT, "description": "Until when an answer reaches them unasked; null: always."},
    "sends_left": {
        "type": ["integer", "null"],
        "minimum": 0,
        "description": "Messages that reach them until they write again; null: any number.",
    },
    "channel": {**TEXT, "description": "By which they write; empty where nobody is there any more."},
    "name": {**TEXT, "description": "Of whoever has signed in there: whole for who holds it, masked for all others."},
    "place": {"type": ["integer", "null"], "description": "In the queue of its desk, the first being 1."},
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


async def heads(platform: Platform, rows: Sequence[Enquiry], reader: Principal, language: str) -> list[dict[str, Any]]:
    """Theirs, and of those who wait or talk who it is, what they said, and how far they can be written to."""
    live = [row for row in rows if row.state in ("waiting", "held")]
    reach, known = dict[UUID, Reachable](), dict[UUID, Known]()
    for kind in {row.kind for row in live}:
        party, subjects = party_of(platform, kind), [row.subject for row in live if row.kind == kind]
        reach, known = reach | {**await party.reachable(subjects)}, known | {**await party.known(subjects)}
    words, places = await _said(platform, live, reader), await _places(live)
    shown = []
    for row in rows:
        more: dict[str, Any] = {}
        if row.state in ("waiting", "held"):
            far, who = reach.get(row.subject, Reachable(sends=0)), known.get(row.subject, Known())
            more = {"reachable_until": platform.moment(far.until), "sends_left": far.sends}
            name = who.name if _holds(row, reader) else masked(who.name)
            more |= {"channel": text_in(who.channel, language) if who.channel else "", "name": name}
            more |= {"place": places.get(row.id), "words": words.get(row.id)}
        shown.append({**head(platform, row), **more})
    return shown


def _holds(row: Enquiry, reader: Principal) -> bool:
    return row.state == "held" and row.officer == reader.subject


async def _said(platform: Platform, rows: Sequence[Enquiry], reader: Principal) -> Mapping[UUID, Mapping[str, Any]]:
    """By enquiry, what whoever waits wrote first, and whoever the reader holds wrote last."""
    kinds = {row.id: row.kind for row in rows if row.state == "waiting" or _holds(row, reader)}
    mine = {row.id for row in rows if row.state == "held"}
    heard = DeskEvent.filter(enquiry_id__in=[*kinds], what__in=("queued", "heard", "urgent"), word__isnull=False)
    word_of = dict[UUID, UUID]()
    for enquiry, word in await heard.order_by("id").values_list("enquiry_id", "word"):
        if enquiry in mine or enquiry not in word_of:
            word_of[enquiry] = word
    contents = dict[UUID, Mapping[str, Any]]()
    for kind in {*kinds.values()}:
        asked = [word for enquiry, word in word_of.items() if kinds[enquiry] == kind]
        contents |= {one.id: one.content for one in await party_of(platform, kind).messages(asked)}
    return {enquiry: _cut(contents[word]) for enquiry, word in word_of.items() if word in contents}


def _cut(content: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: one[:MAX_CHARS] if isinstance(one, str) else one for name, one in content.items()}


async def _places(rows: Sequence[Enquiry]) -> Mapping[UUID, int]:
    """The place of each that waits, as `queue.place_of` has it for one."""
    found, counted = dict[UUID, int](), Counter[str]()
    waiting = Enquiry.filter(desk__in={row.desk for row in rows if row.state == "waiting"}, state="waiting")
    for identity, desk in await waiting.order_by("-urgent", "asked_at", "id").values_list("id", "desk"):
        counted[desk] += 1
        found[identity] = counted[desk]
    return found


async def document(platform: Platform, row: Enquiry, reader: Principal, language: str) -> dict[str, Any]:
    """All of it for whoever holds it, its head for the others of the desk."""
    (own,) = await heads(platform, [row], reader, language)
    if not _holds(row, reader):
        return own
    words = await words_of(platform, row)
    events = await DeskEvent.filter(enquiry_id=row.id).exclude(what__in=BECAME).order_by("id")
    return {
        **own,
        "messages": [message(platform, word, language) for word in words],
        "events": [event(platform, one, one.desk == row.desk or one.what == "transferred") for one in events],
        "earlier": await _earlier(platform, row, language),
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
