"""What the rooms hand over to the platform: each adds its own where the hook of that name is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import aclosing
from functools import partial
from importlib.util import find_spec
from typing import Any

import click

from banshi import Finding, Offer, Platform, Resource, Route, Tables
from banshi.sdk.cases import ROLES
from banshi.sdk.events import EVENT_TYPES
from banshi.sdk.http import ApiReader, KeptFigures
from banshi.sdk.operations import Phase
from insights.drawn import maps
from insights.drawn import routes as drawn_routes
from insights.drawn.press import PRESS, Press
from insights.figures import commands as figure_commands
from insights.figures import routes as figure_routes
from insights.figures.categories import ANALYST, CATEGORIES, read_categories
from insights.figures.collecting import COLLECTING, open_collecting
from insights.figures.divisions import DIVISIONS, Divisions, misplaced
from insights.figures.samples import take_in_sample
from insights.findings import routes as finding_routes
from insights.findings.drafting import warning
from insights.findings.keeping import FOUND
from insights.findings.reading import READER
from insights.findings.rounds import ROUNDS, judge, open_rounds
from insights.findings.weekly import judge_now
from insights.published import routes as open_routes
from insights.published.publication import PUBLICATION, open_publication, publish
from insights.published.routes import OPEN_FIGURES
from insights.settings import SETTINGS, InsightsSettings
from mobile_push import OBJECTIONS

#: The tables of all rooms.
TABLES = Tables(models="insights.tables.models", migrations="insights.tables.migrations")


async def demonstrate(platform: Platform) -> int:
    """Take the made-up figures of the sample city in, judge and publish them; how many series rose."""
    await take_in_sample(platform)
    rose = (await judge_now(platform)).rose
    await publish(platform)
    return rose


def resources(settings: InsightsSettings) -> Sequence[Resource[Any]]:
    """What is open while the platform runs."""
    return [
        Resource.made(SETTINGS, lambda _: settings),
        Resource.made(DIVISIONS, lambda _: Divisions(settings)),
        Resource.made(CATEGORIES, lambda platform: read_categories(settings, platform.registry).categories),
        Resource(COLLECTING, open_collecting),
        Resource(PRESS, lambda platform: aclosing(Press(platform.settings.certificate_fonts))),
        Resource.made(OPEN_FIGURES, partial(KeptFigures, count=open_routes.written)),
        Resource(PUBLICATION, open_publication),
        Resource.made(READER, ApiReader),
        Resource(ROUNDS, open_rounds, Phase.AFTER_PLUGINS),
    ]


def routes() -> Sequence[Route]:
    """The routes of all rooms."""
    return [*figure_routes.ROUTES, *finding_routes.ROUTES, *drawn_routes.ROUTES, *open_routes.ROUTES]


def offers(settings: InsightsSettings) -> Sequence[Offer[Any]]:
    """What other plugins, the kernel and our commands find here."""
    own = [Offer(ROLES, frozenset({ANALYST})), Offer(SETTINGS, settings), Offer(EVENT_TYPES, (FOUND,))]
    return [*own, Offer(OBJECTIONS, warning.objection)]


def commands() -> Sequence[click.Command]:
    """What operators run."""
    figure_commands.insights.add_command(judge)
    return [figure_commands.insights]


def checks(settings: InsightsSettings, registry: Any) -> Iterable[Finding]:
    """What `banshi check` finds."""
    if find_spec("numpy") is None:
        advice = "numpy is not installed, so no night judges the figures: python -m pip install 'banshi[insights]'"
        yield Finding("insights", "no-numpy", advice, warning=True)
    yield from read_categories(settings, registry).findings
    advice = f"{registry.configuration.file}: plugins.insights.settings"
    yield from (Finding("insights", "unknown-unit", f"{advice}.{told}") for told in misplaced(settings, registry))
    yield from maps.findings(registry, settings.map)
