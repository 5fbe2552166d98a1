"""What a push service checks of a request before it takes the message."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from mobile_push.sandbox.webpush.phone import Phone

#: Bytes of a body that every push service takes (RFC 8030 section 7.2).
MAX_BODY_BYTES = 4096
#: Seconds that a token may be good for (RFC 8292 section 2).
MAX_TOKEN_S = 24 * 3600
URGENCIES = ("very-low", "low", "normal", "high")
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")


class Refusal(NamedTuple):
    """Why a request is not taken."""

    status: int
    detail: str


def wrong_header(headers: Mapping[str, str], body: bytes) -> Refusal | None:
    """What RFC 8030 section 5 finds wrong with a request."""
    ttl, urgency, topic = headers.get("TTL"), headers.get("Urgency", "normal"), headers.get("Topic")
    if ttl is None or not re.fullmatch("[0-9]{1,10}", ttl):
        return Refusal(400, "TTL has to be there, a whole number of seconds")
    if urgency not in URGENCIES:
        return Refusal(400, f"Urgency has to be one of {', '.join(URGENCIES)}")
    if topic is not None and not TOPIC.fullmatch(topic):
        return Refusal(400, "Topic has to be 1 to 32 characters of base64url")
    if len(body) > MAX_BODY_BYTES:
        return Refusal(413, f"the body has {len(body)} bytes; {MAX_BODY_BYTES} are taken")
    if not body or headers.get("Content-Encoding") != "aes128gcm":
        return Refusal(400, "a body in Content-Encoding aes128gcm is needed")
    return None


def wrong_sender(header: str | None, phone: Phone, origin: str) -> Refusal | None:
    """What RFC 8292 finds wrong with who sends."""
    if header is None:
        if phone.application_server_key is None:
            return None
        return Refusal(401, "this subscription takes messages of one sender alone: Authorization is missing")
    scheme, _, rest = header.partition(" ")
    named = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if scheme.lower() != "vapid" or not named.keys() >= {"t", "k"}:
        return Refusal(401, "Authorization has to be vapid t=…, k=…")
    try:
        claims = _claims(named["t"], named["k"])
    except ValueError as error:
        return Refusal(401, str(error))
    left = claims.get("exp", 0) - time.time() if isinstance(claims.get("exp"), int | float) else -1.0
    if claims.get("aud") != origin:
        return Refusal(401, f"aud is {claims.get('aud')!r} and not {origin!r}")
    if not 0 < left <= MAX_TOKEN_S:
        return Refusal(401, f"exp is in {left:.0f} s; it has to be within {MAX_TOKEN_S}")
    if not re.match("mailto:.+@|https://", str(claims.get("sub"))):
        return Refusal(401, "sub has to be mailto: or https:")
    if phone.application_server_key not in (None, named["k"]):
        return Refusal(403, "k is not the key that this subscription was made with")
    return None


@lru_cache(maxsize=1024)
def _claims(token: str, key: str) -> dict[str, Any]:
    """The claims of a token that `key`, a point on P-256 in base64url, has signed. Raises ValueError."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    try:
        point = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
        if len(point) != 65 or point[0] != 4:
            raise ValueError("k is no uncompressed point")
        x, y = (base64.urlsafe_b64encode(half).rstrip(b"=").decode() for half in (point[1:33], point[33:]))
        public = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})
        return dict(jwt.decode(token, public, algorithms=["ES256"]).claims)
    except (JoseError, ValueError) as error:
        raise ValueError(f"the token's signature can't be checked: {error}") from None
