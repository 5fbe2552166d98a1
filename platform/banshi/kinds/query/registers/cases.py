"""The register that is always there: the platform's own cases by their numbers, each person's own alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banshi.kernel.cases.actions import title_in, words_of
from banshi.kernel.contract.values import LANGUAGES, text_in
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.query.registers.declared import Column, Register
from banshi.kinds.query.registers.protocol import Found, Question
from banshi.kinds.sentences import word

#: It knows people by their subject, so it asks for no number.
CASES = Register(
    code="cases",
    title=word("Cases of this platform"),
    keys=("number",),
    columns=(
        Column(name="number", title=word("Case number")),
        Column(name="item", title=word("Item")),
        Column(name="department", title=word("Handling department")),
        Column(name="state", title=word("State"), shown=False),
        Column(name="state_title", title=word("State")),
        Column(name="due_on", title=word("Answered by"), type="date", required=False),
        Column(name="updated_at", title=word("Last change"), type="moment"),
    ),
)


#: A case that never was, by the reader's language.
_MADE_UP = {"number": "20260105-0B1C-2D3F", "due_on": "2026-01-19", "updated_at": "2026-01-05T12:00:00+08:00"}
_NAMED = {"item": word("A sample item"), "department": word("A sample department")}
SAMPLE: Mapping[str, Mapping[str, Any]] = {
    language: {**_MADE_UP, "state": "accepted", **{name: text_in(text, language) for name, text in _NAMED.items()}}
    for language in LANGUAGES
}


class CasesRegister:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def find(self, question: Question) -> Found:
        rows = await Case.filter(number=question.keys["number"], person=question.asker).limit(1)
        return Found(records=[self._record(case, question.language) for case in rows])

    def _record(self, case: Case, language: str) -> dict[str, Any]:
        registry = self._platform.registry
        item, department = registry.items.of(case.item), registry.departments.get(case.department)
        kind = registry.kinds.get(case.kind)
        return {
            "number": case.number,
            "item": text_in(item.title, language) if item else case.item,
            "department": text_in(department.title, language) if department else case.department,
            "state": case.state,
            "state_title": title_in(words_of(kind, item)[0], case.state, language),
            "due_on": case.due_on,
            "updated_at": case.updated_at.astimezone(self._platform.settings.timezone),
        }
