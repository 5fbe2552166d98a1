"""One-time subscriptions: each yes of somebody's is for one notice. A row counts them, and is spent as they are sent.

Source: developers.weixin.qq.com, "订阅通知": subscribe_msg_popup_event and subscribe_msg_change_event.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F
from uuid_utils.compat import uuid7

from banshi import Platform, Update, Write
from conversations import CONVERSATIONS
from wechat.accounts import OpenAccount
from wechat.settings import AnyNotice
from wechat.tables.models import Consent, Outcome
from wire.messages import Message as Inbound

#: By the event, where its list stands.
LISTS = {
    "event/subscribe_msg_popup_event": "SubscribeMsgPopupEvent/List/",
    "event/subscribe_msg_change_event": "SubscribeMsgChangeEvent/List/",
}

#: How often a yes is counted anew where another one is counted at the same moment.
MAX_TRIES = 3


async def count_consent(platform: Platform, account: OpenAccount, event: Inbound) -> None:
    """Count what somebody says to notices that are wanted once each; a repeat counts no more."""
    told = LISTS[event.kind]
    wanted = zip(event.all(f"{told}TemplateId"), event.all(f"{told}SubscribeStatusString"), strict=False)
    conversation = await platform[CONVERSATIONS].find(account.name, event.sender)
    settings = account.settings
    once = {one.template for one in (settings.notice, settings.alert_notice) if one and one.once}
    for template, said in wanted if conversation else ():
        of: dict[str, Any] = {"account": account.name, "conversation_id": conversation, "template": template}
        if template not in once:
            continue
        if said == "accept":
            await _count(platform, of, hashlib.blake2b(f"{event.key}\0{template}".encode(), digest_size=16).hexdigest())
        elif event.kind == "event/subscribe_msg_change_event":
            # Turned off in WeChat's own settings: what was wanted before isn't any more.
            await Consent.filter(**of).update(left=0, at=platform.now())


async def _count(platform: Platform, of: dict[str, Any], digest: str) -> None:
    """One more, and that it was counted, in one write."""
    now = platform.now()
    for _ in range(MAX_TRIES):
        counted = Outcome(id=uuid7(), account=of["account"], provider_id=f"consent-{digest}", status="accept", at=now)
        if await Consent.exists(**of):
            write = Write([Update(Consent, of, {"left": F("left") + 1, "at": now})], [counted])
        else:
            write = Write(rows=[counted, Consent(id=uuid7(), left=1, at=now, **of)])
        try:
            return await platform.store.commit(write)
        except IntegrityError:
            if await Outcome.exists(account=of["account"], provider_id=counted.provider_id):
                return None  # a repeat
    return None


async def known(account: str, conversation: UUID, notice: AnyNotice) -> Consent | None:
    """What is known of how often a notice is still wanted; None where nobody knows."""
    return await Consent.get_or_none(account=account, conversation_id=conversation, template=notice.template)


def spent(consent: Consent) -> tuple[Sequence[Update], Sequence[Update]]:
    """What takes one, on the condition that there is one; and what gives it back where WeChat hasn't sent it."""
    taken = Update(Consent, {"id": consent.id, "left__gt": 0}, {"left": F("left") - 1})
    return [taken], [Update(Consent, {"id": consent.id}, {"left": F("left") + 1}, rows=None)]


async def used_up(platform: Platform, account: str, conversation: UUID, notice: AnyNotice) -> None:
    """WeChat says that there is none left, which our row didn't know."""
    of: dict[str, Any] = {"account": account, "conversation_id": conversation, "template": notice.template}
    none: dict[str, Any] = {"left": 0, "at": platform.now()}
    new = Consent(id=uuid7(), **of, **none)
    await platform.store.commit(Write([Update(Consent, of, none, rows=None)], unless_there=[new]))
