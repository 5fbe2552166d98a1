"""Who opens a link in WeChat's own browser: OAuth 2.0 with snsapi_base, which asks nobody and says the OpenID alone.

Source: developers.weixin.qq.com, "网页授权". WeChat takes the parameters in this order alone, and letters and digits in
a state.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import structlog

from banshi import Platform, Unavailable
from banshi.sdk.outgoing import Consequence, Refused
from wechat.telling.sending import account_named

log = structlog.get_logger("wechat.opening")

#: In the User-Agent of WeChat's browser; WeCom's has both, and signs nobody in for an official account.
BROWSER, OTHER_BROWSER = "MicroMessenger/", "wxwork/"


class WeChatOpener:
    """Says it for all accounts."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def leads(self, account: str, browser: str, back: str, state: str) -> str:
        """Where WeChat's browser is led; "" for any other, and for an account without `sign_in_url`."""
        found = account_named(self._platform, account)
        if found is None or not found.settings.sign_in_url or BROWSER not in browser or OTHER_BROWSER in browser:
            return ""
        asked = {
            "appid": found.settings.appid,
            "redirect_uri": back,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": state,
        }
        return f"{found.settings.sign_in_url}/connect/oauth2/authorize?{urlencode(asked)}#wechat_redirect"

    async def who(self, account: str, came: Mapping[str, str]) -> str:
        """The OpenID of who has come back; "" where the code is none, used or over. Raises Unavailable."""
        found, code = account_named(self._platform, account), came.get("code", "")
        if found is None or not code:
            return ""
        try:
            return await found.api.openid(code)
        except Refused as error:
            if error.consequence is Consequence.REFUSED and error.code:
                return ""
            log.error("WeChat doesn't say who has opened a link: see docs/wechat.md", code=error.code)
            raise Unavailable from None
