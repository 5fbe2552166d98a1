"""Items that join the catalogue while the platform runs, held to what a plugin's are held to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from banshi.builtin.catalogue.search import SEARCH
from banshi.foundation.findings import Finding
from banshi.kernel.contract.values import Department, Item
from banshi.kernel.loading.loader import inspect_items
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.running import Platform


def inspect_declaration(
    registry: Registry,
    owner: str,
    items: Any,
    department: Department,
    handlers: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[tuple[Item, ...], list[Finding]]:
    """Hold items to every check of a plugin's; those that are right, and everything that is wrong.

    Takes milliseconds for each item, so call it in a thread.

    Args:
        owner: Under whose name they join, in logs and breakers; no plugin's.
        items: As the tables `[[items]]` of items.toml, read from JSON.
        department: One that is there already, whose items they will be.
        handlers: Behaviour by item code, as `banshi_handlers` gives it.
    """
    beside, found = inspect_items(registry, owner, {"items": items}, department, handlers)
    return tuple(beside.items.values()), found


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """All that one owner has in the catalogue."""

    owner: str
    #: What is offered; by their modes to everybody, or to those who know of it.
    items: tuple[Item, ...] = ()
    #: What is no longer offered, and kept for the cases that it has.
    ended: tuple[Item, ...] = ()
    #: Versions before, under which there may be cases.
    earlier: tuple[Item, ...] = ()


@dataclass(slots=True)
class RuntimeItems:
    """What has joined so far."""

    platform: Platform
    #: What of them is offered.
    _items: list[Item] = field(default_factory=list)
    #: All of them without their behaviour: what lists, search and descriptions are made of.
    _shown: tuple[list[Item], ...] = field(init=False, default=([], [], []))

    def replace(self, all_of_them: Iterable[Joining]) -> list[str]:
        """Let these be all that have joined, between two requests. Gives the codes that a plugin has by now.

        What is made of the catalogue is made anew only where what it shows has changed: a secret's rotation, or
        another registration that waits, must not cost every process a new index.
        """
        registry, wanted = self.platform.registry, list(all_of_them)
        ours = {item.code for item in self._items}
        codes = {item.code for one in wanted for item in (*one.items, *one.ended, *one.earlier)}
        taken = sorted({code for code in codes if code in registry.items} - ours)

        def left(items: Iterable[Item]) -> list[Item]:
            return [item for item in items if item.code not in taken]

        offered = left(item for one in wanted for item in one.items)
        ended = left(item for one in wanted for item in one.ended)
        earlier = left(item for one in wanted for item in one.earlier)
        registry.items.replace(self._items, offered=offered, ended=ended, earlier=earlier)
        self._items = offered
        shown = tuple([replace(item, handler=None) for item in some] for some in (offered, ended, earlier))
        if shown != self._shown:
            self._shown = shown
            registry.revision += 1
            self.platform[SEARCH].renew()
        return taken
