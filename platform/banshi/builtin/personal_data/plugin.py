"""What is kept of a person: shown to them, forgotten when asked, gone when its time is over."""

from __future__ import annotations

from collections.abc import Iterator

from banshi.builtin.personal_data import routes
from banshi.builtin.personal_data.checks import records_are_kept, retention_names_outcomes
from banshi.builtin.personal_data.housekeeping import UPKEEP, open_upkeep
from banshi.foundation.findings import Finding
from banshi.kernel.contract.hookspecs import hands_over, hookimpl
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.loading.registry import Registry

banshi_routes = hands_over(*routes.ROUTES)

banshi_resources = hands_over(
    Resource.made(routes.BUSY, lambda _: set()), Resource(UPKEEP, open_upkeep, Phase.AFTER_PLUGINS)
)


@hookimpl
def banshi_checks(registry: Registry) -> Iterator[Finding]:
    yield from records_are_kept(registry)
    yield from retention_names_outcomes(registry)
