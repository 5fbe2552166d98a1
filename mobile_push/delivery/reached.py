"""Which phones a broadcast has reached or may have reached, read off its chunks: those that a withdrawal goes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from banshi import Platform
from mobile_push.audience.audience import Audience
from mobile_push.delivery.claims.chunk import WIDTH, bits
from mobile_push.delivery.claims.chunk_rows import key, parsed
from mobile_push.delivery.leases import free
from mobile_push.tables.models import Broadcast


class Reached(NamedTuple):
    """What some chunks have reached."""

    devices: list[bytes]
    #: Providers' own topics.
    topics: list[str]
    #: The last chunk looked at; None where there are no more.
    last: int | None


def under_way(clock: str, lease: float) -> str:
    """SQL that holds of a withdrawal's fan-out while something of what it takes back is under way.

    What is sent after it would stand on the screen for good. A courier that is told of a recall begins nothing more and
    lets go; one that was killed loses its lease.
    """
    return (
        "EXISTS (SELECT 1 FROM push_broadcast w JOIN push_chunk c ON c.broadcast_id = w.supersedes "  # noqa: S608
        "WHERE w.id = push_fan_out.broadcast_id AND w.kind LIKE '%-withdrawn' AND c.provider = push_fan_out.provider "
        f"AND c.state = 'recalled' AND c.lease_until > 0 AND NOT {free(clock, lease)})"
    )


async def next_reached(platform: Platform, provider: str, withdrawal: Broadcast, after: int, limit: int) -> Reached:
    """What the next chunks behind `after` have reached."""
    store, audience = platform.store, withdrawal.audience
    got = [key(store.dialect, UUID(one)) for one in audience["got"]]
    marks = store.placeholders(3 + len(got))
    sql = (
        "SELECT id, devices, done, reached, outcomes, size, topic, state, attempts, lease_until FROM push_chunk "  # noqa: S608
        f"WHERE provider = {marks[0]} AND id > {marks[1]} AND broadcast_id IN ({', '.join(marks[3:])}) "
        f"ORDER BY id LIMIT {marks[2]}"
    )
    # SQLite's marks have no numbers: the values stand in the order of the text.
    values = [provider, after, *got, limit] if store.dialect == "sqlite" else [provider, after, limit, *got]
    rows = await store.connection.execute_query_dict(sql, values)
    devices: list[bytes] = []
    topics: list[str] = []
    for row in rows:
        places = _places(row)
        if row["topic"]:
            topics += [row["topic"]] if places else []
        else:
            own = bytes(row["devices"])
            devices += [own[place * WIDTH : (place + 1) * WIDTH] for place in places]
    if audience.get("outside"):
        others = await _in_audience_of(platform, UUID(audience["outside"]), devices)
        devices = [one for one in devices if one not in others]
    return Reached(devices, topics, rows[-1]["id"] if len(rows) == limit else None)


def _places(row: Mapping[str, Any]) -> list[int]:
    """The places of a chunk whose phones it has reached or may have.

    A worker that let go of it has written down all. One that died has not: what was not dealt with may have been under
    way.
    """
    size = 1 if row["topic"] else row["size"]
    dealt = bytes(row["done"])
    # An earlier version does not write down whom it reached; then it is all that were dealt with.
    taken = parsed(row["outcomes"]).get("accepted", 0)
    known = row["reached"] is not None and int.from_bytes(bytes(row["reached"])).bit_count() >= taken
    reached = bytes(row["reached"]) if known else dealt
    unsure = row["state"] == "recalled" and row["attempts"] > 0 and row["lease_until"] > 0
    return [place for place in range(size) if bits(reached, place) or (unsure and not bits(dealt, place))]


async def _in_audience_of(platform: Platform, identity: UUID, devices: Sequence[bytes]) -> set[bytes]:
    """Those of some phones that are in the audience of another broadcast."""
    if not devices:
        return set()
    store = platform.store
    audience = Audience.of((await Broadcast.get(id=identity)).audience)
    wanted, sure = audience.values, audience.sure_values
    marks = iter(store.placeholders(len(sure) + len(devices) + len(wanted)))
    surely = audience.sure([next(marks) for _ in sure])
    these = ", ".join(next(marks) for _ in devices)
    sql = (
        f"SELECT d.id, d.latitude, d.longitude, CASE WHEN {surely} THEN 1 ELSE 0 END FROM push_device d "  # noqa: S608
        f"WHERE d.id IN ({these}) AND {audience.condition([next(marks) for _ in wanted])}"
    )
    ids = [key(store.dialect, UUID(bytes=one)) for one in devices]
    _, rows = await store.connection.execute_query(sql, [*sure, *ids, *wanted])
    return {UUID(str(row[0])).bytes for row in rows if row[3] or audience.covers(row[1], row[2])}
