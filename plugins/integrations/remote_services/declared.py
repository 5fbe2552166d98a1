"""What a version of a service declares, held to the checks of a plugin's files, and under whose name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from banshi import Application, Department, Finding, Item
from banshi.sdk.catalogue import inspect_declaration
from banshi.sdk.registers import Register, inspect_registers


@dataclass(frozen=True, slots=True)
class Declared:
    """What a version declares, as far as it is right, and what is wrong with it."""

    items: tuple[Item, ...] = ()
    registers: tuple[Register, ...] = ()
    findings: tuple[Finding, ...] = ()


class GivesClaims(Application):
    """Stands for a service that is asked for claims while its items are checked; then its own takes its place."""


def owner_of(code: str) -> str:
    """Under what name a service's items stand in logs, breakers and findings; no plugin can have it."""
    return f"service {code}"


def declared_by(registry: Any, owner: str, document: Mapping[str, Any], department: Department) -> Declared:
    """Hold `items` and `registers` to every check of a plugin's files. Takes milliseconds for each item."""
    takes_claims = "claims" in document.get("calls", ())
    codes = [table.get("code") for table in document["items"] if table.get("kind") == "application"]
    handlers = {code: GivesClaims() for code in codes if isinstance(code, str) and takes_claims}
    items, found = inspect_declaration(registry, owner, document["items"], department, handlers)
    registers, more = inspect_registers(owner, document.get("registers", []), items)
    return Declared(items, registers, (*found, *more))
