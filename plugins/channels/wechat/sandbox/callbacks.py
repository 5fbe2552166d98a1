"""What WeChat sends to the account's server, and what it makes of the answers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sandboxes.phones import Callbacks
from wechat.sandbox.account import Account, Follower
from wire import xml
from wire.crypto import MessageCipher, signature

#: What somebody reads when the server gives no answer, or none that can be shown.
NO_SERVICE = "该公众号暂时无法提供服务，请稍后再试"
#: Seconds by which a stale signature is old.
STALE_S = 3600
FORGED, STALE, UNSIGNED = "forged", "stale", "unsigned"


class Told(NamedTuple):
    """A message or an event."""

    follower: Follower
    fields: Mapping[str, Any]


def text_of(found: Mapping[str, Sequence[str]], path: str) -> str:
    """Raises ValueError where there is none."""
    if path not in found:
        raise ValueError(f"there is no {path}")
    return found[path][0]


class WeChatCallbacks(Callbacks[Told]):
    """The account's server, as WeChat calls it."""

    account: Account
    #: The account's files by media_id.
    media: Mapping[str, Any]

    def __init__(self, account: Account, to: str) -> None:
        super().__init__(account, to)
        self._cipher = MessageCipher(account.keys.aes_key, account.keys.appid)

    # -- requests --------------------------------------------------------------------------------------------------

    def signed(self, openid: str, body: bytes, how: str = "") -> tuple[dict[str, str], bytes]:
        """The query and the body of a message, by the account's mode; `how` a stranger would send it."""
        token, now = self.account.keys.token, str(int(time.time()) - (STALE_S if how == STALE else 0))
        nonce = str(secrets.randbelow(1 << 31))
        if how == FORGED:
            token = "a-stranger's"  # noqa: S105
        query = {"signature": signature(token, now, nonce), "timestamp": now, "nonce": nonce, "openid": openid}
        if self.account.mode != "plain":
            sealed = self._cipher.encrypted(body)
            query |= {"encrypt_type": "aes", "msg_signature": signature(token, now, nonce, sealed)}
            fields = {"Encrypt": sealed}
            if self.account.mode == "compatible":
                body = body.removesuffix(b"</xml>") + xml.written(fields).removeprefix(b"<xml>")
            else:
                body = xml.written({"ToUserName": self.account.keys.original_id, **fields})
        return {} if how == UNSIGNED else query, body

    async def check_server(self) -> bool:
        """What happens when the address is saved at mp.weixin.qq.com: the server has to echo a text."""
        echo = str(secrets.randbelow(1 << 62))
        now, nonce = str(int(time.time())), str(secrets.randbelow(1 << 31))
        query = {"signature": signature(self.account.keys.token, now, nonce), "timestamp": now, "nonce": nonce}
        async with self.session.get(self.to, params={**query, "echostr": echo}) as response:
            return response.status == 200 and await response.text() == echo

    async def forge(self, follower: Follower, fields: Mapping[str, Any] | bytes, how: str) -> tuple[int, bytes]:
        """What the server answers to a message that isn't WeChat's, or whose body is chosen: status and body."""
        body = fields if isinstance(fields, bytes) else xml.written(fields)
        return await self.post(*self.signed(follower.openid, body, how))

    # -- delivery --------------------------------------------------------------------------------------------------

    def key(self, message: Told) -> str:
        return str(message.fields.get("MsgId") or f"{message.follower.openid}{message.fields['CreateTime']}")

    def request(self, message: Told) -> tuple[Mapping[str, str], bytes]:
        return self.signed(message.follower.openid, xml.written(message.fields))

    def no_service(self, message: Told) -> None:
        if message.follower.follows:
            message.follower.show("system", "text", NO_SERVICE)

    # -- answers ---------------------------------------------------------------------------------------------------

    def show(self, message: Told, answer: bytes) -> bool:
        follower, fields = message
        if answer.strip() in (b"", b"success"):
            return False
        root = xml.read(answer)
        sealed = "Encrypt" in root
        if sealed and self.account.mode != "plain":
            parts = (text_of(root, "TimeStamp"), text_of(root, "Nonce"), text_of(root, "Encrypt"))
            if signature(self.account.keys.token, *parts) != text_of(root, "MsgSignature"):
                raise ValueError("the signature is wrong")
            root = xml.read(self._cipher.decrypted(parts[-1]))
        elif sealed or self.account.mode == "safe":
            raise ValueError("it is encrypted in plain mode, or plain in safe mode")
        if (text_of(root, "ToUserName"), text_of(root, "FromUserName")) != (follower.openid, fields["ToUserName"]):
            raise ValueError("it is for somebody else")
        int(text_of(root, "CreateTime"))
        self._show(follower, root, text_of(root, "MsgType"), 8 if fields["MsgType"] == "event" else 1)
        return True

    def _show(self, follower: Follower, root: Mapping[str, Sequence[str]], kind: str, most: int) -> None:
        """Raises ValueError; `most` is how many articles there may be."""
        if kind == "text":
            text = text_of(root, "Content")
            if not text or len(text.encode()) > self.account.limits.text_bytes:
                raise ValueError("the text is empty or too long")
            follower.show("reply", kind, text)
        elif kind in ("image", "voice", "video"):
            media = text_of(root, f"{kind.capitalize()}/MediaId")
            if media not in self.media:
                raise ValueError(f"there is no {media}")
            follower.show("reply", kind, root.get("Video/Title", ("",))[0], media_id=media)
        elif kind == "news":
            inside = "Articles/item/"
            parts = {path.removeprefix(inside): texts for path, texts in root.items() if path.startswith(inside)}
            articles = [dict(zip(parts, texts, strict=True)) for texts in zip(*parts.values(), strict=True)]
            if not 1 <= len(articles) <= most or int(text_of(root, "ArticleCount")) != len(articles):
                raise ValueError(f"articles have to be 1 to {most}")
            follower.show("reply", kind, articles=articles)
        elif kind != "transfer_customer_service":
            raise ValueError(f"{kind} can't be shown")
