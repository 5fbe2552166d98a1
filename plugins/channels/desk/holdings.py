"""What the desk holds of a person: shown to them, forgotten when they ask, gone when its time is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from tortoise.expressions import Q

from banshi import Key, Platform
from banshi.sdk.operations import delete_in_steps, hourly
from banshi.sdk.personal_data import DataSubject, Holdings, PersonalTable, Retained, by_person
from desk.officers import KNOWN_DAYS
from desk.settings import SETTINGS
from desk.tables.models import DeskEvent, DeskOfficer, DeskSeat, Enquiry

#: Officers, who are somebody else.
OFFICER = ("officer", "officer_name")

TIDYING: Key[None] = Key("the desk's tidying")


async def _events(_: Platform, whom: DataSubject) -> Sequence[Any]:
    own = DeskEvent.filter(enquiry__person=whom.subject).order_by("id")
    return list(await own.values_list("id", flat=True))


def _hidden(row: Mapping[str, Any], _: DataSubject) -> tuple[str, ...]:
    """Officers, and what they have noted for each other."""
    return (*OFFICER, "text") if row["what"] in ("note", "transferred") else OFFICER


async def forget(_: Platform, whom: DataSubject) -> Iterable[Retained]:
    """Delete their enquiries, with the events."""
    await Enquiry.filter(person=whom.subject).delete()
    return ()


HOLDING = Holdings(
    [
        PersonalTable(Enquiry, by_person(Enquiry, "person"), hidden=OFFICER),
        PersonalTable(DeskEvent, _events, hidden=_hidden),
    ],
    forget,
)


async def tidy(platform: Platform) -> None:
    """One round of what is over."""
    now = platform.now()
    old = Enquiry.filter(asked_at__lt=now - timedelta(days=platform[SETTINGS].keep_days))
    # A block lasts as long as was said.
    await delete_in_steps(old.filter(Q(blocked_until__isnull=True) | Q(blocked_until__lte=now)))
    long_gone = now - timedelta(days=KNOWN_DAYS)
    await delete_in_steps(DeskSeat.filter(here_until__lt=long_gone))
    await delete_in_steps(DeskOfficer.filter(day__lt=platform.today() - timedelta(days=KNOWN_DAYS)))


#: Tidies up at start and every hour, in the process that leads.
open_tidying = partial(hourly, "desk-tidying", tidy, "old enquiries can't be tidied up")
