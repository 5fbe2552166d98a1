"""What each file of a submission is: the document that its material names, and what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banshi.forms.pointers import name_at
from banshi.kernel.cases.attachments import ids_at
from banshi.kernel.contract.values import Item

#: Document and what it is about.
Label = tuple[str, str]


def labels(item: Item, answers: Mapping[str, Any]) -> dict[str, Label]:
    """What the files that the answers name are, by their ids. A file that is named as two things is neither.

    That there is each document has been checked with the item.
    """
    found: dict[str, Label] = {}
    for material in item.materials:
        if not material.document or not material.field:
            continue
        label = (material.document, name_at(answers, material.concerns))
        for identity in ids_at(item, answers, material.field):
            found[identity] = label if found.get(identity, label) == label else ("", "")
    return found
