"""A kind of item of one's own: its states, its steps and what follows them."""

from __future__ import annotations

from banshi.kernel.cases.lifecycle import Effects, Move
from banshi.kernel.contract.values import ClockEffect, Kind, MaterialsEffect, MessageTemplates, Step, Who
from banshi.kinds.corrections import corrected, refuse_answers

__all__ = [
    "ClockEffect",
    "Effects",
    "Kind",
    "MaterialsEffect",
    "MessageTemplates",
    "Move",
    "Step",
    "Who",
    "corrected",
    "refuse_answers",
]
