"""Work that follows what was written: each row of it is done once, however often it is tried."""

from __future__ import annotations

from typing import Any

from banshi.contract import Phase, Resource
from banshi.engine.embedded import ENGINE, open_engine
from banshi.hookspecs import hookimpl


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource(ENGINE, open_engine, Phase.AFTER_PLUGINS),
    ]
