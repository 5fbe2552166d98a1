"""The schedule: publishes what is due. It runs in every process; each broadcast is published by one of them."""

from __future__ import annotations

import structlog

from banshi import Platform, Stale
from banshi.sdk.operations import paused
from mobile_push.broadcasts import lifecycle
from mobile_push.tables.models import Broadcast

log = structlog.get_logger("mobile_push")

#: Broadcasts that one look takes on.
MAX_A_LOOK = 100

#: When the first of them is due; by their index.
FIRST_DUE = "SELECT MIN(send_at) FROM push_broadcast WHERE kind IN ('alert', 'notice') AND state = 'scheduled'"


async def publish_due(platform: Platform) -> int:
    """Publish all whose time has come; how many this process did. None while what goes out is held.

    The database may be away for a while: whoever calls it tries again, and they go out late.
    """
    if await paused(platform.store) is not None:
        return 0
    due = Broadcast.filter(state="scheduled", send_at__lte=platform.now())
    published = 0
    # Alerts before notices.
    for row in await due.order_by("kind", "send_at").limit(MAX_A_LOOK):
        try:
            await lifecycle.publish_due(platform, row)
            published += 1
        except Stale:  # another process was quicker, or somebody cancelled it
            continue
        except Exception as error:  # this one waits for its mending, the others go out
            log.error("a scheduled broadcast can't be published", id=str(row.id), error=type(error).__name__)
    return published
