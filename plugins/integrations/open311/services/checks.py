"""What is wrong with the settings of services, for `banshi check` and the start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from banshi import Finding

from ..settings import Open311Settings, ServiceSettings
from .catalogue import read, takes_names


def findings(settings: Open311Settings, registry: Any) -> Iterator[Finding]:
    for code, own in settings.services.items():
        where = f"plugins.open311.settings.services.{code}"
        for rule, advice in _wrong(code, own, registry):
            yield Finding("open311", rule, f"{where}: {advice}")


def _wrong(code: str, own: ServiceSettings, registry: Any) -> Iterator[tuple[str, str]]:
    item = registry.items.get(code)
    if item is None:
        yield "unknown-item", "there is no item of that code; take the table out, or load its department's plugin"
        return
    if not own.offered:
        return
    if not takes_names(item, registry):
        yield "no-service", "take it out: a service is an appeal with a form that people hand in with their names"
        return
    found = read(item, own)
    for pointer in found.unknown:
        yield "unknown-field", f"{pointer} is no field of its form; name one by its JSON Pointer, such as /place"
    if not found.has_place:
        yield "no-place", 'its form has no place: mark a field with "x-place": "address", or name one with `address`'
    for pointer in found.unsent:
        yield "unsendable-field", f"the form needs {pointer}, which the standard can't send; make it optional"
    for name, mark in (("latitude", "longitude"), ("longitude", "latitude")):
        if name in found.service.fields and mark not in found.service.fields:
            yield "half-position", f"name the field of the {mark} too: a position has both"
