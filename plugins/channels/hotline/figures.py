"""Calls, for the statistics of all channels. How an answer was rated by phone counts with its case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from banshi import Platform, Texts
from banshi.sdk.http import Came, ChannelFigures
from hotline.callers import CHANNEL
from hotline.sentences import word
from hotline.tables.models import HotlineCall

#: A call is answered within this time (GB/T 33358).
ANSWER_AIM = timedelta(seconds=15)


class HotlineFigures(ChannelFigures):
    """Of all lines together, without what was a nuisance."""

    def titles(self, platform: Platform) -> Mapping[str, Texts]:  # noqa: ARG002
        return {CHANNEL: word("Hotline")}

    async def came(self, platform: Platform, begins: datetime, ends: datetime) -> Iterable[Came]:  # noqa: ARG002
        calls = HotlineCall.filter(at__gte=begins, at__lt=ends).exclude(outcome="nuisance")
        rows = [
            (one.rang_at or one.at, one.answered_at) for one in await calls.only("id", "at", "rang_at", "answered_at")
        ]
        within_s = int(ANSWER_AIM.total_seconds())
        return [
            Came(
                channel=CHANNEL,
                what="calls",
                received=1,
                answered=int(answered is not None),
                in_time=int(answered is not None and answered - rang <= ANSWER_AIM),
                within_s=within_s,
            )
            for rang, answered in rows
        ]
