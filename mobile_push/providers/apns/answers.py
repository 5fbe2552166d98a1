"""What APNs' answers mean for a message.

Source for the verdicts: Apple, "Handling notification responses from APNs" (User Notifications).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from banshi.sdk.outgoing import Codes, Consequence
from mobile_push.providers.answers import UNREADABLE, accepted, document, refused, unnamed
from mobile_push.providers.provider import OUTCOMES, QUOTA_WAIT_S, Outcome, Receipt, retry_after

#: What `reason` means for the message; what isn't here is about the message itself.
CODES = Codes(
    {
        # Its app was removed; or it is no token, another app's, or of Apple's other host: then all are, and all stay.
        **dict.fromkeys(["Unregistered", "ExpiredToken", "BadDeviceToken", "DeviceTokenNotForTopic"], Consequence.DEAD),
        "TooManyRequests": Consequence.SPENT,  # of this phone alone
        **dict.fromkeys(["IdleTimeout", "InternalServerError"], Consequence.SOON),
        **dict.fromkeys(["ServiceUnavailable", "Shutdown"], Consequence.SOON),
        "ExpiredProviderToken": Consequence.TOKEN,
        # The key, its id or the team's; or somebody else signs with this key as well.
        **dict.fromkeys(["InvalidProviderToken", "TooManyProviderTokenUpdates"], Consequence.OURS),
        **dict.fromkeys(["MissingProviderToken", "Forbidden", "BadCertificate", "BadPath"], Consequence.OURS),
        **dict.fromkeys(["BadCertificateEnvironment", "BadTopic", "MissingTopic"], Consequence.OURS),
        **dict.fromkeys(["TopicDisallowed", "MethodNotAllowed"], Consequence.OURS),
    }
)
#: The reason of a 403 that another signature may mend.
EXPIRED = ("ExpiredProviderToken",)
#: Milliseconds of moments that can be: those of this century.
MOMENTS_MS = range(978_307_200_000, 4_102_444_800_000)


def classify(status: int, headers: Mapping[str, str], body: bytes) -> Receipt:
    """What APNs' answer means: by its `reason`, and without one only a 200 of Apple's own is a yes."""
    name = headers.get("apns-id", "")
    if status == 200 and name and not body.strip():
        return accepted(name)
    answer = document(body)
    reason = answer.get("reason")
    if not (isinstance(reason, str) and re.fullmatch("[A-Za-z]{1,40}", reason)):
        return UNREADABLE if status == 200 else unnamed(status, headers)
    outcome = OUTCOMES[CODES.refused(reason).consequence]
    if reason not in CODES.table and (status >= 500 or status == 429):
        outcome = Outcome.RETRY
    if outcome is Outcome.SPENT:
        return Receipt(outcome, reason, retry_after(headers) or QUOTA_WAIT_S, phone_alone=True)
    receipt = refused(outcome, status, reason, headers)
    since = answer.get("timestamp")
    if outcome is Outcome.DEAD_TOKEN and isinstance(since, int) and since in MOMENTS_MS:
        return receipt._replace(dead_since=since / 1000)
    return receipt
