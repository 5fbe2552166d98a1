"""Access tokens: /cgi-bin/token and /cgi-bin/stable_token, which know nothing of each other."""

from __future__ import annotations

import secrets
from typing import Any

from wechat.sandbox.account import Account
from wechat.sandbox.api.call import OK, Asked, Call
from wechat.sandbox.codes import require

#: Bytes of randomness of a token: WeChat says to keep room for 512 letters, and this takes all of it.
TOKEN_BYTES = 384


class Tokens:
    """Those of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        #: Every token that was given out → when it ends.
        self.ends: dict[str, float] = {}
        self._withdrawn: set[str] = set()
        self._current: dict[str, str] = {}
        self._forced_at = float("-inf")
        self.calls = {
            "/cgi-bin/token": Call("GET", self.plain, needs_token=False),
            "/cgi-bin/stable_token": Call("POST", self.stable, needs_token=False),
            "/cgi-bin/clear_quota": Call("POST", self.clear_quota),
        }

    def check(self, token: str) -> None:
        """Raises WeChatError for one that isn't good."""
        if self._account.faults.withdraw_after is not None:
            self._account.faults.withdraw_after -= 1
            if self._account.faults.withdraw_after < 0:
                self.withdraw()
                self._account.faults.withdraw_after = None
        require(token, 41001)
        require(token not in self._withdrawn, 40001)
        require(token in self.ends, 40014)
        require(self.ends[token] > self._account.clock(), 42001)

    def withdraw(self) -> None:
        """As when somebody resets the AppSecret or forces a token elsewhere."""
        self._withdrawn |= {*self.ends}
        self._current.clear()

    def plain(self, asked: Asked) -> dict[str, Any]:
        self._account.check_keys(asked.query, "client_credential")
        self._account.spend("token")
        return self._renewed("plain")

    def stable(self, asked: Asked) -> dict[str, Any]:
        self._account.check_keys(asked.document, "client_credential")
        account, now = self._account, self._account.clock()
        account.spend_of_minute("stable_token", account.limits.stable_a_minute)
        account.spend("stable_token")
        if asked.document.get("force_refresh") is True:
            require(now - self._forced_at >= account.limits.forced_apart_s, 45011)
            account.spend("forced")
            self._forced_at = now
            if old := self._current.pop("stable", None):
                self._withdrawn.add(old)
        current = self._current.get("stable")
        if current is None or self.ends[current] - now <= account.limits.overlap_s:
            return self._renewed("stable")
        return {"access_token": current, "expires_in": int(self.ends[current] - now)}

    def clear_quota(self, asked: Asked) -> dict[str, Any]:
        require(asked.text("appid", 41002) == self._account.keys.appid, 40013)
        self._account.spend_of_month("clear", self._account.limits.clears_a_month, 48006)
        self._account.clear_day()
        return {**OK}

    def _renewed(self, kind: str) -> dict[str, Any]:
        """A new token; the one before it stays good for a while."""
        now, limits = self._account.clock(), self._account.limits
        if old := self._current.get(kind):
            self.ends[old] = min(self.ends[old], now + limits.overlap_s)
        token = self._current[kind] = secrets.token_urlsafe(TOKEN_BYTES)
        self.ends[token] = now + limits.token_s
        return {"access_token": token, "expires_in": int(limits.token_s)}
