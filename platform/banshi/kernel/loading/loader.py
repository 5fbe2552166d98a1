"""Loads the plugins that plugins.toml lists, holds each to the contract, and puts what they hand over into a registry.

A plugin that is wrong never takes another down with it: everything found is collected, each finding under the guilty
plugin's name, and the start is refused with the whole list.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pluggy

from banshi.default_plugins import PREFIX
from banshi.foundation.database.tables import Tables
from banshi.foundation.findings import Finding, one_line
from banshi.kernel.contract import hookspecs, versions
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import SLUG, Channel, Department, Item, Offer, Resource
from banshi.kernel.loading.catalogue import Reader
from banshi.kernel.loading.configuration import Configuration, Entry
from banshi.kernel.loading.filling import Filling
from banshi.kernel.loading.importing import (
    NotAPackage,
    doubts,
    folder_of,
    import_advice,
    import_plugin,
    place_of,
    read_hooks,
    stand_in,
)
from banshi.kernel.loading.items import ItemLoader, Shelves
from banshi.kernel.loading.registry import Plugin, Registry, without_dead_links
from banshi.kernel.loading.typed_tables import SettingsError, adapter, typed

#: Gives what stands for a plugin that runs in a process of its own: (configuration, name, entry, folder).
Isolate = Callable[[Configuration, str, Entry, Path], ModuleType]


def inspect_plugins(
    configuration: Configuration,
    builtins: Mapping[str, ModuleType],
    shelves: Shelves | None = None,
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
    running: Registry, owner: str, document: Mapping[str, Any], department: Department, handlers: Mapping[str, Any]
) -> tuple[Registry, list[Finding]]:
    """A registry beside a running one with nothing but the items of one owner's document, and all that is wrong."""
    loader = Loader(running.configuration)
    registry = loader.registry
    registry.kinds, registry.owners = running.kinds, dict(running.owners)
    registry.departments[department.code] = department
    registry.plugins[owner] = Plugin(owner, ModuleType(owner), Path(owner))
    for name, plugin in running.plugins.items():
        if name.startswith(PREFIX):
            loader._register(name, plugin.module, plugin.folder, versions.API_VERSION)
    catalogue = Reader(owner, Path(owner), running.kinds).read_items(document, department)
    loader.items.take(owner, replace(catalogue, department=None))
    loader.items.handlers([(owner, handlers)])
    loader.items.finish()
    loader._each("banshi_checks", Finding, loader._finding)
    return registry, list(dict.fromkeys(loader.findings))


class Loader(Filling):
    """Fills a registry, one noun after the other, so that a later one may rest on an earlier one."""

    def __init__(
        self,
        configuration: Configuration,
        shelves: Shelves | None = None,
        isolate: Isolate | None = None,
        *,
        strict: bool = False,
    ) -> None:
        super().__init__(Registry(configuration))
        self.configuration = configuration
        self.isolate = isolate
        self.strict = strict
        self.items = ItemLoader(self, shelves)
        #: Plugins whose settings are wrong: their hooks that ask for settings are not called.
        self.unset: set[str] = set()
        #: Folders of plugins that can't be imported: their items.toml is still read for what is wrong with it.
        self.broken: dict[str, Path] = {}
        self.manager = pluggy.PluginManager("banshi")
        self.manager.add_hookspecs(hookspecs)

    def load(self, builtins: Mapping[str, ModuleType]) -> None:
        for name, module in builtins.items():
            self._register(name, module, Path(str(module.__file__)).parent, versions.API_VERSION)
        entries: dict[str, Entry] = {}
        for name, entry in self.configuration.entries.items():
            self._take(name, entry, entries)
        self.configuration = self.registry.configuration = replace(self.configuration, entries=entries)
        self._settings()
        self._each("banshi_kinds", Kind, self._kind)
        self.items.catalogues(self.broken)
        self.items.handlers(self._call("banshi_handlers"))
        self.items.finish()
        self._each("banshi_channels", Channel, self._channel)
        self._each("banshi_routes", Route, lambda plugin, route: self.registry.routes.append((plugin, route)))
        if self.configuration.settings.without:
            self.registry.routes = list(without_dead_links(self.registry.routes))
        self._each("banshi_resources", Resource, lambda plugin, one: self.registry.resources.append((plugin, one)))
        self._each("banshi_offers", Offer, lambda plugin, one: self.registry.offers.append((plugin, one)))
        for plugin, tables in self._call("banshi_tables"):
            if isinstance(tables, Tables):
                self.registry.tables[plugin] = tables
            else:
                self.wrong_type(plugin, "banshi_tables", tables, "a Tables value")
        self._each("banshi_commands", click.Command, self._command)
        self._each("banshi_checks", Finding, self._finding)
        for name, entry in self.configuration.entries.items():
            if name in self.registry.plugins:
                used = any(name in users for users in self.registry.hooks.values())
                silent = not used and all(finding.plugin != name for finding in self.findings)
                self.findings += doubts(self.registry.plugins[name], entry, self.file, silent=silent)

    # -- modules and hooks ---------------------------------------------------------------------------------------

    def _take(self, name: str, entry: Entry, taken: dict[str, Entry]) -> None:
        """Import a plugin, and before it is registered those that it needs."""
        if name not in taken:
            taken[name] = entry
            if found := self._import(name, entry):
                for needed in self.needs(name, *found):
                    self._take(*needed, taken)
                self._register(name, *found, entry.api)

    def _import(self, name: str, entry: Entry) -> tuple[ModuleType, Path] | None:
        if entry.path and not entry.path.is_dir():
            self.wrong(name, "no-folder", f"{self.file}: mend plugins.{name}.path: there is no folder {entry.path}")
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
                self.wrong(name, "no-package", f"{self.file}: mend plugins.{name}.package: {error}")
            elif isinstance(error, ModuleNotFoundError) and f"{entry.package}.".startswith(f"{error.name}."):
                advice = f"{self.file}: mend plugins.{name}.package, or install {entry.package}: it is not there"
                self.wrong(name, "no-package", advice)
            else:
                self.wrong(name, "import-failed", import_advice(error, place_of(error, entry.path)))
                if entry.path:
                    self.broken[name] = entry.path
            return None

    def _register(self, name: str, module: ModuleType, folder: Path, api: int) -> None:
        if name in self.registry.plugins:
            advice = f"{self.file}: rename [plugins.{name}]: the kernel has a plugin of that name itself"
            self.wrong(name, "reserved-name", advice)
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
            known = {"settings": self.registry.plugins[name].settings, "registry": self.registry, "strict": self.strict}
            try:
                answer = implementation.function(*(known[argument] for argument in implementation.argnames))
                if isinstance(answer, Iterator):
                    answer = list(answer)
            except BaseException as error:  # the plugin's own mistake, even sys.exit, told under its name
                if isinstance(error, KeyboardInterrupt):
                    raise
                place = place_of(error, self.registry.plugins[name].folder)
                self.wrong(name, "hook-failed", f"mend what {hook} raises: {one_line(error)} ({place})")
                continue
            yield name, answer

    def _each(self, hook: str, cls: type, take: Callable[[str, Any], object]) -> None:
        for plugin, answer in self._call(hook):
            if not isinstance(answer, Iterable) or isinstance(answer, str | bytes):
                self.wrong_type(plugin, hook, answer, f"a list of {cls.__name__}")
                continue
            for value in answer:
                if isinstance(value, cls):
                    take(plugin, value)
                else:
                    self.wrong_type(plugin, hook, value, f"{cls.__name__} values")

    # -- what plugins hand over ----------------------------------------------------------------------------------

    def _settings(self) -> None:
        self.unset.update(self.registry.hooks.get("banshi_settings", ()))
        types = dict(self._call("banshi_settings"))
        for name, entry in self.configuration.entries.items():
            if name not in self.registry.plugins:
                continue
            where = f"plugins.{name}.settings"
            if name not in types:
                # Of a hook that raises, that is told.
                for key in entry.settings if name not in self.unset else ():
                    advice = f"{self.file}: remove {where}.{key}: the plugin has no settings"
                    self.wrong(name, "wrong-setting", advice)
                continue
            if not isinstance(types[name], type):
                self.wrong_type(name, "banshi_settings", types[name], "a dataclass")
                continue
            try:
                self.registry.plugins[name].settings = typed(types[name], entry.settings, where=where)
            except SettingsError as error:
                for key, why in error.problems:
                    self.wrong(name, "wrong-setting", f"{self.file}: {key} {why}")
            except Exception as error:  # the dataclass itself: a type that pydantic can't read, a __post_init__
                what = f"mend {types[name].__qualname__}, which types {where} (a frozen dataclass): {one_line(error)}"
                self.wrong(name, "wrong-settings-type", what)
            else:
                self.unset.remove(name)

    def _kind(self, plugin: str, kind: Kind) -> None:
        if not re.fullmatch(SLUG, str(kind.name)) or kind.name in {one.name for one in fields(Item)}:
            words = "use a-z, 0-9 and single hyphens, and no key of an item"
            self.wrong(plugin, "bad-slug", f"rename the kind {kind.name!r}: {words}")
            return
        try:
            adapter(kind.details)
            routes = [(plugin, route) for route in kind.routes()]
        except Exception as error:  # what pydantic can't read, or what a plugin's own kind raises
            self.wrong(plugin, "kind-failed", f"mend the kind {kind.name}: {one_line(error)}")
            return
        self.unique(self.registry.kinds, kind.name, kind, "kind", plugin)
        self.registry.routes += routes

    def _channel(self, plugin: str, channel: Channel) -> None:
        if not inspect.iscoroutinefunction(channel.deliver):
            self.wrong(plugin, "not-async", f"write `async def` for deliver of channel {channel.name}: it is awaited")
        self.unique(self.registry.channels, channel.name, channel, "channel", plugin)

    def _finding(self, plugin: str, finding: Finding) -> None:
        """Under its own name, whatever it says: a plugin finds nothing wrong with another. A kernel's own kind does."""
        named = finding.plugin if plugin not in self.configuration.entries else plugin
        self.findings.append(replace(finding, plugin=named))

    def _command(self, plugin: str, command: click.Command) -> None:
        self.unique(self.registry.commands, str(command.name), command, "command", plugin)
