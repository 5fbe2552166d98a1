"""The events as the records of the register that queries ask: the item, chats and menus know no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banshi import Platform
from banshi.sdk.registers import Found, Question
from banshi.sdk.toml import REQUIRED_LANGUAGES
from road.board import BOARD
from road.sentences import word
from road.tables.models import RoadEvent

#: What the register has called a kind since before there were events.
NAMES = {"gathering": "event"}
#: Stands behind what nobody has confirmed for long.
STALE = word(" (Not confirmed for some time.)")


class RoadRegister:
    """Answers questions for the events of a division, or those of one kind."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def find(self, question: Question) -> Found:
        division, kind = question.keys["division"], question.filters.get("kind")
        board, now = await self._platform[BOARD].fresh(), self._platform.now()
        found = [
            one.event
            for one in board.shown.values()
            if not one.is_over(now)
            and meet(one.event.division, division)
            and kind in (None, NAMES.get(one.event.kind, one.event.kind))
        ]
        found.sort(key=lambda one: (one.starts_at > now, one.kind, one.road, str(one.id)))
        return Found(records=[self._record(one, division) for one in found])

    def _record(self, event: RoadEvent, division: str) -> Mapping[str, Any]:
        zone, text = self._platform.settings.timezone, event.details["text"]
        told = dict(zip(REQUIRED_LANGUAGES, (text, event.details.get("text_en", text)), strict=True))
        if event.is_stale:
            told = {tag: one + STALE[tag] for tag, one in told.items()}
        return {
            "division": division,
            "kind": NAMES.get(event.kind, event.kind),
            "road": event.road,
            "condition": told[REQUIRED_LANGUAGES[0]],
            "condition_en": told[REQUIRED_LANGUAGES[1]],
            "since": event.starts_at.astimezone(zone).replace(microsecond=0),
            "until": event.ends_at and event.ends_at.astimezone(zone).replace(microsecond=0),
        }


def meet(one: str, other: str) -> bool:
    """Whether a division lies in the other, or the other in it: what is said of a city is said of its districts."""
    return one.startswith(_within(other)) or other.startswith(_within(one))


def _within(division: str) -> str:
    """What the codes of all districts begin with that lie in a division: `5107` of 510700."""
    return division.removesuffix("00").removesuffix("00")
