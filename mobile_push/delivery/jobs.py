"""What waits to be sent while what goes out is held, for the operator who releases it.

Giving it up wakes no phone and loses no message: whoever it is for reads it in the inbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tortoise.expressions import Subquery
from tortoise.transactions import in_transaction

from mobile_push.inbox.common_log import PEOPLE
from mobile_push.tables.models import Broadcast, Chunk, Delivery, FanOut, InboxMessage

#: Sorts of what waits: pushes of messages to one person each, and broadcasts that were not sent to all their phones.
DELIVERIES, BROADCASTS = "deliveries", "broadcasts"

#: A walk over people goes by their order, so it begins anew; copies that were made are left as they are.
AFTER_LOOK_UPS = (
    f"UPDATE push_fan_out SET through = '', found = 0 WHERE provider = '{PEOPLE}' AND state = 'due'",  # noqa: S608 - ours
)

#: What given up pushes bear as their code.
GIVEN_UP = "given-up"


async def waiting(store: Any) -> Mapping[str, int]:
    """How many deliveries and broadcasts are not sent yet."""
    sql = (
        "SELECT COUNT(*) AS n FROM (SELECT broadcast_id FROM push_fan_out WHERE state = 'due' "
        "UNION SELECT broadcast_id FROM push_chunk WHERE state = 'due') b"
    )
    rows = await store.connection.execute_query_dict(sql)
    return {DELIVERIES: await Delivery.filter(state="due").count(), BROADCASTS: int(rows[0]["n"])}


async def drop(store: Any, sort: str, moment: int) -> int:
    """Give up what was promised before a moment, in milliseconds since 1970; how many deliveries or broadcasts.

    A broadcast's copies for people whom it names are made all the same: they are what the inbox shows.
    """
    rows = await store.connection.execute_query_dict(f"SELECT {store.clock} AS now")
    now = int(rows[0]["now"])
    if sort == DELIVERIES:
        before = InboxMessage.filter(created_at__lt=datetime.fromtimestamp(moment / 1000, UTC)).values("id")
        due = Delivery.filter(state="due", message_id__in=Subquery(before))
        return int(await due.update(state="dropped", code=GIVEN_UP, settled_at=now))
    published = Broadcast.filter(published_at__lt=moment).values("id")
    async with in_transaction() as connection:
        which = {"state": "due", "broadcast_id__in": Subquery(published)}
        walks = FanOut.filter(**which).exclude(provider=PEOPLE).using_db(connection)
        chunks = Chunk.filter(**which).using_db(connection)
        ids = {
            *await walks.values_list("broadcast_id", flat=True),
            *await chunks.values_list("broadcast_id", flat=True),
        }
        await walks.update(state="done", planned_at=now)
        await chunks.update(state="dropped", code=GIVEN_UP)
    return len(ids)
