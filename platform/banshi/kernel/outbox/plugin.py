"""Work that follows what was written: each row of it is done once, however often it is tried."""

from __future__ import annotations

from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.outbox.consumers import ENGINE, open_engine

banshi_resources = hands_over(Resource(ENGINE, open_engine, Phase.AFTER_PLUGINS))
