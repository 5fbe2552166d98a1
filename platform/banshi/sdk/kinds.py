"""A kind of item of one's own: its states, its steps and what follows them."""

from banshi.builtin.openapi.kinds import KIND_TYPES, KindTypes
from banshi.builtin.openapi.titles import titled
from banshi.kernel.cases.lifecycle import Effects, Move
from banshi.kernel.contract.kinds import Beginning, Begins, Begun, Kind
from banshi.kernel.contract.values import ClockEffect, MaterialsEffect, MessageTemplates, Step, Who
from banshi.kinds.corrections import corrected, refuse_answers

__all__ = [
    "KIND_TYPES",
    "Beginning",
    "Begins",
    "Begun",
    "ClockEffect",
    "Effects",
    "Kind",
    "KindTypes",
    "MaterialsEffect",
    "MessageTemplates",
    "Move",
    "Step",
    "Who",
    "corrected",
    "refuse_answers",
    "titled",
]
