"""A kind of item of one's own: its states, its steps and what follows them."""

from __future__ import annotations

from banshi.cases import Effects, Move
from banshi.contract import ClockEffect, Kind, MaterialsEffect, MessageTemplates, Step, Who
from banshi.corrections import corrected, refuse_answers

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
