"""What a browser keeps while somebody is away at a provider: sealed, in a cookie, for one purpose and for a while."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp import web

from banshi.foundation.encryption.secrets import SEAL, Seal
from banshi.kernel.contract.routes import Call, Parameter

#: With what a provider sends people back. In characters of ASCII, which RFC 6749 says they are; all of them, each as
#: %XX, fit into one request line.
CAME = tuple(
    Parameter(name, {"type": "string", "pattern": "^[ -~]*$", "maxLength": most}, told)
    for name, most, told in (
        ("state", 256, "Of the sign-in that was begun."),
        ("code", 2_048, "What the provider gives for it."),
        ("iss", 256, "Which provider that is (RFC 9207)."),
        ("error", 128, "Why it gives none."),
    )
)


def sealed(seal: Seal, purpose: str, until: float, **about: str) -> str:
    """What a browser may keep until then, for that alone: other things are sealed with the same key."""
    return seal.sealed(json.dumps({"for": purpose, **about, "until": until}))


def opened(seal: Seal, purpose: str, kept: str, now: float) -> Mapping[str, Any]:
    """What was sealed for that; nothing where it is over, made up, or for something else."""
    try:
        told = json.loads(seal.opened(kept))
    except ValueError:
        return {}
    good = isinstance(told, dict) and told.get("for") == purpose and told["until"] > now
    return told if good else {}


def has_come_back(attempt: Mapping[str, Any], came: Mapping[str, str]) -> bool:
    """Whether a browser comes back with the state of what it has begun."""
    state = str(attempt.get("state", ""))
    return bool(state) and hmac.compare_digest(state.encode(), came.get("state", "").encode())


#: A browser takes a cookie of such a name from no other host than this one, a sibling neither (RFC 6265bis, 4.1.3.2).
OF_THIS_HOST = "__Host-"


@dataclass(frozen=True, slots=True)
class KeptCookie:
    """A cookie that nobody's script reads, and that no other host can put into the browser.

    Over plain HTTP, as in development, no browser takes such a one: there it has its bare name, and goes to the
    addresses below its path alone.
    """

    name: str
    path: str

    def put(self, call: Call, answer: web.Response, kept: str, seconds: float) -> None:
        """Let the browser keep that for so many seconds."""
        is_secure = _is_secure(call)
        name, path = (self._of_this_host, "/") if is_secure else (self.name, self.path)
        about: Any = {"path": path, "secure": is_secure, "httponly": True, "samesite": "Lax"}
        answer.set_cookie(name, kept, max_age=int(seconds), **about)

    def of(self, call: Call) -> str:
        """What the browser has kept, "" for nothing. Over HTTPS a bare name is none: a sibling host may have set it."""
        return call.request.cookies.get(self._of_this_host if _is_secure(call) else self.name, "")

    def remember(self, call: Call, answer: web.Response, purpose: str, life: timedelta, **about: str) -> None:
        """Have that sealed and kept."""
        seconds = life.total_seconds()
        self.put(call, answer, sealed(call.platform[SEAL], purpose, call.now.timestamp() + seconds, **about), seconds)

    def remembered(self, call: Call, purpose: str) -> Mapping[str, Any]:
        """What was kept for that purpose; nothing where it is over, or made up."""
        return opened(call.platform[SEAL], purpose, self.of(call), call.now.timestamp())

    def forget(self, answer: web.Response) -> None:
        """Have the browser keep it no more."""
        answer.del_cookie(self.name, path=self.path)
        answer.del_cookie(self._of_this_host, path="/", secure=True, httponly=True, samesite="Lax")

    @property
    def _of_this_host(self) -> str:
        return OF_THIS_HOST + self.name


def _is_secure(call: Call) -> bool:
    return call.address.startswith("https:")
