"""What WeChat sends to the account's server, and what it makes of the answers."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

import aiohttp
from lxml import etree

from wechat.sandbox.account import Account, Follower
from wechat.sandbox.crypto import MessageCipher, signature

#: What somebody reads when the server gives no answer, or none that can be shown.
NO_SERVICE = "该公众号暂时无法提供服务，请稍后再试"
MAX_ANSWER_BYTES = 1 << 20
#: Seconds by which a stale signature is old.
STALE_S = 3600
FORGED, STALE, UNSIGNED = "forged", "stale", "unsigned"


class Delivery(NamedTuple):
    """One request to the account's server."""

    key: str
    attempt: int
    #: HTTP's; 0 is none.
    status: int
    seconds: float
    #: shown, nothing (`success` or empty), bad, lost, late or unreachable.
    outcome: str


def element(name: str, value: Any) -> etree._Element:
    """As WeChat writes it: texts as CDATA, a list as `item`s."""
    made = etree.Element(name)
    if isinstance(value, Mapping):
        made.extend(element(key, inner) for key, inner in value.items())
    elif isinstance(value, list):
        made.extend(element("item", inner) for inner in value)
    elif isinstance(value, str) and "]]>" not in value:
        made.text = etree.CDATA(value)
    else:
        made.text = str(value)
    return made


def xml(fields: Mapping[str, Any]) -> bytes:
    return etree.tostring(element("xml", fields), encoding="utf-8")


def parsed(body: bytes) -> etree._Element:
    """Raises ValueError for what is no XML, or brings a DTD."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"it is no XML: {error}") from None
    if getattr(root.getroottree().docinfo, "doctype", ""):
        raise ValueError("it has a DTD")
    return root


def text_of(root: etree._Element, path: str) -> str:
    found = root.findtext(path)
    if found is None:
        raise ValueError(f"there is no {path}")
    return found


class Callbacks:
    """The account's server, as WeChat calls it."""

    def __init__(self, account: Account, to: str, session: aiohttp.ClientSession, media: Mapping[str, Any]) -> None:
        self.account, self.to, self._session, self._media = account, to, session, media
        self._cipher = MessageCipher(account.keys.aes_key, account.keys.appid)
        self.deliveries: deque[Delivery] = deque(maxlen=100_000)
        self._late: list[tuple[Follower, dict[str, Any]]] = []

    # -- requests --------------------------------------------------------------------------------------------------

    def signed(self, openid: str, body: bytes, how: str = "") -> tuple[dict[str, str], bytes]:
        """The query and the body of a message, by the account's mode; `how` a stranger would send it."""
        token, now = self.account.keys.token, str(int(time.time()) - (STALE_S if how == STALE else 0))
        nonce = str(secrets.randbelow(1 << 31))
        if how == FORGED:
            token = "a-stranger's"  # noqa: S105
        query = {"signature": signature(token, now, nonce), "timestamp": now, "nonce": nonce, "openid": openid}
        if self.account.mode != "plain":
            sealed = self._cipher.seal(body)
            query |= {"encrypt_type": "aes", "msg_signature": signature(token, now, nonce, sealed)}
            root = parsed(body) if self.account.mode == "compatible" else etree.Element("xml")
            if self.account.mode == "safe":
                root.append(element("ToUserName", self.account.keys.original_id))
            root.append(element("Encrypt", sealed))
            body = etree.tostring(root, encoding="utf-8")
        return {} if how == UNSIGNED else query, body

    async def check_server(self) -> bool:
        """What happens when the address is saved at mp.weixin.qq.com: the server has to echo a text."""
        echo = str(secrets.randbelow(1 << 62))
        now, nonce = str(int(time.time())), str(secrets.randbelow(1 << 31))
        query = {"signature": signature(self.account.keys.token, now, nonce), "timestamp": now, "nonce": nonce}
        async with self._session.get(self.to, params={**query, "echostr": echo}) as response:
            return response.status == 200 and await response.text() == echo

    async def forge(self, follower: Follower, fields: Mapping[str, Any] | bytes, how: str) -> tuple[int, bytes]:
        """What the server answers to a message that isn't WeChat's, or whose body is chosen: status and body."""
        body = fields if isinstance(fields, bytes) else xml(fields)
        return await self._post(*self.signed(follower.openid, body, how))

    async def _post(self, query: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        timeout = aiohttp.ClientTimeout(total=self.account.limits.answer_s)
        headers = {"Content-Type": "text/xml"}
        async with self._session.post(
            self.to, params=query, data=body, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            return response.status, await response.content.read(MAX_ANSWER_BYTES)

    # -- delivery --------------------------------------------------------------------------------------------------

    async def deliver(self, follower: Follower, fields: dict[str, Any], first: int = 1) -> None:
        """Send a message until the server answers, as often as WeChat does, and show what it says."""
        key = str(fields.get("MsgId") or f"{follower.openid}{fields['CreateTime']}")
        for attempt in range(first, self.account.limits.attempts + 1):
            if await self._attempt(follower, fields, key, attempt):
                break
            if self.account.faults.late_repeats and attempt == 1:
                await self.send_late()
                self._late.append((follower, fields))
                return
        else:
            if follower.follows:
                follower.show("system", "text", NO_SERVICE)
        if first == 1:
            await self.send_late()

    async def send_late(self) -> None:
        """Send the repeats that have waited, the newest first."""
        late, self._late = self._late, []
        for follower, fields in reversed(late):
            await self.deliver(follower, fields, first=2)

    async def _attempt(self, follower: Follower, fields: dict[str, Any], key: str, attempt: int) -> bool:
        """Whether it needs no repeat."""
        began, status, outcome = time.monotonic(), 0, "unreachable"
        try:
            status, answer = await self._post(*self.signed(follower.openid, xml(fields)))
            # Nothing says what WeChat makes of other statuses; they are repeated as silence is.
            outcome = "shown" if status == 200 else "unreachable"
        except TimeoutError:
            outcome = "late"
        except (aiohttp.ClientError, OSError):
            pass
        if outcome == "shown" and self.account.faults.lose_answers:
            self.account.faults.lose_answers -= 1
            outcome = "lost"
        if outcome == "shown":
            try:
                outcome = "shown" if self._show(follower, answer, fields) else "nothing"
            except ValueError:
                outcome = "bad"
                follower.show("system", "text", NO_SERVICE)
        self.deliveries.append(Delivery(key, attempt, status, time.monotonic() - began, outcome))
        return outcome in ("shown", "nothing", "bad")

    # -- answers ---------------------------------------------------------------------------------------------------

    def _show(self, follower: Follower, answer: bytes, to: Mapping[str, Any]) -> bool:
        """Put the answer on the phone; False for one that says nothing. Raises ValueError for what can't be shown."""
        if answer.strip() in (b"", b"success"):
            return False
        root = parsed(answer)
        sealed = root.findtext("Encrypt")
        if sealed is not None and self.account.mode != "plain":
            parts = (text_of(root, "TimeStamp"), text_of(root, "Nonce"), sealed)
            if signature(self.account.keys.token, *parts) != text_of(root, "MsgSignature"):
                raise ValueError("the signature is wrong")
            root = parsed(self._cipher.open(sealed))
        elif sealed is not None or self.account.mode == "safe":
            raise ValueError("it is encrypted in plain mode, or plain in safe mode")
        if (text_of(root, "ToUserName"), text_of(root, "FromUserName")) != (follower.openid, to["ToUserName"]):
            raise ValueError("it is for somebody else")
        int(text_of(root, "CreateTime"))
        kind = text_of(root, "MsgType")
        if kind == "text":
            text = text_of(root, "Content")
            if not text or len(text.encode()) > self.account.limits.text_bytes:
                raise ValueError("the text is empty or too long")
            follower.show("reply", kind, text)
        elif kind in ("image", "voice", "video"):
            media = text_of(root, f"{kind.capitalize()}/MediaId")
            if media not in self._media:
                raise ValueError(f"there is no {media}")
            follower.show("reply", kind, root.findtext("Video/Title") or "", media_id=media)
        elif kind == "news":
            articles = [{one.tag: one.text or "" for one in item} for item in root.iterfind("Articles/item")]
            most = 8 if to["MsgType"] == "event" else 1
            if not 1 <= len(articles) <= most or int(text_of(root, "ArticleCount")) != len(articles):
                raise ValueError(f"articles have to be 1 to {most}")
            follower.show("reply", kind, articles=articles)
        elif kind != "transfer_customer_service":
            raise ValueError(f"{kind} can't be shown")
        return True
