"""Work that follows what was written: each row of it is done once, however often it is tried."""

from __future__ import annotations

from typing import Any

from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.outbox.consumers import ENGINE, open_engine


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [Resource(ENGINE, open_engine, Phase.AFTER_PLUGINS)]
