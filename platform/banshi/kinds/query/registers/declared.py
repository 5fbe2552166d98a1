"""registers.toml: what a register is, as its department declares it. Where the data are is the operator's business.

Every finding is collected, so that an author mends a file in one round.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from banshi.forms.numbers import NUMBERS, RESIDENT_ID
from banshi.foundation.findings import Finding, did_you_mean
from banshi.kernel.contract.data_tables import data_table
from banshi.kernel.contract.values import SLUG, Texts
from banshi.kernel.loading.catalogue import untranslated
from banshi.kernel.loading.typed_tables import declarations, document_in

#: The file in a department's folder, and its one table.
FILE, TABLE = "registers.toml", "registers"

#: A column's name: the header of a CSV file, a key of JSON, a name in SQL.
NAME = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"

Type = Literal["text", "integer", "number", "boolean", "date", "moment"]


@data_table
class Column:
    """One thing that each record has."""

    name: str
    title: Texts
    type: Type = "text"
    #: One of the formats of forms for numbers, such as `cn-plate`.
    format: str = ""
    #: What it can be, each with its text.
    values: Mapping[str, Texts] = field(default_factory=dict)
    #: Every record has it.
    required: bool = True
    #: Whoever asks sees it; what is only matched needn't be seen.
    shown: bool = True


@data_table
class Register:
    """One list of records, such as all vehicles."""

    code: str
    title: Texts
    #: The columns that a question gives: all of them have to match.
    keys: tuple[str, ...]
    #: Columns that a question may give.
    filters: tuple[str, ...] = ()
    #: The column with the number of the citizen whom a record is about.
    owner: str = ""
    #: A key may have several records.
    several: bool = False
    columns: tuple[Column, ...]

    @property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}


@dataclass(slots=True)
class Declared:
    """The registers of all departments, and what is wrong with their files."""

    registers: dict[str, Register] = field(default_factory=dict)
    #: Register → the plugin that declares it.
    owners: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_declared(folders: Mapping[str, Path], built_in: Mapping[str, Register]) -> Declared:
    """What the files in the plugins' folders declare, beside what is built in."""
    declared = Declared(dict(built_in), dict.fromkeys(built_in, "query"))
    for plugin, folder in folders.items():
        if (folder / FILE).is_file():
            _read(declared, plugin, folder / FILE)
    return declared


def _read(declared: Declared, plugin: str, file: Path) -> None:
    wrong = _telling(declared, plugin, file)
    if (document := document_in(file, wrong)) is not None:
        for table in sorted(document.keys() - {TABLE}):
            wrong("unknown-table", f"remove [{table}]; the only tables are [[{TABLE}]]")
        read_tables(declared, plugin, file, document.get(TABLE, []))


def _telling(declared: Declared, plugin: str, file: Path) -> Callable[[str, str], None]:
    return lambda rule, advice: declared.findings.append(Finding(plugin, rule, f"{file}: {advice}"))


def read_tables(declared: Declared, plugin: str, file: Path, tables: Any) -> None:
    """Add the registers that tables declare, and what is wrong with them."""
    wrong = _telling(declared, plugin, file)
    for where, register in declarations(Register, TABLE, tables, wrong):
        for key, language in untranslated(register, where):
            wrong("missing-translation", f"{key} has no text in {language}: add it")
        for rule, advice in faults_of(register):
            wrong(rule, f"{where}: {advice}")
        owner = declared.owners.setdefault(register.code, plugin)
        if register.code in declared.registers:
            wrong("duplicate-register", f"rename the register {register.code!r}: {owner} has one of that name already")
            continue
        declared.registers[register.code] = register


def faults_of(register: Register) -> Iterator[tuple[str, str]]:
    """What is wrong with one declaration, as (rule, advice)."""
    if not re.fullmatch(SLUG, register.code):
        yield "bad-slug", f"code is {register.code!r}: use a-z, 0-9 and single hyphens"
    names = [column.name for column in register.columns]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield "duplicate-column", f"rename one of the columns {name!r}"
    for what, named in (("keys", register.keys), ("filters", register.filters), ("owner", (register.owner,))):
        for name in named:
            if name and name not in names:
                yield "unknown-column", f"{what} names the column {name!r}: {did_you_mean(name, names)}"
    if not register.keys:
        yield "wrong-value", "keys has to name a column: without one, a question would find every record"
    if not any(column.shown for column in register.columns):
        yield "wrong-value", "let at least one column be shown: an answer has to say something"
    for column in register.columns:
        yield from ((rule, f"columns.{column.name}: {advice}") for rule, advice in _faults_of(register, column))


def _faults_of(register: Register, column: Column) -> Iterator[tuple[str, str]]:
    if not re.fullmatch(NAME, column.name):
        yield "bad-slug", "use a-z, 0-9 and single underscores for its name"
    if column.format and column.format not in NUMBERS:
        yield "wrong-value", f"format {column.format!r}: {did_you_mean(column.format, list(NUMBERS))}"
    if (column.format or column.values) and column.type != "text":
        yield "wrong-value", 'format and values are for type = "text"'
    if column.name in register.keys and not column.required:
        yield "wrong-value", "remove required = false: a key is in every record"
    if column.name == register.owner and column.format != RESIDENT_ID:
        yield "wrong-value", f'say format = "{RESIDENT_ID}": the owner is a citizen, by number'
