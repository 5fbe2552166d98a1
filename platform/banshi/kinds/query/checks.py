"""What is wrong with registers and with the queries that ask them, also with those that join while it runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from banshi.foundation.findings import Finding, did_you_mean
from banshi.kernel.contract.values import Item
from banshi.kernel.loading.outside_systems import RegisterSource
from banshi.kernel.loading.registry import Registry
from banshi.kinds.query.registers.declared import Declared, Register, read_tables
from banshi.kinds.query.registers.opened import BUILT_IN, declared_in
from banshi.kinds.query.registers.sql import parameters_of
from banshi.kinds.query.rules import QueryRules


def findings(registry: Registry) -> Iterator[Finding]:
    """Under the name of the department whose file it is, or `platform` for plugins.toml."""
    declared = declared_in(registry)
    yield from declared.findings
    for item in registry.items.unchecked():
        if isinstance(item.details, QueryRules):
            yield from faults_of(item, item.details, declared)
    file = registry.configuration.file
    for code, source in registry.configuration.settings.registers.items():
        where = f"{file}: platform.registers.{code}"
        if code in BUILT_IN:
            yield Finding("platform", "wrong-setting", f"{where}: remove it; this register is the platform's own")
        elif code not in declared.registers:
            advice = f"{where}: {did_you_mean(code, sorted(declared.registers))}"
            yield Finding("platform", "unknown-register", advice)
        else:
            yield from _source(where, source, declared.registers[code])


def faults_of(item: Item, rules: QueryRules, declared: Declared) -> Iterator[Finding]:
    """What is wrong with an item that asks one of the declared registers."""

    def wrong(rule: str, advice: str) -> Finding:
        return Finding(item.plugin, rule, f"items.{item.code}: {advice}")

    # Its own alone: what another department knows of somebody is that department's to show.
    ours = {*BUILT_IN, *(code for code, plugin in declared.owners.items() if plugin == item.plugin)}
    register = declared.registers.get(rules.register)
    if register is None or register.code not in ours:
        close = did_you_mean(rules.register, sorted(ours))
        yield wrong("unknown-register", f"query.register is {rules.register!r}, which registers.toml has not: {close}")
        return
    schema: Any = item.form.schema if item.form else {}
    properties, required = schema.get("properties", {}), schema.get("required", [])
    for key in register.keys:
        if key not in properties or key not in required:
            advice = f"let the form require {key!r}: the register {register.code} is asked by it"
            yield wrong("unknown-key", advice)
    for name in sorted(properties.keys() - {*register.keys, *register.filters}):
        known = ", ".join((*register.keys, *register.filters))
        yield wrong("unknown-key", f"take {name!r} out of the form: the register {register.code} is asked by {known}")
    if rules.personal and not register.owner and register.code not in BUILT_IN:
        advice = f"name the owner of the register {register.code}, or say query.personal = false"
        yield wrong("no-owner", f"{advice}: a personal query is answered to the person alone")
    if not rules.personal and (register.owner or register.code in BUILT_IN):
        advice = f"remove query.personal = false: the register {register.code} has records about persons"
        yield wrong("open-register", advice)


def _source(where: str, source: RegisterSource, register: Register) -> Iterator[Finding]:
    if not source.sql:
        return
    asked = parameters_of(source.sql)
    known = (*register.keys, *register.filters, "owner")
    for name in asked:
        if name not in known:
            yield Finding("platform", "unknown-parameter", f"{where}.sql: :{name}: {did_you_mean(name, known)}")
    for name in register.keys:
        if name not in asked:
            advice = f"{where}.sql: ask for :{name}, or every question finds the same records"
            yield Finding("platform", "unknown-parameter", advice)
    if not re.match(r"\s*(SELECT|WITH)\b", source.sql, re.IGNORECASE):
        yield Finding("platform", "wrong-setting", f"{where}.sql has to be one SELECT")


def inspect_registers(owner: str, tables: Any, items: Iterable[Item]) -> tuple[tuple[Register, ...], list[Finding]]:
    """Hold registers to every check of a registers.toml, and queries to the registers of their own owner.

    Args:
        owner: Under whose name they join.
        tables: As the tables `[[registers]]` of registers.toml, read from JSON.
        items: The owner's; those of other kinds are passed over.
    """
    declared = Declared(dict(BUILT_IN), dict.fromkeys(BUILT_IN, "query"))
    read_tables(declared, owner, Path(owner), tables)
    found = list(declared.findings)
    for item in items:
        if isinstance(item.details, QueryRules):
            found += faults_of(item, item.details, declared)
    return tuple(one for code, one in declared.registers.items() if code not in BUILT_IN), found
