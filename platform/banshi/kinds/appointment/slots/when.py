"""How a slot's time and place are said: to a person, and in a message."""

from __future__ import annotations

from datetime import datetime, timedelta

from banshi.kernel.contract.items import Place
from banshi.kernel.contract.message_templates import Value, day_in
from banshi.kernel.contract.values import LANGUAGES, Item, Texts
from banshi.kernel.runtime.running import Platform
from banshi.kinds.appointment.models import Booking, Slot
from banshi.kinds.sentences import say, word


def place_of(item: Item, code: str) -> Place | None:
    """The item's place of that code; None where the data no longer has it."""
    return next((place for place in item.places if place.code == code), None)


def moment_in_words(platform: Platform, at: datetime | None) -> Texts:
    """A moment as people write it: 2026年11月26日 10:30, 10:30 on 26 November 2026. None is now."""
    at = at or platform.now()
    local = at.astimezone(platform.settings.timezone)
    day = {language: day_in(local.date(), language) for language in LANGUAGES}
    return word("{time} on {day}", time=f"{local:%H:%M}", day=day)


def slot_in_words(platform: Platform, item: Item, slot: Slot) -> Texts:
    """A slot as people choose it: 2026年11月26日 10:30–11:00，东厅."""
    zone, place = platform.settings.timezone, place_of(item, slot.place)
    begins, ends = slot.begins.astimezone(zone), slot.ends.astimezone(zone)
    day = {language: day_in(begins.date(), language) for language in LANGUAGES}
    times = {"day": day, "begins": f"{begins:%H:%M}", "ends": f"{ends:%H:%M}"}
    if place is None:
        return word("{day} {begins}–{ends}", **times)
    return say("{day} {begins}–{ends}, {place}", **times, place=place.title)


def mentions(platform: Platform, item: Item, slot: Slot | Booking, until: datetime | None = None) -> dict[str, Value]:
    """What a message about a slot can say of it."""
    zone = platform.settings.timezone
    begins, ends = slot.begins.astimezone(zone), slot.ends.astimezone(zone)
    place = place_of(item, slot.place)
    said: dict[str, Value] = {"day": begins.date(), "time": f"{begins:%H:%M}–{ends:%H:%M}"}
    if place is not None:
        said |= {"place": place.title, "address": place.address}
    if until is not None:
        said["until"] = moment_in_words(platform, until)
    return said


def changeable_until(item: Item, slot: Slot | Booking) -> datetime:
    """The last moment at which the citizen may move or cancel it."""
    until: datetime = slot.begins - timedelta(hours=item.details.notice_hours)
    return until
