"""What a person agrees to when a material is taken over: the words, and a name for exactly these words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from banshi.builtin.sentences import say
from banshi.kernel.contract.values import Document, Item, Material, Texts, text_in
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
    texts = {"zh-CN": "", "en": ""}
    department = platform.registry.departments[item.department].title
    came_from = platform.registry.items.of(earlier.item)
    day = min(file.created_at for file in files).astimezone(platform.settings.timezone).date()
    for language in texts:
        values = {
            "purpose": text_in(item.title, language),
            "department": text_in(department, language),
            "document": text_in(document.title, language) + _about(document, files[0].concerns, language),
            "number": earlier.number,
            "earlier": text_in(came_from.title, language) if came_from else earlier.item,
            "day": day.isoformat(),
            "count": len(files),
        }
        texts[language] = WORDS[language].format(**values)
    said = [earlier.person, item.code, material.field, str(earlier.id), times, *(str(one.id) for one in files)]
    return Consent(hashlib.blake2b(orjson.dumps([*said, texts]), digest_size=16).hexdigest(), texts)


def _about(document: Document, concerns: str, language: str) -> str:
    if document.concerns is None:
        return ""
    label = text_in(document.concerns, language)
    return f"（{label}：{concerns}）" if language == "zh-CN" else f" ({label}: {concerns})"


WORDS: Texts = say(
    "For “{purpose}”, I agree that {department} gets the “{document}” (files: {count}) that I uploaded on {day} and "
    "handed in with case {number} ({earlier}). {department} sees the files and which case they are from. If you don't"
    " agree, upload the document instead."
)
