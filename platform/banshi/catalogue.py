"""items.toml: a department and its items as data, read into the contract's frozen values.

Every finding is collected, so that an author mends a file in one round.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from banshi.contract import LANGUAGES, SLUG, Department, Item, Kind, Unit
from banshi.errors import Finding
from banshi.forms import Form
from banshi.settings import reasons

T = TypeVar("T")

TABLES = {"department", "units", "items"}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What one items.toml declares, with what is wrong in it."""

    department: Department | None
    items: tuple[Item, ...]
    findings: tuple[Finding, ...]


class Reader:
    """Reads one plugin's items.toml; `kinds` are the registered kinds by name."""

    def __init__(self, plugin: str, file: Path, kinds: Mapping[str, Kind]) -> None:
        self.plugin = plugin
        self.file = file
        self.kinds = kinds
        self.findings: list[Finding] = []

    def read(self) -> Catalogue:
        try:
            document = tomllib.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            self._find("unreadable", str(error))
            return Catalogue(None, (), tuple(self.findings))
        for table in document.keys() - TABLES:
            self._find("unknown-table", f"remove [{table}]; the tables are {', '.join(sorted(TABLES))}")
        department = self._department(document)
        tables = document.get("items", [])
        items = []
        if department:
            for position, table in enumerate(tables):
                item = self._item(table, position, department)
                if item:
                    items.append(item)
        return Catalogue(department, tuple(items), tuple(self.findings))

    def _department(self, document: Mapping[str, Any]) -> Department | None:
        if "department" not in document:
            self._find("no-department", "add a [department] table with code and title")
            return None
        units = [self._value(Unit, table, f"units[{i}]") for i, table in enumerate(document.get("units", []))]
        table = {**document["department"], "units": tuple(unit for unit in units if unit)}
        return self._value(Department, table, "department")

    def _item(self, raw: Any, position: int, department: Department) -> Item | None:
        if not isinstance(raw, dict):
            self._find("wrong-value", f"items[{position}] has to be a table: write [[items]]")
            return None
        table = dict(raw)
        where = f"items.{table.get('code', position)}"
        kind = self.kinds.get(table.get("kind", ""))
        if kind is None:
            known = ", ".join(sorted(self.kinds))
            self._find("unknown-kind", f"{where}.kind is {table.get('kind')!r}; write one of {known}")
            return None
        table["form"] = self._form(table.get("form"), where)
        table["details"] = self._value(kind.details, table.pop(kind.name, {}), f"{where}.{kind.name}")
        table |= {"department": department.code, "plugin": self.plugin}
        item = self._value(Item, table, where)
        if item and item.unit and item.unit not in {unit.code for unit in department.units}:
            self._find("unknown-unit", f"{where}.unit is {item.unit!r}; declare it as [[units]] or name a declared one")
        for language in (item.keywords if item else {}).keys() - set(LANGUAGES):
            self._find("unknown-language", f"{where}.keywords.{language}: the languages are {', '.join(LANGUAGES)}")
        return item

    def _form(self, declared: Any, where: str) -> Form | None:
        if declared is None:
            return None
        source = f"{where}.form"
        try:
            if isinstance(declared, str):
                file = (self.file.parent / declared).resolve()
                source = f"{where}.form ({declared})"
                if not file.is_relative_to(self.file.parent.resolve()):
                    raise ValueError("has to be a file inside the plugin's folder")
                declared = json.loads(file.read_text(encoding="utf-8"))
            return Form.from_schema(declared)
        except (OSError, ValueError, TypeError) as error:
            self._find("wrong-schema", f"{source}: {error}")
            return None

    def _value(self, cls: type[T], table: Any, where: str) -> T | None:
        """`table` as a frozen `cls`, or None after recording every problem."""
        try:
            value: T = TypeAdapter(cls).validate_python(table)
        except ValidationError as error:
            for key, why in reasons(error, where):
                self._find("wrong-value", f"{key} {why}")
            return None
        if isinstance(value, Department | Unit | Item) and not re.match(SLUG, value.code):
            self._find("bad-slug", f"{where}.code is {value.code!r}: use a-z, 0-9 and single hyphens")
            return None
        for key, missing in _untranslated(value, where):
            self._find("missing-translation", f"{key} has no text in {missing}: add it")
        return value

    def _find(self, rule: str, advice: str) -> None:
        self.findings.append(Finding(self.plugin, rule, f"{self.file}: {advice}"))


def _untranslated(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Every text below `value` that lacks one of the languages, as (dotted key, language).

    In the contract's values a mapping from string to string is always one text in several languages.
    """
    if is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from _untranslated(getattr(value, one.name), f"{where}.{one.name}")
    elif isinstance(value, Mapping):
        if value and all(isinstance(text, str) for text in value.values()):
            for language in LANGUAGES:
                if not str(value.get(language, "")).strip():
                    yield where, language
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for position, part in enumerate(value):
            yield from _untranslated(part, f"{where}[{position}]")
