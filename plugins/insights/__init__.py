"""Figures into warnings: what is counted week by week, what rises, and what a person makes of it.

Nothing is imported before a hook is called: the night's process needs NumPy, and nothing of the platform's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from banshi import hookimpl

if TYPE_CHECKING:
    import click

    from banshi import Finding, Offer, Resource, Route, Tables
    from insights.settings import InsightsSettings


@hookimpl
def banshi_tables() -> Tables:
    from insights import plugin

    return plugin.TABLES


@hookimpl
def banshi_settings() -> type:
    from insights.settings import InsightsSettings

    return InsightsSettings


@hookimpl
def banshi_resources(settings: InsightsSettings) -> Sequence[Resource[Any]]:
    from insights import plugin

    return plugin.resources(settings)


@hookimpl
def banshi_routes() -> Sequence[Route]:
    from insights import plugin

    return plugin.routes()


@hookimpl
def banshi_offers(settings: InsightsSettings) -> Sequence[Offer[Any]]:
    from insights import plugin

    return plugin.offers(settings)


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    from insights import plugin

    return plugin.commands()


@hookimpl
def banshi_checks(settings: InsightsSettings, registry: Any) -> Iterable[Finding]:
    from insights import plugin

    return plugin.checks(settings, registry)
