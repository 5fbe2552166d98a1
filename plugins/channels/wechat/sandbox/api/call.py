"""One interface: what is asked, and who answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from wechat.sandbox.account import Account, Follower
from wechat.sandbox.codes import WeChatError

#: The beginning of an answer that says no more, or little.
OK: Mapping[str, Any] = {"errcode": 0, "errmsg": "ok"}


#: Tells the account's server of something: the follower and the event's fields.
Tell = Callable[[Follower, dict[str, Any]], None]


class Asked(NamedTuple):
    """A request that was let in."""

    account: Account
    query: Mapping[str, str]
    #: The JSON of the body; of an upload what stands beside the file.
    document: Mapping[str, Any]
    #: Name and bytes of what was uploaded.
    file: tuple[str, bytes] | None

    def text(self, name: str, code: int = 40035) -> str:
        """A text of the document. Raises WeChatError."""
        found = self.document.get(name)
        if not isinstance(found, str) or not found:
            raise WeChatError(code)
        return found

    def inner(self, name: str, code: int = 47001) -> Mapping[str, Any]:
        """An object of the document. Raises WeChatError."""
        found = self.document.get(name)
        if not isinstance(found, dict):
            raise WeChatError(code)
        return found


class Call(NamedTuple):
    """An interface."""

    method: str
    #: A document, or (content type, bytes).
    answer: Callable[[Asked], Any]
    #: What it spends of `Limits.a_day`.
    spends: str = ""
    needs_token: bool = True
