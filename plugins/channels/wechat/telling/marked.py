"""One notice of WeChat's to one contact, or its words in the chat.

A notice is marked before it is sent, so that one of which nobody knows whether it was sent isn't sent again. What
WeChat doesn't take is said in the chat instead: in an open window, or with the answer to the next message.

Source: developers.weixin.qq.com, "订阅通知" (bizsend) and "模板消息".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from tortoise.exceptions import IntegrityError
from uuid_utils.compat import uuid7

from banshi import NotFound, Platform, Stale, Update, Write
from conversations import CONVERSATIONS, BoundContact, Reply
from wechat.accounts import OpenAccount
from wechat.api.codes import Consequence, Refused
from wechat.quotas import spend
from wechat.settings import AnyNotice
from wechat.tables.models import Notice, Outcome
from wechat.telling import consents
from wechat.telling.articles import SENDS
from wechat.wire.messages import MAX_ID_CHARS
from wechat.wire.messages import Message as Inbound

log = structlog.get_logger("wechat.notices")

#: By the way of a notice, where it is sent to.
PATHS = {"subscription": "/cgi-bin/message/subscribe/bizsend", "template": "/cgi-bin/message/template/send"}

#: WeChat's code where somebody hasn't subscribed to a notice, or what they wanted is used up.
NOT_WANTED = "43101"

#: Characters of a value, by what the name of its field begins with.
MAX_CHARS = {"thing": 20, "phrase": 5, "character_string": 32, "name": 10, "const": 20}


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is told, to whoever it is."""

    #: The same to one contact is told once.
    id: str
    #: What stands in the fields of a notice, by its name in the settings; and what is said in the chat instead.
    known: Mapping[str, str]
    words: str
    #: The alert that it tells of.
    alert: str = ""
    until: datetime | None = None


def key_of(news: News, contact: BoundContact) -> str:
    return hashlib.blake2b(f"{news.id}\0{contact.conversation}".encode(), digest_size=16).hexdigest()


def said_key(key: str) -> str:
    """Under which a notice's words are promised in the chat."""
    return f"notice-{key}"


async def tell(
    platform: Platform,
    account: OpenAccount,
    notice: AnyNotice | None,
    contact: BoundContact,
    news: News,
) -> bool:
    """Tell a contact, once; whether that is settled."""
    key = key_of(news, contact)
    row = await Notice.get_or_none(key=key)
    if row is None:
        row = Notice(
            id=uuid7(),
            key=key,
            account=account.name,
            conversation_id=contact.conversation,
            person=contact.person,
            alert=news.alert,
            until=news.until,
            words=news.words,
            state="waiting",
            at=platform.now(),
        )
        try:
            await platform.store.commit(Write(rows=[row]))
        except IntegrityError:
            return False  # another process has just begun with it
    if row.state != "waiting":
        # One that is `sending` still was on its way when its process died: nobody knows.
        return True
    if notice is None:
        await _say(platform, row)
        return True
    return await _send(platform, account, notice, contact, news, row)


async def _send(
    platform: Platform,
    account: OpenAccount,
    notice: AnyNotice,
    contact: BoundContact,
    news: News,
    row: Notice,
) -> bool:
    consent = await consents.known(row, notice)
    if consent is not None and not consent.left:
        await _say(platform, row, NOT_WANTED)
        return True
    spent, back = ([], []) if consent is None else ([consents.spending(consent)], [consents.giving_back(consent)])
    try:
        await _moved(platform, row, "waiting", "sending", spent)
    except Stale:
        # Another process has it; or has just spent the last of what was wanted, and then the next try says it.
        return consent is None
    document = {"touser": contact.contact, "template_id": notice.template, "data": values(notice.fields, news.known)}
    try:
        answer = await account.api.post(PATHS[notice.way], document)
    except Refused as error:
        return await _refused(platform, row, notice, back, error)
    await _moved(platform, row, "sending", "accepted", provider_id=str(answer.get("msgid", "")))
    await settle(platform, row)
    return True


async def _refused(platform: Platform, row: Notice, notice: AnyNotice, back: Sequence[Update], error: Refused) -> bool:
    """What follows where WeChat doesn't take it, with what gives back what was spent; whether that is settled."""
    if error.consequence in (Consequence.SOON, Consequence.TOKEN):
        await _moved(platform, row, "sending", "waiting", back, code=str(error.code))
        return False
    log.warning("a notice was not taken", code=error.code, consequence=error.consequence.value)
    if error.consequence is Consequence.UNSURE:
        await _moved(platform, row, "sending", "unknown")
    elif str(error.code) == NOT_WANTED:
        await consents.used_up(platform, row, notice)
        await _say(platform, row, NOT_WANTED)
    else:
        await _say(platform, row, str(error.code), back)
    return True


def values(fields: Mapping[str, str], known: Mapping[str, str]) -> dict[str, Any]:
    """What stands in the fields of a notice, as WeChat lets each be."""
    fitting = {name: known[what] for name, what in fields.items()}
    return {name: {"value": text[: MAX_CHARS.get(name.rstrip("0123456789"), 200)]} for name, text in fitting.items()}


def spelled(platform: Platform, moment: datetime) -> str:
    """A time as WeChat's notices have it, in the city's own."""
    at = moment.astimezone(platform.settings.timezone)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


async def heard(platform: Platform, account: OpenAccount, event: Inbound) -> None:
    """Note what WeChat says of a notice that it has taken, or of an article that somebody has sent."""
    match event.kind:
        case "event/templatesendjobfinish":
            await _ended(platform, account, event["MsgID"], event["Status"])
        case "event/subscribe_msg_sent_event":
            told = "SubscribeMsgSentEvent/List/"
            for number, status in zip(event.all(f"{told}MsgID"), event.all(f"{told}ErrorStatus"), strict=False):
                await _ended(platform, account, number, status)
        case "event/subscribe_msg_popup_event" | "event/subscribe_msg_change_event":
            await consents.heard(platform, account, event)
        case "event/masssendjobfinish":
            number = event["MsgID"]
            if _is_number(number) and await _keep(platform, account, f"article-{number}", event["Status"]):
                await spend(platform, account.name, SENDS)


async def _ended(platform: Platform, account: OpenAccount, provider_id: str, status: str) -> None:
    """Keep it, and look for the notice: whoever has just sent that one keeps its id, and looks for this."""
    if not _is_number(provider_id):
        return
    await _keep(platform, account, provider_id, status)
    row = await Notice.get_or_none(account=account.name, provider_id=provider_id, state="accepted")
    if row is not None:
        await settle(platform, row)


async def _keep(platform: Platform, account: OpenAccount, provider_id: str, status: str) -> bool:
    """Whether it is new: WeChat says a thing again where it hears no answer."""
    told = {"account": account.name, "provider_id": provider_id, "status": status[:64]}
    try:
        await platform.store.commit(Write(rows=[Outcome(id=uuid7(), at=platform.now(), **told)]))
    except IntegrityError:
        return False
    return True


def _is_number(provider_id: str) -> bool:
    return provider_id.isascii() and provider_id.isdigit() and len(provider_id) <= MAX_ID_CHARS


async def settle(platform: Platform, row: Notice) -> None:
    """Note what became of a notice that WeChat has taken, where it has said so."""
    told = await Outcome.get_or_none(account=row.account, provider_id=row.provider_id)
    if told is None:
        return
    with suppress(Stale):  # it was noted at the same moment
        if told.status == "success":
            await _moved(platform, row, "accepted", "delivered")
        else:
            await _say(platform, row, told.status)


async def _say(platform: Platform, row: Notice, code: str = "", beside: Sequence[Update] = ()) -> None:
    """Have it said in the chat."""
    about: Any = {"by": "notice", "person": row.person, "key": said_key(row.key), "until": row.until}
    try:
        await platform[CONVERSATIONS].say(row.conversation_id, Reply(text=row.words), **about)
    except NotFound:
        code = code or "gone"
    await _moved(platform, row, row.state, "said", beside, code=code)


async def _moved(
    platform: Platform, row: Notice, before: str, after: str, beside: Sequence[Update] = (), **more: str
) -> None:
    """Raises Stale where another process has moved it."""
    moved = Update(Notice, {"id": row.id, "state": before}, {"state": after, **more})
    await platform.store.commit(Write([moved, *beside]))
    row.state, row.provider_id = after, more.get("provider_id", row.provider_id)
