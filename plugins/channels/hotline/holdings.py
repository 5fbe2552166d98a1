"""What the hotline holds of a person: shown to them, forgotten when they ask, gone when its time is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from banshi import Case, Key, Platform
from banshi.sdk.operations import delete_in_steps, hourly
from banshi.sdk.personal_data import DataSubject, Holdings, PersonalTable, Retained, by_person
from conversations import CONVERSATIONS, Said
from hotline.callers import FORGOTTEN_AFTER
from hotline.settings import SETTINGS
from hotline.tables.models import PREFIX, HotlineCall, HotlineCallBack, HotlineCaller, HotlineFiling

TIDYING: Key[None] = Key("the hotline's tidying")


def _caller(whom: DataSubject) -> list[UUID]:
    """The caller whose subject that is."""
    return [UUID(whom.subject.removeprefix(PREFIX))] if whom.subject.startswith(PREFIX) else []


async def _callers(_: Platform, whom: DataSubject) -> Sequence[Any]:
    return list(await HotlineCaller.filter(id__in=_caller(whom)).values_list("id", flat=True))


async def _calls(_: Platform, whom: DataSubject) -> Sequence[Any]:
    own = HotlineCall.filter(Q(person=whom.subject) | Q(caller_id__in=_caller(whom)))
    return list(await own.order_by("id").values_list("id", flat=True))


async def _call_backs(_: Platform, whom: DataSubject) -> Sequence[Any]:
    cases = Subquery(Case.filter(person=whom.subject).values("id"))
    own = HotlineCallBack.filter(Q(caller_id__in=_caller(whom)) | Q(case_id__in=cases))
    return list(await own.order_by("id").values_list("id", flat=True))


async def _texts(platform: Platform, whom: DataSubject) -> Sequence[Any]:
    """What they were texted about what was filed, and about being called back."""
    filings = await HotlineFiling.filter(person=whom.subject).values_list("id", flat=True)
    about = [str(one) for one in (*filings, *await _call_backs(platform, whom))]
    return list(await Said.filter(about__in=about).order_by("id").values_list("id", flat=True))


async def forget(platform: Platform, whom: DataSubject) -> Iterable[Retained]:
    """Delete what waits and what was called; what was filed goes with its case."""
    await HotlineFiling.filter(person=whom.subject, case_id=None).delete()
    await HotlineCall.filter(Q(person=whom.subject) | Q(caller_id__in=_caller(whom))).delete()
    await HotlineCallBack.filter(caller_id__in=_caller(whom)).delete()
    await _leave_alone(platform, HotlineCaller.filter(id__in=_caller(whom)))
    await delete_in_steps(_unused().filter(id__in=_caller(whom)))
    return ()


async def _leave_alone(platform: Platform, callers: QuerySet[HotlineCaller]) -> None:
    """Nothing is kept of what they were texted."""
    account = platform[SETTINGS].text_account
    for caller in await callers if account else ():
        await platform[CONVERSATIONS].left_alone(account, caller.number)


async def emptied(_: Platform, case: Case) -> None:
    """Of a case that is emptied: who it was filed for, and by whom."""
    await HotlineFiling.filter(case_id=case.id).delete()
    await HotlineCallBack.filter(case_id=case.id).delete()


def _unused() -> QuerySet[HotlineCaller]:
    """Numbers under which nothing is kept any more."""
    used = [Subquery(model.all().values("caller_id")) for model in (HotlineFiling, HotlineCallBack)]
    calls = Subquery(HotlineCall.exclude(caller_id=None).values("caller_id"))
    left = HotlineCaller.all()
    for one in (*used, calls):
        left = left.exclude(id__in=one)
    return left


async def tidy(platform: Platform) -> None:
    """One round of what is over."""
    old = platform.now() - timedelta(days=platform[SETTINGS].keep_days)
    await delete_in_steps(HotlineCall.filter(at__lt=old))
    await delete_in_steps(HotlineCallBack.filter(at__lt=old, until__lt=platform.now()))
    gone = platform.now() - timedelta(days=platform.settings.draft_days)
    await delete_in_steps(HotlineFiling.filter(case_id=None, at__lt=gone))
    left = _unused().filter(at__lt=platform.now() - FORGOTTEN_AFTER)
    await _leave_alone(platform, left)
    await delete_in_steps(left)


async def enclosed(_: Platform, case: Case) -> Mapping[str, Any] | None:
    """What the staff of a case read of its filing: who filed it, what was agreed to, and how to call them."""
    row = await HotlineFiling.filter(case_id=case.id).first()
    if row is None:
        return None
    caller = await HotlineCaller.get_or_none(id=row.caller_id)
    told = {name: getattr(row, name) for name in ("officer_name", "identified", "relation", "consent")}
    at = {name: getattr(row, name).isoformat() for name in ("consented_at", "read_back_at")}
    return {**told, **at, "number": caller.number if caller else None, "is_withdrawn": row.withdrawn_at is not None}


#: Of a filing, what is the staff's.
STAFFS = ("slip", "officer", "officer_name", "hands")

HOLDING = Holdings(
    [
        PersonalTable(HotlineCaller, _callers),
        PersonalTable(HotlineCall, _calls, hidden=("agent", "operator")),
        PersonalTable(HotlineFiling, by_person(HotlineFiling, "person"), hidden=STAFFS),
        PersonalTable(HotlineCallBack, _call_backs, hidden=("officer", "log")),
        PersonalTable(Said, _texts, hidden=("officer",)),
    ],
    forget,
)

#: Tidies up at start and every hour, in the process that leads.
open_tidying = partial(hourly, "hotline-tidying", tidy, "old calls can't be tidied up")
