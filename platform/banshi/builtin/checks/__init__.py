"""The rules that a loaded registry is held to: one function each, listed in `RULES`.

The registry itself finds what it can't load. These rules are about what loads and still would fail later: at the first
approval, at the first call of a route, in the street. An error stops the start; `banshi check` shows warnings too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from banshi.builtin.checks.code import links, problems, routes, tables
from banshi.builtin.checks.declarations import items, kinds, left_out, materials, owner
from banshi.builtin.checks.words import forms, languages, messages
from banshi.foundation.findings import Finding
from banshi.kernel.loading.registry import Registry

Rule = Callable[[Registry], Iterator[Finding]]

#: Every rule, in the order in which `banshi check` and the start use them.
RULES: tuple[Rule, ...] = (
    items.handlers_answer_as_they_are_called, items.pointers_lead_to_fields, problems.problems_name_fields,
    items.claims_have_values, items.attachments_are_seen, items.numbers_make_sense, items.remedies_make_sense,
    forms.listed_choices_are_there, items.readers_are_roles, owner.owners_can_be_held_to, items.verbs_are_offered,
    kinds.state_tables_hold, kinds.states_have_words, messages.messages_can_be_written, routes.routes_are_distinct,
    routes.routes_say_what_they_do, routes.roles_are_told, links.links_lead_somewhere, tables.tables_are_there,
    materials.materials_name_documents, materials.documents_last_a_number_of_days,
    left_out.nothing_needs_what_is_left_out, languages.languages_are_whole,
)  # fmt: skip

#: What is not known stays empty; `banshi check --strict` lists it.
FACTS: tuple[Rule, ...] = (items.facts_are_known, forms.forms_speak_each_language, forms.codes_are_chosen)


def findings(registry: Registry, *, strict: bool = False) -> list[Finding]:
    """Everything that the rules find; `strict` adds what is not wrong but not known either."""
    rules = (*RULES, *FACTS) if strict else RULES
    return [finding for rule in rules for finding in rule(registry)]
