"""What the gateway's codes mean, for the call as a whole and for the one message in it.

Source: 短信网关接口规范（JSON）1.6, list of status codes. The gateway answers HTTP 200 whatever happened.
"""

from __future__ import annotations

from banshi.sdk.outgoing import Codes, Consequence

CODES = Codes(
    {
        "5": Consequence.SPENT,  # the account is out of credit
        "11": Consequence.SPENT,  # not at this time of the day
        "13": Consequence.SOON,  # too often
        "500": Consequence.UNKNOWN,  # an error of the gateway's own
        **dict.fromkeys(("6", "7", "8", "12"), Consequence.REFUSED),  # no number, too many, no words, a wrong time
    },
    # A wrong account or key, locked or not opened; an address that isn't on the list, a clock that is off, a signature
    # that isn't on record.
    other=Consequence.OURS,
)
