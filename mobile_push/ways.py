"""By which of its addresses a phone is reached: the first, in the operator's order, that is neither dead nor spent.

A walk finds a phone by the address in its own row, whatever became of that one: so no phone is walked twice, or by
nobody, because an address died meanwhile. What goes by another of its addresses bears that one's provider with `+`
behind it. Servers of an earlier version have nothing of that name, and leave it alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from banshi import Key, Platform
from banshi.sdk.database import as_read, as_stored
from mobile_push.providers.provider import PROVIDERS
from mobile_push.screen.presentation import Kind
from mobile_push.settings import KINDS, PushSettings
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import Address, Device

#: What stands behind a provider's name where another of a phone's addresses is meant than its row's own.
SECOND = "+"

#: `away_until` of an address that is forgotten, and how its hash begins: its phone is found by its row all the same. A
#: server of the version before has the first for what is called dead, too.
DEAD, GONE = 1 << 62, "gone:"

#: The same of an address of which it said so as of a time before the app gave it: it is asked once more.
ASKED_AGAIN = 1


class Way(NamedTuple):
    """One of a phone's addresses."""

    #: Its provider, with `SECOND` where it isn't the row's own.
    name: str
    token: str
    #: Milliseconds of the database's clock until which nothing goes there.
    until: int


#: What a provider calls dead: the address, and since when, in Unix seconds, where it said so.
Grave = tuple[str, float | None]


class Ways:
    """Knows the ways to phones."""

    def __init__(self, platform: Platform, settings: PushSettings) -> None:
        """Raises ValueError where an order names a provider that isn't set up."""
        self._platform = platform
        self._offered = [way.name for _, way in platform.registry.offered(PROVIDERS)]
        self._orders = {kind: settings.ways.order(kind, self._offered) for kind in KINDS}

    def order(self, kind: Kind) -> Sequence[str]:
        """The providers by which a message of that kind may go, the first first."""
        return self._orders[kind]

    def several(self, provider: str) -> bool:
        """Whether phones may have that provider and another one."""
        return provider in self._offered and len(self._offered) > 1

    def is_first(self, name: str, kind: Kind) -> bool:
        """Whether no other way comes before that one."""
        return name.removesuffix(SECOND) in self.order(kind)[:1]

    async def of(self, kind: Kind, devices: Collection[UUID]) -> tuple[int, Mapping[UUID, Sequence[Way]]]:
        """The clock, and all ways of each of these phones in their order; those that are gone are left out."""
        mark, store = Marks(self._platform.store), self._platform.store
        these, order = mark.each(devices), {name: place for place, name in enumerate(self.order(kind))}
        spent = f"COALESCE((SELECT until FROM push_spent WHERE key = w.provider || {mark(f'/{kind}')}), 0)"  # noqa: S608
        rows = await mark.rows(
            f"SELECT w.*, {spent} AS spent, {store.clock} AS now FROM ("  # noqa: S608 - marks
            f"SELECT id, provider, token, away_until, '' AS second FROM push_device WHERE id IN ({these}) "
            f"UNION ALL SELECT device_id, provider, token, away_until, '{SECOND}' FROM push_address "
            f"WHERE device_id IN ({these})) w"
        )
        found: dict[UUID, list[tuple[int, Way]]] = defaultdict(list)
        for row in rows:
            ways = found[UUID(str(row["id"]))]
            if (place := order.get(row["provider"])) is not None:
                model, until = Address if row["second"] else Device, max(row["away_until"], row["spent"])
                token = as_read(model, "token", row["token"])
                ways.append((place, Way(row["provider"] + row["second"], token, until)))
        return (rows[0]["now"] if rows else 0), {one: [way for _, way in sorted(ways)] for one, ways in found.items()}


WAYS: Key[Ways] = Key("mobile_push.ways")


def next_way(ways: Sequence[Way], now: int) -> Way | float | None:
    """The way that is taken next, or the seconds until there is one; None where all of them are dead."""
    for way in ways:
        if way.until <= now:
            return way
    left = min((way.until for way in ways), default=DEAD) - now
    return left / 1000 if left < DEAD - now else None


async def first_ways(platform: Platform, kind: Kind, phones: Collection[UUID]) -> Mapping[UUID, str]:
    """By which way a message of that kind goes to each of these phones; those that have none now are left out."""
    now, found = await platform[WAYS].of(kind, phones)
    ways = {phone: next_way(ways, now) for phone, ways in found.items()}
    return {phone: way.name for phone, way in ways.items() if isinstance(way, Way)}


def _rows(name: str, phones: Collection[UUID]) -> Any:
    """Where these phones' addresses at that provider stand."""
    provider = name.removesuffix(SECOND)
    if name == provider:
        return Device.filter(provider=provider, id__in=list(phones))
    return Address.filter(provider=provider, device_id__in=list(phones))


async def leave_alone(name: str, these: Mapping[UUID, Grave], until: int) -> Mapping[UUID, str]:
    """Leave these phones' addresses alone until then; of which phones, with the hashes of their addresses.

    One that the app has given since it was dead is asked once more.
    """
    found: dict[int, dict[UUID, str]] = {until: {}, ASKED_AGAIN: {}}
    for one in await _rows(name, these):
        device = one.id if isinstance(one, Device) else one.device_id
        token, since = these[device]
        if one.token == token:
            newer = since is not None and one.given_at > since * 1000 and one.away_until != ASKED_AGAIN
            # By the hash: a token may be sealed, and nothing finds that.
            found[ASKED_AGAIN if newer else until][device] = one.token_hash
    for moment, those in found.items():
        if those:
            rows = _rows(name, those).filter(token_hash__in=list(those.values()), away_until__lt=moment)
            await rows.update(away_until=moment)
    return found[until]


#: What a server of the version before leaves behind where it deletes a phone: it knows of no such table.
FORGET_ORPHANS = "DELETE FROM push_address WHERE NOT EXISTS (SELECT 1 FROM push_device d WHERE d.id = device_id) AND "

#: Entered within the transaction of a change to these persons' phones.
Along = Callable[[Platform, BaseDBAsyncClient, Collection[str]], AbstractAsyncContextManager[None]]


async def forget(platform: Platform, dead: Mapping[str, UUID], along: Along) -> None:
    """Forget the addresses of these hashes that are left alone; and of a phone that has no other one, the phone."""
    phones, row = sorted(set(dead.values())), "WHERE id IN ({these}) AND token_hash"
    # What the app has given again since isn't left alone any more.
    away = f"IN ({{hashes}}) AND away_until > {ASKED_AGAIN}"
    gone = f"token = {{blank}}, token_hash = '{GONE}' || CAST(id AS VARCHAR(36)), away_until = {DEAD}"
    others = "(SELECT COUNT(*) FROM push_address a WHERE a.device_id = push_device.id)"
    steps = (
        # Its walk goes on finding it by its row.
        f"UPDATE push_device SET {gone} {row} {away}",  # noqa: S608
        f"DELETE FROM push_address WHERE device_id IN ({{these}}) AND token_hash {away}",  # noqa: S608
        f"DELETE FROM push_device {row} LIKE '{GONE}%' AND {others} = 0",  # noqa: S608
        f"UPDATE push_device SET ways = {others} WHERE id IN ({{these}})",  # noqa: S608
    )
    persons: Any = await Device.filter(id__in=phones).values_list("person", flat=True)
    async with in_transaction() as connection, along(platform, connection, sorted(set(persons))):
        for step in steps:
            mark = Marks(platform.store)
            own = {"these": mark.each(phones)}
            own |= {"hashes": mark.each(dead)} if "{hashes}" in step else {}
            own |= {"blank": mark(as_stored(Device, "token", ""))} if "{blank}" in step else {}
            await mark.change(step.format(**own), connection)
