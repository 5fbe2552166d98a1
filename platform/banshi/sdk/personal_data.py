"""What a plugin holds of a person: shown to them, forgotten when they ask, gone when its time is over."""

from __future__ import annotations

from banshi.engine.anonymising import ANONYMISE_CASE
from banshi.engine.forgetting import FORGET_CASE, Forget
from banshi.holdings import HOLDINGS, Held, Holding, Kept, Whom, by_case, by_person
from banshi.personal.look_ups import AFTER_LOOK_UPS

__all__ = [
    "AFTER_LOOK_UPS",
    "ANONYMISE_CASE",
    "FORGET_CASE",
    "HOLDINGS",
    "Forget",
    "Held",
    "Holding",
    "Kept",
    "Whom",
    "by_case",
    "by_person",
]
