"""Which phones a broadcast has reached or may have reached, read off its chunks: those that a withdrawal goes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from banshi import Platform
from mobile_push.audience.audience import Audience
from mobile_push.delivery.claims.chunk import ID_BYTES, bits
from mobile_push.delivery.claims.chunk_rows import parsed
from mobile_push.delivery.leases import free
from mobile_push.tables.marks import Marks
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
    audience, mark = withdrawal.audience, Marks(platform.store)
    rows = await mark.rows(
        "SELECT id, devices, done, reached, outcomes, size, topic, state, attempts, lease_until FROM push_chunk "  # noqa: S608
        f"WHERE provider = {mark(provider)} AND id > {mark(after)} "
        f"AND broadcast_id IN ({mark.each(map(UUID, audience['got']))}) ORDER BY id LIMIT {mark(limit)}"
    )
    devices: list[bytes] = []
    topics: list[str] = []
    for row in rows:
        places = _places(row)
        if row["topic"]:
            topics += [row["topic"]] if places else []
        else:
            own = bytes(row["devices"])
            devices += [own[place * ID_BYTES : (place + 1) * ID_BYTES] for place in places]
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
    mark = Marks(platform.store)
    audience = Audience.of((await Broadcast.get(id=identity)).audience)
    rows = await mark.rows(
        f"SELECT d.id, d.latitude, d.longitude, CASE WHEN {audience.sure(mark)} THEN 1 ELSE 0 END AS sure "  # noqa: S608
        f"FROM push_device d WHERE d.id IN ({mark.each(UUID(bytes=one) for one in devices)}) "
        f"AND {audience.condition(mark)}"
    )
    return {UUID(str(row["id"])).bytes for row in rows if audience.has(row)}
