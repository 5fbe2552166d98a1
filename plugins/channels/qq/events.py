"""What QQ tells us of people and groups, as the conversations take it.

Source: github.com/tencent-connect/bot-docs, "消息收发", and for whole groups (`mentions`) what
adapters of September 2026 read.
"""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from banshi.sdk.danger import danger_in
from conversations import Content, File, Joined, Left, Received, Text, Unread, Video, Voice

#: What a contact is called that is a group.
GROUP = "group-"

#: What is in a text where somebody is mentioned: under one event of a message it is, under another it is not.
MENTION = re.compile(r"<@!?[^<>\s]{1,64}>")

#: An id of QQ's, and letters of one of a message, which the answer names.
ID, MAX_KEY_CHARS = re.compile(r"[A-Za-z0-9_-]{1,64}"), 128

MESSAGES = {"C2C_MESSAGE_CREATE", "GROUP_AT_MESSAGE_CREATE", "GROUP_MESSAGE_CREATE"}
COMES_OR_GOES: Mapping[str, Content] = {
    "FRIEND_ADD": Joined(),
    "GROUP_ADD_ROBOT": Joined(),
    "FRIEND_DEL": Left(),
    "GROUP_DEL_ROBOT": Left(),
}

Fetch = Callable[[str], Awaitable[bytes]]


class Unreadable(ValueError):
    """It is no event that can be read."""


def received(event: Mapping[str, Any], fetch: Fetch, now: datetime) -> Received | None:
    """What the conversations take of an event; None where it is nothing for them. Raises Unreadable."""
    try:
        kind, told = event["t"], event["d"]
        if kind in COMES_OR_GOES:
            return _made(event["id"], told, COMES_OR_GOES[kind], now)
        if kind not in MESSAGES or told["author"].get("bot"):
            return None
        text = html.unescape(MENTION.sub("", told.get("content") or "")).strip()
        if not _is_for_us(kind, told):
            # Nobody has called us: danger is answered, and nothing else is heard, or kept.
            return _made(told["id"], told, Text(text), now) if danger_in(text) else None
        return _made(told["id"], told, _content(told, text, fetch), now)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Unreadable from error


def _is_for_us(kind: str, told: Mapping[str, Any]) -> bool:
    """Whether the bot itself is called in a group, not everybody with it. A private chat is always for us."""
    mentions = told.get("mentions")
    if mentions is None:
        return kind != "GROUP_MESSAGE_CREATE"
    return kind == "C2C_MESSAGE_CREATE" or any(one.get("is_you") and one.get("scope") != "all" for one in mentions)


def _made(key: str, told: Mapping[str, Any], content: Content, now: datetime) -> Received:
    group = told.get("group_openid")
    contact = group or told.get("openid") or told["author"]["user_openid"]
    if not ID.fullmatch(contact) or not 0 < len(key) <= MAX_KEY_CHARS:
        raise Unreadable("it doesn't say from whom, and what it is")
    at = told.get("timestamp")
    # Events have seconds, messages a moment; its window begins with it, and with nothing that is still to come.
    began = datetime.fromisoformat(at) if isinstance(at, str) else now
    return Received(
        key=key,
        contact=f"{GROUP}{group}" if group else contact,
        content=content,
        at=min(now, began) if began.tzinfo else now,
        group=bool(group),
    )


def _content(told: Mapping[str, Any], text: str, fetch: Fetch) -> Content:
    """Of a message with files, the first of them: one is asked for at a time."""
    for one in told.get("attachments") or ():
        kind, name = str(one.get("content_type", "")), str(one.get("filename") or "")
        url = str(one.get("voice_wav_url") or one["url"])
        get = partial(fetch, url if "://" in url else f"https://{url}")
        if kind == "voice" or kind.startswith("audio/"):
            return Voice(str(one.get("asr_refer_text") or ""), get, name)
        return Video(get, name) if kind.startswith("video/") else File(get, name)
    return Text(text) if text else Unread()
