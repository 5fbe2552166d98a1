"""A plugin's module: imported from a folder or a package, and its hooks held to the contract."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from banshi.foundation.files.toml_and_json import lookalike
from banshi.foundation.findings import Finding, did_you_mean, told
from banshi.kernel.contract import hookspecs, versions
from banshi.kernel.loading.configuration import NAMESPACE, Entry
from banshi.kernel.loading.registry import Plugin
from banshi.moved import advice_on, old_names

#: A file that was saved longer ago is not saved a second time within its second.
YOUNG_SOURCE_S = 2.0

#: Where an author finds the names that there are.
MAY_IMPORT = "docs/reference.md has what a plugin may import"


class Loader(SourceFileLoader):
    """Keeps no bytecode of a file that was saved just now.

    Bytecode knows its source by size and second: of two that are saved within a second, the second would never run.
    """

    def set_data(self, path: str, data: Any, **given: Any) -> None:
        if Path(self.path).stat().st_mtime + YOUNG_SOURCE_S < time.time():
            super().set_data(path, data, **given)


class Finder:
    """Finds the modules of plugins' folders."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, _: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path) if name.startswith(f"{NAMESPACE}.") else None
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = Loader(name, spec.loader.path)
        return spec


sys.meta_path.insert(0, Finder())


class NotAPackage(ImportError):
    """What an entry names can be imported and has no folder of its own."""


def import_plugin(name: str, entry: Entry) -> tuple[ModuleType, Path]:
    """The module of an entry of plugins.toml, and its folder. Raises whatever the import raises."""
    if entry.path is not None:
        return _import_folder(name, entry.path), entry.path
    module = importlib.import_module(str(entry.package))
    if not hasattr(module, "__path__"):
        raise NotAPackage(f"{entry.package} is a single module; a plugin is a package, a folder with its items.toml")
    return module, Path(module.__path__[0])


def folder_of(entry: Entry) -> Path:
    """An entry's folder, found without running any code of the plugin's. Raises ImportError."""
    if entry.path is not None:
        return entry.path
    place: Sequence[str] | None = None
    qualified = ""
    for part in str(entry.package).split("."):
        qualified = f"{qualified}.{part}" if qualified else part
        spec = PathFinder.find_spec(qualified, place)
        if spec is None:
            raise ModuleNotFoundError(f"{qualified} is not there", name=qualified)
        if spec.submodule_search_locations is None:
            raise NotAPackage(f"{qualified} is a single module; a plugin is a package, a folder with its items.toml")
        place = list(spec.submodule_search_locations)
    return Path((place or [""])[0])


def stand_in(name: str) -> ModuleType:
    """An empty module for a plugin whose code runs elsewhere: its settings are taken as they are written."""

    def banshi_settings() -> type:
        return dict

    module = ModuleType(f"{NAMESPACE}.{name.replace('-', '_')}")
    vars(module)["banshi_settings"] = hookspecs.hookimpl(banshi_settings)
    return module


def _import_folder(name: str, folder: Path) -> ModuleType:
    """The plugin in `folder` as the package `banshi_plugins.<name>`; a folder without Python is an empty module."""
    qualified = f"{NAMESPACE}.{name.replace('-', '_')}"
    loaded = sys.modules.get(qualified)
    if loaded is not None and list(getattr(loaded, "__path__", [])) == [str(folder)]:
        return loaded
    for stale in [key for key in sys.modules if key.startswith(qualified) and f"{key}.".startswith(f"{qualified}.")]:
        del sys.modules[stale]
    sys.modules.setdefault(NAMESPACE, ModuleType(NAMESPACE)).__path__ = []
    source = folder / "__init__.py"
    if not source.is_file():
        module = ModuleType(qualified)
        module.__path__ = [str(folder)]
        sys.modules[qualified] = module
        return module
    spec = importlib.util.spec_from_file_location(
        qualified, source, loader=Loader(qualified, str(source)), submodule_search_locations=[str(folder)]
    )
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


def read_hooks(name: str, module: ModuleType, api: int) -> tuple[dict[str, Any], list[Finding]]:
    """The hooks of a module that are right, and what is wrong with the others.

    `api` is the version of the contract that it is written for: a hook that was retired since is still called.
    """
    known = [hook for hook in vars(hookspecs) if hook.startswith("banshi_")]
    right: dict[str, Any] = {}
    wrong: list[Finding] = []
    for attribute, value in vars(module).items():
        marked = hasattr(value, "banshi_impl")
        if not inspect.isfunction(value) or not (marked or attribute.startswith("banshi_")):
            continue
        where = f"{value.__code__.co_filename}:{value.__code__.co_firstlineno}"
        if retired := hookspecs.RETIRED.get(attribute):
            called = api < retired.since and attribute in known
            wrong.append(Finding(name, "retired-hook", f"{where}: {farewell(attribute, retired, called)}", called))
            if not called:
                continue
        if attribute not in known:
            meant = did_you_mean(attribute, [hook for hook in known if hook not in hookspecs.RETIRED])
            advice = f"{where}: there is no hook {attribute}: {meant}"
            wrong.append(Finding(name, "unknown-hook", advice))
        elif inspect.iscoroutinefunction(value) or inspect.isasyncgenfunction(value):
            advice = f"{where}: write `def {attribute}`, not `async def`: only what it returns may be async"
            wrong.append(Finding(name, "async-hook", advice))
        elif not marked:
            advice = f"{where}: put @hookimpl above {attribute}: without it, it is never called"
            wrong.append(Finding(name, "unmarked-hook", advice))
        elif given := _arguments(value) - _arguments(getattr(hookspecs, attribute)):
            advice = f"{where}: remove {', '.join(sorted(given))} from {attribute}: `banshi hooks {attribute}` shows it"
            wrong.append(Finding(name, "hook-arguments", advice))
        else:
            right[attribute] = value
    return right, wrong


def doubts(plugin: Plugin, entry: Entry, file: Path, *, silent: bool) -> list[Finding]:
    """What is right today and will not be tomorrow, or can hardly be meant.

    `silent` is a plugin of which no hook is used, and nothing was found wrong.
    """
    name, now = plugin.name, versions.API_VERSION
    found = []
    if entry.api < now:
        advice = f"this kernel speaks {now}, and the next one no longer {entry.api}: test it, and write"
        found.append(Finding(name, "old-api", f"{file}: {advice} plugins.{name}.api = {now}", warning=True))
    for place, old in old_names(plugin.folder):
        found.append(Finding(name, "old-name", f"{place}: {advice_on(old)}", warning=True))
    if silent and not found and not any(plugin.folder.glob("*.toml")):
        advice = f"it hands over nothing: write a hook in its __init__.py, or an items.toml in {plugin.folder}"
        if entry.package:
            advice += f"; if {entry.package} has them at home, build its wheel with its data files"
        found.append(Finding(name, "empty-plugin", advice, warning=True))
    return found


def farewell(hook: str, retired: hookspecs.Retired, called: bool) -> str:
    """What the author of a plugin with a retired hook reads."""
    if called:
        return f"{hook} is still called, and no longer from version {retired.since + 1} on: {retired.instead}"
    return f"{hook} is gone since version {retired.since} of the contract: {retired.instead}"


def _arguments(function: Callable[..., Any]) -> set[str]:
    """The arguments that a caller has to give."""
    parameters = inspect.signature(function).parameters.values()
    return {one.name for one in parameters if one.default is one.empty and one.kind is not one.VAR_KEYWORD}


def place_of(error: BaseException, folder: Path | None) -> str:
    """Where it was raised: the last line in the plugin's own folder, if there is one."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if folder and Path(frame.filename).is_relative_to(folder)]
    place = (own or frames)[-1]
    return f"{place.filename}:{place.lineno}"


def import_advice(error: BaseException, place: str) -> str:
    """What to do about something that an import raised at a place of the plugin's."""
    name = getattr(error, "name", None) or ""
    ours = name.partition(".")[0] == "banshi"
    of = found[1] if (found := re.match(r"cannot import name '(\w+)'", str(error))) else ""
    if isinstance(error, SyntaxError) and error.text and error.offset:
        if meant := lookalike(error.text, 1, error.offset):
            return f"{place}: {meant['en']}"
    elif isinstance(error, ModuleNotFoundError) and ours:
        return f"{place}: there is no module {name}: {did_you_mean(name, _public(), MAY_IMPORT)}"
    elif isinstance(error, ModuleNotFoundError) and name and not name.startswith("banshi_plugins."):
        advice = "install what has it beside the platform, and name that in the plugin's dependencies"
        return f"{place}: there is no module {name}: {advice}; or remove the import"
    elif of and "partially initialized" in str(error):
        advice = f"whose import leads here and isn't over: move {of} to a module that imports neither of the two"
        return f"{place}: a circular import: it needs {of} of {name}, {advice}"
    elif of and ours:
        return f"{place}: {name} has no {of}: {did_you_mean(of, names_of(sys.modules.get(name)), MAY_IMPORT)}"
    return f"mend what its import raises: {told(error)} ({place})"


def names_of(module: ModuleType | None) -> list[str]:
    """What a plugin may import of a module of ours; those of `banshi.sdk` import nothing for themselves."""
    return [name for name in dir(module) if not name.startswith("_")]


def _public() -> list[str]:
    """The modules that a plugin may import of ours."""
    sdk = importlib.import_module("banshi.sdk")
    return ["banshi", "banshi.testing", *(f"banshi.sdk.{one.name}" for one in pkgutil.iter_modules(sdk.__path__))]
