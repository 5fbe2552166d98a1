"""What is held of a person here: the notices that the version before has sent them; and what is forgotten when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from banshi import Key, Platform
from banshi.sdk.operations import hourly
from banshi.sdk.personal_data import DataSubject, Holdings, PersonalTable, Retained, by_person
from wechat.tables.models import Consent, Notice, Outcome

#: How long it is kept what became of a notice.
KEPT = timedelta(days=30)

#: For so long a repeat of what WeChat has told is known again.
TOLD_WITHIN = timedelta(days=1)

#: How long it is known what somebody said to notices; then WeChat is asked by sending one.
CONSENT_KEPT = timedelta(days=365)

TIDYING: Key[None] = Key("wechat's tidying")


async def forget(_: Platform, whom: DataSubject) -> Iterable[Retained]:
    await Notice.filter(person=whom.subject).delete()
    return ()


HOLDING = Holdings([PersonalTable(Notice, by_person(Notice, "person"))], forget)


async def tidy(platform: Platform) -> None:
    """Forget old notices, and what WeChat has told."""
    await Notice.filter(at__lt=platform.now() - KEPT).delete()
    await Outcome.filter(at__lt=platform.now() - TOLD_WITHIN).delete()
    await Consent.filter(at__lt=platform.now() - CONSENT_KEPT).delete()


#: Tidies up every hour, in the process that leads.
open_tidying = partial(hourly, "wechat-tidying", tidy, "old notices can't be tidied up")
