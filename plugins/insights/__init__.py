"""Figures into warnings: what is counted week by week, what rises, and what a person makes of it.

The night's process has a package of this name with nothing of it: it needs NumPy, and nothing of the platform's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import aclosing
from functools import partial
from importlib.util import find_spec
from typing import Any

import click

from banshi import Finding, Key, Offer, Platform, Resource, Route, Tables, hookimpl
from banshi.sdk.cases import ROLES
from banshi.sdk.events import EVENT_TYPES, OBJECTIONS
from banshi.sdk.http import KeptFigures
from banshi.sdk.operations import Phase, hourly, rounds
from insights.drawn import maps
from insights.drawn import routes as drawn_routes
from insights.drawn.press import PRESS, Press
from insights.figures import commands as figure_commands
from insights.figures import routes as figure_routes
from insights.figures.categories import ANALYST, CATEGORIES, read_categories
from insights.figures.collecting import collect
from insights.figures.divisions import DIVISIONS, Divisions, misplaced
from insights.figures.samples import take_in_sample
from insights.findings import routes as finding_routes
from insights.findings.commands import judge
from insights.findings.drafting import warning
from insights.findings.keeping import FOUND
from insights.findings.urgent import look
from insights.findings.weekly import HOUR_LOOK_S, judge_if_due, judge_now
from insights.published import routes as open_routes
from insights.published.publication import publish
from insights.published.routes import OPEN_FIGURES
from insights.settings import SETTINGS, InsightsSettings


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="insights.tables.models", migrations="insights.tables.migrations")


@hookimpl
def banshi_settings() -> type[InsightsSettings]:
    return InsightsSettings


async def demonstrate(platform: Platform) -> int:
    """Take the made-up figures of the sample city in, judge and publish them; how many series rose."""
    await take_in_sample(platform)
    rose = (await judge_now(platform)).rose
    await publish(platform)
    return rose


@hookimpl
def banshi_resources(settings: InsightsSettings) -> Sequence[Resource[Any]]:
    collecting = partial(rounds, settings.collect_minutes * 60.0, "banshi-insights-figures", collect)
    looking = partial(rounds, settings.urgent_seconds, "insights-urgent", look, "what is urgent can't be looked for")
    judging = partial(rounds, HOUR_LOOK_S, "insights-night", judge_if_due, "figures can't be judged")
    publishing = partial(hourly, "insights-open-figures", publish, "insights: open figures aren't published")
    return [
        Resource.made(SETTINGS, lambda _: settings),
        Resource.made(DIVISIONS, lambda _: Divisions(settings)),
        Resource.made(CATEGORIES, lambda platform: read_categories(settings, platform.registry).categories),
        Resource(Key[None]("collecting of figures"), partial(collecting, "could not count figures")),
        Resource(PRESS, lambda platform: aclosing(Press(platform.settings.certificate_fonts))),
        Resource.made(OPEN_FIGURES, partial(KeptFigures, count=open_routes.written)),
        Resource(Key[None]("open figures' publication"), publishing),
        Resource(Key[None]("insights' looking"), looking, Phase.AFTER_PLUGINS),
        Resource(Key[None]("insights' nights"), judging, Phase.AFTER_PLUGINS),
    ]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return [*figure_routes.ROUTES, *finding_routes.ROUTES, *drawn_routes.ROUTES, *open_routes.ROUTES]


@hookimpl
def banshi_offers(settings: InsightsSettings) -> Iterable[Offer[Any]]:
    yield Offer(ROLES, frozenset({ANALYST}))
    yield Offer(SETTINGS, settings)
    yield Offer(EVENT_TYPES, (FOUND,))
    yield Offer(OBJECTIONS, warning.objection)


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    figure_commands.insights.add_command(judge)
    return [figure_commands.insights]


@hookimpl
def banshi_checks(settings: InsightsSettings, registry: Any) -> Iterable[Finding]:
    if find_spec("numpy") is None:
        advice = "numpy is not installed, so no night judges the figures: python -m pip install 'banshi[insights]'"
        yield Finding("insights", "no-numpy", advice, warning=True)
    yield from read_categories(settings, registry).findings
    advice = f"{registry.configuration.file}: plugins.insights.settings"
    yield from (Finding("insights", "unknown-unit", f"{advice}.{told}") for told in misplaced(settings, registry))
    yield from maps.findings(registry, settings.map)
