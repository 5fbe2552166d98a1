"""What is wrong with an item's owner: a rule that can't be held would give one person's record to another."""

from __future__ import annotations

from collections.abc import Iterator

from banshi.builtin.checks.fields import always_there, attachment_fields
from banshi.forms.pointing import fields_at
from banshi.foundation.findings import Finding
from banshi.kernel.contract.values import Item, Kind
from banshi.kernel.loading.registry import Registry


def owners_can_be_held_to(registry: Registry) -> Iterator[Finding]:
    """An owner is a citizen's number that the form requires, of an item whose cases begin where it is asked for."""
    for item in registry.items.unchecked():
        if item.owner is not None:
            if not _handed_in(registry.kinds[item.kind], item):
                advice = f"remove owner: a case of this {item.kind} doesn't begin where owners are asked for"
                yield _of(item, "unused-owner", advice)
            yield from _field(item, item.owner.field)
            if item.owner.unless:
                yield from _unless(item, item.owner.unless)


def _handed_in(kind: Kind, item: Item) -> bool:
    """Whether the item's cases begin with a filled form and a token."""
    try:
        return kind.handed_in is not None and item.details is not None and kind.handed_in(item) is not None
    except Exception:  # a plugin's own kind, which the registry tells
        return True


def _field(item: Item, pointer: str) -> Iterator[Finding]:
    schema = item.form.schema if item.form else {}
    nodes = fields_at(schema, pointer)
    if not nodes:
        yield _of(item, "unknown-field", f"mend owner.field: the form has no field {pointer!r}")
    elif not any(node.get("format") == "cn-resident-id" for node in nodes):
        advice = f'give the field {pointer} "format": "cn-resident-id": it is compared with a verified number'
        yield _of(item, "not-a-number", advice)
    elif not always_there(schema, pointer):
        advice = f"let the form require {pointer}: whoever leaves it out would be asking about nobody"
        yield _of(item, "not-a-number", advice)


def _unless(item: Item, pointer: str) -> Iterator[Finding]:
    nodes = fields_at(item.form.schema, pointer) if item.form else []
    if not nodes:
        yield _of(item, "unknown-field", f"mend owner.unless: the form has no field {pointer!r}")
    elif not any(True for node in nodes for _ in attachment_fields(node)):
        advice = f"name a field that takes a file in owner.unless: staff have to see why somebody asks at {pointer}"
        yield _of(item, "no-file-field", advice)


def _of(item: Item, rule: str, advice: str) -> Finding:
    return Finding(item.plugin, rule, f"items.{item.code}: {advice}")
