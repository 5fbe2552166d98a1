"""What one person may have at once, and who may not book online for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from tortoise.expressions import Q

from banshi.kernel.contract.values import Item
from banshi.kernel.runtime.running import Platform
from banshi.kinds.appointment.booking.problems import AlreadyThere, LimitReached, NoShowPause
from banshi.kinds.appointment.models import Booking
from banshi.kinds.appointment.slots.when import moment_in_words


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person has of an item now, and what they have missed."""

    item: Item
    #: The numbers of the person's appointments, and of their waiting lists and draws.
    numbers: dict[Literal["seat", "turn"], frozenset[int]]
    slots: frozenset[str]
    #: When missed appointments ended, the newest first.
    missed: tuple[datetime, ...]

    def has_seat(self) -> bool:
        """Whether the person may have one more appointment."""
        return any(number not in self.numbers["seat"] for number in range(1, self.item.details.per_person + 1))

    def free_number(self, column: Literal["seat", "turn"]) -> int:
        """The number that the person's next appointment (`seat`) or waiting list (`turn`) bears. Raises LimitReached.

        Of two requests that get the same number one is refused by the unique key on it: so the limit holds, whatever
        comes at the same moment.
        """
        limit = self.item.details.per_person
        for number in range(1, limit + 1):
            if number not in self.numbers[column]:
                return number
        raise LimitReached(limit=limit)

    def refuse_twice(self, slot_id: Any) -> None:
        """Raise AlreadyThere where the person is in the slot, or waits for it."""
        if str(slot_id) in self.slots:
            raise AlreadyThere()

    def refuse_absent(self, platform: Platform) -> None:
        """Raise NoShowPause for somebody who has missed so many appointments that booking online pauses."""
        rules, now = self.item.details.no_shows, platform.now()
        since = now - timedelta(days=rules.within_days)
        missed = [at for at in self.missed if at >= since]
        if not rules.count or len(missed) < rules.count:
            return
        until = missed[0] + timedelta(days=rules.blocked_days)
        if now < until:
            phone = platform.registry.departments[self.item.department].phone
            raise NoShowPause(missed=len(missed), until=moment_in_words(platform, until), phone=phone)


async def standing(item: Item, person: str) -> Standing:
    """Where the person stands, read at once."""
    rows = Booking.filter(Q(live=1) | Q(missed_at__not_isnull=True), item=item.code, person=person)
    found: list[Any] = await rows.values_list("slot_id", "seat", "turn", "live", "missed_at")
    return Standing(
        item,
        {
            "seat": frozenset(seat for _, seat, _, _, _ in found if seat),
            "turn": frozenset(turn for _, _, turn, _, _ in found if turn),
        },
        frozenset(str(slot) for slot, _, _, live, _ in found if live),
        tuple(sorted((missed for *_, missed in found if missed), reverse=True)),
    )
