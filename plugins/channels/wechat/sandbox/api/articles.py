"""Articles: drafts, their publication, and sending them to everybody, which a month allows four times."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from wechat.sandbox.account import Account, Follower
from wechat.sandbox.api.call import OK, Asked, Call, Tell
from wechat.sandbox.api.media import Media
from wechat.sandbox.codes import WeChatError, require

MAX_ARTICLES, MAX_TITLE_LETTERS, MAX_DIGEST_LETTERS, MAX_CONTENT_BYTES = 8, 64, 120, 1 << 20


class Articles:
    """Those of one account."""

    def __init__(self, account: Account, media: Media, tell: Tell) -> None:
        self._account, self._media, self._tell = account, media, tell
        self.drafts: dict[str, list[Mapping[str, Any]]] = {}
        self.published: dict[str, list[Mapping[str, Any]]] = {}
        self.calls = {
            "/cgi-bin/draft/add": Call("POST", self.add),
            "/cgi-bin/freepublish/submit": Call("POST", self.publish),
            "/cgi-bin/freepublish/get": Call("POST", self.status),
            "/cgi-bin/message/mass/sendall": Call("POST", self.send_all),
        }

    def add(self, asked: Asked) -> dict[str, Any]:
        articles = asked.document.get("articles")
        if not isinstance(articles, list) or not articles or not all(isinstance(one, dict) for one in articles):
            raise WeChatError(47001)
        require(len(articles) <= MAX_ARTICLES, 45008)
        for one in articles:
            title, content, digest = one.get("title"), one.get("content"), one.get("digest", "")
            if not (isinstance(title, str) and title and isinstance(content, str) and content):
                raise WeChatError(47001)
            require(len(title) <= MAX_TITLE_LETTERS and len(digest) <= MAX_DIGEST_LETTERS, 45002)
            require(len(content.encode()) <= MAX_CONTENT_BYTES, 45002)
            # The picture above an article has to be material for good.
            require(self._media.there(one.get("thumb_media_id"), "image", "thumb").until == float("inf"), 40007)
        media_id = secrets.token_urlsafe(48)
        self.drafts[media_id] = articles
        return {"media_id": media_id}

    def _draft(self, media_id: Any) -> list[Mapping[str, Any]]:
        if not isinstance(media_id, str) or media_id not in self.drafts:
            raise WeChatError(40007)
        return self.drafts[media_id]

    def there(self, identity: Any) -> None:
        """A draft, or an article that was published. Raises WeChatError."""
        if not isinstance(identity, str) or identity.removeprefix("article-") not in {*self.drafts, *self.published}:
            raise WeChatError(40007 if identity in (None, "") else 53600)

    def publish(self, asked: Asked) -> dict[str, Any]:
        """Public by its address; nobody is told of it."""
        articles = self._draft(asked.document.get("media_id"))
        publish_id = str(secrets.randbelow(1 << 40))
        self.published[publish_id] = articles
        del self.drafts[str(asked.document["media_id"])]
        return {**OK, "publish_id": publish_id, "msg_data_id": secrets.randbelow(1 << 32)}

    def status(self, asked: Asked) -> dict[str, Any]:
        publish_id = asked.text("publish_id")
        require(publish_id in self.published, 53600)
        return {"publish_id": publish_id, "publish_status": 0, "article_id": f"article-{publish_id}"}

    def send_all(self, asked: Asked) -> dict[str, Any]:
        require(asked.document.get("msgtype") == "mpnews", 40008)
        return self.send_draft(str(asked.inner("mpnews").get("media_id")))

    def send_draft(self, media_id: str) -> dict[str, Any]:
        """As a person does at mp.weixin.qq.com. Raises WeChatError."""
        articles = self._draft(media_id)
        self._account.spend_of_month("mass", self._account.limits.mass_a_month, 45028)
        reached = [one for one in self._account.followers.values() if one.follows]
        for one in reached:
            one.show("article", "mpnews", articles=[{"title": article["title"]} for article in articles])
        msg_id, count = secrets.randbelow(1 << 31), len(reached)
        counts = {"TotalCount": count, "FilterCount": count, "SentCount": count, "ErrorCount": 0}
        operator = Follower("operator", "operator")
        self._tell(operator, {"Event": "MASSSENDJOBFINISH", "MsgID": msg_id, "Status": "send success", **counts})
        return {**OK, "msg_id": msg_id, "msg_data_id": secrets.randbelow(1 << 32)}
