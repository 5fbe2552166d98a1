"""Who sends: a signature that all processes share.

Apple counts how often a team has another one: no more often than every 20 minutes, and none older than an hour. So it
is a token like any other, which the process that has its lease makes anew, and a row hands it to all others.
"""

from __future__ import annotations

import base64
import time
from typing import Any

import orjson

from banshi.sdk.outgoing import AccessToken, Consequence, Refused, SharedTokens, Token
from mobile_push.providers import keys
from mobile_push.providers.apns.settings import ApnsSettings

#: Seconds for which a signature is used, before its end from which the next one is made, and between two at least.
GOOD_FOR_S, RENEWED_EARLY_S, APART_S = 50 * 60.0, 10 * 60.0, 20 * 60.0


#: Where a key comes from, for whoever has none.
ADVICE = "download it at Apple Developer under Keys, and put the .p8 file there unchanged"


def read_key(settings: ApnsSettings) -> Any:
    """The key that signs. Raises ValueError, which names the file and says what to do."""
    return keys.read_key(settings.key_file, "key_file", ADVICE)


def signature(settings: ApnsSettings, key: Any, shared: SharedTokens | None) -> AccessToken:
    """The one Authorization header of all requests."""
    from joserfc import jwt
    from joserfc.jwk import ECKey

    signs = ECKey.import_key(key)
    header = {"alg": "ES256", "kid": settings.key_id}

    last = ""

    async def signed(refused: str) -> Token:
        nonlocal last
        now = int(time.time())
        age = now - issued_at(refused or last) if refused or last else APART_S
        if 0 <= age < APART_S:
            if refused:
                # A young one is too old for Apple: by a mistake of its own, or our clock is wrong. There is no other.
                raise Refused("ExpiredProviderToken", Consequence.TOKEN)
            return Token(last, GOOD_FOR_S - age)
        text = jwt.encode(header, {"iss": settings.team_id, "iat": now}, signs, algorithms=["ES256"])
        last = f"bearer {text}"
        return Token(last, GOOD_FOR_S)

    name = f"apns:{settings.team_id}:{settings.key_id}"
    return AccessToken(name, signed, early_s=RENEWED_EARLY_S, shared=shared)


def issued_at(header: str) -> int:
    """When a signature of ours was made, in Unix seconds."""
    claims = header.split(".")[1]
    return int(orjson.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["iat"])
