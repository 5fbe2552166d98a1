"""Work between machines, by a Redis Stream: one worker is told of it, and not all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from banshi.builtin.work_stream.stream import WorkStream
from banshi.foundation.background import working
from banshi.foundation.keys import Key
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.outbox.consumers import ENGINE
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.outbox import OutboxRow

WORK_STREAM: Key[None] = Key("work stream")


@asynccontextmanager
async def _open(platform: Platform) -> AsyncIterator[None]:
    """Tells of work or takes it, where there is a Redis; who works on what it commits itself needs nobody."""
    settings, engine = platform.settings.redis, platform[ENGINE]
    if settings is None or (platform.duty.serves and engine.consumers):
        yield
        return
    stream = WorkStream(settings)
    if not engine.consumers:
        platform.store.on_rows(OutboxRow, stream.tell, elsewhere=False)
    try:
        async with working(
            "banshi-engine", partial(stream.taking, engine.look) if engine.consumers else stream.telling
        ):
            yield
    finally:
        await stream.aclose()


banshi_resources = hands_over(Resource(WORK_STREAM, _open, Phase.AFTER_PLUGINS))
