"""Loads the plugins that plugins.toml lists, holds each to the contract, and keeps what they registered.

A plugin that is wrong never takes another down with it: everything found is collected, each finding under the guilty
plugin's name, and the start is refused with the whole list.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pluggy

from banshi import hookspecs
from banshi.catalogue import Catalogue, Reader
from banshi.configuration import Configuration, Entry
from banshi.contract import Channel, Department, Item, Kind, Resource, Tables
from banshi.errors import ConfigurationError, Finding
from banshi.forms import Form
from banshi.routes import Route
from banshi.settings import SettingsError, typed

#: Parent of the modules that are loaded from folders.
NAMESPACE = "banshi_plugins"


@dataclass(slots=True)
class Plugin:
    """One loaded plugin and what it handed over."""

    name: str
    module: ModuleType
    folder: Path
    settings: Any = None
    department: Department | None = None
    items: tuple[Item, ...] = ()


@dataclass(slots=True)
class Registry:
    """Everything that was registered, indexed for a look-up per request."""

    configuration: Configuration
    plugins: dict[str, Plugin] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    departments: dict[str, Department] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    routes: list[tuple[str, Route]] = field(default_factory=list)
    resources: list[tuple[str, Resource[Any]]] = field(default_factory=list)
    tables: dict[str, Tables] = field(default_factory=dict)
    commands: dict[str, click.Command] = field(default_factory=dict)
    #: Warnings: the platform starts, `banshi check` shows them.
    warnings: tuple[Finding, ...] = ()


def load(configuration: Configuration, builtins: Sequence[ModuleType]) -> Registry:
    """The registry of all listed plugins.

    `builtins` are the kernel's own plugins: the kinds. Raises ConfigurationError with every finding.
    """
    registry, findings = inspect_plugins(configuration, builtins)
    wrong = [finding for finding in findings if not finding.warning]
    if wrong:
        raise ConfigurationError(wrong)
    registry.warnings = tuple(findings)
    return registry


def inspect_plugins(configuration: Configuration, builtins: Sequence[ModuleType]) -> tuple[Registry, list[Finding]]:
    """The registry as far as it could be filled, and everything that is wrong: what `banshi check` shows."""
    loader = Loader(configuration)
    loader.load(builtins)
    return loader.registry, loader.findings


class Loader:
    """Fills a registry, one noun after the other, so that a later one may rest on an earlier one."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.registry = Registry(configuration)
        self.findings: list[Finding] = []
        self.manager = pluggy.PluginManager("banshi")
        self.manager.add_hookspecs(hookspecs)

    def load(self, builtins: Sequence[ModuleType]) -> None:
        for module in builtins:
            self._register(module.__name__.rpartition(".")[2], module, Path(str(module.__file__)).parent)
        for name, entry in self.configuration.entries.items():
            module_and_folder = self._import(name, entry)
            if module_and_folder:
                self._register(name, *module_and_folder)
        self._settings()
        self._each("banshi_kinds", Kind, lambda _, kind: self._unique(self.registry.kinds, kind.name, kind, "kind"))
        self._catalogues()
        self._handlers()
        self._each("banshi_channels", Channel, self._channel)
        self._each("banshi_routes", Route, lambda plugin, route: self.registry.routes.append((plugin, route)))
        self._each("banshi_resources", Resource, lambda plugin, one: self.registry.resources.append((plugin, one)))
        for plugin, tables in self._call("banshi_tables"):
            if isinstance(tables, Tables):
                self.registry.tables[plugin] = tables
            else:
                self._wrong_type(plugin, "banshi_tables", tables, "a Tables value")
        self._each("banshi_commands", click.Command, self._command)
        self._each("banshi_checks", Finding, lambda _, finding: self.findings.append(finding))
        self._routes_are_distinct()

    # -- modules and hooks ---------------------------------------------------------------------------------------

    def _import(self, name: str, entry: Entry) -> tuple[ModuleType, Path] | None:
        try:
            if entry.package:
                module = importlib.import_module(entry.package)
                return module, Path(str(module.__file__)).parent
            assert entry.path is not None  # noqa: S101 - Entry holds exactly one of the two
            if not entry.path.is_dir():
                self._find(name, "no-folder", f"plugins.{name}.path: there is no folder {entry.path}")
                return None
            return _import_folder(name, entry.path), entry.path
        except BaseException as error:  # a plugin's import may even call sys.exit: it stops this plugin alone
            if isinstance(error, KeyboardInterrupt):
                raise
            place = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__}: {error} ({place.filename}:{place.lineno})"
            self._find(name, "import-failed", f"mend the error that its import raises: {what}")
            return None

    def _register(self, name: str, module: ModuleType, folder: Path) -> None:
        self.findings += hook_findings(name, module)
        try:
            self.manager.register(module, name=name)
        except pluggy.PluginValidationError as error:
            self._find(name, "hook-arguments", " ".join(str(error).split()))
            return
        self.registry.plugins[name] = Plugin(name, module, folder)

    def _call(self, hook: str) -> Iterator[tuple[str, Any]]:
        """Call a hook plugin by plugin, so that each answer and each exception has an owner."""
        for implementation in getattr(self.manager.hook, hook).get_hookimpls():
            name = implementation.plugin_name
            if name not in self.registry.plugins or inspect.iscoroutinefunction(implementation.function):
                continue
            known = {"settings": self.registry.plugins[name].settings}
            try:
                answer = implementation.function(*(known[argument] for argument in implementation.argnames))
                if inspect.isgenerator(answer):
                    answer = list(answer)
            except Exception as error:  # the plugin's own mistake, told under its name
                self._find(name, "hook-failed", f"{hook} raised {type(error).__name__}: {error}")
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

    # -- what plugins hand over ----------------------------------------------------------------------------------

    def _settings(self) -> None:
        types = dict(self._call("banshi_settings"))
        for name, entry in self.configuration.entries.items():
            if name not in self.registry.plugins:
                continue
            where = f"plugins.{name}.settings"
            if name not in types:
                for key in entry.settings:
                    self._find(name, "wrong-setting", f"{self._file}: remove {where}.{key}: it has no settings")
                continue
            try:
                self.registry.plugins[name].settings = typed(types[name], entry.settings, where=where)
            except SettingsError as error:
                for key, why in error.problems:
                    self._find(name, "wrong-setting", f"{self._file}: {key} {why}")

    def _catalogues(self) -> None:
        for plugin in self.registry.plugins.values():
            file = plugin.folder / "items.toml"
            if plugin.name in self.configuration.entries and file.is_file():
                self._take(plugin, Reader(plugin.name, file, self.registry.kinds).read())

    def _take(self, plugin: Plugin, catalogue: Catalogue) -> None:
        self.findings += catalogue.findings
        if catalogue.department:
            plugin.department = catalogue.department
            self._unique(
                self.registry.departments, catalogue.department.code, catalogue.department, "department", plugin.name
            )
        for item in catalogue.items:
            self._unique(self.registry.items, item.code, item, "item", plugin.name)

    def _handlers(self) -> None:
        given = dict(self._call("banshi_handlers"))
        for plugin, handlers in given.items():
            if not isinstance(handlers, Mapping):
                self._wrong_type(plugin, "banshi_handlers", handlers, "a mapping from item code to handler")
                continue
            for code, handler in handlers.items():
                item = self.registry.items.get(code)
                if item is None or item.plugin != plugin:
                    own = [one.code for one in self.registry.items.values() if one.plugin == plugin]
                    self._find(plugin, "unknown-item", f"banshi_handlers names {code!r}; {_did_you_mean(code, own)}")
                    continue
                self.registry.items[code] = self._with_handler(item, handler)
        for code, item in self.registry.items.items():
            kind = self.registry.kinds[item.kind]
            if item.handler is None and kind.handler is not None:
                self.registry.items[code] = item = replace(item, handler=kind.handler())
            for rule, advice in kind.check(item) if kind.check else ():
                self._find(item.plugin, rule, f"items.{code}: {advice}")

    def _with_handler(self, item: Item, handler: Any) -> Item:
        base = self.registry.kinds[item.kind].handler
        if base is None or not isinstance(handler, base):
            expected = f"an instance of a {base.__name__} subclass" if base else f"nothing for the kind {item.kind}"
            self._wrong_type(item.plugin, f"banshi_handlers[{item.code!r}]", handler, expected)
            return item
        for name in (name for name in vars(base) if not name.startswith("_")):
            method = getattr(handler, name)
            if inspect.iscoroutinefunction(getattr(base, name)) and not inspect.iscoroutinefunction(method):
                where = f"{type(handler).__name__}.{name}"
                self._find(item.plugin, "not-async", f"write `async def {name}`: {where} of {item.code} is awaited")
        model = getattr(handler, "form", None)
        try:
            form = Form.from_model(model) if model is not None else item.form
        except (ValueError, TypeError) as error:
            self._find(item.plugin, "wrong-schema", f"items.{item.code}: {type(handler).__name__}.form: {error}")
            form = item.form
        return replace(item, handler=handler, form=form)

    def _channel(self, plugin: str, channel: Channel) -> None:
        if not inspect.iscoroutinefunction(channel.deliver):
            self._find(plugin, "not-async", f"write `async def` for deliver of channel {channel.name}: it is awaited")
        self._unique(self.registry.channels, channel.name, channel, "channel", plugin)

    def _command(self, plugin: str, command: click.Command) -> None:
        self._unique(self.registry.commands, str(command.name), command, "command", plugin)

    def _routes_are_distinct(self) -> None:
        seen: dict[str, str] = {}
        for plugin, route in self.registry.routes:
            for key in (f"{route.method} {route.path}", route.operation):
                if key in seen:
                    advice = f"take another path and operation: {seen[key]} has registered {key!r} too"
                    self._find(plugin, "duplicate-route", advice)
                seen[key] = plugin

    # -- findings ------------------------------------------------------------------------------------------------

    @property
    def _file(self) -> Path:
        return self.configuration.file

    def _find(self, plugin: str, rule: str, advice: str) -> None:
        self.findings.append(Finding(plugin, rule, advice))

    def _wrong_type(self, plugin: str, hook: str, value: Any, expected: str) -> None:
        self._find(plugin, "wrong-type", f"{hook} has to return {expected}, not {type(value).__name__}")

    def _unique(self, index: dict[str, Any], key: str, value: Any, noun: str, plugin: str = "") -> None:
        if key in index:
            owner = getattr(index[key], "plugin", "") or next(
                (p.name for p in self.registry.plugins.values() if p.department is index[key]), "another plugin"
            )
            self._find(plugin or key, f"duplicate-{noun}", f"rename {noun} {key!r}: {owner} has one of that code")
            return
        index[key] = value


def hook_findings(name: str, module: ModuleType) -> Iterator[Finding]:
    """What is wrong with the hooks that a module defines: misspelt, not marked, or `async def`."""
    known = [hook for hook in vars(hookspecs) if hook.startswith("banshi_")]
    for attribute, value in vars(module).items():
        if not attribute.startswith("banshi_") or not inspect.isfunction(value):
            continue
        if attribute not in known:
            advice = f"there is no hook {attribute}; {_did_you_mean(attribute, known)}"
            yield Finding(name, "unknown-hook", advice)
        elif inspect.iscoroutinefunction(value):
            advice = f"write `def {attribute}`, not `async def`: hooks register at start, what they return may be async"
            yield Finding(name, "async-hook", advice)
        elif not hasattr(value, "banshi_impl"):
            yield Finding(name, "unmarked-hook", f"put @hookimpl above {attribute}: without it, it is never called")


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, 1)
    return f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known) or 'none'}"


def _import_folder(name: str, folder: Path) -> ModuleType:
    """The plugin in `folder` as the package `banshi_plugins.<name>`; a folder without Python is an empty module."""
    qualified = f"{NAMESPACE}.{name.replace('-', '_')}"
    loaded = sys.modules.get(qualified)
    if loaded is not None and list(getattr(loaded, "__path__", [])) == [str(folder)]:
        return loaded
    for stale in [key for key in sys.modules if key == qualified or key.startswith(qualified + ".")]:
        del sys.modules[stale]
    sys.modules.setdefault(NAMESPACE, ModuleType(NAMESPACE)).__path__ = []
    source = folder / "__init__.py"
    if not source.is_file():
        module = ModuleType(qualified)
        module.__path__ = [str(folder)]
        sys.modules[qualified] = module
        return module
    spec = importlib.util.spec_from_file_location(qualified, source, submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{source} can't be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[qualified] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[qualified]
        raise
    return module
