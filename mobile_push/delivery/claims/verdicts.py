"""What a courier makes of its provider's word that an address is dead, or that its quota is spent.

An address that is called dead rests, and is asked again: whether it is believed (`Trust`) decides what becomes of its
message, and whether it is forgotten once something was accepted after that word. Where nothing but dead addresses is
heard of, the provider rests as a whole, as one whose quota is spent: at first for a moment, and longer each time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from banshi import Platform
from banshi.sdk.outgoing import Codes, Consequence, Refused, Retry
from mobile_push.delivery.claims.delivery_job import DeliveryJob, pause_before
from mobile_push.delivery.claims.trust import IN_A_ROW, LAST, Trust
from mobile_push.delivery.metrics import Metrics, Teller
from mobile_push.providers.provider import MALFORMED, Outcome, Provider, Receipt, day_of
from mobile_push.screen.presentation import Kind
from mobile_push.settings import KINDS
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import DOUBTED
from mobile_push.ways import WAYS, Along, Grave, Way, forget, leave_alone, next_way

#: Seconds that an address rests which is called dead; and the provider at first where nothing else is heard.
DOUBT_S, FIRST_REST_S = 300.0, 1.0

#: Dead addresses that are remembered until they are forgotten; of the others it is found out anew.
MAX_DEAD = 1_000

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

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


class Dead(NamedTuple):
    """An address that is called dead."""

    #: How often something had been accepted when it was called so first.
    often: int
    phone: UUID | None = None
    digest: str = ""
    #: Until when it is left alone. Afterwards nobody knows: whoever asked it may have been told otherwise.
    until: datetime = LONG_AGO


class Verdicts:
    """Of one provider."""

    def __init__(self, platform: Platform, provider: Provider, metrics: Metrics, teller: Teller, along: Along) -> None:
        self._platform, self._provider, self._teller = platform, provider, teller
        self._along = along
        self._ways = platform.get(WAYS)
        self._trust = Trust()
        #: Until when nothing of a kind is taken, and nothing at all since only dead addresses are heard of.
        self._spent: dict[str, datetime] = {}
        self._rest_until, self._rests = LONG_AGO, 0
        #: Since when it isn't believed; None where nobody knows yet.
        self._doubted_since: datetime | None = None
        self._unwritten: set[str] = set()
        #: How often something was accepted; and the addresses that are called dead and aren't forgotten yet.
        self._accepted = 0
        self._dead: dict[str, Dead] = {}
        metrics.braked.labels(provider.name).set_function(lambda: float((self._doubted_since or LONG_AGO) > LONG_AGO))

    def spent(self, kind: Kind) -> float:
        """Seconds until the provider takes messages of that kind again; 0.0 where it does."""
        if not self._spent and not self._rests:
            return 0.0
        until = max(self._spent.get(kind, LONG_AGO), self._rest_until)
        return max(0.0, (until - self._platform.now()).total_seconds())

    def is_first(self, name: str, kind: Kind) -> bool:
        """Whether no other way comes before that one; so it is of a sandbox's, which has none."""
        return self._ways is None or self._ways.is_first(name, kind)

    def judge(self, delivery: DeliveryJob, receipt: Receipt, asked_at: datetime, *, beside: bool = False) -> Receipt:
        """What to make of a receipt that is no yes; `beside` others of the same request that are.

        It speaks of the address as it was when it was asked: the app may have given it again meanwhile.
        """
        if receipt.outcome is Outcome.SPENT and not receipt.phone_alone:
            self._spent[delivery.push.kind] = self._until(receipt, self._platform.now())
            self._unwritten.add(delivery.push.kind)
        if receipt.outcome is not Outcome.DEAD_TOKEN or delivery.topic:
            return receipt
        since = receipt.dead_since or asked_at.timestamp()
        receipt = receipt._replace(retry_after=DOUBT_S, phone_alone=True, dead_since=since)
        # Where each address is another service's, or none at all, it says nothing of us.
        if self._provider.one_service and receipt.code != MALFORMED.code:
            self._trust.note(delivery.token, False, beside=beside)
            if not self._trust.is_due:
                self._doubt(receipt.code)
                return receipt._replace(outcome=Outcome.SPENT)
        while len(self._dead) >= MAX_DEAD:
            del self._dead[next(iter(self._dead))]
        # Where each address is another service's, nothing has to be accepted first.
        self._dead.setdefault(delivery.token, Dead(self._accepted if self._provider.one_service else -1))
        return receipt

    def _doubt(self, code: str) -> None:
        """Tell operators where it is more than a phone or two, and let all of it rest where nothing else is heard."""
        row, now = self._trust.row, self._platform.now()
        if max(row, self._trust.dead) < IN_A_ROW:
            return
        self._teller.tell("a push provider calls so many addresses dead that none is believed to be", code)
        if self._doubted_since in (None, LONG_AGO):
            self._doubted_since = now
            self._unwritten.add(DOUBTED)
        if min(row, self._trust.dead) >= IN_A_ROW and now >= self._rest_until:
            # As those that it has called dead since something was accepted.
            self._dead = {token: one for token, one in self._dead.items() if one.often < self._accepted}
            self._rests += 1
            self._rest_until = now + timedelta(seconds=Retry(FIRST_REST_S, DOUBT_S).pause(self._rests))
            self._unwritten.update(KINDS)

    def accepted(self, deliveries: Sequence[DeliveryJob]) -> None:
        """These were taken: what was called dead before is."""
        if deliveries[0].topic:
            return
        self._accepted += 1
        for delivery in deliveries[-LAST:]:
            self._trust.note(delivery.token, True)
        for delivery in deliveries if self._dead else ():
            self._dead.pop(delivery.token, None)
        if self._rests and not self._trust.row:
            self._rest_until, self._rests = LONG_AGO, 0
            self._unwritten.update(KINDS)
        if self._doubted_since is not LONG_AGO and self._trust.is_due:
            self._doubted_since = LONG_AGO
            self._unwritten.add(DOUBTED)

    async def write_down(self) -> bool:
        """Let all processes know what is spent, and operators since when nothing is believed."""
        for what in list(self._unwritten):
            until = max(self._spent.get(what, LONG_AGO), self._rest_until)
            until = self._doubted_since or LONG_AGO if what == DOUBTED else until
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
        # One moment for all of them: they rest together.
        asked_at, resting = self._platform.now(), defaultdict[datetime, dict[UUID, Grave]](dict)
        for phone, (token, receipt) in asked.items():
            if receipt and receipt.phone_alone:
                resting[self._until(receipt, asked_at)][phone] = token, receipt.dead_since
        dead: set[UUID] = set()
        for until, these in resting.items():
            for phone, digest in (await leave_alone(name, these, int(until.timestamp() * 1000))).items():
                token, receipt = asked[phone]
                if receipt and receipt.outcome is Outcome.DEAD_TOKEN:
                    dead.add(phone)
                    # Unless it has taken something since.
                    if known := self._dead.get(token):
                        self._dead[token] = Dead(known.often, phone, digest, until)
        assert self._ways is not None  # noqa: S101 - of a platform that runs
        now, ways = await self._ways.of(kind, asked)
        return {phone: _onward(ways.get(phone), now, (name, *asked[phone]), phone in dead) for phone in asked}

    async def conclude(self) -> bool:
        """Forget what is dead for sure."""
        now = self._platform.now() if self._dead else LONG_AGO
        ours = {token: one for token, one in self._dead.items() if one.often < self._accepted and one.until > now}
        if sure := {one.digest: one.phone for one in ours.values() if one.phone}:
            await forget(self._platform, sure, self._along)
        for token in ours:
            self._dead.pop(token, None)
        return False

    def _until(self, receipt: Receipt, now: datetime) -> datetime:
        """Until when what is spent is: as long as the provider says, or until its day turns."""
        if receipt.retry_after is not None:
            return now + timedelta(seconds=receipt.retry_after)
        turn = Codes({}, day=day_of(self._provider)).again_at(Refused("", Consequence.SPENT), now)
        assert turn is not None  # noqa: S101 - of what is spent it is known
        return turn


def _onward(ways: Sequence[Way] | None, now: int, asked: tuple[str, str, Receipt | None], dead: bool) -> Onward:
    if ways is None:
        return Onward("forgotten")
    *own, receipt = asked
    way = next_way([one for one in ways if not (dead and [*one[:2]] == own)], now)
    if not isinstance(way, Way):
        return Onward("dead") if way is None else Onward("due", way)
    # The app has given this very address since.
    wait = pause_before(0, receipt._replace(retry_after=None)) if receipt and [*way[:2]] == own else 0.0
    return Onward("due", wait, way.name, way.token)
