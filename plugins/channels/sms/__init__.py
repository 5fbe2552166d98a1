"""SMS: what must reach somebody without the net, through an operator's HTTP gateway. No personal word stands in a text.

Other plugins say it through the conversations, on the account `sms:city`; their contact is the number.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
import click

from banshi import Case, Offer, Platform, Resource, Route, hookimpl, text_in
from banshi.sdk.events import LISTENERS, Event, Listener
from banshi.sdk.outgoing import Vendor
from conversations import CONVERSATIONS, NUMBERS, OUTLETS, Outlet, Reply
from sms import receipts
from sms.sender import ACCOUNT, SMS, Sms
from sms.sentences import say, word
from sms.settings import SmsSettings

#: What mobile_push tells of a message that no phone has shown.
UNDELIVERED = "banshi.push.undelivered"

#: Seconds that a call of the gateway may take.
CALL_S = 5.0

NEWS = say("There is news of something you have under way. Call {hotline}, with your slip code if you have one.")


@hookimpl
def banshi_settings() -> type:
    return SmsSettings


@asynccontextmanager
async def opened(settings: SmsSettings, platform: Platform) -> AsyncIterator[Sms]:
    """The account, with connections of its own to the gateway. No request is made yet."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Sms(platform, settings, Vendor(session, settings.url, CALL_S))


@hookimpl
def banshi_resources(settings: SmsSettings) -> Sequence[Resource[Any]]:
    return [Resource(SMS, partial(opened, settings))]


@hookimpl
def banshi_offers(settings: SmsSettings) -> Sequence[Offer[Any]]:
    sender = (lambda platform: platform[SMS]) if settings.url else None
    outlet = Outlet("sms", sender, {ACCOUNT: word("text messages")})
    return [Offer(OUTLETS, outlet), *([Offer(LISTENERS, Listener(hear))] if settings.url else [])]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return receipts.ROUTES


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    from sms.sandbox.command import sms_sandbox

    return [sms_sandbox]


async def hear(platform: Platform, events: Sequence[Event]) -> None:
    """Tell people by text of what no push could bring, where they gave a number for that."""
    conversations = platform[CONVERSATIONS]
    words = Reply(text=text_in(NEWS, "zh-CN").format(hotline=platform[SMS].settings.hotline))
    for event in events:
        case = await Case.get_or_none(id=event.data["case"], content="kept") if event.type == UNDELIVERED else None
        if case and case.person and (number := await _number(platform, case)):
            contact = await conversations.reached(ACCOUNT, number)
            await conversations.say(contact, words, by="notice", key=f"sms-{event.id}", about=str(case.id))


async def _number(platform: Platform, case: Case) -> str:
    """Where they agreed to be told of this case; "" where they didn't."""
    for _, number_of in platform.offered(NUMBERS):
        if number := await number_of(platform, case.person, case.id):
            return number
    item = platform.registry.items.of(case.item, case.item_version) if platform[SMS].settings.contact_fields else None
    asked = item.form.schema.get("properties", {}) if item and item.form else {}
    given = (case.answers.get(name) for name, one in asked.items() if one.get("x-prefill") == "phone")
    # As the hotline spells it: one number is one contact.
    return next((f"+86{one.removeprefix('+86')}" for one in given if isinstance(one, str)), "")
