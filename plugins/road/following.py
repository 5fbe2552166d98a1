"""Who is told of the events on a road: those who follow it, its district or all, once for each edition of an event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from banshi import Platform
from banshi.sdk.events import Event
from banshi.sdk.following import Following, News, NoticeKind, tell_followers
from banshi.sdk.lists import division_named, divisions_around, list_letters
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
    asked = list_letters(words)
    if asked in map(list_letters, TITLE.values()):
        return ""
    board = await platform[BOARD].fresh()
    roads = [one.event.road for one in board.shown.values() if list_letters(one.event.road) == asked]
    past = await RoadEvent.filter(road=" ".join(words.split())).limit(1).values_list("road", flat=True)
    return next((str(one) for one in (*roads, *past)), None) or division_named(words)


KIND = NoticeKind(code="roads", title=TITLE, followers=RoadFollower, meant=_meant, items=(REGISTER,))
UNKNOWN = say("Write the name of a road as the list of events has it, or the six digits of a district.")
FOLLOWING = Following(kind=KIND, unknown=UNKNOWN)
ROUTES = FOLLOWING.routes("roads", "/v1/road/followed/{name}", "road")


async def hear(platform: Platform, events: Sequence[Event]) -> None:
    """Tell of what has changed, but for what a later step of the event tells."""
    for event in events:
        row = await RoadEvent.get_or_none(id=event.subject)
        told = RoadChange.filter(event_id=event.subject, what__in=TOLD).order_by("-version")
        versions: Sequence[int] = await told.values_list("version", flat=True)  # type: ignore[assignment]
        if row is not None and versions[0] == event.data["version"]:
            news = _news(platform, row, event.data["what"], *map(str, versions))
            await tell_followers(platform, KIND, news, [row.road, *divisions_around(row.division)])


def _news(platform: Platform, row: RoadEvent, what: str, edition: str, *earlier: str) -> News:
    title, until = say("Roads: {road}, {kind}", kind=KIND_TITLES[row.kind], road=row.road), row.ends_at
    if what == "ended":
        title, until = say("Over: {road}", road=row.road), platform.now() + OVER
    link, told = f"/v1/road/events/{row.id}", {"title": title, "body": texts_of(row)}
    return News(of=row.id, edition=edition, earlier=earlier, until=until, link=link, at=row.updated_at, **told)
