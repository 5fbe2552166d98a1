"""A case's state in the standard's two words, and in a sentence that says nothing of anybody."""

from __future__ import annotations

from collections.abc import Mapping

from banshi import Texts, text_in

#: States in which a request is closed; every other one is open.
CLOSED = ("answered", "rated", "closed", "merged", "withdrawn")

#: States that a case only has once a person has read it and given it to a unit.
LOOKED_AT = frozenset({"assigned", "answered", "rated", "reopened", "closed"})

NOTES: Mapping[str, Texts] = {
    "submitted": {"zh-CN": "已收到，等待工作人员阅读。", "en": "Received; waiting to be read by staff."},
    "assigned": {"zh-CN": "正在办理。", "en": "Being worked on."},
    "returned": {"zh-CN": "等待提交人补充情况。", "en": "Waiting for more from whoever reported it."},
    "answered": {"zh-CN": "已答复。", "en": "Answered."},
    "rated": {"zh-CN": "已答复。", "en": "Answered."},
    "reopened": {"zh-CN": "由另一位工作人员重新办理。", "en": "Being worked on again, by somebody else."},
    "closed": {"zh-CN": "已办结。", "en": "Closed."},
    "merged": {"zh-CN": "与相同的诉求合并办理。", "en": "Joined with an earlier one about the same."},
    "withdrawn": {"zh-CN": "已撤回。", "en": "Withdrawn."},
}


def status_of(state: str) -> str:
    return "closed" if state in CLOSED else "open"


def note_of(state: str, language: str) -> str | None:
    return text_in(NOTES[state], language) if state in NOTES else None
