"""An item that an officer prepares for the citizen: a case of the conversation, or a form that they fill in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, Conflict, FieldProblem, InvalidFields, NotFound, reply
from banshi.sdk.documents import Record, optional
from banshi.sdk.http import READER, Routes
from desk import queue
from desk.party import Offered, party_of
from desk.places import CODE
from desk.routes.answering import SAID
from desk.routes.enquiries import find_held, own_desk, word_of, words_of
from desk.routes.handling import ONE, commit
from desk.sentences import say
from desk.settings import SETTINGS
from desk.tables.models import DeskEvent, Enquiry

ROUTES = Routes("desk")

#: For so long somebody may say yes.
OFFER_LASTS = timedelta(minutes=30)

#: What is as short is a number, or a word for a person.
MAX_CHOICE_CHARS = 2

TOO_LONG = "Their words are {over} letters longer than the form takes: name its item, and they fill it in themselves."

OFFER_BODY = Record(
    item=optional({**CODE, "description": "They fill in its form; without, their words here become the desk's item."}),
    answers=optional({"type": "object", "maxProperties": 50, "description": "What you know of its other fields."}),
).form()


class AskedAlready(Conflict, code="asked-already", says=say):
    """They have been asked and haven't said yes or no; ask again after another word of yours, or half an hour."""


@ROUTES.post(
    "/v1/desk/enquiries/{id}/offers",
    Audience.STAFF,
    {201: Answer("They are asked.", SAID), 409: ONE[409]},
    body=OFFER_BODY,
    creates=True,
)
async def offer_item(call: Call) -> web.StreamResponse:
    """Make a case of the conversation in the citizen's name, or send them an item's form: they are asked for a yes.

    Whether they want it is told as `agreed` or `declined`, that it is handed in as `filed`, with who has prepared it.
    You keep the conversation meanwhile.
    """
    row, now, platform = await find_held(call), call.now, call.platform
    event = queue.event(row, "offered", now, call.principal, call.body.get("item", ""))
    since = DeskEvent.filter(enquiry_id=row.id, desk=row.desk, at__gt=now - OFFER_LASTS)
    last = await since.filter(what__in=("offered", "answered", "agreed", "declined")).order_by("-id").first()
    # What never reached them asks nothing.
    if last and last.what == "offered" and not await DeskEvent.exists(word=last.word, what__in=("refused", "failed")):
        raise AskedAlready
    offered = await _offered(call, row)
    said = await party_of(platform, row.kind).offer(row.subject, offered, row.officer)
    event.word = word_of(said)
    done = {"id": str(row.id), "said": str(event.word)}
    again = {"lease_until": now + platform[SETTINGS].silence, "owed_since": None}
    updates = await queue.step(platform, row, again, lease_until=row.lease_until)
    await commit(call, *updates, event, *said, *call.once.receipt(done))
    return reply(call, done, status=201)


async def _offered(call: Call, row: Enquiry) -> Offered:
    """What they are asked. Raises InvalidFields for an item that nobody can begin in a chat, Conflict without words."""
    platform, desk = call.platform, own_desk(call, row.desk)
    code = call.body.get("item", desk.item)
    if not code:
        raise Conflict(say("This desk has no item for questions: name one whose form they fill in."))
    try:
        citizen = await party_of(platform, row.kind).who(row.subject)
        guide = await platform[READER].get(f"/v1/items/{code}", citizen, call.language)
    except NotFound:
        guide = {"begin": None}
    if guide["begin"] is None or guide["begin"]["unnamed"] == "always":
        raise InvalidFields([FieldProblem("/item", say("There is no such item that can be handed in by a chat."))])
    item = platform.registry.items[code]
    about = {"enquiry": row.id, "item": code, "title": item.title, "desk": desk.title, "until": call.now + OFFER_LASTS}
    fields: dict[str, Any] = item.form.schema["properties"] if item.form else {}
    answers = dict(call.body.get("answers", {}))
    if unknown := answers.keys() - fields.keys():
        raise InvalidFields([FieldProblem(f"/answers/{name}", say("The form has no such field.")) for name in unknown])
    if "item" not in call.body:
        words = await _words(call, row)
        if (over := len(words) - fields[desk.field].get("maxLength", len(words))) > 0:
            raise InvalidFields([FieldProblem("/item", say(TOO_LONG, over=over))])
        answers[desk.field] = words
    return Offered(**about, answers=answers)


async def _words(call: Call, row: Enquiry) -> str:
    """What they have written. Raises Conflict for nothing."""
    heard = [one.content for one in await words_of(call.platform, row) if one.by == "citizen"]
    said = [str(one.get("text") or one.get("voice") or "") for one in heard]
    if words := "\n".join(one for one in said if len(one.strip()) > MAX_CHOICE_CHARS):
        return words
    raise Conflict(say("They have written nothing yet that could be handed in."))
