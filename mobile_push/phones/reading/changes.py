"""What a person has done with their messages, as it is told to the open streams of their other phones."""

from __future__ import annotations

import orjson

from mobile_push.delivery.service import Push
from mobile_push.inbox import states
from mobile_push.inbox.hub import Stream, event
from mobile_push.inbox.states import NO_MARK, Mark
from mobile_push.tables.models import InboxMessage, MessageState

#: Changes that are read at once.
MAX_CHANGES_A_STEP = 200


async def tell_changes(push: Push, stream: Stream) -> None:
    """Write what was done with messages since the last change that the stream was told of."""
    # Not afterwards: what is done while this reads wakes the stream again.
    stream.changed = False
    person, arrived = stream.person, stream.arrived
    top = await states.last(person)
    rows = await states.told(person, stream.cursor.changes, top, MAX_CHANGES_A_STEP, arrived)
    mark = await states.mark_of(person) if arrived or any(row.common for row in rows) else NO_MARK
    if any(row.common and row.seq > push.hub.log.top for row in rows):
        # What another process has published a moment ago comes before what was done with it.
        await push.read_on()
        if not stream.current:
            stream.changed = True
            return
    if arrived is not None and arrived.common < stream.cursor.common:
        coming = {row.id for row in rows}
        for row in await states.of_broadcasts(person, arrived.common):
            if row.id not in coming:
                tell_change(push, stream, row, mark)
    for row in rows:
        stream.cursor = stream.cursor._replace(changes=row.number)
        tell_change(push, stream, row, mark)
    if len(rows) == MAX_CHANGES_A_STEP:
        stream.changed = True
        stream.arrived = arrived and arrived._replace(common=stream.cursor.common)
        return
    stream.cursor = stream.cursor._replace(changes=max(top, stream.cursor.changes))
    stream.arrived = None


def tell_change(push: Push, stream: Stream, row: MessageState | InboxMessage, mark: Mark = NO_MARK) -> None:
    """Write one change."""
    document = states.document(push.platform, row, mark)
    stream.write(event(stream.cursor, orjson.dumps(document)[1:] + b"\n\n", b"change"))
