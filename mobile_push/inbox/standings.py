"""How far each person's inbox has come, and what decides which broadcasts are theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from tortoise.backends.base.client import BaseDBAsyncClient

from banshi import Platform
from banshi.sdk.database import as_read, as_stored
from mobile_push.audience.audience import Listener, Place
from mobile_push.tables.cursor import Cursor
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import InboxCounter

#: The person whose counter numbers the common log: no identity provider gives out an empty subject.
EVERYBODY = ""

#: In the table of counters: behind which number everybody's log goes on, since a database was restored. Nobody is
#: called this, and nothing of anybody's is read under it.
FLOOR = "\x01"

#: The platform's counter of how often somebody was forgotten. Whom, nothing says.
FORGOTTEN = "push.forgotten"

#: How often, in SQL.
OFTEN = f"SELECT COALESCE(MAX(value), 0) FROM banshi_counter WHERE name = '{FORGOTTEN}'"  # noqa: S608

#: Where there is something of a person, as long as they are not forgotten.
KEPT_IN = ("push_device", "push_follow", "push_profile", "push_inbox_message")


async def tops(platform: Platform, persons: Sequence[str]) -> dict[str, int]:
    """The last number of each of these persons' own logs; those without one are left out."""
    return {person: top for person, (top, _) in (await counters(platform, persons)).items()}


async def counters(platform: Platform, persons: Sequence[str]) -> dict[str, tuple[int, int]]:
    """The last number of each of these persons' own logs and of their changes; those without are left out."""
    if not persons:
        return {}
    mark = Marks(platform.store)
    sql = f"SELECT person, top, changes FROM push_inbox_counter WHERE person IN ({mark.each(stored(persons))})"  # noqa: S608
    return {_person(row): (row["top"], row["changes"]) for row in await mark.rows(sql)}


async def take_numbers(
    platform: Platform, connection: BaseDBAsyncClient, wanted: Mapping[str, int], counter: Literal["top", "changes"]
) -> dict[str, int]:
    """The last of so many new numbers of each person's; the counters stay locked until the transaction ends.

    Sorted, so that two transactions lock the rows in one order.
    """
    store, names = platform.store, sorted(wanted)
    logs, given = store.table(("varchar", stored(names)), ("bigint", [wanted[name] for name in names]))
    later = "MAX" if store.dialect == "sqlite" else "GREATEST"
    floor = f"COALESCE((SELECT top FROM push_inbox_counter WHERE person = '{FLOOR}'), 0)"  # noqa: S608 - our own word
    first = {"top": f"{floor} + more, 0", "changes": f"0, {floor} + more"}[counter]
    more = "excluded.top" if counter == "top" else "excluded.changes"
    rows = await connection.execute_query_dict(
        # SQLite takes ON CONFLICT for the end of a join without the condition.
        f"WITH given(person, more) AS ({logs}) "  # noqa: S608 - marks, not values
        f"INSERT INTO push_inbox_counter (person, top, changes) SELECT person, {first} FROM given WHERE true "
        f"ON CONFLICT (person) DO UPDATE SET {counter} = {later}(push_inbox_counter.{counter}, {floor}) + {more} - "
        f"{floor} RETURNING person, {counter} AS last",
        given,
    )
    return {_person(row): row["last"] for row in rows}


async def end(platform: Platform, person: str) -> Cursor:
    """How far a person's inbox has come: no phone has a place beyond it, but for one of before a restore."""
    mark = Marks(platform.store)
    top = "COALESCE((SELECT top FROM push_inbox_counter WHERE person = {}), 0)".format  # nosec B608 - marks alone
    logs = [top(mark(name)) for name in stored([person, EVERYBODY])]
    changes = logs[0].replace("SELECT top", "SELECT changes")
    (row,) = await mark.rows(
        f"SELECT {logs[0]} AS own, {logs[1]} AS common, {changes} AS changes, {top(mark(FLOOR))} AS floor"
    )
    return Cursor(*(max(row[name], row["floor"]) for name in ("own", "common", "changes")))


async def without_anything(platform: Platform, persons: Collection[str]) -> set[str]:
    """Those of these persons of whom nothing is kept: they were forgotten, or were never here."""
    mark = Marks(platform.store)
    these = mark.each(stored(persons))
    kept = " UNION ".join(f"SELECT person FROM {table} WHERE person IN ({these})" for table in KEPT_IN)  # noqa: S608
    return {*persons} - {_person(row) for row in await mark.rows(kept)}


def stored(persons: Collection[str]) -> list[str]:
    """These persons as they stand in the tables."""
    return [as_stored(InboxCounter, "person", person) for person in persons]


def _person(row: Mapping[str, Any]) -> str:
    return str(as_read(InboxCounter, "person", row["person"]))


#: Somebody who follows nothing and says nowhere where they are: most people.
NOWHERE = Listener()


class Standing(NamedTuple):
    """Where a person stands: what decides which broadcasts are theirs, the last number of their log and of a change."""

    listener: Listener = NOWHERE
    top: int = 0
    changes: int = 0


#: Somebody of whom nothing is known yet.
NEW = Standing()


async def standings(platform: Platform, persons: Collection[str]) -> dict[str, Standing]:
    """Where each of these persons stands: whom they follow, where their phones are at home, and their last number."""
    names = dict(zip(persons, stored(persons), strict=True))
    mark, sql = asked(platform, names)
    return standings_in(names, await mark.rows(sql))


def asked(platform: Platform, names: Mapping[str, str]) -> tuple[Marks, str]:
    """The statement that asks for it; `names` are persons as they stand in the tables."""
    mark = Marks(platform.store)
    these = mark.each(names.values())
    # The places come first: PostgreSQL takes the types of the columns from them.
    return mark, (
        "SELECT person, '' AS topic, division, latitude, longitude, 0 AS top, 0 AS changes FROM push_device "  # noqa: S608 - marks
        f"WHERE person IN ({these}) AND (division <> '' OR latitude IS NOT NULL) "
        f"UNION ALL SELECT person, topic, '', NULL, NULL, 0, 0 FROM push_follow WHERE person IN ({these}) "
        f"UNION ALL SELECT person, '', '', NULL, NULL, top, changes FROM push_inbox_counter WHERE person IN ({these})"
    )


def standings_in(names: Mapping[str, str], rows: Sequence[Any]) -> dict[str, Standing]:
    """What it has answered."""
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row["person"]].append(row)
    return {person: _standing(found[one]) if one in found else NEW for person, one in names.items()}


def _standing(rows: Sequence[Any]) -> Standing:
    follows = frozenset(row["topic"] for row in rows if row["topic"])
    places = tuple(
        Place(row["division"], row["latitude"], row["longitude"])
        for row in rows
        if row["division"] or row["latitude"] is not None
    )
    listener = Listener(follows, places) if follows or places else NOWHERE
    return Standing(listener, max(row["top"] for row in rows), max(row["changes"] for row in rows))


async def listener_of(platform: Platform, person: str) -> Listener:
    """What of a person decides which broadcasts are theirs."""
    return (await standings(platform, [person]))[person].listener
