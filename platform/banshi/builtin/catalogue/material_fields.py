"""The form of an item as it is shown: its own, with the materials that its fields take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from banshi.forms.pointers import names_in
from banshi.forms.vocabulary.fields import MATERIAL
from banshi.kernel.contract.values import Item, text_in


def form_document(item: Item, language: str) -> Mapping[str, Any] | None:
    """The form in one language; `x-material` at a field says which of the item's materials it takes."""
    if item.form is None:
        return None
    form = item.form.described(language)
    for material in item.materials:
        told = {"title": text_in(material.title, language)}
        if material.document:
            told["document"] = material.document
        if material.field:
            form = _marked(form, names_in(material.field), told)
    return form


def _marked(node: Mapping[str, Any], names: Sequence[str], told: Mapping[str, str]) -> Mapping[str, Any]:
    """A copy with the words at a field; the same where a reference or a branch leads to it."""
    if not names:
        return {**node, MATERIAL: told}
    fields = node.get("properties", {})
    if not isinstance(fields.get(names[0]), Mapping):
        return node
    return {**node, "properties": {**fields, names[0]: _marked(fields[names[0]], names[1:], told)}}
