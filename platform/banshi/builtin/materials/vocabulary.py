"""The documents that materials are: those of vocabulary.toml for every department, and each department's own.

An item names the first by their code alone, and its own department's as `department/code`. Another department's can't
be named, so that no department is missed by another when it goes; what two of them ask for belongs into
vocabulary.toml.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from banshi.kernel.contract.values import Department, Document, Item, Material
from banshi.kernel.loading.typed_tables import adapter

FILE = Path(__file__).with_name("vocabulary.toml")


@cache
def common() -> Mapping[str, Document]:
    """The documents that every department shares, by their codes."""
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {code: adapter(Document).validate_python({"code": code, **table}) for code, table in tables.items()}


def known_to(department: Department) -> dict[str, Document]:
    """All documents that a department's items may name, by what they name them."""
    return {**common(), **{f"{department.code}/{own.code}": own for own in department.documents}}


def document_of(material: Material, department: Department) -> Document | None:
    """What a material is; None where it doesn't say, or names something that isn't there."""
    return known_to(department).get(material.document) if material.document else None


def days_of(material: Material, document: Document) -> int:
    """Days from its upload on for which a file of this material may be handed in again."""
    if material.reuse_days is None:
        return document.reuse_days
    return min(material.reuse_days, document.reuse_days)


def reusable(item: Item, department: Department) -> Iterator[tuple[Material, Document, int]]:
    """The item's materials that may come from an earlier case, each with its document and for how many days."""
    for material in item.materials:
        document = document_of(material, department)
        if document is None or not material.field or (document.concerns is not None) != bool(material.concerns):
            continue
        if (days := days_of(material, document)) > 0:
            yield material, document, days
