"""The list of items: what is there, by what it is looked for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from banshi.builtin.catalogue.asked import Asked, asked, places_behind
from banshi.builtin.catalogue.beside import BESIDE_SEARCH
from banshi.builtin.catalogue.browsing.demand import Demand, demand_of
from banshi.builtin.catalogue.browsing.themes import themes
from banshi.builtin.catalogue.routes import item_summary
from banshi.builtin.openapi.schemas.items import NO_DEPARTMENT
from banshi.builtin.sentences import say
from banshi.foundation.errors import InvalidParameter
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link, Parameter
from banshi.kernel.http.document_schemas import LINKS, MAYBE_TEXT, MOMENT, TEXT, Record, Schema, array, optional, ref
from banshi.kernel.http.responses import PAGE_PARAMETERS, Page, from_cursor, limit_of, reply

ROUTES = Routes("catalogue")

#: What the document says of `q`.
ASKED = (
    "Everyday words, Chinese, English or pinyin, as they are typed. The best item comes first; any word may be missing "
    "from what is found."
)


def _beside(row: Schema, about: str) -> Schema:
    return optional(array(row, description=f"With `q`: {about}"))


#: What plugins have published (`BESIDE_SEARCH`).
_PUBLISHED = Record(kind=TEXT, title=TEXT, summary=TEXT, updated_at=MOMENT, links=LINKS)

#: A page of items; the first one of a search has what is said beside them.
ITEMS_PAGE = Record(
    items=array(ref("ItemSummary")),
    next=MAYBE_TEXT,
    elsewhere=_beside(ref("Elsewhere"), "what no item serves, and who does it."),
    help=_beside(ref("HelpPage"), "pages of help; show an urgent one above the items."),
    otherwise=_beside(ref("Elsewhere"), "where nothing likely is found: whom one may ask."),
    published=_beside(_PUBLISHED, "what is published about it, such as a rumour that was checked; show it first."),
    likely=optional({"type": "boolean", "description": "With `q`: whether a word was understood; else it is a guess."}),
    danger=optional({**ref("Danger"), "description": "With `q` that speaks of one: show it first, and no items."}),
)
FIRST_ITEM = Link("show_item", {"code": "$response.body#/items/0/code"})


@ROUTES.get(
    "/v1/items",
    Audience.ANYONE,
    {200: Answer("One page, and where to go on.", ITEMS_PAGE, links=[FIRST_ITEM])},
    parameters=(
        Parameter("department", {"type": "string", "maxLength": 64}, "A department's code."),
        Parameter("kind", {"type": "string", "maxLength": 32}, "A kind of item."),
        Parameter("theme", {"enum": [*themes()]}, "What happens in life: a code of `/v1/themes`."),
        Parameter("order", {"enum": ["code", "demand"]}, "`demand`: what most people ask for first. Not with `q`."),
        Parameter("q", {"type": "string", "maxLength": 100}, ASKED),
        Parameter("fully_online", {"type": "boolean"}, "Done without a visit."),
        *PAGE_PARAMETERS,
    ),
)
async def list_items(call: Call) -> web.StreamResponse:
    """List and search the business items.

    They match every given filter: by code, by how many ask for them, or as a search found them, the best first.
    """
    registry, words = call.platform.registry, str(call.query.get("q", "")).strip()
    _refuse_unknown(call, words)
    wanted = {name: call.query[name] for name in ("department", "kind", "fully_online") if name in call.query}
    theme, after, limit = call.query.get("theme"), from_cursor(call), limit_of(call)
    told, demand = await asked(call.platform, words) if words else None, await demand_of(call.platform)
    shown: list[dict[str, Any]] = []
    place = None
    for code, here in _codes(call, told, demand, after):
        facts = registry.items.facts(code)
        if (theme is None or theme in facts.themes) and all(getattr(facts, n) == one for n, one in wanted.items()):
            if len(shown) == limit:
                break
            item = item_summary(call.platform, registry.items[code], call.language)
            shown.append({**item, "demand": demand.people.get(code, 0)})
            place = here
    else:
        place = None
    page = Page(shown, place).document()
    if told and after is None:
        page |= told.beside(call.platform, call.language)
        found = [await one(call.platform, words, call.language) for _, one in call.platform.offered(BESIDE_SEARCH)]
        page["published"] = [one for several in found for one in several]
    return reply(call, page)


def _refuse_unknown(call: Call, words: str) -> None:
    """Raise InvalidParameter for a filter that nothing could match, and for an order beside the search's own."""
    registry, query = call.platform.registry, call.query
    if "department" in query and query["department"] not in registry.departments:
        raise InvalidParameter(NO_DEPARTMENT, see="/v1/departments", parameter="department")
    if "kind" in query and query["kind"] not in registry.kinds:
        told = say("The kinds are {value}.", value=", ".join(sorted(registry.kinds)))
        raise InvalidParameter(told, parameter="kind")
    if words and "order" in query:
        raise InvalidParameter(say("A search has its own order; leave out q or order."), parameter="order")


def _codes(call: Call, told: Asked | None, demand: Demand, after: str | None) -> Iterator[tuple[str, str]]:
    """Codes behind `after`, each with its place in the list."""
    if told:
        return told.places(after)
    if call.query.get("order") == "demand":
        return places_behind(demand.ordered(call.platform.registry), after)
    codes = call.platform.registry.items.codes()
    return ((code, code) for code in codes[bisect_right(codes, after) if after is not None else 0 :])
