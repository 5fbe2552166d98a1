"""items.toml: a department and its items as data, read into the contract's frozen values.

More items may stand in files of the folder `items`, a department's many in one for each sort.

Every finding is collected, so that an author mends a file in one round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from banshi.forms import Form
from banshi.foundation.files.toml_and_json import read_json
from banshi.foundation.findings import Finding, did_you_mean
from banshi.foundation.texts import clean
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.texts import REQUIRED_LANGUAGES
from banshi.kernel.contract.values import LANGUAGES, SLUG, Department, Document, Item, Unit
from banshi.kernel.loading.typed_tables import adapter, document_in, reasons

T = TypeVar("T")

TABLES = {"department", "units", "documents", "items"}

#: The tables of a file in the folder `items`.
MORE = {"items"}

#: Keys whose values are texts, and what is said of one that is not in every language.
TEXTS = {"title", "summary", "note", "address", "hours", "body"}
IN_EACH = ' with a text in each language: { zh-CN = "…", en = "…" }'

#: Fields of an item that the platform fills in.
NOT_DECLARED = frozenset({"department", "plugin", "details", "steps", "words", "handler", "mode", "team"})


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a plugin's items.toml and its folder `items` declare, with what is wrong in them."""

    department: Department | None
    items: tuple[Item, ...]
    findings: tuple[Finding, ...]
    #: Codes of all items that it names, those that are wrong too; None where it can't be read.
    declared: frozenset[str] | None = frozenset()
    #: Each item as JSON, its table and its form, and the files that they were read from.
    lines: dict[str, bytes] = field(default_factory=dict)
    sources: tuple[Path, ...] = ()
    #: The file of each item.
    files: dict[str, Path] = field(default_factory=dict)
    #: Codes of the items with behaviour of their own; the registry fills it.
    handled: set[str] = field(default_factory=set)


class Reader:
    """Reads one plugin's items.toml and its folder `items`; `kinds` are the registered kinds by name."""

    def __init__(self, plugin: str, file: Path, kinds: Mapping[str, Kind]) -> None:
        self.plugin = plugin
        #: The file that is being read.
        self.file = file
        #: Where the files are that it names; None for what may name none.
        self.folder: Path | None = file.parent
        self.kinds = kinds
        self.findings: list[Finding] = []
        self.lines: dict[str, bytes] = {}
        self.files: dict[str, Path] = {}
        self.sources = [file]

    def read(self) -> Catalogue:
        document = self._document(TABLES)
        if document is None:
            return Catalogue(None, (), tuple(self.findings), None)
        read = [self._value(Unit, table, f"units[{i}]") for i, table in self._tables(document, "units")]
        units = tuple(unit for unit in read if unit)
        own = [self._value(Document, table, f"documents[{i}]") for i, table in self._tables(document, "documents")]
        department = self._department(document, units, tuple(one for one in own if one))
        return self._catalogue(document, department, units)

    def read_items(self, document: Mapping[str, Any], department: Department) -> Catalogue:
        """The items of a document that is no file, for a department that is there already."""
        self.folder = None
        return self._catalogue(document, department, department.units)

    def _catalogue(
        self, document: Mapping[str, Any], department: Department | None, units: Sequence[Unit]
    ) -> Catalogue:
        # Without a department there are no items, but what is wrong with them is told all the same.
        items, declared = [], set()
        for table, item in self._items(document, department, {unit.code for unit in units}):
            declared.update([str(table["code"])] if "code" in table else [])
            items += [item] if item and department else []
        found, sources = tuple(self.findings), tuple(dict.fromkeys(self.sources))
        return Catalogue(department, tuple(items), found, frozenset(declared), self.lines, sources, self.files)

    def _document(self, tables: Set[str]) -> dict[str, Any] | None:
        """The file that is being read, which may have `tables`; None where it can't be read."""
        document = document_in(self.file, self._find)
        for table in sorted((document or {}).keys() - tables):
            if table in TABLES:
                self._find("unknown-table", f"move [{table}] to items.toml; the files beside it have [[items]] alone")
            else:
                self._find("unknown-table", f"remove [{table}]; the tables are {', '.join(sorted(tables))}")
        return document

    def _items(
        self, document: Mapping[str, Any], department: Department | None, units: Set[str]
    ) -> Iterator[tuple[dict[str, Any], Item | None]]:
        """Each item's table, and what it says where it is right: of items.toml first, then of the folder's files."""
        for position, table in self._tables(document, "items"):
            yield table, self._item(table, position, department, units)
        for file in sorted(self.folder.glob("items/*.toml")) if self.folder else ():
            self.file = file
            self.sources.append(file)
            for position, table in self._tables(self._document(MORE) or {}, "items"):
                yield table, self._item(table, position, department, units)

    def _department(
        self, document: Mapping[str, Any], units: tuple[Unit, ...], documents: tuple[Document, ...]
    ) -> Department | None:
        declared = document.get("department")
        if not isinstance(declared, dict):
            self._find("no-department", "add a [department] table with code and title")
            return None
        lists = {"units", "documents"}
        for name in sorted(lists & declared.keys()):
            self._find("wrong-value", f"department.{name} is not a known key; write [[{name}]]")
        for code in _twice(units):
            self._find("duplicate-unit", f"rename one of the units {code!r}")
        for code in _twice(documents):
            self._find("duplicate-document", f"rename one of the documents {code!r}")
        # What is wrong with one of the two has been told already.
        own = {name: one for name, one in declared.items() if name not in lists}
        department = self._value(Department, own, "department")
        return replace(department, units=units, documents=documents) if department else None

    def _tables(self, document: Mapping[str, Any], name: str) -> list[tuple[int, dict[str, Any]]]:
        """The tables `[[name]]`, each with its position."""
        tables = document.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self._find("wrong-value", f"{name} has to be a list of tables: write [[{name}]]")
            return []
        return list(enumerate(tables))

    def _item(
        self, declared: Mapping[str, Any], position: int, department: Department | None, units: Set[str]
    ) -> Item | None:
        table = dict(declared)
        where = f"items.{table.get('code', position)}"
        name = table.get("kind")
        kind = self.kinds.get(name) if isinstance(name, str) else None
        if kind is None:
            said, known = "missing" if name is None else repr(name), ", ".join(sorted(self.kinds))
            self._find("unknown-kind", f"{where}.kind is {said}; write one of {known}")
            return None
        for key in sorted(NOT_DECLARED & table.keys()):
            self._find("wrong-value", f"{where}.{key} is not a known key")
        table["form"] = self._form(table.get("form"), where)
        table["details"] = self._value(kind.details, table.pop(kind.name, {}), f"{where}.{kind.name}")
        table |= {"department": department.code if department else "", "plugin": self.plugin, "handler": None}
        item = self._value(Item, table, where)
        if item and item.unit and item.unit not in units:
            self._find("unknown-unit", f"{where}.unit is {item.unit!r}; declare it as [[units]] or name a declared one")
        for language in sorted((item.keywords if item else {}).keys() - set(LANGUAGES)):
            self._find("unknown-language", f"{where}.keywords.{language}: the languages are {', '.join(LANGUAGES)}")
        if declared.get("form") is not None and table["form"] is None:
            # What the form is asked for has been told already: that it is wrong.
            return None
        if item:
            take_steps(item, kind)
            # A date, which TOML has and JSON hasn't, is read from its text again.
            form = item.form.schema if item.form else None
            self.files.setdefault(item.code, self.file)
            self.lines[item.code] = orjson.dumps({"table": {**declared, "form": None}, "form": form}) + b"\n"
        return item

    def _form(self, declared: Any, where: str) -> Form | None:
        if declared is None:
            return None
        source = f"{where}.form"
        try:
            if isinstance(declared, str):
                if self.folder is None:
                    raise ValueError("has to be the schema itself")
                folder = self.folder.resolve()
                file = (folder / declared).resolve()
                source = f"{where}.form ({declared})"
                if not file.is_relative_to(folder):
                    raise ValueError("has to be a file inside the plugin's folder")
                if not file.is_file():
                    known = [one.relative_to(self.folder).as_posix() for one in sorted(self.folder.rglob("*.json"))]
                    raise ValueError(f"there is no such file; {did_you_mean(declared, known)}")
                self.sources.append(self.folder / file.relative_to(folder))
                declared = read_json(file)
            form = Form.from_schema(declared)
            if form.schema.get("type", "object") != "object":
                raise ValueError('#/type: answers are an object: write "type": "object"')
            return form
        except (OSError, ValueError, TypeError, RecursionError) as error:
            self._find("wrong-schema", f"{source}: {error}")
            return None

    def _value(self, cls: type[T], table: Any, where: str) -> T | None:
        """`table` as a frozen `cls`, or None after recording every problem."""
        try:
            value = adapter(cls).validate_python(table)
        except ValidationError as error:
            for key, why in reasons(error, where, cls):
                text = "table" in why and key.rpartition(".")[2] in TEXTS
                self._find("wrong-value", f"{key} {why}{IN_EACH if text else ''}")
            return None
        for key, missing in untranslated(value, where):
            self._find("missing-translation", f"{key} has no text in {missing}: add it")
        if isinstance(value, Department | Unit | Document | Item) and not re.fullmatch(SLUG, value.code):
            self._find("bad-slug", f"{where}.code is {value.code!r}: use a-z, 0-9 and single hyphens")
            return None
        return value

    def _find(self, rule: str, advice: str) -> None:
        self.findings.append(Finding(self.plugin, rule, f"{self.file}: {advice}"))


def take_steps(item: Item, kind: Kind) -> None:
    """Give the item its state table."""
    try:
        steps = kind.steps(item.details) if item.details is not None else ()
    except Exception:  # a plugin's own kind; `state_tables_hold` tells what it raises
        steps = None
    object.__setattr__(item, "steps", steps)


def _twice(values: Sequence[Unit] | Sequence[Document]) -> list[str]:
    """The codes that more than one of them has."""
    codes = [one.code for one in values]
    return sorted({code for code in codes if codes.count(code) > 1})


@lru_cache(maxsize=256)
def _fields_of(cls: type) -> Sequence[tuple[str, bool]]:
    """A class's fields, and whether each is a text. A mapping to texts may be empty, a text may not."""
    return [(one.name, "Texts" in str(one.type) and "Mapping" not in str(one.type)) for one in fields(cls)]


def untranslated(
    value: Any, where: str, *, texts: bool = False, languages: Sequence[str] = REQUIRED_LANGUAGES
) -> Iterator[tuple[str, str]]:
    """Every text below `value` that lacks one of the languages, as (dotted key, language).

    In the contract's values a mapping from string to string is always one text in several languages; `texts` says that
    an empty one is too.
    """
    if is_dataclass(value) and not isinstance(value, type):
        for name, texts in _fields_of(type(value)):
            yield from untranslated(getattr(value, name), f"{where}.{name}", texts=texts, languages=languages)
    elif isinstance(value, Mapping):
        if (value or texts) and all(isinstance(text, str) for text in value.values()):
            for language in languages:
                if not clean(str(value.get(language, ""))):
                    yield where, language
        else:
            for key, part in value.items():
                yield from untranslated(part, f"{where}.{key}", languages=languages)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for position, part in enumerate(value):
            yield from untranslated(part, f"{where}[{position}]", texts=texts, languages=languages)
