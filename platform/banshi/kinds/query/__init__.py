"""Queries: the citizen asks a register and gets the answer at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import click

from banshi.builtin.personal_data.holdings import HOLDINGS, Holdings
from banshi.foundation.database.tables import Tables
from banshi.foundation.findings import Finding
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.values import Kind, Offer, Resource
from banshi.kinds.query.checks import findings
from banshi.kinds.query.commands import register
from banshi.kinds.query.holdings import HOLDING
from banshi.kinds.query.look_ups import TIDYING, open_tidying
from banshi.kinds.query.registers.opened import REGISTERS, open_registers
from banshi.kinds.query.routes import ROUTES
from banshi.kinds.query.rules import REGISTRAR, QueryRules, check

__all__ = ["QUERY", "QueryRules"]

QUERY = Kind(
    name="query",
    title={"zh-CN": "查询", "en": "Query"},
    details=QueryRules,
    roles=frozenset({REGISTRAR}),
    routes=lambda: ROUTES,
    check=check,
)


@hookimpl
def banshi_kinds() -> list[Kind]:
    return [QUERY]


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="banshi.kinds.query.models", migrations="banshi.kinds.query.migrations")


@hookimpl
def banshi_offers() -> Sequence[Offer[Holdings]]:
    return [Offer(HOLDINGS, HOLDING)]


@hookimpl
def banshi_resources() -> Sequence[Resource[Any]]:
    return [Resource(REGISTERS, open_registers), Resource(TIDYING, open_tidying)]


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    return [register]


@hookimpl
def banshi_checks(registry: Any) -> Iterable[Finding]:
    return findings(registry)
