"""How conversations go, by account and item, for leads of desks: numbers alone, and none that comes from few."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from aiohttp import web
from tortoise.functions import Count

from banshi import Answer, Audience, Call, reply, text_in
from banshi.sdk.documents import TEXT, Record, array
from banshi.sdk.http import BY_MONTH, Routes, first_day, midnight, month_parameters, months_of, shown_figure
from conversations.tables.models import Figure, Turn
from desk import LEAD

ROUTES = Routes("statistics")

ITEM, OUTSIDE = ("begun", "filed", "elsewhere", "left", "person"), ("linked", "unlinked", "person")

_COUNT = {"type": ["integer", "null"], "minimum": 0}
_POINTER = {"type": ["string", "null"], "description": "Into what is sent; null before the first question."}
FIELD = Record(pointer=_POINTER, left=_COUNT, person=_COUNT)
LINE = Record(account=TEXT, item=Record(code=TEXT, title=TEXT), **dict.fromkeys(ITEM, _COUNT), fields=array(FIELD))
TABLE = Record(
    **BY_MONTH, accounts=array(Record(account=TEXT, turns=_COUNT, **dict.fromkeys(OUTSIDE, _COUNT))), items=array(LINE)
)


@ROUTES.get(
    "/v1/statistics/conversations",
    Audience.STAFF,
    {200: Answer("By account, and by account and item.", TABLE)},
    parameters=month_parameters("the last one"),
)
async def conversation_statistics(call: Call) -> web.StreamResponse:
    """Show how conversations go: what was begun, handed in and left, and at which question people stopped.

    The items are those of the departments whose desk you lead.
    """
    months = months_of(call, 2)
    first, end = first_day(months.first), first_day(months.last + 1)
    found = Figure.filter(day__gte=first, day__lt=end).annotate(count=Count("id"))
    keys = ("account", "item", "what", "pointer")
    counts: dict[tuple[str, str], Counter[Any]] = defaultdict(Counter)
    for row in await found.group_by(*keys).values(*keys, "count"):
        own = counts[row["account"], row["item"]]
        own[row["what"]] += row["count"]
        own[row["what"], row["pointer"]] += row["count"]
    items = {code: call.platform.registry.items.get(code) for _, code in counts}
    led = {code for code, item in items.items() if item and call.principal.may(LEAD, item.department, item.unit)}
    lines = [_line(call, *key, own) for key, own in sorted(counts.items()) if key[1] in led]
    shown = [one for one in lines if _is_enough(one, ITEM)]
    leads = any(role.name == LEAD for role in call.principal.roles)
    accounts = await _accounts(call, first, end, counts) if leads else []
    return reply(call, {**months.document(), "accounts": accounts, "items": shown})


async def _accounts(call: Call, first: date, end: date, counts: Mapping[Any, Counter[Any]]) -> list[dict[str, Any]]:
    """What is about no item. Messages are counted as long as they are kept."""
    begins, ends = (midnight(call.platform, one) for one in (first, end))
    turns = Turn.filter(at__gte=begins, at__lt=ends).annotate(count=Count("id")).group_by("conversation__account")
    shown = []
    for account, count in sorted(await turns.values_list("conversation__account", "count")):
        own = counts.get((account, ""), Counter())
        shown.append(
            {"account": account, "turns": shown_figure(count), **{what: shown_figure(own[what]) for what in OUTSIDE}}
        )
    return [one for one in shown if one["turns"] is not None]


def _is_enough(line: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    return any(line[name] for name in names)


def _line(call: Call, account: str, code: str, own: Counter[Any]) -> dict[str, Any]:
    item = call.platform.registry.items.get(code)
    pointers = sorted({key[1] for key in own if isinstance(key, tuple)}, key=lambda one: (one is not None, one))
    fields = [
        {"pointer": one, "left": shown_figure(own["left", one]), "person": shown_figure(own["person", one])}
        for one in pointers
    ]
    return {
        "account": account,
        "item": {"code": code, "title": text_in(item.title, call.language) if item else code},
        **{what: shown_figure(own[what]) for what in ITEM},
        "fields": [one for one in fields if _is_enough(one, ("left", "person"))],
    }
