"""Which of a provider's topics a phone is to follow, written down with the change that causes it.

What the provider hasn't been told yet is a row of `push_topic_change`, written in the transaction of the registration
or wish behind it. So a phone either follows, or is known not to and is sent to by its token.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from banshi import Platform
from banshi.sdk.database import as_stored
from mobile_push.audience.topic_names import EVERYONE, MINDS, minded_topic, topic_name
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import Device

#: A phone's (hash of the token, topic).
Place = tuple[str, str]

#: A row for each topic that a phone's person follows, and one with none where they follow nothing.
PHONES = (
    "SELECT d.id, d.provider, d.token_hash, d.token, d.language, f.topic, "  # noqa: S608 - a constant
    f"CASE WHEN {MINDS} THEN 1 ELSE 0 END AS minds FROM push_device d "
    "LEFT JOIN push_follow f ON f.person = d.person LEFT JOIN push_profile p ON p.person = d.person"
)


@asynccontextmanager
async def kept(platform: Platform, connection: BaseDBAsyncClient, persons: Collection[str]) -> AsyncIterator[None]:
    """Write down what a change of these persons' phones or wishes means for the topics, in its transaction.

    Where a phone moves, its former person is among them. To be entered before anything else is locked.
    """
    rounds = await _hold(platform, connection, persons)
    if not rounds:
        yield
        return
    before = await _wished(platform, connection, rounds, persons)
    yield
    after = await _wished(platform, connection, rounds, persons)
    changes = [(place, after[place], True) for place in after.keys() - before.keys()]
    changes += [(place, before[place], False) for place in before.keys() - after.keys()]
    await write_down(platform, connection, changes)


async def _hold(platform: Platform, connection: BaseDBAsyncClient, persons: Collection[str]) -> Mapping[str, str]:
    """The rounds by provider; of two changes of one person's at once, one comes after the other from here on."""
    if platform.store.dialect == "sqlite":
        # A write comes first: SQLite refuses one that comes after a read when another process wrote between the two.
        sql = "UPDATE push_topic_round SET active = active WHERE active RETURNING provider, round"
        rows = await connection.execute_query_dict(sql)
    else:
        rows = await connection.execute_query_dict("SELECT provider, round FROM push_topic_round WHERE active")
        for person in sorted(persons) if rows else ():
            await connection.execute_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [person])
    return {row["provider"]: row["round"] for row in rows}


async def _wished(
    platform: Platform, connection: BaseDBAsyncClient, rounds: Mapping[str, str], persons: Collection[str]
) -> dict[Place, tuple[str, str]]:
    """What each of their phones is to follow → the provider and its token as it is stored."""
    mark = Marks(platform.store)
    whose = mark.each(as_stored(Device, "person", person) for person in persons)
    return wished(await mark.rows(f"{PHONES} WHERE d.person IN ({whose})", connection), rounds)


def wished(rows: Iterable[Mapping[str, Any]], rounds: Mapping[str, str]) -> dict[Place, tuple[str, str]]:
    """The topics that the phones of `PHONES` are to follow → the provider and the token as it is stored."""
    found: dict[Place, tuple[str, str]] = {}
    for row in rows:
        provider, digest, language = row["provider"], row["token_hash"], row["language"]
        if (round_ := rounds.get(provider)) is None:
            continue
        names = [topic_name(round_, one, language) for one in (EVERYONE, row["topic"]) if one is not None]
        for name in [*names, minded_topic(round_)] if row["minds"] else names:
            found[digest, name] = (provider, row["token"])
    return found


async def write_down(
    platform: Platform,
    connection: BaseDBAsyncClient,
    changes: Collection[tuple[Place, tuple[str, str], bool]],
    *,
    unless_known: bool = False,
) -> None:
    """Put changes into the queue: (place, provider and token, whether to follow). The last wish for a place counts.

    With `unless_known`, a wish that is there already does.
    """
    if not changes:
        return
    marks = ", ".join(platform.store.placeholders(5))
    known = (
        "NOTHING"
        if unless_known
        else "UPDATE SET provider = excluded.provider, token = excluded.token, follow = excluded.follow, "
        "version = push_topic_change.version + 1, attempts = 0, code = '', not_before = 0"
    )
    sql = (
        "INSERT INTO push_topic_change (provider, token_hash, token, topic, follow, version, attempts, code, "  # noqa: S608
        f"not_before) VALUES ({marks}, 1, 0, '', 0) ON CONFLICT (topic, token_hash) DO {known}"
    )
    # In one order everywhere, so that no two wait for each other's rows.
    values = [
        [provider, digest, token, topic, follow]
        for (digest, topic), (provider, token), follow in sorted(changes, key=lambda change: change[0])
    ]
    await connection.execute_many(sql, values)
