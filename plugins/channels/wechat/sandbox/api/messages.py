"""What the account sends beside its answers: customer-service messages, templates, subscribed notices."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from wechat.sandbox.account import Account, Follower, Template
from wechat.sandbox.api.articles import Articles
from wechat.sandbox.api.call import OK, Asked, Call, Tell
from wechat.sandbox.api.media import Media
from wechat.sandbox.codes import WeChatError, require
from wechat.sandbox.numbers import NUMBERS

TYPING_S = 15
MAX_CHOICES, MAX_CLIENT_ID_S = 10, 600
#: Kinds of message that are one file: where its media_id stands, and what it has to be.
MEDIA = {
    "image": ("media_id", ("image",)),
    "voice": ("media_id", ("voice",)),
    "video": ("media_id", ("video",)),
    "music": ("thumb_media_id", ("thumb", "image")),
    "miniprogrampage": ("thumb_media_id", ("thumb", "image")),
}
KINDS = {*MEDIA, "text", "news", "mpnews", "mpnewsarticle", "msgmenu", "wxcard"}
#: What a field of a notice takes, by its name without the number.
FIELDS: dict[str, str] = NUMBERS["fields"]


class Messages:
    """Those of one account."""

    def __init__(self, account: Account, media: Media, articles: Articles, tell: Tell) -> None:
        self._account, self._media, self._articles, self._tell = account, media, articles, tell
        self._sent: dict[tuple[str, str], tuple[float, int]] = {}
        self.calls = {
            "/cgi-bin/message/custom/send": Call("POST", self.send, "send"),
            "/cgi-bin/message/custom/typing": Call("POST", self.typing),
            "/cgi-bin/message/template/send": Call("POST", self.template, "template"),
            "/cgi-bin/message/subscribe/bizsend": Call("POST", self.notice, "template"),
        }

    # -- customer-service messages ---------------------------------------------------------------------------------

    def send(self, asked: Asked) -> dict[str, Any]:
        follower = self._account.reachable(asked.document.get("touser"))
        kind = asked.document.get("msgtype")
        if not isinstance(kind, str) or kind not in KINDS:
            raise WeChatError(40008)
        text, more = self._content(kind, asked.inner(kind))
        require(not follower.refuses, 48002)
        self._account.use_window(follower)
        follower.show("service", kind, text, **more)
        return {**OK}

    def _content(self, kind: str, inner: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """What a phone shows. Raises WeChatError."""
        if kind == "text":
            return self._text(inner.get("content")), {}
        if kind == "news":
            articles: Any = inner.get("articles")
            titled = isinstance(articles, list) and all(isinstance(one, dict) and one.get("title") for one in articles)
            require(titled, 47001)
            require(len(articles) == 1, 45008)
            return "", {"articles": articles}
        if kind == "msgmenu":
            return self._menu(inner)
        if kind in MEDIA:
            name, kinds = MEDIA[kind]
            self._media.there(inner.get(name), *kinds)
        elif kind == "wxcard":
            if not inner.get("card_id"):
                raise WeChatError(40035)
        else:
            self._articles.there(inner.get("media_id") if kind == "mpnews" else inner.get("article_id"))
        return str(inner.get("title") or ""), dict(inner)

    def _menu(self, inner: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        require(not self._account.test_account, 40200)
        choices = inner.get("list")
        if not isinstance(choices, list) or not 1 <= len(choices) <= MAX_CHOICES:
            raise WeChatError(47001)
        found = [(one.get("id"), one.get("content")) if isinstance(one, dict) else (None, None) for one in choices]
        if not all(isinstance(part, str) and part for pair in found for part in pair):
            raise WeChatError(47001)
        lines = [inner.get("head_content", ""), *(content for _, content in found), inner.get("tail_content", "")]
        return self._text("\n".join(filter(None, lines))), {"choices": dict(found)}

    def _text(self, text: Any) -> str:
        if not isinstance(text, str) or not text:
            raise WeChatError(44004)
        require(len(text.encode()) <= self._account.limits.text_bytes, 45002)
        return text

    def typing(self, asked: Asked) -> dict[str, Any]:
        follower, now = self._account.reachable(asked.document.get("touser")), self._account.clock()
        command = asked.document.get("command")
        require(command in ("Typing", "CancelTyping"), 45072)
        require(self._account.windows(follower), 45080)
        require(command != "Typing" or follower.typing_until <= now, 45081)
        follower.typing_until = now + TYPING_S if command == "Typing" else 0
        return {**OK}

    # -- notices ---------------------------------------------------------------------------------------------------

    def template(self, asked: Asked) -> dict[str, Any]:
        follower, template = self._addressed(asked, {"template"})
        client_id, now = asked.document.get("client_msg_id"), self._account.clock()
        before = self._sent.get((follower.openid, str(client_id))) if client_id else None
        if before and now - before[0] < MAX_CLIENT_ID_S:
            return {**OK, "msgid": before[1]}
        msgid = secrets.randbelow(1 << 62)
        if client_id:
            self._sent[follower.openid, str(client_id)] = now, msgid
        status = "failed:user block" if follower.refuses else "success"
        if not follower.refuses:
            self._show(follower, template, asked)
        self._tell(follower, {"Event": "TEMPLATESENDJOBFINISH", "MsgID": msgid, "Status": status})
        return {**OK, "msgid": msgid}

    def notice(self, asked: Asked) -> dict[str, Any]:
        follower, template = self._addressed(asked, {"once", "long"})
        template_id = str(asked.document["template_id"])
        if follower.refuses or not (left := follower.wanted.get(template_id, 0)):
            raise WeChatError(43101)
        for name, inner in asked.inner("data").items():
            field, value = FIELDS.get(re.sub(r"\d+$", "", name)), self._value(inner)
            if field is None or not re.fullmatch(field, value):
                raise WeChatError(47003)
        self._show(follower, template, asked)
        follower.wanted[template_id] = left if left < 0 else left - 1
        msgid = secrets.randbelow(1 << 62)
        sent = {"TemplateId": template_id, "MsgID": str(msgid), "ErrorCode": "0", "ErrorStatus": "success"}
        self._tell(follower, {"Event": "subscribe_msg_sent_event", "SubscribeMsgSentEvent": {"List": sent}})
        return {**OK, "msgid": msgid}

    def _addressed(self, asked: Asked, kinds: set[str]) -> tuple[Follower, Template]:
        follower = self._account.reachable(asked.document.get("touser"))
        template = self._account.templates.get(asked.text("template_id", 40037))
        if template is None or template.kind not in kinds:
            raise WeChatError(40037)
        return follower, template

    def _show(self, follower: Follower, template: Template, asked: Asked) -> None:
        data = asked.inner("data")

        def filled(match: re.Match[str]) -> str:
            return self._value(data.get(match[1], {"value": ""}))

        # One that leaves a field out would be shown with a hole: a notice has to have them all.
        names = set(re.findall(r"{{(\w+)\.DATA}}", template.content))
        require(template.kind == "template" or names <= {*data}, 47003)
        text = re.sub(r"{{(\w+)\.DATA}}", filled, template.content)
        url = asked.document.get("url") or asked.document.get("page") or ""
        follower.show("notice", "template", f"{template.title}\n{text}", url=url)

    @staticmethod
    def _value(inner: Any) -> str:
        value = inner.get("value") if isinstance(inner, dict) else None
        if not isinstance(value, str | int | float):
            raise WeChatError(47003)
        return str(value)
