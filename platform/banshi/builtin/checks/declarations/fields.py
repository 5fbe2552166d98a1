"""Items one by one, and the fields of their forms by the JSON Pointers that items.toml names them with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, wraps
from typing import Any

from banshi.forms import Form
from banshi.forms.pointers import names_in
from banshi.forms.pointing import fields_at
from banshi.foundation.findings import Finding
from banshi.kernel.contract.values import Item
from banshi.kernel.loading.registry import Registry

Schema = Mapping[str, Any]

#: What is wrong with an item: the rule, what to do about it, and True where that is a warning only, or "note".
Fault = tuple[str, str] | tuple[str, str, bool | str]


def of_each_item(rule: Callable[[Registry, Item], Iterator[Fault]]) -> Callable[[Registry], Iterator[Finding]]:
    """A rule about one item as one about all that were not found to be right at an earlier start."""

    @wraps(rule)
    def findings(registry: Registry) -> Iterator[Finding]:
        for item in registry.items.unchecked():
            for name, advice, *mild in rule(registry, item):
                told = f"items.{item.code}: {advice}"
                yield Finding(item.plugin, name, told, warning=bool(mild), note="note" in mild)

    return findings


def fields_of(item: Item, pointer: str) -> Sequence[Schema]:
    """The fields of an item's form at a JSON Pointer; none where there is no pointer, or no such field."""
    return _fields_of(item.form, pointer) if item.form and pointer else ()


@lru_cache(2048)
def _fields_of(form: Form, pointer: str) -> Sequence[Schema]:
    """A dozen rules ask of the same field, and a form is only read."""
    return fields_at(form.schema, pointer)


def always_there(schema: Schema, pointer: str) -> bool:
    """Whether every answer that the schema takes has something at a JSON Pointer through objects."""
    node: Any = schema
    for name in names_in(pointer):
        if name not in node.get("required", ()):
            return False
        node = node.get("properties", {}).get(name, {})
    return pointer.startswith("/")


def types_of(node: Schema) -> set[str]:
    """The JSON types that a subschema names itself; an array of anything but texts says of what."""
    named = node.get("type", [])
    kinds = {named} if isinstance(named, str) else set(named)
    members = node.get("items")
    if "array" in kinds and isinstance(members, Mapping) and members.get("type", "string") != "string":
        kinds = kinds - {"array"} | {f"array of {members['type']}"}
    return kinds - {"null"}


def attachment_fields(node: Any) -> Iterator[Schema]:
    """The fields for files that `banshi.kernel.cases.attachments` finds: below `properties` and `items` alone."""
    if not isinstance(node, Mapping):
        return
    if node.get("x-attachment"):
        yield node
    for inner in (*node.get("properties", {}).values(), node.get("items")):
        yield from attachment_fields(inner)
