"""Which items are services: appeals that take a name and are about a place.

A form marks the place itself, `"x-place": "address"`, "latitude" and "longitude"; the settings may name fields instead,
and take an item out. Whatever the form needs beside the standard's own arguments is an attribute; an item that needs a
file is no service, because the standard sends none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from banshi import Item, Texts

from ..settings import Open311Settings, ServiceSettings
from .attributes import Attribute, fields_of

#: What a form can mark, and the standard's arguments that a field can take, as the settings name them.
PLACE = ("address", "latitude", "longitude")
ARGUMENTS = (*PLACE, "description", "media_url", "phone", "email")


@dataclass(frozen=True, slots=True)
class Service:
    """An item as others call it."""

    code: str
    department: str
    title: Texts
    #: The field that takes an argument of the standard, by its name in the settings.
    fields: Mapping[str, Attribute]
    attributes: tuple[Attribute, ...]
    public: frozenset[str]


@dataclass(frozen=True, slots=True)
class Read:
    """An item's form, as far as the standard can fill it."""

    service: Service
    #: JSON Pointers: of settings that name no field, and of required fields that can't be sent.
    unknown: tuple[str, ...]
    unsent: tuple[str, ...]

    @property
    def has_place(self) -> bool:
        return any(name in self.service.fields for name in PLACE)


def takes_names(item: Item, registry: Any) -> bool:
    """Whether it is an appeal that somebody hands in with a name, and not one about a record of their own."""
    if item.kind != "appeal" or item.form is None or item.details is None or item.owner is not None:
        return False
    return registry.kinds[item.kind].handed_in(item) is not None


def read(item: Item, own: ServiceSettings) -> Read:
    """An item's form with its settings."""
    schema = dict(item.form.schema) if item.form is not None else {}
    every = {one.pointer: one for one in fields_of(jsonschema_rs.dereference(schema) if "$defs" in schema else schema)}
    named = {name: pointer for name in ARGUMENTS if (pointer := getattr(own, name))}
    fields = {name: every[pointer] for name, pointer in named.items() if pointer in every}
    for one in every.values():
        mark = one.schema.get("x-place")
        if mark in PLACE and mark not in named:
            fields.setdefault(mark, one)
    if "description" not in named and (found := _text(every.values(), fields)) is not None:
        fields["description"] = found
    taken = {one.pointer for one in fields.values()}
    rest = [one for one in every.values() if one.pointer not in taken]
    service = Service(
        code=item.code,
        department=item.department,
        title=item.title,
        fields=fields,
        attributes=tuple(one for one in rest if one.datatype),
        public=frozenset(own.public),
    )
    unknown = tuple(pointer for pointer in named.values() if pointer not in every)
    return Read(service, unknown, tuple(one.pointer for one in rest if one.required and not one.datatype))


def _text(every: Any, fields: Mapping[str, Attribute]) -> Attribute | None:
    """The field for the standard's description: the first long text that is required, or else the first."""
    taken = {one.pointer for one in fields.values()}
    texts = [one for one in every if one.datatype == "text" and one.pointer not in taken]
    return next((one for one in texts if one.required), texts[0] if texts else None)


def services_of(settings: Open311Settings, registry: Any) -> Iterator[Service]:
    """Every service, by its code."""
    items = registry.items
    for item in items.each([code for code in items.codes() if items.facts(code).kind == "appeal"]):
        own = settings.services.get(item.code, ServiceSettings())
        if own.offered and takes_names(item, registry):
            found = read(item, own)
            if found.has_place and not found.unsent:
                yield found.service
