"""What a plugin holds of a person: shown to them, forgotten when they ask, gone when its time is over."""

from banshi.builtin.personal_data.anonymising import ANONYMISE_CASE
from banshi.builtin.personal_data.forgetting import FORGET_CASE, Forget
from banshi.builtin.personal_data.holdings import (
    HOLDINGS,
    DataSubject,
    Holdings,
    PersonalTable,
    Retained,
    by_case,
    by_person,
)
from banshi.foundation.encryption.look_ups import AFTER_LOOK_UPS
from banshi.foundation.texts import masked

__all__ = [
    "AFTER_LOOK_UPS",
    "ANONYMISE_CASE",
    "FORGET_CASE",
    "HOLDINGS",
    "DataSubject",
    "Forget",
    "Holdings",
    "PersonalTable",
    "Retained",
    "by_case",
    "by_person",
    "masked",
]
