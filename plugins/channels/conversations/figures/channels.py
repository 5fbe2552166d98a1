"""What comes by each chat, for the statistics of all channels: conversations, and those with a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from tortoise.expressions import Subquery
from tortoise.functions import Count

from banshi import Platform, Texts
from banshi.sdk.http import Came, ChannelFigures
from conversations.outbound.answers import KIND
from conversations.outbound.sender import OUTLETS, channel_of
from conversations.tables.models import ChannelConversation, Turn
from desk import ANSWER_AIM, Enquiry


class ChatFigures(ChannelFigures):
    """Of all accounts of a channel together."""

    def titles(self, platform: Platform) -> Mapping[str, Texts]:
        """As its account is called, where a channel has one alone."""
        outlets = [one for _, one in platform.offered(OUTLETS) if len(one.titles) == 1]
        return {one.channel: next(iter(one.titles.values())) for one in outlets}

    async def came(self, platform: Platform, begins: datetime, ends: datetime) -> Iterable[Came]:
        """Contacts that wrote, as long as messages are kept; and enquiries, but those of whoever is gone."""
        del platform
        turns = Turn.filter(at__gte=begins, at__lt=ends).annotate(count=Count("conversation_id", distinct=True))
        wrote = await turns.group_by("conversation__account").values_list("conversation__account", "count")
        asked = Enquiry.filter(kind=KIND, asked_at__gte=begins, asked_at__lt=ends).exclude(state="word")
        contacts = ChannelConversation.filter(id__in=Subquery(asked.values("subject")))
        accounts = dict(await contacts.values_list("id", "account"))
        rows = await asked.only("id", "subject", "asked_at", "answered_at", "rating")
        return [
            *(Came(channel=channel_of(account), what="conversations", received=count) for account, count in wrote),
            *(_enquiry(channel_of(accounts[row.subject]), row) for row in rows if row.subject in accounts),
        ]


def _enquiry(channel: str, row: Enquiry) -> Came:
    waited = row.answered_at - row.asked_at if row.answered_at else None
    return Came(
        channel=channel,
        what="enquiries",
        received=1,
        answered=int(waited is not None),
        in_time=int(waited is not None and waited <= ANSWER_AIM),
        within_s=int(ANSWER_AIM.total_seconds()),
        rated=int(bool(row.rating)),
        stars=row.rating or 0,
    )
