"""Results of cases to whoever has bound the account and has no app: one notice of WeChat's each, or said in the chat.

A notice is marked before it is sent, so that one of which nobody knows whether it was sent isn't sent again. What
WeChat doesn't take is said in the chat instead: in an open window, or with the answer to the next message.

Source: developers.weixin.qq.com, "订阅通知" (bizsend) and "模板消息".
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import structlog
from uuid_utils.compat import uuid7

from banshi import Message, NotFound, Platform, Principal, Problem, Stale, Unavailable, Update, Write, text_in
from banshi.sdk.http import ApiReader
from conversations import CONVERSATIONS, BoundContact, Reply
from wechat.accounts import OpenAccount
from wechat.api.codes import Consequence, Refused
from wechat.quotas import spend
from wechat.sentences import say
from wechat.settings import NoticeSettings
from wechat.tables.models import Notice
from wechat.telling.articles import SENDS
from wechat.telling.sending import account_named
from wechat.wire.messages import Message as Inbound

log = structlog.get_logger("wechat.notices")

#: By the way of a notice, where it is sent to, and the event in which WeChat says what became of it.
PATHS = {"subscription": "/cgi-bin/message/subscribe/bizsend", "template": "/cgi-bin/message/template/send"}

#: Characters of a value, by what the name of its field begins with.
MAX_CHARS = {"thing": 20, "phrase": 5, "character_string": 32, "name": 10, "const": 20}

MORE = say("Write “progress” to see it.")


async def deliver(platform: Platform, messages: Sequence[Message]) -> None:
    """Tell people; what WeChat can't take just now comes again. Raises Unavailable."""
    later = False
    for message in messages:
        bound = await platform[CONVERSATIONS].bound(message.person, "wechat") if message.mode == "live" else ()
        if not bound or await has_app(platform, message.person):
            continue
        for contact in bound:
            account = account_named(platform, contact.account)
            if account is not None:
                later |= not await _tell(platform, account, contact, message)
    if later:
        raise Unavailable


async def has_app(platform: Platform, person: str) -> bool:
    """Whether a phone of theirs is registered: the app tells them then."""
    try:
        found = await ApiReader(platform).get("/v1/devices", Principal(subject=person), "en")
    except (NotFound, Problem):
        return False
    return bool(found["items"])


async def _tell(platform: Platform, account: OpenAccount, contact: BoundContact, message: Message) -> bool:
    """Whether that is settled."""
    key = hashlib.blake2b(f"{message.id}\0{contact.conversation}".encode(), digest_size=16).hexdigest()
    row = await Notice.get_or_none(key=key)
    if row is None:
        words = f"{text_in(message.title, 'zh-CN')}\n{text_in(message.body, 'zh-CN')}\n{text_in(MORE, 'zh-CN')}"
        row = Notice(
            id=uuid7(),
            key=key,
            account=account.name,
            conversation_id=contact.conversation,
            person=message.person,
            words=words,
            state="waiting",
            at=platform.now(),
        )
        await platform.store.commit(Write(rows=[row]))
    if row.state != "waiting":
        # One that is `sending` still was on its way when its process died: nobody knows.
        return True
    if account.settings.notice is None:
        await _say(platform, row)
        return True
    return await _send(platform, account, account.settings.notice, contact, message, row)


async def _send(
    platform: Platform,
    account: OpenAccount,
    notice: NoticeSettings,
    contact: BoundContact,
    message: Message,
    row: Notice,
) -> bool:
    try:
        await _moved(platform, row, "waiting", "sending")
    except Stale:
        return True
    document = {"touser": contact.contact, "template_id": notice.template, "data": values(platform, notice, message)}
    try:
        answer = await account.api.post(PATHS[notice.way], document)
    except Refused as error:
        if error.consequence in (Consequence.SOON, Consequence.TOKEN):
            await _moved(platform, row, "sending", "waiting", code=str(error.code))
            return False
        log.warning("a notice was not taken", code=error.code, consequence=error.consequence.value)
        if error.consequence is Consequence.UNSURE:
            await _moved(platform, row, "sending", "unknown")
        else:
            await _say(platform, row, str(error.code))
        return True
    await _moved(platform, row, "sending", "accepted", provider_id=str(answer.get("msgid", "")))
    return True


def values(platform: Platform, notice: NoticeSettings, message: Message) -> dict[str, Any]:
    """What stands in the fields of the notice, as WeChat lets each be."""
    at = message.created_at.astimezone(platform.settings.timezone)
    item = platform.registry.items.get(message.item or "")
    known = {
        "title": text_in(message.title, "zh-CN"),
        "item": text_in(item.title, "zh-CN") if item else text_in(message.title, "zh-CN"),
        "number": message.number or "-",
        "time": f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}",
    }
    fitting = {name: known[what] for name, what in notice.fields.items()}
    return {name: {"value": text[: MAX_CHARS.get(name.rstrip("0123456789"), 200)]} for name, text in fitting.items()}


async def heard(platform: Platform, account: OpenAccount, event: Inbound) -> None:
    """Note what WeChat says of a notice that it has taken, or of an article that somebody has sent."""
    match event.kind:
        case "event/templatesendjobfinish":
            await _ended(platform, event["MsgID"], event["Status"])
        case "event/subscribe_msg_sent_event":
            await _ended(
                platform, event["SubscribeMsgSentEvent/List/MsgID"], event["SubscribeMsgSentEvent/List/ErrorStatus"]
            )
        case "event/masssendjobfinish":
            await spend(platform, account.name, SENDS)


async def _ended(platform: Platform, provider_id: str, status: str) -> None:
    row = await Notice.filter(provider_id=provider_id, state="accepted").first() if provider_id else None
    if row is None:
        return
    if status == "success":
        await _moved(platform, row, "accepted", "delivered")
    else:
        await _say(platform, row, status[:64])


async def _say(platform: Platform, row: Notice, code: str = "") -> None:
    """Have it said in the chat."""
    about: Any = {"by": "notice", "person": row.person, "key": f"notice-{row.key}"}
    try:
        await platform[CONVERSATIONS].say(row.conversation_id, Reply(text=row.words), **about)
    except NotFound:
        code = code or "gone"
    await _moved(platform, row, row.state, "said", code=code)


async def _moved(platform: Platform, row: Notice, before: str, after: str, **more: str) -> None:
    """Raises Stale where another process has moved it."""
    await platform.store.commit(Write([Update(Notice, {"id": row.id, "state": before}, {"state": after, **more})]))
    row.state = after
