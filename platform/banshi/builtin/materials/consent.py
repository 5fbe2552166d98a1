"""What a person agrees to when a material is taken over: the words, and a name for exactly these words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from banshi.builtin.sentences import say, word
from banshi.kernel.contract.values import Document, Item, Material, Texts
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case


@dataclass(frozen=True, slots=True)
class Consent:
    """Whoever sends `id` back has been shown the words, in one of the languages."""

    id: str
    texts: Texts


def consent_to(
    platform: Platform,
    item: Item,
    material: Material,
    document: Document,
    earlier: Case,
    files: Sequence[Attachment],
    times: int,
) -> Consent:
    """The consent to one material's files, for one item, out of one case.

    Its id is another one as soon as anything of that changes, and after each of the `times` that something was taken
    over from that case: a consent is good for one submission.
    """
    department = platform.registry.departments[item.department].title
    came_from = platform.registry.items.of(earlier.item)
    day = min(file.created_at for file in files).astimezone(platform.settings.timezone).date()
    texts = say(
        WORDS,
        purpose=item.title,
        department=department,
        document=_named(document, files[0].concerns),
        number=earlier.number,
        earlier=came_from.title if came_from else earlier.item,
        day=day.isoformat(),
        count=len(files),
    )
    said = [earlier.person, item.code, material.field, str(earlier.id), times, *(str(one.id) for one in files)]
    return Consent(hashlib.blake2b(orjson.dumps([*said, texts]), digest_size=16).hexdigest(), texts)


def _named(document: Document, concerns: str) -> Texts:
    if document.concerns is None:
        return document.title
    return word("{document} ({label}: {concerns})", document=document.title, label=document.concerns, concerns=concerns)


WORDS = (
    "For “{purpose}”, I agree that {department} gets the “{document}” (files: {count}) that I uploaded on {day} and "
    "handed in with case {number} ({earlier}). {department} sees the files and which case they are from. If you don't"
    " agree, upload the document instead."
)
