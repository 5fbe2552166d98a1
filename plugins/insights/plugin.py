"""What the rooms hand over to the platform: each adds its own where the hook of that name is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

import click

from banshi import Finding, Offer, Resource, Route, Tables
from insights.settings import SETTINGS, InsightsSettings

#: The tables of all rooms.
TABLES = Tables(models="insights.tables.models", migrations="insights.tables.migrations")


def resources(settings: InsightsSettings) -> Sequence[Resource[Any]]:
    """What is open while the platform runs."""
    return [Resource.made(SETTINGS, lambda _: settings)]


def routes() -> Sequence[Route]:
    """The routes of all rooms."""
    return []


def offers(_: InsightsSettings) -> Sequence[Offer[Any]]:
    """What other plugins and the kernel find here."""
    return []


def commands() -> Sequence[click.Command]:
    """What operators run."""
    return []


def checks(settings: InsightsSettings, registry: Any) -> Iterable[Finding]:
    """What `banshi check` finds."""
    return [*_numpy(settings, registry)]


def _numpy(_: InsightsSettings, __: Any) -> Iterator[Finding]:
    if find_spec("numpy") is None:
        advice = "numpy is not installed, so no night judges the figures: python -m pip install 'banshi[insights]'"
        yield Finding("insights", "no-numpy", advice, warning=True)
