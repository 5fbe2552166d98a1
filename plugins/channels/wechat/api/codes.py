"""What WeChat's error codes mean for what was sent.

Source: developers.weixin.qq.com, "全局返回码" and the pages of each call. WeChat answers HTTP 200 whatever happened.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta, timezone


class Consequence(enum.Enum):
    """What follows."""

    #: The access token is not good any more: another one, and the call once more.
    TOKEN = "token"  # noqa: S105
    #: Too much, or WeChat is busy: the same call again in a minute.
    SOON = "soon"
    #: The day's quota is used up: not before midnight in Beijing.
    TOMORROW = "tomorrow"
    #: Nothing more reaches the contact before they write again.
    SHUT = "shut"
    #: Nobody knows whether WeChat has done it: the answer was lost.
    UNSURE = "unsure"
    #: They don't follow the account, or never did.
    GONE = "gone"
    #: This will never be taken; others may.
    REFUSED = "refused"
    #: Nothing of the kind will be taken until an operator has mended something at WeChat or here.
    OPERATOR = "operator"


CODES = {
    -1: Consequence.SOON,  # WeChat is busy
    40001: Consequence.TOKEN,  # the token is not the newest, or the secret is wrong
    40014: Consequence.TOKEN,  # no token
    42001: Consequence.TOKEN,  # the token is over
    40003: Consequence.GONE,  # no OpenID of this account
    43004: Consequence.GONE,  # they don't follow it
    40007: Consequence.REFUSED,  # the medium is over: WeChat keeps them for three days
    45002: Consequence.REFUSED,  # the text is too long
    43101: Consequence.REFUSED,  # they have not subscribed to that notice, or it is used up
    48002: Consequence.REFUSED,  # they take nothing from the account
    47003: Consequence.REFUSED,  # a value doesn't fit the notice's template
    40013: Consequence.OPERATOR,  # no such AppID
    40125: Consequence.OPERATOR,  # the secret is wrong
    40037: Consequence.OPERATOR,  # no such template
    40164: Consequence.OPERATOR,  # this machine's address is not on the account's list
    40200: Consequence.OPERATOR,  # a test account may not
    48001: Consequence.OPERATOR,  # the account has no right to it
    48004: Consequence.OPERATOR,  # the account was closed out of the interface
    48006: Consequence.OPERATOR,  # no more quota can be cleared this month
    45009: Consequence.TOMORROW,  # the day's calls are used up
    45011: Consequence.SOON,  # too many in this minute
    45015: Consequence.SHUT,  # 48 hours are over
    45047: Consequence.SHUT,  # the count of messages is used up
    45028: Consequence.OPERATOR,  # no more articles this month
}

#: Seconds of SOON, and the clock by which a day of WeChat's ends.
SOON_S = 60
BEIJING = timezone(timedelta(hours=8))


def consequence_of(code: int) -> Consequence:
    """What a code means; one that nobody knows is a refusal."""
    return CODES.get(code, Consequence.REFUSED)


def tomorrow(now: datetime) -> datetime:
    """When the day's quotas are whole again."""
    there = now.astimezone(BEIJING)
    return (there + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(now.tzinfo)


class Refused(Exception):
    """WeChat has not done it. `code` is its errcode; 0 where there was no answer that can be read."""

    def __init__(self, code: int, consequence: Consequence) -> None:
        self.code, self.consequence = code, consequence
        super().__init__(f"WeChat answers errcode {code}" if code else "WeChat gives no answer that can be read")
