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

#: `away_until` of an address that its provider calls dead, and how the hash begins of one that is forgotten.
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


class Grave(NamedTuple):
    """What a provider calls dead: the address, and since when, in Unix seconds, where it said so."""

    token: str
    since: float | None = None


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


async def bury(name: str, dead: Mapping[UUID, Grave]) -> set[UUID]:
    """Leave addresses alone that are dead; of which phones. One that the app has given since is asked once more."""
    found: dict[int, dict[UUID, str]] = {DEAD: {}, ASKED_AGAIN: {}}
    for one in await _rows(name, dead):
        device = one.id if isinstance(one, Device) else one.device_id
        token, since = dead[device]
        if one.token == token:
            newer = since is not None and one.given_at > since * 1000 and one.away_until != ASKED_AGAIN
            # By the hash: a token may be sealed, and nothing finds that.
            found[ASKED_AGAIN if newer else DEAD][device] = one.token_hash
    for until, those in found.items():
        if those:
            await _rows(name, those).filter(token_hash__in=list(those.values())).update(away_until=until)
    return set(found[DEAD])


async def send_away(name: str, phones: Collection[UUID], until: int) -> None:
    """Leave these phones' addresses alone until then."""
    await _rows(name, phones).filter(away_until__lt=until).update(away_until=until)


async def revive(name: str, phones: Collection[UUID]) -> None:
    """None of these was dead: it was our own mistake that they seemed so."""
    await _rows(name, phones).filter(away_until=DEAD).exclude(token_hash__startswith=GONE).update(away_until=0)


#: What a server of the version before leaves behind where it deletes a phone: it knows of no such table.
FORGET_ORPHANS = "DELETE FROM push_address WHERE NOT EXISTS (SELECT 1 FROM push_device d WHERE d.id = device_id) AND "

#: Entered within the transaction of a change to these persons' phones.
Along = Callable[[Platform, BaseDBAsyncClient, Collection[str]], AbstractAsyncContextManager[None]]


async def forget(platform: Platform, phones: Collection[UUID], along: Along) -> None:
    """Forget the dead addresses of these phones; and of a phone that has no other one, the phone."""
    lives = f"SELECT 1 FROM push_address a WHERE a.device_id = push_device.id AND a.away_until < {DEAD}"  # noqa: S608
    its = "(SELECT 1 FROM push_device d WHERE d.id = device_id)"
    name = f"'{GONE}' || CAST(id AS VARCHAR(36))"
    count = "(SELECT COUNT(*) FROM push_address a WHERE a.device_id = push_device.id)"
    steps = (
        f"DELETE FROM push_device WHERE id IN ({{}}) AND away_until = {DEAD} AND NOT EXISTS ({lives})",  # noqa: S608
        f"DELETE FROM push_address WHERE device_id IN ({{}}) AND (away_until = {DEAD} OR NOT EXISTS {its})",  # noqa: S608
        # Its walk goes on finding it by its row.
        f"UPDATE push_device SET token = {{blank}}, token_hash = {name} WHERE id IN ({{}}) AND away_until = {DEAD}",  # noqa: S608
        f"UPDATE push_device SET ways = {count} WHERE id IN ({{}})",  # noqa: S608
    )
    persons: Any = await Device.filter(id__in=list(phones)).values_list("person", flat=True)
    async with in_transaction() as connection, along(platform, connection, sorted(set(persons))):
        for step in steps:
            mark = Marks(platform.store)
            blank = mark(as_stored(Device, "token", "")) if "{blank}" in step else ""
            await mark.change(step.format(mark.each(sorted(phones)), blank=blank), connection)
