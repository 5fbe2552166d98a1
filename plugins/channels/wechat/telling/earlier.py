"""Notices that the version before has told, while it runs beside this one and after it. Goes with the next version."""

from __future__ import annotations

from datetime import timedelta

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q

from banshi import Platform, Stale, Update, Write
from conversations import CONVERSATIONS, kept_notice
from wechat.tables.models import Notice, Outcome

#: State of a notice that was taken over: to the version before it is settled.
TAKEN_OVER = "taken-over"

#: Promises wait no longer than this; and a notice that is on its way is that process's for so long.
RECENT, ON_ITS_WAY = timedelta(days=7), timedelta(minutes=1)

ROWS_AT_ONCE = 200


async def take_over(platform: Platform) -> None:
    """Keep what it has told as ours, so that nobody is told twice, and its ends are; what waits is promised anew."""
    now = platform.now()
    live = Notice.filter(Q(at__gt=now - RECENT) | Q(until__gt=now)).exclude(state=TAKEN_OVER)
    ours = live.filter(~Q(state="sending", at__gt=now - ON_ITS_WAY)).order_by("id")
    while rows := await ours.limit(ROWS_AT_ONCE):
        for row in rows:
            taken = Update(Notice, {"id": row.id, "state": row.state}, {"state": TAKEN_OVER})
            try:
                written = kept_notice(platform, "wechat", {name: getattr(row, name) for name in row._meta.fields})
                await platform.store.commit(Write.of(taken, *written))
            except Stale:
                continue  # it has just moved it: the next round
            except IntegrityError:
                await platform.store.commit(Write([taken]))  # the contact is gone, or it is kept already
    told = Outcome.exclude(provider_id__startswith="article-").exclude(provider_id__startswith="consent-")
    for one in await told.filter(at__lt=now - ON_ITS_WAY):
        code = "" if one.status == "success" else one.status
        await platform[CONVERSATIONS].delivered(one.account, one.provider_id, arrived=not code, code=code)
        await one.delete()
