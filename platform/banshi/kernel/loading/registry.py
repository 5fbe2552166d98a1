"""What the plugins registered, indexed for a look-up per request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from banshi.default_plugins import PREFIX
from banshi.foundation.database.tables import Tables
from banshi.foundation.findings import Finding
from banshi.foundation.keys import Key, T
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import Channel, Department, Item, Offer, Resource
from banshi.kernel.loading.catalogue import Catalogue
from banshi.kernel.loading.configuration import Configuration
from banshi.kernel.loading.item_index import ItemIndex


@dataclass(slots=True)
class Plugin:
    """One loaded plugin and what it handed over."""

    name: str
    module: ModuleType
    folder: Path
    settings: Any = None
    department: Department | None = None


@dataclass(slots=True, repr=False)
class Registry:
    """Everything that was registered, indexed for a look-up per request."""

    configuration: Configuration
    plugins: dict[str, Plugin] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    departments: dict[str, Department] = field(default_factory=dict)
    items: ItemIndex = field(default_factory=ItemIndex)
    channels: dict[str, Channel] = field(default_factory=dict)
    routes: list[tuple[str, Route]] = field(default_factory=list)
    resources: list[tuple[str, Resource[Any]]] = field(default_factory=list)
    #: What plugins give each other, each with the giver's name.
    offers: list[tuple[str, Offer[Any]]] = field(default_factory=list)
    tables: dict[str, Tables] = field(default_factory=dict)
    commands: dict[str, click.Command] = field(default_factory=dict)
    #: Who registered what: (noun, code) → plugin.
    owners: dict[tuple[str, str], str] = field(default_factory=dict)
    #: Hook → the plugins that use it.
    hooks: dict[str, list[str]] = field(default_factory=dict)
    #: What was read from each plugin's items.toml; empty once the start is over.
    catalogues: dict[str, Catalogue] = field(default_factory=dict)
    #: Plugin → digest of what its items were made from, where they lie on a shelf.
    shelved: dict[str, str] = field(default_factory=dict)
    #: Items were read and checked at this very start, and then put on shelves.
    put_away: bool = False
    #: Warnings: the platform starts, `banshi check` shows them.
    warnings: tuple[Finding, ...] = ()
    #: Counts up when items come or go while the platform runs: what is made of the catalogue is made anew.
    revision: int = 0

    def file_of(self, item: Item) -> Path:
        """The file in which an item is declared that was read at this start."""
        files = self.catalogues[item.plugin].files if item.plugin in self.catalogues else {}
        return files.get(item.code, self.plugins[item.plugin].folder / "items.toml")

    def offered(self, key: Key[T]) -> list[tuple[str, T]]:
        """What plugins offer under a key, each with the giver's name."""
        return [(plugin, offer.value) for plugin, offer in self.offers if offer.key is key]


def without_dead_links(routes: Sequence[tuple[str, Route]]) -> Iterator[tuple[str, Route]]:
    """Our own routes without the links to operations that were left out."""
    known = {route.operation for _, route in routes}
    for plugin, route in routes:
        if not plugin.startswith(PREFIX):
            yield plugin, route
            continue
        answers = {
            status: replace(answer, links=[link for link in answer.links if link.operation in known])
            for status, answer in route.answers.items()
        }
        yield plugin, replace(route, answers=answers)
