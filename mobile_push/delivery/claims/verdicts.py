"""What a courier makes of its provider's word that an address is dead, or that its quota is spent.

A service that calls one address after the other dead and accepts nothing in between doesn't know us: the wrong host,
the wrong project. So what is called dead is believed once something is accepted. Until then the message waits for a
moment, the address is left alone, and nobody is forgotten.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from banshi import Platform
from banshi.sdk.outgoing import Codes, Consequence, Refused
from mobile_push.delivery.claims.delivery_job import Parcel
from mobile_push.delivery.metrics import Metrics, Teller
from mobile_push.providers.provider import Outcome, Provider, Receipt, day_of
from mobile_push.screen.presentation import Kind
from mobile_push.tables.marks import Marks
from mobile_push.ways import WAYS, Along, Grave, Way, bury, forget, next_way, revive, send_away

#: Addresses that are called dead in a row, with nothing accepted in between, from which on none is believed to be; and
#: seconds that a message waits for something to be accepted.
MAX_DEAD_IN_A_ROW, HOLD_S = 20, 2.0

#: Addresses of which it is remembered when they were called dead first.
MAX_DOUBTED = 10_000

#: Why a message is tried again that was refused so; and how it is noted that what is dead isn't believed.
DISBELIEVED, BRAKE = Receipt(Outcome.MISCONFIGURED, "all-dead"), "all-dead"
LONG_AGO, FOREVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)

#: What a provider said of a phone's address, and the address; None where it wasn't asked.
Asked = tuple[str, Receipt | None]


class Onward(NamedTuple):
    """How a message goes on that was not taken at an address."""

    #: `due`; `dead` where the phone has no other address, `forgotten` where it isn't registered any more.
    state: str
    wait: float = 0.0
    #: The way that it is to take.
    name: str = ""
    token: str = ""


class Verdicts:
    """Of one provider."""

    def __init__(self, platform: Platform, provider: Provider, metrics: Metrics, teller: Teller, along: Along) -> None:
        self._platform, self._provider, self._teller = platform, provider, teller
        self._along = along
        self._ways = platform.get(WAYS)
        self._spent: dict[str, datetime] = {}
        self._unwritten: set[str] = set()
        #: The addresses that were called dead since something was accepted last, and when that was.
        self.row: set[str] = set()
        self._accepted_at = 0.0
        #: When addresses were called dead for the first time.
        self._doubted: dict[str, float] = {}
        self._held: list[tuple[float, Parcel, Receipt]] = []
        #: Phones whose addresses were buried and not forgotten yet, by the way, with when they were doubted first.
        self._buried: dict[str, dict[UUID, float]] = defaultdict(dict)
        self._braked = False
        metrics.braked.labels(provider.name).set_function(lambda: float(self._braked))

    def spent(self, kind: Kind) -> float:
        """Seconds until the provider takes messages of that kind again; 0.0 where it does."""
        if not self._spent or (until := self._spent.get(kind)) is None:
            return 0.0
        return max(0.0, (until - self._platform.now()).total_seconds())

    def is_first(self, name: str, kind: Kind) -> bool:
        """Whether no other way comes before that one; so it is of a sandbox's, which has none."""
        return self._ways is None or self._ways.is_first(name, kind)

    def judge(self, parcel: Parcel, receipt: Receipt) -> Sequence[tuple[Parcel, Receipt]]:
        """What is to be settled now, of this receipt and of those that were held."""
        outcome = receipt.outcome
        if outcome is Outcome.SPENT and not receipt.phone_alone:
            today, after = self._platform.now(), receipt.retry_after
            until = _turn(self._provider, today) if after is None else today + timedelta(seconds=after)
            self._spent[parcel.push.kind] = until
            self._unwritten.add(parcel.push.kind)
        elif outcome is Outcome.DEAD_TOKEN and not parcel.topic:
            now = time.monotonic()
            if len(self._doubted) >= MAX_DOUBTED:
                self._doubted.clear()
            # Where each address is another service's, none says anything of us.
            if not self._provider.one_service or self._accepted_at > self._doubted.setdefault(parcel.token, now):
                return [(parcel, receipt)]
            self.row.add(parcel.token)
            self._held.append((now + HOLD_S, parcel, receipt))
            if len(self.row) < MAX_DEAD_IN_A_ROW:
                return ()
            self._brake(True)
            self._teller.tell("a push provider calls every address dead; none is believed to be", receipt.code)
            return [(one, DISBELIEVED) for one, _ in self.let_go()]
        return [(parcel, receipt)]

    def accepted(self) -> Sequence[tuple[Parcel, Receipt]]:
        """Something was accepted: what was called dead before is. What was held, to be settled."""
        self.row.clear()
        self._brake(False)
        self._accepted_at = time.monotonic()
        return self.let_go()

    def _brake(self, on: bool) -> None:
        if on is not self._braked:
            self._braked = on
            self._unwritten.add(BRAKE)

    def let_go(self, before: float | None = None) -> Sequence[tuple[Parcel, Receipt]]:
        """What was held, all of it or since before a moment, as it was received."""
        gone = [one for one in self._held if before is None or one[0] <= before]
        self._held = self._held[len(gone) :]
        return [(parcel, receipt) for _, parcel, receipt in gone]

    async def write_down(self) -> bool:
        """Let all processes know what is spent, and operators whether anything is believed."""
        for what in list(self._unwritten):
            until = self._spent[what] if what != BRAKE else FOREVER if self._braked else LONG_AGO
            mark = Marks(self._platform.store)
            key, moment = mark(f"{self._provider.name}/{what}"), mark(int(until.timestamp() * 1000))
            await mark.change(
                f"INSERT INTO push_spent (key, until) VALUES ({key}, {moment}) "  # noqa: S608 - marks alone
                "ON CONFLICT (key) DO UPDATE SET until = excluded.until"
            )
            self._unwritten.discard(what)
        return False

    async def onward(self, name: str, kind: Kind, asked: Mapping[UUID, Asked]) -> Mapping[UUID, Onward]:
        """How messages go on that weren't taken at these phones' addresses by the way of that name."""
        dead = {
            phone: Grave(token, receipt.dead_since)
            for phone, (token, receipt) in asked.items()
            if receipt and receipt.outcome is Outcome.DEAD_TOKEN
        }
        if dead:
            for phone in await bury(name, dead):
                self._buried[name][phone] = self._doubted.pop(dead[phone].token, 0.0)
        alone = [phone for phone, (_, receipt) in asked.items() if receipt and receipt.phone_alone]
        if alone:
            turn = _turn(self._provider, self._platform.now())
            await send_away(name, alone, int(turn.timestamp() * 1000))
        assert self._ways is not None  # noqa: S101 - of a platform that runs
        now, ways = await self._ways.of(kind, asked)
        return {phone: _onward(ways.get(phone), now) for phone in asked}

    async def conclude(self) -> bool:
        """Forget the phones of what is dead for sure; bring back those of which we were wrong to think so."""
        for name, phones in self._buried.items():
            sure = [phone for phone, doubted in phones.items() if doubted <= self._accepted_at]
            if sure:
                await forget(self._platform, sure, self._along)
            if self._braked and len(sure) < len(phones):
                await revive(name, phones.keys() - set(sure))
                phones.clear()
            for phone in sure:
                phones.pop(phone, None)
        return False


def _onward(ways: Sequence[Way] | None, now: int) -> Onward:
    if ways is None:
        return Onward("forgotten")
    way = next_way(ways, now)
    if way is None:
        return Onward("dead")
    return Onward("due", 0.0, way.name, way.token) if isinstance(way, Way) else Onward("due", way)


def _turn(provider: Provider, now: datetime) -> datetime:
    """When the provider's day turns."""
    turn = Codes({}, day=day_of(provider)).again_at(Refused("", Consequence.SPENT), now)
    assert turn is not None  # noqa: S101 - of what is spent it is known
    return turn
