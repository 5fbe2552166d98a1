"""What a browser or a distributor hands the app: where to post to, and the keys to encrypt with.

The address comes from a phone, and this server posts to it. So it is held against what a push service's address can
be, before it is stored and again before it is used; where its name leads is checked when a connection is made
(`banshi.guarded_connector`).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any, NamedTuple

import orjson
from yarl import URL

from mobile_push.providers.webpush.settings import HOST, WebPushSettings
from mobile_push.sentences import say

#: Characters of an address at most; UnifiedPush allows 1,000 bytes, Windows' are the longest of the browsers'.
MAX_ENDPOINT_LENGTH = 2048
#: An uncompressed point on P-256, and the authentication secret: RFC 8291 sections 3.1 and 3.2.
POINT_BYTES, SECRET_BYTES = 65, 16
#: The characters of an address (RFC 3986); others mean something else to somebody else.
CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]+")
#: Where an https service that is no push service hardly is; ports below 1024 belong to mail, shells and databases.
HTTPS, FIRST_FREE_PORT = 443, 1024


class Forbidden(ValueError):
    """The settings don't allow this push service. Others may be, so the subscription itself is not wrong."""


class Subscription(NamedTuple):
    """A push subscription that may be sent to."""

    endpoint: str
    #: The browser's public key and authentication secret.
    p256dh: bytes
    auth: bytes

    @property
    def origin(self) -> str:
        """The push service: scheme, host, and the port where it is not the usual one."""
        return str(URL(self.endpoint, encoded=True).origin())

    @property
    def text(self) -> str:
        """The subscription as JSON; equal ones have equal texts."""
        keys = {"p256dh": _encoded(self.p256dh), "auth": _encoded(self.auth)}
        return orjson.dumps({"endpoint": self.endpoint, "keys": keys}).decode()

    @classmethod
    def read(cls, value: str | Mapping[str, Any], settings: WebPushSettings) -> Subscription:
        """The subscription that a browser's `PushSubscription.toJSON()` describes.

        Raises:
            Forbidden: the settings do not allow its push service.
            ValueError: it is no subscription; the text says what to do.
        """
        document = _document(value)
        keys = document.get("keys")
        if not isinstance(keys, Mapping):
            raise ValueError("keys has to be an object with p256dh and auth; send what subscription.toJSON() gives")
        p256dh, auth = _decoded(keys, "p256dh", POINT_BYTES), _decoded(keys, "auth", SECRET_BYTES)
        return cls(_endpoint(document.get("endpoint"), settings), p256dh, auth)


def subscription(value: str | Mapping[str, Any], settings: WebPushSettings) -> str:
    """The normalised JSON text of a push subscription, which is its device's token.

    Raises:
        ValueError: it can't be sent to; the text says what to do.
    """
    found = Subscription.read(value, settings)
    # Here alone: encrypting looks at the point anyway, and a phone registers once.
    if not _on_curve(found.p256dh):
        raise ValueError("keys.p256dh is no point on P-256; send the browser's own key, unchanged")
    return found.text


def _document(value: str | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise ValueError("the subscription is not JSON; send what subscription.toJSON() gives") from None
    if not isinstance(value, Mapping):
        raise ValueError("the subscription has to be an object; send what subscription.toJSON() gives")
    return value


def _decoded(keys: Mapping[str, Any], name: str, length: int) -> bytes:
    """Bytes in base64url, with padding or without (RFC 4648 section 5)."""
    text = keys.get(name)
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,200}={0,2}", text):
        raise ValueError(f"keys.{name} has to be base64url; send what subscription.toJSON() gives, unchanged")
    bare = text.rstrip("=")
    try:
        raw = base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        raw = b""
    if len(raw) != length:
        raise ValueError(f"keys.{name} has to be {length} bytes in base64url; send it unchanged")
    return raw


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _on_curve(point: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

    try:
        # Compressed points have another length; the point at infinity has one byte.
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError:
        return False
    return True


def _endpoint(text: object, settings: WebPushSettings) -> str:
    """The address, normalised, where it can be a push service's."""
    if not isinstance(text, str) or not 1 <= len(text) <= MAX_ENDPOINT_LENGTH:
        raise ValueError(f"endpoint has to be an address of at most {MAX_ENDPOINT_LENGTH} characters")
    if not CHARACTERS.fullmatch(text):
        raise ValueError("endpoint has characters that no address has; send it percent-encoded, without a fragment")
    try:
        url = URL(text, encoded=True)
        host, port = (url.raw_host or "").lower(), url.port or 0
    except ValueError:
        raise ValueError("endpoint is no address; send the browser's own, unchanged") from None
    if url.user is not None or url.password is not None or "@" in url.raw_authority:
        raise ValueError("endpoint bears a user name; a push service's address has none")
    _check_service(url.scheme, host, port, settings)
    # Scheme and host in lower case, and no usual port, so that equal addresses are equal texts.
    usual = port == (443 if url.scheme == "https" else 80)
    return f"{url.scheme}://{host}{'' if usual else f':{port}'}{url.raw_path_qs}"


def _check_service(scheme: str, host: str, port: int, settings: WebPushSettings) -> None:
    if _is_loopback(host):
        if settings.loopback and scheme in ("http", "https"):
            return
        raise Forbidden(say("This address is on the machine itself, which is for development alone."))
    if scheme != "https":
        raise ValueError("endpoint has to begin with https://")
    if not HOST.fullmatch(host):
        raise ValueError("endpoint has to name its push service by a host name of the internet, and by no number")
    if port != HTTPS and port < FIRST_FREE_PORT:
        raise ValueError(f"endpoint's port has to be {HTTPS}, or {FIRST_FREE_PORT} and above")
    if not settings.allows(host):
        raise Forbidden(say("This push service is not allowed here; the app has to use another."))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return IPv4Address(host).is_loopback
    except ValueError:
        return False
