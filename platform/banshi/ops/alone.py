"""A check of one plugin that is data: without the code of the city's others, of which nothing of it depends."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from banshi.builtin.checks.code.sources import WRITING
from banshi.default_plugins import judging_plugins
from banshi.foundation.files.toml_and_json import read_toml
from banshi.foundation.findings import ConfigurationError
from banshi.kernel.loading.configuration import Entry, inspect_configuration
from banshi.kernel.loading.importing import folder_of
from banshi.kernel.loading.loader import inspect_plugins

#: What gives a code: no two plugins may have an item, a department, a register or a page of one.
CODE = re.compile(r"""\bcode["']?\s*=\s*["']+([^"']+)""")

#: Tables whose codes are for their own plugin.
OF_ITS_OWN = {"units", "documents"}


def is_right(file: Path, plugin: str) -> bool:
    """Whether nothing is wrong with a plugin of plugins.toml, and that is sure: all else is for a whole check."""
    try:
        configuration, wrong = inspect_configuration(file)
        entry = configuration.entries[plugin]
        if entry.isolation != "none" or not _is_data(folder_of(entry)) or _shares_a_code(configuration.entries, plugin):
            return False
    except (ConfigurationError, KeyError, OSError, ValueError, SyntaxError, ImportError):
        return False
    alone = replace(configuration, entries={plugin: entry})
    registry, found = inspect_plugins(alone, judging_plugins(configuration.settings.without))
    hooked = any(plugin in users for users in registry.hooks.values())
    # Whether a reader's role is misspelt depends on those that the others name.
    read = any(item.readers for item in registry.items.unchecked())
    return not hooked and not read and all(one.plugin != plugin for one in (*wrong, *found))


def _is_data(folder: Path) -> bool:
    """Whether its Python says in a docstring what it is, and no more."""
    own = folder / "__init__.py"
    tree = ast.parse(own.read_bytes() if own.is_file() else "''")
    said = ast.get_docstring(tree)
    plain = len(tree.body) == 1 and said is not None and not WRITING.search(said)
    return plain and set(folder.rglob("*.py")) <= {own}


def _shares_a_code(entries: Mapping[str, Entry], plugin: str) -> bool:
    own = _codes(folder_of(entries[plugin]))
    names = {code for _, code in own}
    for name in entries.keys() - {plugin}:
        folder = folder_of(entries[name])
        written = {code for file in _files(folder) for code in CODE.findall(file.read_text("utf-8"))}
        if names & written and own & _codes(folder):
            return True
    return False


def _codes(folder: Path) -> set[tuple[str, str]]:
    """The codes that a plugin's files give, each with the name of its table."""
    tables = [
        (key, value) for file in _files(folder) for key, value in read_toml(file).items() if key not in OF_ITS_OWN
    ]
    rows = [(key, row) for key, value in tables for row in (value if isinstance(value, list) else [value])]
    return {(key, str(row["code"])) for key, row in rows if isinstance(row, dict) and "code" in row}


def _files(folder: Path) -> list[Path]:
    return [*folder.glob("*.toml"), *folder.glob("items/*.toml")]
