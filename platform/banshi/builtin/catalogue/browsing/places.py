"""Where something is done in person, and what is open now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from banshi.builtin.openapi.schemas.items import ITEM_SCHEMAS
from banshi.builtin.openapi.schemas.places import OPEN
from banshi.foundation.keys import Key
from banshi.foundation.time.opening_hours import stretches
from banshi.kernel.contract.items import OpenHours, Place
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Audience, Call
from banshi.kernel.contract.values import text_in
from banshi.kernel.http.document_schemas import TEXT, Record
from banshi.kernel.http.responses import page_answer, reply
from banshi.kernel.loading.cached import PerRevision
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.running import Platform

ROUTES = Routes("catalogue")

#: A place of the city's, whichever items are done there.
CITY_PLACE = Record(
    **{name: ITEM_SCHEMAS["ItemPlace"]["properties"][name] for name in ("title", "address", "phone", "hours")},
    department=TEXT,
    department_title=TEXT,
    count={"type": "integer", "description": "Items that are done there."},
    **OPEN,
)

#: Days in which the next opening is looked for: the longest holiday and a week.
DAYS_AHEAD = 20


@dataclass(frozen=True, slots=True)
class State:
    """Whether a place is open, when a closed one opens, and when an open one closes; None for what isn't known."""

    is_open: bool | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None

    def document(self, platform: Platform) -> dict[str, Any]:
        return {
            "open": self.is_open,
            "opens_at": platform.moment(self.opens_at),
            "closes_at": platform.moment(self.closes_at),
        }


def state_of(platform: Platform, opening: OpenHours | None) -> State:
    """The state at this moment."""
    if opening is None:
        return State()
    now, zone = platform.now(), platform.settings.timezone
    found = stretches(opening, platform.calendar, zone, platform.today(), DAYS_AHEAD)
    one = next((one for one in found if one.ends > now), None)
    if one is None or one.begins > now:
        return State(False, one.begins if one else None)
    is_endless = one.ends - now > timedelta(days=DAYS_AHEAD - 2)
    return State(True, None, None if is_endless else one.ends)


@dataclass(slots=True)
class CityPlace:
    """A place with the department whose items are done there, and how many they are."""

    place: Place
    department: str
    count: int = 0
    _minute: datetime | None = None
    _state: State = field(default_factory=State)

    def state(self, platform: Platform) -> State:
        """The state at this moment, worked out once a minute: hours have no seconds."""
        minute = platform.now().replace(second=0, microsecond=0)
        if self._minute != minute:
            self._minute, self._state = minute, state_of(platform, self.place.opening)
        return self._state


PLACES: Key[PerRevision[list[CityPlace]]] = Key("places of the city")


def places_of(registry: Registry) -> list[CityPlace]:
    """Each place whose hours the calendar counts, once, the one with most items first."""
    found: dict[tuple[str, ...], CityPlace] = {}
    for item in registry.items.each():
        for place in (one for one in item.places if one.opening):
            key = (item.department, *place.title.values(), *place.address.values())
            found.setdefault(key, CityPlace(place, item.department)).count += 1
    return sorted(found.values(), key=lambda one: -one.count)


def changes_at(platform: Platform, states: Iterable[State]) -> datetime:
    """Until when what was said of places is so: a day at most, since the calendar may be set anew."""
    moments = [at for one in states for at in (one.opens_at, one.closes_at) if at is not None]
    return min([*moments, platform.now() + timedelta(days=1)])


@ROUTES.get("/v1/places", Audience.ANYONE, {200: page_answer(CITY_PLACE)})
async def list_places(call: Call) -> web.StreamResponse:
    """List the places whose hours are known, with whether they are open now.

    They are all on one page, the one with most items first.
    """
    platform, language = call.platform, call.language
    rows = [
        {
            "title": text_in(one.place.title, language),
            "address": text_in(one.place.address, language),
            "phone": one.place.phone,
            "hours": text_in(one.place.hours, language) if one.place.hours else None,
            "department": one.department,
            "department_title": text_in(platform.registry.departments[one.department].title, language),
            "count": one.count,
            **one.state(platform).document(platform),
        }
        for one in platform[PLACES].get()
    ]
    return reply(call, {"items": rows, "next": None})
