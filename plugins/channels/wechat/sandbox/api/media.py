"""Files: what people send, and what the account uploads."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, NamedTuple

from wechat.sandbox.account import Account
from wechat.sandbox.api.call import Asked, Call
from wechat.sandbox.codes import WeChatError, require

#: How files of each kind begin, and their content type.
BEGINNINGS = {
    "image": {b"\xff\xd8": "image/jpeg", b"\x89PNG": "image/png", b"GIF8": "image/gif", b"BM": "image/bmp"},
    "voice": {b"#!AMR": "audio/amr", b"ID3": "audio/mp3", b"\xff\xfb": "audio/mp3", b"\xff\xf3": "audio/mp3"},
    "video": {b"": "video/mp4"},
    "thumb": {b"\xff\xd8": "image/jpeg"},
}


class Kept(NamedTuple):
    """A file at WeChat."""

    kind: str
    content_type: str
    body: bytes
    #: When it goes; infinity for material.
    until: float


class Media(dict[str, Kept]):
    """An account's files by media_id."""

    def __init__(self, account: Account, url: Callable[[], str]) -> None:
        super().__init__()
        self._account, self._url = account, url
        self.calls = {
            "/cgi-bin/media/upload": Call("POST", self.upload, "upload"),
            "/cgi-bin/media/get": Call("GET", self.download, "download"),
            "/cgi-bin/material/add_material": Call("POST", self.add_material, "upload"),
            "/cgi-bin/media/uploadimg": Call("POST", self.add_picture, "upload"),
        }

    def keep(self, kind: str, body: bytes, *, for_good: bool = False) -> str:
        """Keep a file. Raises WeChatError for one that isn't of its kind."""
        require(kind in BEGINNINGS, 40004)
        found = next((named for begin, named in BEGINNINGS[kind].items() if body.startswith(begin)), None)
        if found is None:
            raise WeChatError(40005)
        limits = self._account.limits
        require(0 < len(body) <= limits.media_bytes[kind], 40006)
        media_id = secrets.token_urlsafe(48)
        self[media_id] = Kept(kind, found, body, float("inf") if for_good else self._account.clock() + limits.media_s)
        return media_id

    def there(self, media_id: Any, *kinds: str) -> Kept:
        """A file that WeChat still has. Raises WeChatError."""
        found = self.get(media_id) if isinstance(media_id, str) else None
        if found is None or found.until <= self._account.clock() or (kinds and found.kind not in kinds):
            raise WeChatError(40007)
        return found

    def upload(self, asked: Asked) -> dict[str, Any]:
        kind = asked.query.get("type", "")
        name = "thumb_media_id" if kind == "thumb" else "media_id"
        return {"type": kind, name: self.keep(kind, self._body(asked)), "created_at": int(self._account.clock())}

    def add_material(self, asked: Asked) -> dict[str, Any]:
        media_id = self.keep(asked.query.get("type", ""), self._body(asked), for_good=True)
        return {"media_id": media_id, "url": self.picture_url(media_id)}

    def add_picture(self, asked: Asked) -> dict[str, Any]:
        return {"url": self.picture_url(self.keep("image", self._body(asked), for_good=True))}

    def download(self, asked: Asked) -> Any:
        media_id = asked.query.get("media_id", "")
        require(media_id, 41006)
        found = self.there(media_id)
        if found.kind == "video":
            return {"video_url": self.picture_url(media_id)}
        return found.content_type, found.body

    def picture_url(self, media_id: str) -> str:
        """Where anybody who knows the address sees it."""
        return f"{self._url()}/sandbox/media/{media_id}"

    @staticmethod
    def _body(asked: Asked) -> bytes:
        if asked.file is None:
            raise WeChatError(41005)
        return asked.file[1]
