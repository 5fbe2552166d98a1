"""What each file of a submission is: the document that its material names, and what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banshi.builtin.materials.vocabulary import document_of
from banshi.foundation.forms.pointers import name_at
from banshi.kernel.cases.attachments import ids_at
from banshi.kernel.contract.values import Department, Item

#: Document and what it is about.
Label = tuple[str, str]


def labels(item: Item, department: Department, answers: Mapping[str, Any]) -> dict[str, Label]:
    """What the files that the answers name are, by their ids. A file that is named as two things is neither."""
    found: dict[str, Label] = {}
    for material in item.materials:
        document = document_of(material, department)
        if document is None or not material.field:
            continue
        label = (material.document, name_at(answers, material.concerns))
        for identity in ids_at(item, answers, material.field):
            found[identity] = label if found.get(identity, label) == label else ("", "")
    return found
