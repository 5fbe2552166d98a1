"""Followers, the addresses that WeChat calls from, and QR codes that carry a scene."""

from __future__ import annotations

import io
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

import segno
from PIL import Image

from wechat.sandbox.account import Account
from wechat.sandbox.api.call import Asked, Call
from wechat.sandbox.codes import WeChatError, require

MAX_QR_S, DEFAULT_QR_S, MAX_PERMANENT, MAX_SCENE_LETTERS = 2_592_000, 60, 100_000, 64


class QrCode(NamedTuple):
    """A code that somebody may scan."""

    ticket: str
    scene: str
    url: str
    #: Infinity for a permanent one.
    until: float


class People:
    """Those of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.codes: dict[str, QrCode] = {}
        self.calls = {
            "/cgi-bin/user/info": Call("GET", self.info, "user"),
            "/cgi-bin/getcallbackip": Call("GET", lambda _: {"ip_list": ["127.0.0.1"]}),
            "/cgi-bin/get_api_domain_ip": Call("GET", lambda _: {"ip_list": ["127.0.0.1"]}),
            "/cgi-bin/qrcode/create": Call("POST", self.create, "qrcode"),
        }

    def info(self, asked: Asked) -> dict[str, Any]:
        follower = self._account.followers.get(asked.query.get("openid", ""))
        if follower is None:
            raise WeChatError(40003)
        if not follower.follows:
            return {"subscribe": 0, "openid": follower.openid}
        return {
            "subscribe": 1,
            "openid": follower.openid,
            "language": asked.query.get("lang", "zh_CN"),
            "subscribe_time": follower.followed_at,
            "remark": "",
            "groupid": 0,
            "tagid_list": [],
            "subscribe_scene": "ADD_SCENE_QR_CODE" if follower.scene else "ADD_SCENE_SEARCH",
            "qr_scene": int(follower.scene) if follower.scene.isdigit() else 0,
            "qr_scene_str": follower.scene,
        }

    def create(self, asked: Asked) -> dict[str, Any]:
        kind = asked.text("action_name", 40053)
        info = asked.inner("action_info", 40053).get("scene")
        require(kind in ("QR_SCENE", "QR_STR_SCENE", "QR_LIMIT_SCENE", "QR_LIMIT_STR_SCENE"), 40053)
        scene = self._scene(kind, info if isinstance(info, dict) else {})
        seconds = asked.document.get("expire_seconds", DEFAULT_QR_S)
        permanent = "LIMIT" in kind
        require(permanent or (isinstance(seconds, int) and 1 <= seconds <= MAX_QR_S), 40035)
        require(not permanent or sum(one.until == float("inf") for one in self.codes.values()) < MAX_PERMANENT, 40053)
        ticket, until = secrets.token_urlsafe(60), float("inf") if permanent else self._account.clock() + seconds
        code = QrCode(ticket, scene, f"http://weixin.qq.com/q/{secrets.token_urlsafe(16)}", until)
        self.codes[ticket] = code
        return {"ticket": ticket, "url": code.url, **({} if permanent else {"expire_seconds": seconds})}

    @staticmethod
    def _scene(kind: str, info: Mapping[str, Any]) -> str:
        scene = info.get("scene_str" if "STR" in kind else "scene_id")
        most = MAX_PERMANENT if kind == "QR_LIMIT_SCENE" else (1 << 32) - 1
        good = 1 <= len(scene) <= MAX_SCENE_LETTERS if isinstance(scene, str) else isinstance(scene, int)
        if not good or isinstance(scene, str) != ("STR" in kind) or (isinstance(scene, int) and not 1 <= scene <= most):
            raise WeChatError(40053)
        return str(scene)

    def picture(self, ticket: str) -> bytes | None:
        """The code as a JPEG; None where there is none."""
        code = self.scanned(ticket)
        if code is None:
            return None
        drawn, jpeg = io.BytesIO(), io.BytesIO()
        segno.make(code.url, micro=False).save(drawn, kind="png", scale=8)
        Image.open(drawn).convert("RGB").save(jpeg, "JPEG")
        return jpeg.getvalue()

    def scanned(self, ticket_or_url: str) -> QrCode | None:
        """The code that a camera sees; None where there is none, or it has ended."""
        found = self.codes.get(ticket_or_url)
        found = found or next((one for one in self.codes.values() if one.url == ticket_or_url), None)
        return found if found and found.until > self._account.clock() else None
