"""What a form shows: its fields in order, with the words that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from banshi_client.form.judging import is_asked


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that may be given, and its word."""

    value: Any
    title: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field that is asked now; `schema` has all that the form says of it."""

    name: str
    pointer: str
    title: str
    hint: str
    #: The title of its group; empty without one.
    group: str
    required: bool
    unit: str
    choices: tuple[Choice, ...]
    schema: Mapping[str, Any]

    def fields(self, answers: Mapping[str, Any]) -> list[Field]:
        """The fields inside a group of fields, by what was answered in it."""
        return fields_of(self.schema, answers, self.pointer)


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that stand together under one title; no title, no hint: those of a form without groups."""

    title: str
    hint: str
    fields: tuple[Field, ...]


def groups_of(schema: Mapping[str, Any], answers: Mapping[str, Any], pointer: str = "") -> list[Group]:
    """The groups of an object in which something is asked now, in order."""
    asked = {one.name: one for one in fields_of(schema, answers, pointer)}
    groups = [*schema.get("x-groups", ())]
    grouped = {name for group in groups for name in group["fields"]}
    groups.append({"fields": [name for name in schema.get("properties", {}) if name not in grouped]})
    told = [
        Group(
            group.get("title", ""),
            group.get("description", ""),
            tuple(asked[name] for name in group["fields"] if name in asked),
        )
        for group in groups
    ]
    return [one for one in told if one.fields]


def fields_of(schema: Mapping[str, Any], answers: Mapping[str, Any], pointer: str = "") -> list[Field]:
    """The fields of an object that are asked now, in the order of its groups."""
    fields, required = schema.get("properties", {}), schema.get("required", ())
    return [
        _field(name, fields[name], pointer, group, name in required)
        for name, group in _in_order(schema)
        if is_asked(schema, name, answers)
    ]


def _in_order(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names of fields, each with the title of its group."""
    groups = schema.get("x-groups", ())
    grouped = {name: group.get("title", "") for group in groups for name in group["fields"]}
    yield from grouped.items()
    yield from ((name, "") for name in schema.get("properties", {}) if name not in grouped)


def _field(name: str, schema: Mapping[str, Any], pointer: str, group: str, required: bool) -> Field:
    return Field(
        name=name,
        pointer=f"{pointer}/" + name.replace("~", "~0").replace("/", "~1"),
        title=schema.get("title", ""),
        hint=schema.get("description", ""),
        group=group,
        required=required or bool(schema.get("x-required")),
        unit=schema.get("x-unit", ""),
        choices=choices_of(schema),
        schema=schema,
    )


def choices_of(schema: Mapping[str, Any]) -> tuple[Choice, ...]:
    """The choices of a field, or of each entry of a list; empty where anything may be given."""
    if isinstance(schema.get("items"), Mapping):
        return choices_of(schema["items"])
    if all("const" in one for one in schema.get("oneOf", ({},))):
        return tuple(Choice(one["const"], str(one.get("title", one["const"]))) for one in schema["oneOf"])
    return tuple(Choice(value, str(value)) for value in schema.get("enum", ()))


def chosen_from(schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The list of the API from which a field, or each entry of it, is chosen."""
    listed = schema.get("x-choices") or schema.get("items", {}).get("x-choices")
    return listed if isinstance(listed, Mapping) else None


def told_at(row: Any, pointer: str) -> Any:
    """What a row of such a list has at a JSON Pointer; None where it has nothing there."""
    for name in pointer.split("/")[1:]:
        row = row.get(name.replace("~1", "/").replace("~0", "~")) if isinstance(row, Mapping) else None
    return row
