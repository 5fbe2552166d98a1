"""What kinds of notices there are: each is muted by itself, and a channel of its own on phones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise import fields
from uuid_utils.compat import uuid7

from banshi.foundation.encryption.fields import Personal, PersonalId
from banshi.foundation.keys import Key
from banshi.kernel.contract.values import Texts
from banshi.kernel.runtime.running import Platform

#: What follows all there is of a kind is called in an address.
ALL = "all"


class Follower(Personal):
    """Somebody who is told of what is published: of all, or of one thing. Each plugin has a table of its own.

    And a column `about`: what it is; "" for all, and with "-" in front what they want to hear of no more.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    person = PersonalId(255)
    about: Any
    at = fields.DatetimeField()

    class Meta:
        abstract = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeKind:
    """A kind of notice, which a plugin offers under `NOTICE_KINDS`.

    Example::

        Offer(NOTICE_KINDS, NoticeKind(code="roads", title=word("Roads"), followers=RoadFollower, meant=meant))
    """

    #: Small letters and hyphens, 32 at most: the `category` of its messages, and by itself Android's channel.
    code: str
    title: Texts
    #: Where it stands who follows what of it; None where nothing can be followed.
    followers: type[Follower] | None = None
    #: What somebody follows by these words, as `Follower.about` has it; "" where they name the kind itself, None where
    #: they name nothing of it.
    meant: Callable[[Platform, str], Awaitable[str | None]] | None = None
    #: Items whose answers are about it: behind them a chat says how to follow it.
    items: Collection[str] = ()


#: Plugins that send notices of a kind of their own offer it: people mute it by itself.
NOTICE_KINDS: Key[NoticeKind] = Key("kinds of notices")

#: Who of these people isn't to be woken by a notice of a kind, and until when; None for as long as it is muted.
Wishes = Callable[[Platform, Collection[str], str], Awaitable[Mapping[str, datetime | None]]]

#: Whoever keeps what people wish offers this, for channels of another plugin's.
WISHES: Key[Wishes] = Key("what people wish of notices")


def notice_kinds(platform: Platform) -> Mapping[str, NoticeKind]:
    """Those that there are, by their codes."""
    return {one.code: one for _, one in platform.offered(NOTICE_KINDS)}


async def wishes(platform: Platform, persons: Collection[str], kind: str) -> Mapping[str, datetime | None]:
    """Who of these people isn't to be woken by a notice of that kind now, and until when; None: muted."""
    found: dict[str, datetime | None] = {}
    for _, asked in platform.offered(WISHES):
        found |= await asked(platform, persons, kind)
    return found
