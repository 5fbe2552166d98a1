"""Registers that join while the platform runs, with the queries that ask them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from banshi.foundation.findings import Finding
from banshi.kernel.contract.values import Item
from banshi.kinds.query.checks import faults_of
from banshi.kinds.query.registers.declared import Declared, Register, read_tables
from banshi.kinds.query.registers.opened import BUILT_IN
from banshi.kinds.query.rules import QueryRules


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
