"""What WeChat's error codes mean for what was sent.

Source: developers.weixin.qq.com, "全局返回码" and the pages of each call. WeChat answers HTTP 200 whatever happened.
"""

from __future__ import annotations

from datetime import timedelta, timezone

from banshi.sdk.outgoing import Codes, Consequence

#: Where a day of WeChat's ends.
BEIJING = timezone(timedelta(hours=8))

CODES = Codes(
    {
        "-1": Consequence.SOON,  # WeChat is busy
        "40001": Consequence.TOKEN,  # the token is not the newest, or the secret is wrong
        "40014": Consequence.TOKEN,  # no token
        "42001": Consequence.TOKEN,  # the token is over
        "40003": Consequence.DEAD,  # no OpenID of this account
        "43004": Consequence.DEAD,  # they don't follow it
        "40007": Consequence.REFUSED,  # the medium is over: WeChat keeps them for three days
        "45002": Consequence.REFUSED,  # the text is too long
        "43101": Consequence.REFUSED,  # they have not subscribed to that notice, or it is used up
        "48002": Consequence.REFUSED,  # they take nothing from the account
        "47003": Consequence.REFUSED,  # a value doesn't fit the notice's template
        "40013": Consequence.OURS,  # no such AppID
        "40125": Consequence.OURS,  # the secret is wrong
        "40037": Consequence.OURS,  # no such template
        "40164": Consequence.OURS,  # this machine's address is not on the account's list
        "40200": Consequence.OURS,  # a test account may not
        "48001": Consequence.OURS,  # the account has no right to it
        "48004": Consequence.OURS,  # the account was closed out of the interface
        "48006": Consequence.OURS,  # no more quota can be cleared this month
        "45009": Consequence.SPENT,  # the day's calls are used up
        "45011": Consequence.SOON,  # too many in this minute
        "45015": Consequence.SHUT,  # 48 hours are over
        "45047": Consequence.SHUT,  # the count of messages is used up
        "45028": Consequence.OURS,  # no more articles this month
    },
    day=BEIJING,
)
