"""Where those pages are: behind a link that is good once for whoever is bound, and open to anybody for a tip."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from banshi import Audience, Call, InvalidFields, Key, NotFound, Principal, Update, text_in
from banshi.sdk.cases import StaleReceipt, begin
from banshi.sdk.http import READER, read_body
from questions.answering import body_of, form_of
from questions.pages import frame
from questions.pages.frame import ON, PAGE, TOKEN, LinkOver, PageRoutes
from questions.pages.sheet import Sheet
from questions.sentences import say, word
from questions.shown import answers_in, told_begun

FORM = "application/x-www-form-urlencoded"
#: Bytes of what is sent.
MAX_FORM_BYTES = 131_072
TYPED = {FORM: {"type": "object", "additionalProperties": {"type": "string"}}}

ROUTES = PageRoutes("conversations")
#: Below the one prefix of all that comes without a name, and where it was before.
UNNAMED = PageRoutes("tips", unnamed=True)
HANDED_IN = {200: PAGE, 403: PAGE, 404: PAGE, 429: PAGE}


@dataclass(frozen=True, slots=True)
class GoingOn:
    """Somebody who goes on with an item on a page: what they have filled in already is their draft of it."""

    item: str
    person: Principal
    #: Uses the link up, with what hands the rest in.
    used: Update
    #: On to where whoever has opened the link shows that it is theirs; None where they have, or nobody can say it.
    lead: Callable[[], Awaitable[web.Response]] | None = None


#: What a link's token goes on with in the browser that calls. Raises LinkOver.
GOING_ON: Key[Callable[[Call, str], Awaitable[GoingOn]]] = Key("links to the rest of a form")


@ROUTES.get(
    "/v1/conversations/rest/{token}",
    Audience.ANYONE,
    {200: PAGE, 302: ON, 403: PAGE, 410: PAGE, 503: PAGE},
    path_schemas=TOKEN,
)
async def show_rest(call: Call) -> web.StreamResponse:
    """Say what a link from a chat goes on with, once whoever opens it has shown that it is theirs.

    Nothing of what was filled in is shown yet: programs look at links too.
    """
    going_on = await call.platform[GOING_ON](call, call.path["token"])
    if going_on.lead is not None:
        return await going_on.lead()
    title = (await _guide(call, going_on.item))["title"]
    form = frame.button(call.language, word("Go on"))
    told = frame.sentence(call.language, say("What you have told in the chat is filled in already."))
    return _page(call, title, f"<p>{told}</p>{form}")


@ROUTES.post(
    "/v1/conversations/rest/{token}",
    Audience.ANYONE,
    {200: PAGE, 403: PAGE, 410: PAGE},
    path_schemas=TOKEN,
    raw_body=TYPED,
)
async def hand_in_rest(call: Call) -> web.StreamResponse:
    """Fill in what the chat didn't carry, and hand all of it in."""
    typed = await _typed(call)
    going_on = await call.platform[GOING_ON](call, call.path["token"])
    if going_on.lead is not None:
        raise frame.FromElsewhere
    code, person = going_on.item, going_on.person
    draft = (await call.platform[READER].get(f"/v1/items/{code}/draft", person, call.language))["answers"]
    try:
        return await _filled(call, code, draft, typed, person, [going_on.used])
    except StaleReceipt:
        raise LinkOver from None


@UNNAMED.get("/v1/tips/forms/{code}", Audience.ANYONE, {200: PAGE, 404: PAGE}, operation="show_tip_form")
@UNNAMED.get("/v1/conversations/forms/{code}", Audience.ANYONE, {200: PAGE, 404: PAGE}, deprecated=True)
async def show_form(call: Call) -> web.StreamResponse:
    """Show the form of what is handed in without a name."""
    return await _filled(call, _unnamed(call), {}, None, None)


@UNNAMED.post("/v1/tips/forms/{code}", Audience.ANYONE, HANDED_IN, raw_body=TYPED, operation="hand_in_tip_form")
@UNNAMED.post("/v1/conversations/forms/{code}", Audience.ANYONE, HANDED_IN, raw_body=TYPED, deprecated=True)
async def hand_in_form(call: Call) -> web.StreamResponse:
    """Hand it in. Nobody is asked who they are, and nothing is kept of where it came from."""
    typed = await _typed(call)
    return await _filled(call, _unnamed(call), {}, typed, None)


async def _filled(
    call: Call,
    code: str,
    draft: Mapping[str, Any],
    typed: Mapping[str, Sequence[str]] | None,
    person: Principal | None,
    receipt: Sequence[Update] = (),
) -> web.Response:
    """The page with what is still missing, or what came of it."""
    guide, language, verified = await _guide(call, code), call.language, person.resident_id if person else ""
    schema = body_of(guide)
    sheet = Sheet(schema, {"answers": dict(draft)}, language, verified, call.platform.city_time(), typed)
    if sheet.read():
        item = call.platform.registry.items.get(code)
        whole = form_of(schema).spelled(sheet.answers, verified)
        try:
            begun = await begin(
                call.platform, item, person, whole, language, lambda _: receipt, sender=call.request.remote
            )
        except InvalidFields as refused:
            for problem in refused.problems:
                sheet.refuse(problem)
        else:
            lines = told_begun(begun, language)
            return _page(call, guide["title"], "".join(f"<p>{escape(line)}</p>" for line in lines))
    there = {title: own for _, title, own in answers_in(schema, "", {"answers": dict(draft)})}
    button = text_in(word("Hand in"), language)
    return _page(call, guide["title"], frame.pairs(there) + sheet.html(button))


def _page(call: Call, title: str, body: str) -> web.Response:
    return frame.sending(frame.page(call, {call.language: title}, body))


async def _guide(call: Call, code: str) -> Any:
    return await call.platform[READER].get(f"/v1/items/{code}", None, call.language)


async def _typed(call: Call) -> Mapping[str, Sequence[str]] | None:
    """What was sent from our own page, by pointer; None where that is nothing but the wish to go on."""
    frame.refuse_others(call)
    raw = await read_body(call.request, MAX_FORM_BYTES, FORM)
    return parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=500) or None


def _unnamed(call: Call) -> str:
    """The item of the path, where it is handed in without a name. Raises NotFound."""
    code = call.path["code"]
    item = call.platform.registry.items.get(code)
    begins = call.platform.registry.kinds[item.kind].begins if item else None
    if item is None or begins is None or begins.unnamed is None or begins.unnamed(item) == "never":
        raise NotFound
    return code
