"""Web sign-in: a page that is opened in WeChat learns who has opened it. OAuth 2.0, as WeChat does it."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from wechat.sandbox.account import Account, Follower
from wechat.sandbox.api.call import OK, Asked, Call
from wechat.sandbox.codes import WeChatError, require

SCOPES = ("snsapi_base", "snsapi_userinfo")
#: WeChat takes the parameters in this order alone.
ORDER = ["appid", "redirect_uri", "response_type", "scope", "state"]
STATE = re.compile("[A-Za-z0-9]{0,128}")
#: In the User-Agent of WeChat's browser.
BROWSER = "MicroMessenger/"


class Grant(NamedTuple):
    """What a code, a token or a refresh token stands for."""

    openid: str
    scope: str
    until: float


class SignIn:
    """Of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._codes: dict[str, Grant] = {}
        self._used: set[str] = set()
        self._tokens: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}
        self.calls = {
            "/sns/oauth2/access_token": Call("GET", self.token, needs_token=False),
            "/sns/oauth2/refresh_token": Call("GET", self.refresh, needs_token=False),
            "/sns/userinfo": Call("GET", self.userinfo, needs_token=False),
            "/sns/auth": Call("GET", self.auth, needs_token=False),
        }

    def authorize(self, query: Mapping[str, str], browser: str, follower: Follower | None) -> tuple[str, str]:
        """What the browser does: ("location", address) or ("page", HTML)."""
        if BROWSER not in browser or follower is None:
            return "page", "<p>请在微信客户端打开链接</p>"
        if [one for one in query if one in ORDER] != [one for one in ORDER if one in query]:
            return "page", "<p>该链接无法访问</p>"
        if not STATE.fullmatch(query.get("state", "")):
            return "page", "<p>state 参数错误</p>"
        given, scope = query.get("redirect_uri", ""), query.get("scope", "")
        to = urlsplit(given)
        if query.get("appid") != self._account.keys.appid or query.get("response_type") != "code":
            return "page", "<p>appid 参数错误</p>"
        if not to.hostname or self._account.web_host not in (None, to.hostname):
            return "page", "<p>redirect_uri 域名与后台配置不一致，错误码：10003</p>"
        if scope not in SCOPES:
            return "page", "<p>Scope 参数错误或没有 Scope 权限，错误码：10005</p>"
        if scope == "snsapi_userinfo" and query.get("agree") != "1":
            again = html.escape(f"?{urlencode({**query, 'agree': '1'})}")
            return "page", f'<p>申请获取你的昵称、头像</p><p><a id="agree" href="{again}">允许</a></p>'
        code = secrets.token_urlsafe(24)
        self._codes[code] = Grant(follower.openid, scope, self._account.clock() + self._account.limits.code_s)
        added = urlencode({"code": code, "state": query.get("state", "")})
        return "location", to._replace(query=f"{to.query}&{added}" if to.query else added, fragment="").geturl()

    def token(self, asked: Asked) -> dict[str, Any]:
        self._account.check_keys(asked.query, "authorization_code")
        code = asked.query.get("code", "")
        require(code, 41008)
        require(code not in self._used, 40163)
        grant = self._codes.pop(code, None)
        if grant is None:
            raise WeChatError(40029)
        self._used.add(code)
        require(grant.until > self._account.clock(), 42003)
        refresh = secrets.token_urlsafe(64)
        self._refresh[refresh] = grant._replace(until=self._account.clock() + self._account.limits.refresh_s)
        return self._granted(grant, refresh)

    def refresh(self, asked: Asked) -> dict[str, Any]:
        refresh = asked.query.get("refresh_token", "")
        grant = self._refresh.get(refresh)
        if grant is None:
            raise WeChatError(40030)
        require(grant.until > self._account.clock(), 42002)
        return self._granted(grant, refresh)

    def _granted(self, grant: Grant, refresh: str) -> dict[str, Any]:
        token, limits = secrets.token_urlsafe(64), self._account.limits
        self._tokens[token] = grant._replace(until=self._account.clock() + limits.token_s)
        given = {"openid": grant.openid, "scope": grant.scope}
        return {"access_token": token, "expires_in": int(limits.token_s), "refresh_token": refresh, **given}

    def userinfo(self, asked: Asked) -> dict[str, Any]:
        grant = self._grant(asked)
        require(grant.scope == "snsapi_userinfo", 48001)
        name = self._account.followers[grant.openid].name
        place = {"sex": 0, "province": "", "city": "", "country": ""}
        return {"openid": grant.openid, "nickname": name, **place, "headimgurl": "", "privilege": []}

    def auth(self, asked: Asked) -> dict[str, Any]:
        self._grant(asked)
        return {**OK}

    def _grant(self, asked: Asked) -> Grant:
        """Of a sign-in's own token; the API's is none."""
        grant = self._tokens.get(asked.query.get("access_token", ""))
        if grant is None:
            raise WeChatError(40001)
        require(grant.until > self._account.clock(), 42001)
        require(grant.openid == asked.query.get("openid"), 40003)
        return grant
