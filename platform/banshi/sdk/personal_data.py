"""What a plugin holds of a person: shown to them, forgotten when they ask, gone when its time is over."""

from banshi.builtin.personal_data.anonymising import ANONYMISE_CASE as ANONYMISE_CASE
from banshi.builtin.personal_data.forgetting import FORGET_CASE as FORGET_CASE
from banshi.builtin.personal_data.forgetting import Forget as Forget
from banshi.builtin.personal_data.holdings import HOLDINGS as HOLDINGS
from banshi.builtin.personal_data.holdings import DataSubject as DataSubject
from banshi.builtin.personal_data.holdings import Holdings as Holdings
from banshi.builtin.personal_data.holdings import PersonalTable as PersonalTable
from banshi.builtin.personal_data.holdings import Retained as Retained
from banshi.builtin.personal_data.holdings import by_case as by_case
from banshi.builtin.personal_data.holdings import by_person as by_person
from banshi.foundation.encryption.look_ups import AFTER_LOOK_UPS as AFTER_LOOK_UPS
from banshi.foundation.texts import masked as masked
