"""Google's token endpoint for service accounts, as far as FCM needs it: a key file for access tokens."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson

from mobile_push.sandbox.answers import Answer
from mobile_push.sandbox.behaviour import Behaviour
from sandboxes.sandbox import Clock

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
#: google-auth signs for this audience, whatever the token_uri.
AUDIENCE = "https://oauth2.googleapis.com/token"
EMAIL, PROJECT_ID = "fcm@sandbox.invalid", "banshi-sandbox"


def _refused(error: str, why: str) -> Answer:
    return Answer(400, error, orjson.dumps({"error": error, "error_description": why}))


class TokenEndpoint:
    """The service account's keys, and the access tokens that were given out for them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        #: Requests that came so far.
        self.requests = 0
        #: Authorization header → when it expires, by the sandbox's clock.
        self.expires: dict[str, float] = {}
        self._keys: list[Any] = []

    async def make_key(self) -> None:
        """Make a new key, and forget all others."""
        from cryptography.hazmat.primitives.asymmetric import rsa

        self._keys = [await asyncio.to_thread(rsa.generate_private_key, 65537, 2048)]

    def write_account(self, path: Path, url: str) -> Path:
        """Write a service account's key for the sandbox at `url` to `path`, readable by this user only.

        A sandbox's earlier file keeps its key, so that a platform that runs goes on after the sandbox restarts.

        Raises:
            FileExistsError: `path` is something else, such as a real key; it is left alone.
        """
        from cryptography.hazmat.primitives import serialization as pem

        if path.exists():
            if EMAIL not in path.read_text(errors="replace"):
                raise FileExistsError(f"{path} was not written by the sandbox; name another file")
            old = orjson.loads(path.read_bytes())["private_key"]
            self._keys.insert(0, pem.load_pem_private_key(old.encode(), None))
        text = self._keys[0].private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption()).decode()
        account = {
            "type": "service_account",
            "project_id": PROJECT_ID,
            "private_key_id": "sandbox",
            "private_key": text,
            "client_email": EMAIL,
            "client_id": "0",
            "token_uri": f"{url}/token",
        }
        new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        new.touch(0o600, exist_ok=False)
        new.write_bytes(orjson.dumps(account, option=orjson.OPT_INDENT_2))
        return new.replace(path)

    def expire(self) -> None:
        """Make every access token that was given out expire at once."""
        self.expires = dict.fromkeys(self.expires, 0.0)

    def answer(self, body: bytes, behaviour: Behaviour, url: str) -> Answer:
        """The answer of a sandbox at `url`: RFC 7523, section 2.1."""
        self.requests += 1
        form = parse_qs(body.decode("ascii", "replace"))
        if form.get("grant_type") != [GRANT]:
            return _refused("unsupported_grant_type", f"grant_type must be {GRANT}")
        try:
            if behaviour.token_refused:
                raise ValueError("Invalid JWT Signature.")
            self._verify(form.get("assertion", [""])[0], url)
        except ValueError as error:
            return _refused("invalid_grant", str(error))
        token = f"ya29.sandbox-{secrets.token_urlsafe(100)}"
        self.expires[f"Bearer {token}"] = self._clock() + behaviour.token_lifetime
        told = {"access_token": token, "expires_in": int(behaviour.token_lifetime), "token_type": "Bearer"}  # nosec B105 - its kind
        return Answer(200, "OK", orjson.dumps(told))

    def _verify(self, assertion: str, url: str) -> None:
        """Raise ValueError unless one of our keys signed `assertion`, for us, for the right scope, and lately."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
        from google.auth import jwt

        form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        keys = [key.public_key().public_bytes(*form) for key in self._keys]
        claims = jwt.decode(  # type: ignore[no-untyped-call]
            assertion, certs=keys, audience=[AUDIENCE, f"{url}/token"]
        )
        if claims.get("iss") != EMAIL:
            raise ValueError("Invalid issuer: not this service account.")
        if SCOPE not in str(claims.get("scope")).split():
            raise ValueError(f"Invalid scope: {SCOPE} is needed.")
        if claims["exp"] - claims["iat"] > 3600:
            raise ValueError("Token must be a short-lived token (60 minutes).")
