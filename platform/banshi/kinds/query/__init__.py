"""Queries: the citizen asks a register and gets the answer at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from banshi.builtin.catalogue.beside import BESIDE_GUIDE
from banshi.builtin.catalogue.browsing.demand import BEGUN
from banshi.builtin.limits.senders import Senders
from banshi.builtin.personal_data.holdings import HOLDINGS
from banshi.foundation.database.tables import Tables
from banshi.foundation.findings import Finding
from banshi.kernel.contract.hookspecs import hands_over, hookimpl
from banshi.kernel.contract.kinds import Begins, Kind
from banshi.kernel.contract.routes import Audience
from banshi.kernel.contract.values import Offer, Resource
from banshi.kinds.query import samples
from banshi.kinds.query.asking import begin, begin_unnamed
from banshi.kinds.query.checks import findings
from banshi.kinds.query.commands import register
from banshi.kinds.query.holdings import HOLDING
from banshi.kinds.query.look_ups import TIDYING, begun, open_tidying
from banshi.kinds.query.registers.opened import REGISTERS, open_registers
from banshi.kinds.query.routes import ROUTES, takes
from banshi.kinds.query.rules import REGISTRAR, QueryRules, check, unnamed
from banshi.kinds.query.throttle import STRANGERS
from banshi.kinds.sentences import word

__all__ = ["QUERY", "QueryRules"]

QUERY = Kind(
    name="query",
    title=word("Query"),
    details=QueryRules,
    roles=frozenset({REGISTRAR}),
    begins=Begins(takes=takes, begin=begin, audience=Audience.PERSON, unnamed=unnamed, begin_unnamed=begin_unnamed),
    routes=lambda: ROUTES,
    check=check,
)

banshi_kinds = hands_over(QUERY)


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="banshi.kinds.query.models", migrations="banshi.kinds.query.migrations")


banshi_offers = hands_over(Offer(HOLDINGS, HOLDING), Offer(BESIDE_GUIDE, samples.BESIDE), Offer(BEGUN, begun))

banshi_resources = hands_over(
    Resource(REGISTERS, open_registers), Resource(TIDYING, open_tidying), Resource.made(STRANGERS, lambda _: Senders())
)

banshi_commands = hands_over(register)


@hookimpl
def banshi_checks(registry: Any, strict: bool) -> Iterable[Finding]:
    return [*findings(registry), *(samples.findings(registry) if strict else ())]
