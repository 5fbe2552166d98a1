"""What QQ tells us of people and groups, as the conversations take it.

Source: github.com/tencent-connect/bot-docs, "消息收发", and for whole groups (`mentions`, `message_scene`, faces)
events of August and September 2026 as others have recorded them (tests/channels/qq/test_field_facts.py).
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import orjson

from banshi.sdk.danger import danger_in
from conversations import Content, File, Joined, Left, Received, Text, Unread, Video, Voice

#: What a contact is called that is a group.
GROUP = "group-"

#: What is in a text where somebody is mentioned, something is attached, or a face is shown, whose word is in base64.
MARKUP = re.compile(r'<@!?[^<>\s]{1,64}>|<attachmentType=[^<>]*>|<faceType=[^<>]*?(?:ext="([^"<>]*)")?>')

#: An id of QQ's, letters of one of a message (up to 141 were seen), and what stands before its index in the chat.
ID, MAX_ID_CHARS, INDEX = re.compile(r"[A-Za-z0-9_-]{1,64}"), 255, "msg_idx="

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
        text = html.unescape(MARKUP.sub(_face, told.get("content") or "")).strip()
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


def _face(found: re.Match[str]) -> str:
    """A face as the word for it, [微笑]; nothing of what is no text."""
    try:
        word = orjson.loads(base64.b64decode(found[1]))["text"]
    except (TypeError, ValueError, KeyError):
        return ""
    return f"[{word}]" if word else ""


def _made(identity: str, told: Mapping[str, Any], content: Content, now: datetime) -> Received:
    """The index is the same where a message comes again, or under a second event; its id, which answers name, isn't."""
    extra = (told.get("message_scene") or {}).get("ext") or ()
    key = next((one.removeprefix(INDEX) for one in extra if one.startswith(INDEX)), "")
    group = told.get("group_openid")
    contact = group or told.get("openid") or told["author"]["user_openid"]
    if not ID.fullmatch(contact) or not 0 < len(identity) <= MAX_ID_CHARS:
        raise Unreadable("it doesn't say from whom, and what it is")
    at = told.get("timestamp")
    # Events have seconds, messages a moment; its window begins with it, and with nothing that is still to come.
    began = datetime.fromisoformat(at) if isinstance(at, str) else now
    return Received(
        key=key or identity,
        ref=identity,
        contact=f"{GROUP}{group}" if group else contact,
        content=content,
        at=min(now, began) if began.tzinfo else now,
        group=bool(group),
    )


def _content(told: Mapping[str, Any], text: str, fetch: Fetch) -> Content:
    """Words of danger before all; of a message with files, the first of them: one is asked for at a time."""
    for one in () if danger_in(text) else told.get("attachments") or ():
        kind, name = str(one.get("content_type", "")), str(one.get("filename") or "")
        url = str(one.get("voice_wav_url") or one["url"])
        get = partial(fetch, url if "://" in url else f"https://{url}")
        if kind == "voice" or kind.startswith("audio/"):
            return Voice(str(one.get("asr_refer_text") or ""), get, name)
        return Video(get, name) if kind.startswith("video/") else File(get, name)
    return Text(text) if text else Unread()
