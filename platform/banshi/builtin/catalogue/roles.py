"""The roles of a department, and what each may do, out of its items' state tables."""

from __future__ import annotations

from typing import Any

from banshi.builtin.identity.access import ROLE_TITLES
from banshi.kernel.cases.actions import title_in, words_of
from banshi.kernel.contract.values import Who, text_in
from banshi.kernel.loading.registry import Registry


def roles_in(registry: Registry, department: str, language: str) -> list[dict[str, Any]]:
    """Each role that works on cases of the department, by name, with the steps that it may take: a step stands there
    once in each of its items' words, as 不予许可 of permits and 不予办理 of all else.
    """
    found: dict[str, dict[tuple[str, str, str], dict[str, str]]] = {}
    items = registry.items
    for item in items.each([code for code in items.codes() if items.facts(code).department == department]):
        kind = registry.kinds[item.kind]
        _, words = words_of(kind, item)
        titles = {"kind": kind.name, "kind_title": text_in(kind.title, language)}
        for role in (*kind.roles, *item.readers):
            found.setdefault(role, {})
        for step in item.steps:
            if Who.STAFF in step.who:
                label = title_in(words, step.action, language)
                told = {**titles, "action": step.action, "label": label}
                found.setdefault(step.role, {})[kind.name, step.action, label] = told
    return [
        {"role": role, "title": title_in(ROLE_TITLES, role, language), "actions": list(actions.values())}
        for role, actions in sorted(found.items())
    ]
