"""Loads the plugins that plugins.toml lists, holds each to the contract, and puts what they hand over into a registry.

A plugin that is wrong never takes another down with it: everything found is collected, each finding under the guilty
plugin's name, and the start is refused with the whole list.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pluggy

from banshi.default_plugins import PREFIX
from banshi.foundation.database.tables import Tables
from banshi.foundation.errors import Finding
from banshi.foundation.forms import Form
from banshi.foundation.wording import did_you_mean, told
from banshi.kernel.contract import hookspecs, values
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import SLUG, Channel, Department, Item, Kind, Offer, Resource
from banshi.kernel.loading.catalogue import Catalogue, Reader
from banshi.kernel.loading.configuration import Configuration, Entry
from banshi.kernel.loading.importing import (
    NotAPackage,
    folder_of,
    import_plugin,
    nothing_in,
    outdated,
    place_of,
    read_hooks,
    stand_in,
)
from banshi.kernel.loading.item_index import ItemFiles
from banshi.kernel.loading.registry import Plugin, Registry
from banshi.kernel.loading.typed_tables import SettingsError, adapter, typed
from banshi.moved import advice_on, old_names

#: Gives what stands for a plugin that runs in a process of its own: (configuration, name, entry, folder).
Isolate = Callable[[Configuration, str, Entry, Path], ModuleType]


def inspect_plugins(
    configuration: Configuration,
    builtins: Mapping[str, ModuleType],
    shelves: ItemFiles | None = None,
    isolate: Isolate | None = None,
    *,
    strict: bool = False,
) -> tuple[Registry, list[Finding]]:
    """The registry as far as it could be filled, and everything that is wrong: what `banshi check` shows.

    What lies on `shelves` is not read and checked again. Without `isolate` plugins with a process of their own have no
    behaviour: for commands beside a running server.
    """
    loader = Loader(configuration, shelves, isolate, strict=strict)
    loader.load(builtins)
    return loader.registry, loader.findings


def inspect_items(
    running: Registry, owner: str, document: Mapping[str, Any], department: Department, source: Path
) -> tuple[Registry, list[Finding]]:
    """A registry beside a running one with nothing but the items of one document, and everything wrong with them.

    `owner` is under whose name; `source` is what findings call the document.
    """
    loader = Loader(running.configuration)
    registry = loader.registry
    registry.kinds, registry.owners = running.kinds, dict(running.owners)
    registry.departments[department.code] = department
    registry.plugins[owner] = Plugin(owner, ModuleType(owner), source)
    for name, plugin in running.plugins.items():
        if name.startswith(PREFIX):
            loader._register(name, plugin.module, plugin.folder, values.API_VERSION)
    catalogue = Reader(owner, source, running.kinds).read_items(document, department)
    loader.take(owner, replace(catalogue, department=None))
    loader.finish()
    loader._each("banshi_checks", Finding, loader._finding)
    return registry, list(dict.fromkeys(loader.findings))


class Loader:
    """Fills a registry, one noun after the other, so that a later one may rest on an earlier one."""

    def __init__(
        self,
        configuration: Configuration,
        shelves: ItemFiles | None = None,
        isolate: Isolate | None = None,
        *,
        strict: bool = False,
    ) -> None:
        self.configuration = configuration
        self.shelves = shelves
        self.isolate = isolate
        self.strict = strict
        self.registry = Registry(configuration)
        self.findings: list[Finding] = []
        #: Plugins whose settings are wrong: their hooks that ask for settings are not called.
        self.unset: set[str] = set()
        #: Folders of plugins that can't be imported: their items.toml is still read for what is wrong with it.
        self.broken: dict[str, Path] = {}
        #: Codes of items that were declared, right or wrong, by plugin.
        self.declared: dict[str, frozenset[str] | None] = {}
        self.manager = pluggy.PluginManager("banshi")
        self.manager.add_hookspecs(hookspecs)

    def load(self, builtins: Mapping[str, ModuleType]) -> None:
        for name, module in builtins.items():
            self._register(name, module, Path(str(module.__file__)).parent, values.API_VERSION)
        for name, entry in self.configuration.entries.items():
            module_and_folder = self._import(name, entry)
            if module_and_folder:
                self._register(name, *module_and_folder, entry.api)
        self._settings()
        self._each("banshi_kinds", Kind, self._kind)
        self._catalogues()
        self._handlers()
        self.finish()
        self._each("banshi_channels", Channel, self._channel)
        self._each("banshi_routes", Route, lambda plugin, route: self.registry.routes.append((plugin, route)))
        if self.configuration.settings.without:
            self.registry.routes = list(_without_dead_links(self.registry.routes))
        self._each("banshi_resources", Resource, lambda plugin, one: self.registry.resources.append((plugin, one)))
        self._each("banshi_offers", Offer, lambda plugin, one: self.registry.offers.append((plugin, one)))
        for plugin, tables in self._call("banshi_tables"):
            if isinstance(tables, Tables):
                self.registry.tables[plugin] = tables
            else:
                self._wrong_type(plugin, "banshi_tables", tables, "a Tables value")
        self._each("banshi_commands", click.Command, self._command)
        self._each("banshi_checks", Finding, self._finding)
        for name in (one for one in self.configuration.entries if one in self.registry.plugins):
            self.findings += self._doubts(name)

    # -- modules and hooks ---------------------------------------------------------------------------------------

    def _import(self, name: str, entry: Entry) -> tuple[ModuleType, Path] | None:
        if entry.path and not entry.path.is_dir():
            self._find(name, "no-folder", f"{self._file}: mend plugins.{name}.path: there is no folder {entry.path}")
            return None
        try:
            if entry.isolation == "process":
                folder = folder_of(entry)
                return self.isolate(self.configuration, name, entry, folder) if self.isolate else stand_in(name), folder
            return import_plugin(name, entry)
        except BaseException as error:  # a plugin's import may even call sys.exit: it stops this plugin alone
            if isinstance(error, KeyboardInterrupt):
                raise
            if isinstance(error, NotAPackage):
                self._find(name, "no-package", f"{self._file}: mend plugins.{name}.package: {error}")
            elif isinstance(error, ModuleNotFoundError) and f"{entry.package}.".startswith(f"{error.name}."):
                advice = f"{self._file}: mend plugins.{name}.package, or install {entry.package}: it is not there"
                self._find(name, "no-package", advice)
            else:
                advice = f"mend what its import raises: {told(error)} ({place_of(error, entry.path)})"
                self._find(name, "import-failed", advice)
                if entry.path:
                    self.broken[name] = entry.path
            return None

    def _register(self, name: str, module: ModuleType, folder: Path, api: int) -> None:
        if name in self.registry.plugins:
            advice = f"{self._file}: rename [plugins.{name}]: the kernel has a plugin of that name itself"
            self._find(name, "reserved-name", advice)
            return
        hooks, wrong = read_hooks(name, module, api)
        self.findings += wrong
        # Only the hooks that are right: a wrong one must not keep the plugin's others from being checked.
        right = ModuleType(module.__name__)
        vars(right).update(hooks)
        self.manager.register(right, name=name)
        self.registry.plugins[name] = Plugin(name, module, folder)
        for hook in hooks:
            self.registry.hooks.setdefault(hook, []).append(name)

    def _call(self, hook: str) -> Iterator[tuple[str, Any]]:
        """Call a hook plugin by plugin, so that each answer and each exception has an owner."""
        for implementation in getattr(self.manager.hook, hook).get_hookimpls():
            name = implementation.plugin_name
            if name in self.unset and "settings" in implementation.argnames:
                continue
            known = {
                "settings": self.registry.plugins[name].settings,
                "registry": self.registry,
                "strict": self.strict,
            }
            try:
                answer = implementation.function(*(known[argument] for argument in implementation.argnames))
                if isinstance(answer, Iterator):
                    answer = list(answer)
            except BaseException as error:  # the plugin's own mistake, even sys.exit, told under its name
                if isinstance(error, KeyboardInterrupt):
                    raise
                place = place_of(error, self.registry.plugins[name].folder)
                self._find(name, "hook-failed", f"mend what {hook} raises: {told(error)} ({place})")
                continue
            yield name, answer

    def _each(self, hook: str, cls: type, take: Callable[[str, Any], object]) -> None:
        for plugin, answer in self._call(hook):
            if not isinstance(answer, Iterable) or isinstance(answer, str | bytes):
                self._wrong_type(plugin, hook, answer, f"a list of {cls.__name__}")
                continue
            for value in answer:
                if isinstance(value, cls):
                    take(plugin, value)
                else:
                    self._wrong_type(plugin, hook, value, f"{cls.__name__} values")

    def _doubts(self, name: str) -> Iterator[Finding]:
        """What is right today and will not be tomorrow, or can hardly be meant."""
        entry, plugin = self.configuration.entries[name], self.registry.plugins[name]
        if entry.api < values.API_VERSION:
            yield outdated(name, self._file, entry.api)
        for file, old in old_names(plugin.folder):
            yield Finding(name, "old-name", f"{file}: {advice_on(old)}", warning=True)
        told = any(finding.plugin == name for finding in self.findings)
        used = any(name in users for users in self.registry.hooks.values())
        if not told and not used and not any(plugin.folder.glob("*.toml")):
            yield nothing_in(name, entry, plugin.folder)

    # -- what plugins hand over ----------------------------------------------------------------------------------

    def _settings(self) -> None:
        types = dict(self._call("banshi_settings"))
        for name, entry in self.configuration.entries.items():
            if name not in self.registry.plugins:
                continue
            where = f"plugins.{name}.settings"
            if name not in types:
                for key in entry.settings:
                    self._find(name, "wrong-setting", f"{self._file}: remove {where}.{key}: the plugin has no settings")
                continue
            self.unset.add(name)
            if not isinstance(types[name], type):
                self._wrong_type(name, "banshi_settings", types[name], "a dataclass")
                continue
            try:
                self.registry.plugins[name].settings = typed(types[name], entry.settings, where=where)
            except SettingsError as error:
                for key, why in error.problems:
                    self._find(name, "wrong-setting", f"{self._file}: {key} {why}")
            except Exception as error:  # the dataclass itself: a type that pydantic can't read, a __post_init__
                what = f"mend {types[name].__qualname__}, which types {where}: {told(error)}"
                self._find(name, "wrong-settings-type", what)
            else:
                self.unset.remove(name)

    def _kind(self, plugin: str, kind: Kind) -> None:
        if not re.fullmatch(SLUG, str(kind.name)) or kind.name in {one.name for one in fields(Item)}:
            words = "use a-z, 0-9 and single hyphens, and no key of an item"
            self._find(plugin, "bad-slug", f"rename the kind {kind.name!r}: {words}")
            return
        try:
            adapter(kind.details)
            routes = [(plugin, route) for route in kind.routes()]
        except Exception as error:  # what pydantic can't read, or what a plugin's own kind raises
            self._find(plugin, "kind-failed", f"mend the kind {kind.name}: {told(error)}")
            return
        self._unique(self.registry.kinds, kind.name, kind, "kind", plugin)
        self.registry.routes += routes

    def _catalogues(self) -> None:
        for plugin in self.registry.plugins.values():
            file = plugin.folder / "items.toml"
            if plugin.name in self.configuration.entries and file.is_file() and not self._shelved(plugin):
                self.take(plugin.name, Reader(plugin.name, file, self.registry.kinds).read())
        for name, folder in self.broken.items():
            if (folder / "items.toml").is_file():
                self.findings += Reader(name, folder / "items.toml", self.registry.kinds).read().findings

    def _shelved(self, plugin: Plugin) -> bool:
        """Whether the plugin's items lie on a shelf and are taken from there."""
        shelf = self.shelves and self.shelves.find(
            plugin.name, plugin.folder, self.registry.kinds, self.registry.kinds_key()
        )
        if not shelf:
            return False
        items, department = self.registry.items, shelf.department
        self.registry.shelved[plugin.name] = shelf.head["digest"]
        plugin.department = department
        self._unique(self.registry.departments, department.code, department, "department", plugin.name)
        for code, place, at_start in shelf.rows():
            owner = self.registry.owners.setdefault(("item", code), plugin.name)
            if code in items:
                advice = f"rename the item {code!r}: {owner} has one of that name already"
                self._find(plugin.name, "duplicate-item", advice)
            elif at_start:
                items[code] = shelf.make(place[1], place[2])
            else:
                items.put(code, place)
        self.declared[plugin.name] = frozenset(code for code, *_ in shelf.head["items"])
        return True

    def take(self, plugin: str, catalogue: Catalogue) -> None:
        """Add what a plugin's catalogue declares."""
        self.registry.catalogues[plugin] = catalogue
        self.findings += catalogue.findings
        self.declared[plugin] = catalogue.declared
        if catalogue.department:
            self.registry.plugins[plugin].department = catalogue.department
            self._unique(
                self.registry.departments, catalogue.department.code, catalogue.department, "department", plugin
            )
        for item in catalogue.items:
            self._unique(self.registry.items, item.code, item, "item", plugin)

    def _handlers(self) -> None:
        for plugin, handlers in self._call("banshi_handlers"):
            if not isinstance(handlers, Mapping):
                self._wrong_type(plugin, "banshi_handlers", handlers, "a mapping from item code to handler")
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
                    self._find(plugin, "unknown-item", advice + did_you_mean(str(code), sorted(declared)))

    def finish(self) -> None:
        """Give each item its kind's own behaviour where it has none, and hold it to its kind."""
        for item in list(self.registry.items.unchecked()):
            code, kind = item.code, self.registry.kinds[item.kind]
            try:
                if item.handler is None and kind.handler is not None:
                    self.registry.items[code] = item = replace(item, handler=kind.handler())
                for rule, advice in kind.check(item) if kind.check else ():
                    self._find(item.plugin, rule, f"items.{code}: {advice}")
                if kind.handed_in is not None and item.details is not None:
                    kind.handed_in(item)
            except Exception as error:  # a plugin's own kind
                owner = self.registry.owners["kind", kind.name]
                self._find(owner, "kind-failed", f"mend what the kind {kind.name} raises for {code}: {told(error)}")

    def _with_handler(self, item: Item, handler: Any) -> Item:
        base = self.registry.kinds[item.kind].handler
        if base is None or not isinstance(handler, base):
            expected = f"an instance of a subclass of {base.__name__}" if base else f"nothing for the kind {item.kind}"
            self._wrong_type(item.plugin, f"banshi_handlers[{item.code!r}]", handler, expected)
            return item
        model = getattr(handler, "form", None)
        try:
            form = Form.from_model(model) if model is not None else item.form
        except Exception as error:  # whatever pydantic says of something that is no model
            self._find(item.plugin, "wrong-schema", f"items.{item.code}: {type(handler).__name__}.form: {told(error)}")
            form = item.form
        return replace(item, handler=handler, form=form)

    def _channel(self, plugin: str, channel: Channel) -> None:
        if not inspect.iscoroutinefunction(channel.deliver):
            self._find(plugin, "not-async", f"write `async def` for deliver of channel {channel.name}: it is awaited")
        self._unique(self.registry.channels, channel.name, channel, "channel", plugin)

    def _finding(self, plugin: str, finding: Finding) -> None:
        """Under its own name, whatever it says: a plugin finds nothing wrong with another. A kernel's own kind does."""
        named = finding.plugin if plugin not in self.configuration.entries else plugin
        self.findings.append(replace(finding, plugin=named))

    def _command(self, plugin: str, command: click.Command) -> None:
        self._unique(self.registry.commands, str(command.name), command, "command", plugin)

    # -- findings ------------------------------------------------------------------------------------------------

    @property
    def _file(self) -> Path:
        return self.configuration.file

    def _find(self, plugin: str, rule: str, advice: str) -> None:
        self.findings.append(Finding(plugin, rule, advice))

    def _wrong_type(self, plugin: str, hook: str, value: Any, expected: str) -> None:
        self._find(plugin, "wrong-type", f"{hook} has to return {expected}, not {type(value).__name__}")

    def _unique(self, index: MutableMapping[str, Any], key: str, value: Any, noun: str, plugin: str) -> None:
        owner = self.registry.owners.setdefault((noun, key), plugin)
        if key in index:
            self._find(plugin, f"duplicate-{noun}", f"rename the {noun} {key!r}: {owner} has one of that name already")
            return
        index[key] = value


def _without_dead_links(routes: Sequence[tuple[str, Route]]) -> Iterator[tuple[str, Route]]:
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
