"""The register that is always there: the platform's own cases by their numbers, each person's own alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banshi.kernel.cases.actions import word, words_of
from banshi.kernel.contract.values import text_in
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.query.registers.declared import Column, Register
from banshi.kinds.query.registers.protocol import Found, Question


def _column(name: str, zh: str, en: str, **rest: Any) -> Column:
    return Column(name=name, title={"zh-CN": zh, "en": en}, **rest)


#: It knows people by their subject, so it asks for no number.
CASES = Register(
    code="cases",
    title={"zh-CN": "本平台办件", "en": "Cases of this platform"},
    keys=("number",),
    columns=(
        _column("number", "办件编号", "Number"),
        _column("item", "事项", "Item"),
        _column("department", "办理部门", "Department"),
        _column("state", "进度", "State", shown=False),
        _column("state_title", "进度", "State"),
        _column("due_on", "最迟答复日期", "Answered by", type="date", required=False),
        _column("updated_at", "最近更新", "Last change", type="moment"),
    ),
)


#: A case that never was, by the reader's language.
_MADE_UP = {"number": "20260105-0B1C-2D3F", "due_on": "2026-01-19", "updated_at": "2026-01-05T12:00:00+08:00"}
SAMPLE: Mapping[str, Mapping[str, Any]] = {
    "zh-CN": {**_MADE_UP, "item": "示例事项", "department": "示例部门", "state": "accepted"},
    "en": {**_MADE_UP, "item": "A sample item", "department": "A sample department", "state": "accepted"},
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
            "state_title": word(words_of(kind, item)[0], case.state, language),
            "due_on": case.due_on,
            "updated_at": case.updated_at.astimezone(self._platform.settings.timezone),
        }
