"""Who is told of the events on a road: those who follow it, its district or all, once for each edition of an event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from banshi import Answer, Platform
from banshi.sdk.events import Event
from banshi.sdk.following import Following, News, NoticeKind, tell_followers
from banshi.sdk.lists import divisions_around, list_entries, list_heard
from road.board import BOARD
from road.changing import TOLD
from road.register import texts_of
from road.sentences import say, word
from road.settings import REGISTER
from road.tables.models import RoadChange, RoadEvent, RoadFollower
from road.vocabulary import KIND_TITLES

#: For so long somebody is woken because an event is over.
OVER = timedelta(hours=1)
TITLE = word("Roads")


async def _meant(platform: Platform, words: str) -> str | None:
    """The road of which there is or was an event, or the district, that words name; "" for all roads."""
    asked = list_heard(words)
    if asked in map(list_heard, TITLE.values()):
        return ""
    board, divisions = await platform[BOARD].fresh(), list_entries("divisions")
    roads = [one.event.road for one in board.shown.values() if list_heard(one.event.road) == asked]
    past = await RoadEvent.filter(road=" ".join(words.split())).limit(1).values_list("road", flat=True)
    named = (code for code, one in divisions.items() if asked in (code, *one.own, list_heard(one.full_names["zh-CN"])))
    return next((str(one) for one in (*roads, *past)), None) or next(named, None)


KIND = NoticeKind(code="roads", title=TITLE, followers=RoadFollower, meant=_meant, items=(REGISTER,))
UNKNOWN = say("Write the name of a road as the list of events has it, or the six digits of a district.")
FOLLOWING = Following(kind=KIND, unknown=UNKNOWN)
_NAME = {"type": "string", "minLength": 1, "maxLength": 120, "pattern": "^[^\\x00-\\x1f\\x7f]+$"}
_UNKNOWN = {404: Answer("There is no such road or district.")}
ROUTES = FOLLOWING.routes("roads", "/v1/road/followed/{name}", _NAME, "road", _UNKNOWN)


async def hear(platform: Platform, events: Sequence[Event]) -> None:
    """Tell of what has changed, but for what a later step of the event tells."""
    for event in events:
        row = await RoadEvent.get_or_none(id=event.subject)
        told = RoadChange.filter(event_id=event.subject, what__in=TOLD).order_by("-version")
        versions: Sequence[int] = await told.values_list("version", flat=True)  # type: ignore[assignment]
        if row is not None and versions[0] == event.data["version"]:
            news = _news(platform, row, event.data["what"], versions)
            await tell_followers(platform, KIND, news, [row.road, *divisions_around(row.division)])


def _news(platform: Platform, row: RoadEvent, what: str, versions: Sequence[int]) -> News:
    title, until = word("{kind}: {road}", kind=KIND_TITLES[row.kind], road=row.road), row.ends_at
    if what == "ended":
        title, until = word("Over: {road}", road=row.road), platform.now() + OVER
    told = {"title": title, "body": texts_of(row), "link": f"/v1/road/events/{row.id}"}
    earlier = [str(one) for one in versions[1:]]
    return News(of=row.id, edition=str(versions[0]), earlier=earlier, until=until, **told)  # type: ignore[arg-type]
