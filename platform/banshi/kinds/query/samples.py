"""How an answer looks, for whoever writes an app: one made-up question of each query, and what is answered to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from banshi.builtin.catalogue.beside import BesideGuide
from banshi.foundation.errors import DepartmentUnavailable
from banshi.foundation.findings import Finding
from banshi.kernel.contract.values import Item
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.running import Platform
from banshi.kinds.query.asking import answer_document
from banshi.kinds.query.imports.csv_file import Problems, Unreadable, rows_of
from banshi.kinds.query.registers.cases import SAMPLE
from banshi.kinds.query.registers.declared import Register
from banshi.kinds.query.registers.opened import BUILT_IN, REGISTERS, declared_in
from banshi.kinds.query.registers.protocol import Found
from banshi.kinds.query.rules import QueryRules

#: Of when its data say that they are.
AS_OF = datetime(2026, 1, 5, 4, tzinfo=UTC)
#: Beside the department's registers.toml; its first record is the sample.
FILE = "registers/{}.sample.csv"


def sample_of(platform: Platform, item: Item, language: str) -> dict[str, Any]:
    """What a query's guide shows beyond others': `sample`, null where its register has none."""
    if not isinstance(item.details, QueryRules):
        return {}
    try:
        opened = platform[REGISTERS].of(item)
    except DepartmentUnavailable:
        return {"sample": None}
    register = opened.declared
    record = _record(platform.registry, opened.plugin, register, language)
    if record is None:
        return {"sample": None}
    shown = {column.name: record.get(column.name) for column in register.columns if column.shown}
    found = Found(records=[shown], as_of=AS_OF, sample=True)
    answer = answer_document(register, found, language, platform.moment(AS_OF))
    return {"sample": {"question": _question(item, register, record), "answer": answer}}


BESIDE = BesideGuide(sample_of)


def _question(item: Item, register: Register, record: Mapping[str, Any]) -> dict[str, Any]:
    asked = item.form.schema.get("properties", {}) if item.form is not None else {}
    return {name: record[name] for name in register.keys if name in asked}


def _record(registry: Registry, owner: str, register: Register, language: str) -> Mapping[str, Any] | None:
    if register.code in BUILT_IN:
        return SAMPLE[language]
    plugin = registry.plugins.get(owner)
    return _first(plugin.folder / FILE.format(register.code), register) if plugin is not None else None


def _first(file: Path, register: Register) -> Mapping[str, Any] | None:
    """The file's first record; None where there is no file, or no record in it that is right."""
    if not file.is_file():
        return None
    try:
        return next((row.values for row in rows_of(file, register, Problems(), lambda _: None, AS_OF.date())), None)
    except (OSError, Unreadable):
        return None


def findings(registry: Registry) -> Iterator[Finding]:
    """Queries that can't show how an answer looks, or ask in their sample what their form refuses."""
    declared = declared_in(registry)
    for item in registry.items.unchecked():
        if not isinstance(item.details, QueryRules) or item.form is None:
            continue
        register = declared.registers.get(item.details.register)
        if register is None:
            continue
        record = _record(registry, declared.owners[register.code], register, "en")
        if record is None:
            advice = f"write a made-up record into {FILE.format(register.code)}: its first one is shown in the guide"
            yield Finding(item.plugin, "no-sample", f"items.{item.code}: {advice}", warning=True)
            continue
        for problem in item.form.problems(_question(item, register, record), at=None):
            advice = f"mend the first record of {FILE.format(register.code)}, or the form: {problem.detail}"
            yield Finding(item.plugin, "wrong-sample", f"items.{item.code}: {problem.pointer}: {advice}", warning=True)
