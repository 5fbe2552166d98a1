"""Puts the items that plugins declare into the registry, each with its behaviour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from banshi.forms import Form
from banshi.foundation.findings import did_you_mean, one_line
from banshi.kernel.contract.values import Item
from banshi.kernel.loading.catalogue import Catalogue, Reader
from banshi.kernel.loading.filling import Filling
from banshi.kernel.loading.item_index import Shelf
from banshi.kernel.loading.registry import Plugin, Registry


class Shelves(Protocol):
    """Where items lie that need not be read and checked again."""

    def find(self, plugin: str, registry: Registry) -> Shelf | None:
        """The plugin's shelf, if everything that it was made from is as it was."""
        ...


class ItemLoader:
    """Reads catalogues, and gives each item its handler."""

    def __init__(self, into: Filling, shelves: Shelves | None) -> None:
        self.into = into
        self.registry = into.registry
        self.shelves = shelves
        #: Codes of items that were declared, right or wrong, by plugin.
        self.declared: dict[str, frozenset[str] | None] = {}

    def catalogues(self, broken: Mapping[str, Path]) -> None:
        """Read every plugin's items.toml; of those in `broken` folders, what is wrong with it alone."""
        for plugin in self.registry.plugins.values():
            file = plugin.folder / "items.toml"
            if plugin.name in self.registry.configuration.entries and file.is_file() and not self._shelved(plugin):
                self.take(plugin.name, Reader(plugin.name, file, self.registry.kinds).read())
        for name, folder in broken.items():
            if (folder / "items.toml").is_file():
                self.into.findings += Reader(name, folder / "items.toml", self.registry.kinds).read().findings

    def _shelved(self, plugin: Plugin) -> bool:
        """Whether the plugin's items lie on a shelf and are taken from there."""
        shelf = self.shelves and self.shelves.find(plugin.name, self.registry)
        if not shelf:
            return False
        items, department = self.registry.items, shelf.department
        self.registry.shelved[plugin.name] = shelf.digest
        plugin.department = department
        self.into.unique(self.registry.departments, department.code, department, "department", plugin.name)
        for code, place, at_start in shelf.rows():
            owner = self.registry.owners.setdefault(("item", code), plugin.name)
            if code in items:
                advice = f"rename the item {code!r}: {owner} has one of that name already"
                self.into.wrong(plugin.name, "duplicate-item", advice)
            elif at_start:
                items[code] = shelf.make(place[1], place[2])
            else:
                items.put(code, place)
        self.declared[plugin.name] = shelf.codes
        return True

    def take(self, plugin: str, catalogue: Catalogue) -> None:
        """Add what a plugin's catalogue declares."""
        self.registry.catalogues[plugin] = catalogue
        self.into.findings += catalogue.findings
        self.declared[plugin] = catalogue.declared
        if department := catalogue.department:
            self.registry.plugins[plugin].department = department
            self.into.unique(self.registry.departments, department.code, department, "department", plugin)
        for item in catalogue.items:
            self.into.unique(self.registry.items, item.code, item, "item", plugin)

    def handlers(self, found: Iterable[tuple[str, Any]]) -> None:
        """Give items the handlers that plugins hand over."""
        for plugin, handlers in found:
            if not isinstance(handlers, Mapping):
                self.into.wrong_type(plugin, "banshi_handlers", handlers, "a mapping from item code to handler")
                continue
            for code, handler in handlers.items():
                item = self.registry.items.get(code)
                declared = self.declared.get(plugin, frozenset())
                if item is not None and item.plugin == plugin:
                    self.registry.items[code] = self._with_handler(item, handler)
                    if plugin in self.registry.catalogues:
                        self.registry.catalogues[plugin].handled.add(code)
                elif declared is not None and code not in declared:
                    advice = f"banshi_handlers names the item {code!r}, which items.toml does not: "
                    self.into.wrong(plugin, "unknown-item", advice + did_you_mean(str(code), sorted(declared)))

    def finish(self) -> None:
        """Give each item its kind's own behaviour where it has none, and hold it to its kind."""
        for item in list(self.registry.items.unchecked()):
            code, kind = item.code, self.registry.kinds[item.kind]
            try:
                if item.handler is None and kind.handler is not None:
                    self.registry.items[code] = item = replace(item, handler=kind.handler())
                for rule, advice in kind.check(item) if kind.check else ():
                    self.into.wrong(item.plugin, rule, f"items.{code}: {advice}")
                if kind.handed_in is not None and item.details is not None:
                    kind.handed_in(item)
            except Exception as error:  # a plugin's own kind
                owner, advice = self.registry.owners["kind", kind.name], f"mend what the kind {kind.name} raises for"
                self.into.wrong(owner, "kind-failed", f"{advice} {code}: {one_line(error)}")

    def _with_handler(self, item: Item, handler: Any) -> Item:
        base = self.registry.kinds[item.kind].handler
        if base is None or not isinstance(handler, base):
            expected = f"an instance of a subclass of {base.__name__}" if base else f"nothing for the kind {item.kind}"
            self.into.wrong_type(item.plugin, f"banshi_handlers[{item.code!r}]", handler, expected)
            return item
        model = getattr(handler, "form", None)
        try:
            form = Form.from_model(model) if model is not None else item.form
        except Exception as error:  # whatever pydantic says of something that is no model
            place = f"items.{item.code}: {type(handler).__name__}.form"
            self.into.wrong(item.plugin, "wrong-schema", f"{place}: {one_line(error)}")
            form = item.form
        return replace(item, handler=handler, form=form)
