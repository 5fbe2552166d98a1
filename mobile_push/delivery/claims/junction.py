"""Where the phones of chunks part: some are sent to here, some go on by another way, and some wait."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from mobile_push.delivery.claims.chunk import QUIET_HOURS, Apart, Open
from mobile_push.delivery.claims.verdicts import Asked, Onward, Verdicts
from mobile_push.delivery.phones import Phone
from mobile_push.screen.presentation import Kind

#: Phones that are looked up at once for another way.
MAX_MOVING_AT_ONCE = 1_000

#: Why a phone goes on without having been sent to: by another way, or later.
ANOTHER_WAY, SPENT = "another way", "spent"


class Junction:
    """Of the chunks that go by one way."""

    def __init__(self, verdicts: Verdicts, name: str) -> None:
        self._verdicts, self._name = verdicts, name

    async def here(self, chunk: Open, phones: Mapping[bytes, Phone], places: Sequence[int]) -> Mapping[int, Phone]:
        """The phones of a chunk that are sent to now, and here; all others go on elsewhere or are ticked off."""
        here: dict[int, Phone] = {}
        elsewhere: dict[int, Phone | None] = {}
        now, spent = chunk.epoch + time.monotonic() * 1000, self._verdicts.spent(chunk.kind)
        # What takes something back goes the way that this has come.
        passing = not chunk.quiet and (spent > 0 or not self._verdicts.is_first(self._name, chunk.kind))
        for place in places:
            phone = phones.get(chunk.device(place))
            if phone is None or (not chunk.quiet and (phone.away > now or (passing and phone.ways))):
                elsewhere[place] = phone
            elif phone.held:
                chunk.tick(place, phone.held)
            elif phone.wait or spent:
                code = QUIET_HOURS if phone.wait > spent else SPENT
                chunk.part(Apart("due", code, place, max(phone.wait, spent)))
            else:
                here[place] = phone
        if elsewhere:
            here |= await self._elsewhere(chunk, elsewhere)
        return here

    async def _elsewhere(self, chunk: Open, phones: Mapping[int, Phone | None]) -> Mapping[int, Phone]:
        """Send phones on by another way; those for which this is the right one after all."""
        asked: dict[UUID, Asked] = {chunk.identity(place): ("", None) for place in phones}
        onward = await self._verdicts.onward(self._name, chunk.kind, asked)
        here: dict[int, Phone] = {}
        for place, phone in phones.items():
            one = onward[chunk.identity(place)]
            if phone and one.name == self._name:
                here[place] = phone._replace(token=one.token)
            else:
                self._go_on(chunk, place, one, ANOTHER_WAY)
        return here

    def _go_on(self, chunk: Open, place: int, one: Onward, code: str) -> None:
        if chunk.quiet and one.name not in ("", self._name):
            one = Onward("dead")
        if one.state == "due":
            chunk.part(Apart("due", code, place, one.wait, one.name))
        else:
            chunk.tick(place, one.state)

    async def move(self, chunks: Collection[Open]) -> None:
        """Send on what was not taken: to another address of the phone, or later to this one."""
        while moving := [(chunk, place) for chunk in chunks for place in chunk.moving][:MAX_MOVING_AT_ONCE]:
            kinds: dict[Kind, dict[UUID, Asked]] = defaultdict(dict)
            for chunk, place in moving:
                kinds[chunk.kind][chunk.identity(place)] = chunk.moving[place]
            onward = {kind: await self._verdicts.onward(self._name, kind, asked) for kind, asked in kinds.items()}
            for chunk, place in moving:
                if (asked := chunk.moving.pop(place, None)) is not None:
                    self._go_on(chunk, place, onward[chunk.kind][chunk.identity(place)], asked[1].code)
