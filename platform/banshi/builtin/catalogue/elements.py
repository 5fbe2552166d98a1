"""What people read for the national list's elements, and the part of a guide that has them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from banshi.builtin.catalogue.remedies import decided
from banshi.kernel.contract.elements import Elements
from banshi.kernel.contract.values import Department, Item, Texts, text_in

_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))

#: The elements by their names in items.toml, in the list's own order.
TITLES: Mapping[str, Texts] = _TABLES["titles"]

#: What each code of an element is called.
WORDS: Mapping[str, Mapping[str, Texts]] = _TABLES["words"]

#: What a department says once for all of its items.
OF_DEPARTMENTS = ("exercise_level", "complaints")


def elements_of(item: Item, department: Department | None = None) -> Elements:
    """What an item says of its elements, and what follows: from its department, and from the rest of its declaration.
    A permit is one, and what is promised in no days at all is done at once. What the item says comes first.
    """
    follows: dict[str, Any] = {name: getattr(department, name, None) for name in OF_DEPARTMENTS}
    if getattr(item.details, "permit", False):
        follows["item_type"] = "permit"
    # Something is decided, or answered: of a complaint or a booking the list has no such type.
    if item.promised_days is not None and (not item.steps or decided(item)):
        follows["handling_type"] = "promised" if item.promised_days else "immediate"
    return replace(item.elements, **{name: one for name, one in follows.items() if not getattr(item.elements, name)})


def known_elements(elements: Elements, language: str) -> Iterator[tuple[str, str | None, str]]:
    """What is known of them: the element's name, the code that its value has, and the value as people read it."""
    for name in TITLES:
        value = getattr(elements, name)
        if not value:
            continue
        if name in WORDS:
            yield name, value, text_in(WORDS[name][value], language)
        else:
            yield name, None, value if isinstance(value, str) else text_in(value, language)


def elements_document(elements: Elements, language: str) -> list[dict[str, Any]]:
    """The elements as a guide shows them."""
    return [
        {"name": name, "title": text_in(TITLES[name], language), "code": code, "value": value}
        for name, code, value in known_elements(elements, language)
    ]
