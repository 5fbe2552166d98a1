"""What is wrong with an item's owner: a rule that can't be held would give one person's record to another."""

from __future__ import annotations

from collections.abc import Iterator

from banshi.builtin.checks.declarations.fields import Fault, always_there, attachment_fields, of_each_item
from banshi.forms.pointing import fields_at
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.values import Item
from banshi.kernel.loading.registry import Registry


@of_each_item
def owners_can_be_held_to(registry: Registry, item: Item) -> Iterator[Fault]:
    """An owner is a citizen's number that the form requires, of an item whose cases begin where it is asked for."""
    if item.owner is None:
        return
    if not _handed_in(registry.kinds[item.kind], item):
        yield "unused-owner", f"remove owner: a case of this {item.kind} doesn't begin where owners are asked for"
    schema = item.form.schema if item.form else {}
    pointer, unless = item.owner.field, item.owner.unless
    nodes = fields_at(schema, pointer)
    if not nodes:
        yield "unknown-field", f"mend owner.field: the form has no field {pointer!r}"
    elif not any(node.get("format") == "cn-resident-id" for node in nodes):
        advice = f'give the field {pointer} "format": "cn-resident-id": it is compared with a verified number'
        yield "not-a-number", advice
    elif not always_there(schema, pointer):
        yield "not-a-number", f"let the form require {pointer}: whoever leaves it out would be asking about nobody"
    files = fields_at(schema, unless)
    if unless and not files:
        yield "unknown-field", f"mend owner.unless: the form has no field {unless!r}"
    elif unless and not any(True for node in files for _ in attachment_fields(node)):
        advice = f"name a field that takes a file in owner.unless: staff have to see why somebody asks at {unless}"
        yield "no-file-field", advice


def _handed_in(kind: Kind, item: Item) -> bool:
    """Whether the item's cases begin with a filled form and a token."""
    try:
        return kind.handed_in is not None and item.details is not None and kind.handed_in(item) is not None
    except Exception:  # a plugin's own kind, which the registry tells
        return True
