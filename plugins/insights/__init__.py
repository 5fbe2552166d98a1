"""Figures into warnings: what is counted week by week, what rises, and what a person makes of it.

Nothing is imported before a hook is called: the night's process needs NumPy, and nothing of the platform's.
"""

from __future__ import annotations

from typing import Any

from banshi import hookimpl


@hookimpl
def banshi_tables() -> Any:
    from insights.plugin import TABLES

    return TABLES


@hookimpl
def banshi_settings() -> type:
    from insights.settings import InsightsSettings

    return InsightsSettings


@hookimpl
def banshi_resources(settings: Any) -> Any:
    from insights.plugin import resources

    return resources(settings)


@hookimpl
def banshi_routes() -> Any:
    from insights.plugin import routes

    return routes()


@hookimpl
def banshi_offers(settings: Any) -> Any:
    from insights.plugin import offers

    return offers(settings)


@hookimpl
def banshi_commands() -> Any:
    from insights.plugin import commands

    return commands()


@hookimpl
def banshi_checks(settings: Any, registry: Any) -> Any:
    from insights.plugin import checks

    return checks(settings, registry)
