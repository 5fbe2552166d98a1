"""What people read for the codes of a guide, and in front of what a kind's cases have of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banshi.builtin.openapi.kinds import KIND_TYPES
from banshi.builtin.openapi.titles import shown_by
from banshi.builtin.sentences import word
from banshi.kernel.contract.values import Item, Texts, text_in
from banshi.kernel.loading.registry import Registry

AUDIENCE: Mapping[str, Texts] = {"person": word("Persons"), "organisation": word("Organisations")}


def summary_words(registry: Registry, item: Item, language: str) -> dict[str, Any]:
    """Of what kind an item is, whose, and whom it is for."""
    kind, department = registry.kinds[item.kind], registry.departments[item.department]
    return {
        "kind_title": text_in(kind.title, language),
        "department_title": text_in(department.title, language),
        "audience_titles": [text_in(AUDIENCE[one], language) for one in item.audience],
    }


def guide_words(registry: Registry, item: Item, language: str) -> dict[str, Any]:
    """The unit, and the members that its cases have under `details`."""
    units = {unit.code: unit.title for unit in registry.departments[item.department].units}
    types = [one for _, one in registry.offered(KIND_TYPES) if one.kind == item.kind]
    return {
        "unit_title": text_in(units[item.unit], language) if item.unit in units else item.unit,
        "case_details": shown_by(types[0].details, language) if types else None,
    }
