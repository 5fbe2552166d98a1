"""What each file of a submission is: the document that its material names, and what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banshi.builtin.materials.vocabulary import document_of
from banshi.kernel.cases.attachments import attachment_ids
from banshi.kernel.contract.values import Department, Item

#: Longest text that says what a document is about.
LONGEST = 200

#: Document and what it is about.
Label = tuple[str, str]


def value_at(answers: Any, pointer: str) -> str:
    """The text at a JSON Pointer through objects; empty where there is none, or one too long to be a name."""
    value = answers
    for part in pointer.split("/")[1:]:
        if not isinstance(value, dict):
            return ""
        value = value.get(part.replace("~1", "/").replace("~0", "~"))
    return value if pointer and isinstance(value, str) and len(value) <= LONGEST else ""


def ids_at(item: Item, answers: Mapping[str, Any], field: str) -> list[str]:
    """The ids of the files that the answers name at a material's field, in small letters."""
    schema = item.form.schema if item.form else {}
    named = attachment_ids(schema, answers)
    return [identity.lower() for pointer, identity in named if pointer == field or pointer.startswith(f"{field}/")]


def labels(item: Item, department: Department, answers: Mapping[str, Any]) -> dict[str, Label]:
    """What the files that the answers name are, by their ids. A file that is named as two things is neither."""
    found: dict[str, Label] = {}
    for material in item.materials:
        document = document_of(material, department)
        if document is None or not material.field:
            continue
        label = (material.document, value_at(answers, material.concerns))
        for identity in ids_at(item, answers, material.field):
            found[identity] = label if found.get(identity, label) == label else ("", "")
    return found
