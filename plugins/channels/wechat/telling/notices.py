"""WeChat's own notices: 订阅通知 and 模板消息, made of what there is to tell, and what WeChat says became of them.

Source: developers.weixin.qq.com, "订阅通知" (bizsend) and "模板消息".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError
from uuid_utils.compat import uuid7

from banshi import Platform, Write
from banshi.sdk.limits import spend
from banshi.sdk.outgoing import Refused
from conversations import CONVERSATIONS, Accepted, Later, Notice, Outbound, Outcome, not_ready, outcome_of
from conversations import Refused as NotTaken
from wechat.accounts import OpenAccount
from wechat.api.codes import CODES
from wechat.settings import AnyNotice
from wechat.tables.models import Outcome as Counted
from wechat.telling import consents
from wechat.telling.articles import SENDS
from wechat.telling.sending import WECHAT, account_named
from wire.messages import MAX_ID_CHARS
from wire.messages import Message as Inbound

#: By the way of a notice, where it is sent to.
PATHS = {"subscription": "/cgi-bin/message/subscribe/bizsend", "template": "/cgi-bin/message/template/send"}

#: WeChat's code where somebody hasn't subscribed to a notice, or what they wanted is used up.
NOT_WANTED = "43101"

#: Characters of a value, by what the name of its field begins with.
MAX_CHARS = {"thing": 20, "phrase": 5, "character_string": 32, "name": 10, "const": 20}


class WeChatNotifier:
    """Makes them for all accounts."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def notice(self, to: Outbound, about: str, news: Mapping[str, str]) -> Notice | Later | str:
        """The notice that tells of it; "" where the account has none, a code where they want none."""
        account = account_named(self._platform, to.account)
        settings = account.settings if account else None
        made = settings and (settings.alert_notice if about == "alert" else settings.notice)
        if account is None or not made:
            return ""
        found = Notice(partial(self._send, account, made, to, news))
        if made.once and (conversation := await self._platform[CONVERSATIONS].find(to.account, to.contact)):
            consent = await consents.known(to.account, conversation, made)
            if consent and not consent.left:
                return NOT_WANTED
            spends, gives_back = consents.spent(consent) if consent else ((), ())
            found = Notice(found.send, spends, gives_back, partial(self._used_up, to.account, conversation, made))
        return await not_ready(account.api.ready, CODES, self._platform.now()) or found

    async def _send(self, account: OpenAccount, made: AnyNotice, to: Outbound, news: Mapping[str, str]) -> Outcome:
        document = {"touser": to.contact, "template_id": made.template, "data": values(made.fields, news)}
        try:
            answer = await account.api.post(PATHS[made.way], document)
        except Refused as error:
            return outcome_of(error, CODES, self._platform.now(), WECHAT)
        return Accepted(str(answer.get("msgid", "")))

    async def _used_up(self, account: str, conversation: UUID, made: AnyNotice, outcome: NotTaken) -> None:
        if outcome.code == NOT_WANTED:
            await consents.used_up(self._platform, account, conversation, made)


def values(fields: Mapping[str, str], known: Mapping[str, str]) -> dict[str, Any]:
    """What stands in the fields of a notice, as WeChat lets each be."""
    fitting = {name: known[what] for name, what in fields.items()}
    return {name: {"value": text[: MAX_CHARS.get(name.rstrip("0123456789"), 200)]} for name, text in fitting.items()}


async def take_event(platform: Platform, account: OpenAccount, event: Inbound) -> None:
    """Note what WeChat says of a notice that it has taken, or of an article that somebody has sent."""
    match event.kind:
        case "event/templatesendjobfinish":
            await _ended(platform, account, event["MsgID"], event["Status"])
        case "event/subscribe_msg_sent_event":
            told = "SubscribeMsgSentEvent/List/"
            for number, status in zip(event.all(f"{told}MsgID"), event.all(f"{told}ErrorStatus"), strict=False):
                await _ended(platform, account, number, status)
        case "event/subscribe_msg_popup_event" | "event/subscribe_msg_change_event":
            await consents.count_consent(platform, account, event)
        case "event/masssendjobfinish":
            number = event["MsgID"]
            if _is_number(number) and await _is_new(platform, account, f"article-{number}", event["Status"]):
                await spend(platform, account.name, SENDS)


async def _ended(platform: Platform, account: OpenAccount, number: str, status: str) -> None:
    if _is_number(number):
        code = "" if status == "success" else status
        await platform[CONVERSATIONS].delivered(account.name, number, arrived=not code, code=code)


async def _is_new(platform: Platform, account: OpenAccount, what: str, status: str) -> bool:
    """WeChat says a thing again where it hears no answer."""
    counted = Counted(id=uuid7(), account=account.name, provider_id=what, status=status[:64], at=platform.now())
    try:
        await platform.store.commit(Write(rows=[counted]))
    except IntegrityError:
        return False
    return True


def _is_number(number: str) -> bool:
    return number.isascii() and number.isdigit() and len(number) <= MAX_ID_CHARS
