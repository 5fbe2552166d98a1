"""What a step of a posting writes beside its state: what is public of it, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from banshi.foundation.database.writes import Update
from banshi.foundation.errors import Conflict
from banshi.kernel.cases.lifecycle import Effects, Move
from banshi.kernel.contract.items import LIVE
from banshi.kernel.runtime.running import Platform
from banshi.kinds.corrections import corrected
from banshi.kinds.posting.models import PostingRecord
from banshi.kinds.posting.offered import extension_refused
from banshi.kinds.posting.publishing.publication import photos_of, refuse_unfit, values_of
from banshi.kinds.sentences import say

#: The poster is told so long before the end.
NOTICE_BEFORE_END = timedelta(days=7)


async def effects(platform: Platform, move: Move) -> Effects:
    """The effects of a step. Whatever speaks against it is told here, before any write."""
    posting = await PostingRecord.get(case_id=move.case.id)
    match move.step.action:
        case "supplement":
            return await _supplement(platform, move)
        case "publish":
            return _publish(platform, move)
        case "return":
            # Over for good where its poster doesn't come back in as many days as it could be public.
            until = move.at + timedelta(days=move.item.details.days)
            waiting = _changed(move, state="waiting", expires_at=until, due_at=until)
            return Effects(updates=[waiting], mentions={"until": last_day(platform, until)})
        case "remind":
            return _remind(platform, move, posting)
        case "extend":
            return _extend(move, posting)
        case "expire" if posting.expires_at is None or posting.expires_at > move.at:
            # Somebody may have extended it meanwhile.
            raise Conflict(say("Its time is not over yet; it is still to be shown."))
    return Effects(updates=[_changed(move, state="ended", ended_at=move.at, due_at=None)])


def _changed(move: Move, **values: Any) -> Update:
    return Update(PostingRecord, {"case_id": move.case.id}, values)


async def _supplement(platform: Platform, move: Move) -> Effects:
    """The corrected answers, held against the same rules as the first ones."""
    made = await corrected(platform, move)
    answers = made.values["answers"]
    refuse_unfit(platform, move.item, answers)
    photos = await photos_of(platform, move.item, answers)
    # From here on it is staff's turn, and nothing ends it.
    staffs_turn = {"expires_at": None, "due_at": None}
    made.updates.append(_changed(move, **values_of(move.item, answers), photos=photos, **staffs_turn))
    return made


def _publish(platform: Platform, move: Move) -> Effects:
    """Public from now on, for as many days as the item says; what is not live yet goes the same way unseen."""
    until = move.at + timedelta(days=move.item.details.days)
    times = {"published_at": move.at, "expires_at": until, "due_at": reminder(move, until), "matched_at": None}
    state = "public" if move.case.mode == LIVE else "waiting"
    shown = _changed(move, state=state, is_extended=False, **times)
    return Effects(updates=[shown], mentions={"until": last_day(platform, until)})


def reminder(move: Move, until: datetime) -> datetime:
    """When the poster is told that it ends: a week before, but never before half of the time is over."""
    return until - min(NOTICE_BEFORE_END, timedelta(days=move.item.details.days) / 2)


def last_day(platform: Platform, until: datetime) -> Any:
    """The day in the city on which it ends."""
    return until.astimezone(platform.settings.timezone).date()


def _remind(platform: Platform, move: Move, posting: PostingRecord) -> Effects:
    due, until = posting.due_at, posting.expires_at
    if due is None or until is None or not due <= move.at < until or due == until:
        raise Conflict(say("The poster was reminded already, or it is too early for that."))
    return Effects(updates=[_changed(move, due_at=until)], mentions={"until": last_day(platform, until)})


def _extend(move: Move, posting: PostingRecord) -> Effects:
    """As many days again, once, and only while it is public."""
    if refused := extension_refused(posting, move.at):
        raise refused
    assert posting.expires_at is not None  # noqa: S101 - else it was refused
    until = posting.expires_at + timedelta(days=move.item.details.days)
    return Effects(updates=[_changed(move, expires_at=until, is_extended=True, due_at=reminder(move, until))])
