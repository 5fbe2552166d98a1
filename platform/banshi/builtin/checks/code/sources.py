"""What stands in a plugin's Python and would fail later, or others: it is read for `banshi check`, and not run."""

from __future__ import annotations

import ast
import contextlib
import importlib
import pkgutil
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from functools import cache
from typing import Any

from tortoise.models import Model

from banshi.builtin.checks.code.tables import owners_of_tables, place_of_class
from banshi.foundation.findings import Finding
from banshi.kernel.loading.configuration import NAMESPACE
from banshi.kernel.loading.importing import names_of
from banshi.kernel.loading.registry import Plugin, Registry

#: Nodes that say what is imported, and what is written to.
READ = (ast.Import, ast.ImportFrom, ast.Constant, ast.Call)

#: What a plugin may import of ours.
FACE, NOUNS, TESTING = "banshi", "banshi.sdk", "banshi.testing"

#: SQL that writes, and the table that it writes to.
WRITING = re.compile(
    r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM|(?:ALTER|DROP|TRUNCATE)\s+TABLE)"
    r"""\s+["`]?(\w+)""",
    re.IGNORECASE,
)

#: What a plugin counted by itself before goes on in the platform's table: it changes no row that is there.
BROUGHT_ALONG = re.compile(r"INSERT INTO banshi_quota \([\w, ]+\) SELECT [^;]+ ON CONFLICT \(key\) DO NOTHING")

#: Methods of models and of their queries that write.
CREATING = {"create", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
CHANGING = {"update", "delete"}


@dataclass(frozen=True, slots=True)
class House:
    """Whose the modules and the tables are."""

    #: Top of the import names of each plugin.
    packages: Mapping[str, str]
    #: Table → plugin, "banshi" for our own.
    tables: Mapping[str, str]


def findings(registry: Registry, names: Iterable[str]) -> Iterator[Finding]:
    """What stands in the Python of these plugins that plugins.toml lists, file by file."""
    entries = registry.configuration.entries
    packages = {(entry.package or f"{NAMESPACE}.{name.replace('-', '_')}"): name for name, entry in entries.items()}
    house = House(packages, owners_of_tables(registry))
    for name in names:
        if name in entries and name in registry.plugins:
            yield from _thawed(registry.plugins[name])
            yield from of_plugin(registry.plugins[name], house)


def _thawed(plugin: Plugin) -> Iterator[Finding]:
    """Settings that a handler could change for everybody else."""
    own = type(plugin.settings)
    if is_dataclass(own) and not vars(own)["__dataclass_params__"].frozen:
        advice = (
            f"{place_of_class(own)}: write @dataclass(frozen=True) above {own.__qualname__}: settings stay as they are"
        )
        yield Finding(plugin.name, "thawed-settings", advice, warning=True)


def of_plugin(plugin: Plugin, house: House) -> Iterator[Finding]:
    """What stands in the Python of one plugin."""
    for file in sorted(plugin.folder.rglob("*.py")):
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue  # what is imported of it is told when it is
        # Most of a tree is names and the like, and all plugins together have half a million of them.
        nodes = [node for node in ast.walk(tree) if isinstance(node, READ)]
        models = _models(nodes)
        for node in nodes:
            for rule, advice, warning in (
                *_imports(node, plugin.name, house),
                *_writes(node, plugin.name, house, models),
            ):
                yield Finding(plugin.name, rule, f"{file}:{getattr(node, 'lineno', 1)}: {advice}", warning=warning)


# -- imports


def _imports(node: ast.AST, plugin: str, house: House) -> Iterator[tuple[str, str, bool]]:
    if isinstance(node, ast.Import):
        for one in node.names:
            yield from _module(one.name, "", plugin, house)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        for one in node.names:
            yield from _module(node.module, one.name, plugin, house)


def _module(module: str, name: str, plugin: str, house: House) -> Iterator[tuple[str, str, bool]]:
    """What is wrong with an import of a module, or of a name in it."""
    for package, owner in house.packages.items():
        if owner != plugin and f"{module}.".startswith(f"{package}.") and name not in _face(module, package):
            what = f"{name} of {module}" if name else module
            advice = f"do without {what}, the plugin {owner}'s own: take what it offers under a Key, or hear its events"
            yield "anothers-module", advice, True
    if module.partition(".")[0] != FACE:
        return
    inside = not (module in {FACE, TESTING} or f"{module}.".startswith(f"{NOUNS}."))
    below = f"{module}.{name}" if module == FACE and name in _inside() else ""
    if inside or below or name.startswith("_"):
        yield "inside-import", _advice(below or module, "" if below else name), True


def _face(module: str, package: str) -> Collection[str]:
    """What a plugin hands out of its own package: the names in its `__all__`."""
    return getattr(sys.modules.get(package), "__all__", ()) if module == package else ()


def _advice(module: str, name: str) -> str:
    """What to write in place of something of ours."""
    public = name if name in _public() else _called(module, name)
    if public:
        return f"write `from {_public()[public]} import {public}`: {module} is Banshi's own and may change"
    what = f"{name} of {module}" if name else module
    return f"do without {what}, which is Banshi's own and may change: docs/reference.md has what a plugin may import"


def _called(module: str, name: str) -> str:
    """What is public under another name, or ""."""
    with contextlib.suppress(ImportError):
        value = getattr(importlib.import_module(module), name or "__name__", None)
        if callable(value):
            return next((one for one, place in _public().items() if getattr(sys.modules[place], one) is value), "")
    return ""


@cache
def _public() -> Mapping[str, str]:
    """Each public name, and the module that has it."""
    sdk = importlib.import_module(NOUNS)
    modules = [FACE, *(f"{NOUNS}.{one.name}" for one in pkgutil.iter_modules(sdk.__path__))]
    return {name: module for module in modules for name in names_of(importlib.import_module(module))}


@cache
def _inside() -> frozenset[str]:
    """Our own modules directly below `banshi`."""
    below = {one.name for one in pkgutil.iter_modules(importlib.import_module(FACE).__path__)}
    return frozenset(below - {name.rpartition(".")[2] for name in (NOUNS, TESTING)})


# -- tables


def _models(nodes: Iterable[ast.AST]) -> Mapping[str, str]:
    """The names in a file that are tables of ours, each with its table."""
    found = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == FACE:
            for one in node.names:
                value: Any = getattr(importlib.import_module(_public().get(one.name, FACE)), one.name, None)
                if isinstance(value, type) and issubclass(value, Model):
                    found[one.asname or one.name] = value._meta.db_table
    return found


def _writes(node: ast.AST, plugin: str, house: House, models: Mapping[str, str]) -> Iterator[tuple[str, str, bool]]:
    """Where rows of a table are written that is another's."""
    tables = []
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        tables = [] if BROUGHT_ALONG.fullmatch(node.value) else WRITING.findall(node.value)
    elif isinstance(node, ast.Call):
        tables = [models[name] for name in _written(node) if name in models]
    for table in tables:
        owner = house.tables.get(table.lower(), plugin)
        if owner != plugin:
            whose = "the platform's" if owner == FACE else f"the plugin {owner}'s"
            instead = "use what banshi.sdk has for it, such as move_case" if owner == FACE else "ask that plugin to"
            yield "anothers-table", f"write nothing into {table}, which is {whose}: {instead}", False


def _written(call: ast.Call) -> Iterator[str]:
    """The name of the model that a call writes with: `Model.create(…)`, `Update(Model, …)`."""
    if isinstance(call.func, ast.Name) and call.func.id == "Update":
        yield from (one.id for one in call.args[:1] if isinstance(one, ast.Name))
    elif isinstance(call.func, ast.Attribute) and call.func.attr in CREATING | CHANGING:
        root: ast.AST = call.func.value
        while isinstance(root, ast.Attribute | ast.Call):
            root = root.value if isinstance(root, ast.Attribute) else root.func
        if isinstance(root, ast.Name):
            yield root.id
