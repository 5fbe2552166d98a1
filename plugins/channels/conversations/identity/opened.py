"""Who has opened a link from a chat, where the chat's own browser can show it: nobody goes on with another's there, and
in no other browser at all.

What has to be known again is sealed and stays with that browser. A state is good once, and what was learnt for one link
says nothing of another.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta

from aiohttp import web
from tortoise.exceptions import IntegrityError
from uuid_utils.compat import uuid7

from banshi import Call, Forbidden, Problem, Unavailable, Write
from banshi.sdk.sign_in import KeptCookie, has_come_back
from conversations.contacts.offers import LINK_LIFE, OFFERS
from conversations.outbound.sender import Opener, outlet_of
from conversations.sentences import say
from conversations.tables.models import ChannelConversation, LinkOffer
from questions.pages.frame import FromElsewhere

#: Where the provider leads back to; the operator registers its host there.
BACK = "/v1/conversations/opened"

COOKIE = KeptCookie("banshi_opened", "/v1/conversations")


class AnothersLink(Forbidden, code="another-contact", says=say):
    """This link is for another account than yours. Ask for one in your own chat; this one still works in theirs."""


class OtherBrowser(Forbidden, code="other-browser", says=say):
    """This link is opened in the chat itself, on the phone that asked for it, and in no other browser. If somebody sent
    it to you, close it: they would see your cases and act in your name. To bind a chat of your own without the link,
    sign in to the city's app and scan its QR code with the chat, or send the digits that it shows."""


class ContactUnknown(Problem, status=400, code="contact-unknown", says=say):
    """It couldn't be found out whose chat this is. Open the link in the chat once more."""


class ContactUnavailable(Unavailable, code="contact-unavailable", says=say):
    """It can't be found out just now whose chat this is. Open the link in the chat once more in a minute."""


def leading(call: Call, row: ChannelConversation, token: str) -> web.Response | None:
    """On to the provider, which says who has opened the link; None where it has, or where it can't in this browser."""
    state = secrets.token_hex(32)
    address = "" if has_shown(call, token) else _leads(call, row, state)
    return _on(call, address, "opening", LINK_LIFE, token=token, state=state) if address else None


def require(call: Call, row: ChannelConversation, token: str) -> bool:
    """Whether the provider has said that the contact itself opened the link; False where it can't in this browser.

    Raises FromElsewhere where it could and hasn't, and OtherBrowser.
    """
    refuse_other_browsers(call, row)
    could = can_show(call, row)
    if could and not has_shown(call, token):
        raise FromElsewhere
    return could


def refuse_other_browsers(call: Call, row: ChannelConversation) -> None:
    """Raise OtherBrowser where the provider can say who opens a link in its own alone, whatever this one has kept."""
    if row.account in outlet_of(call.platform, row.account).own_browser and not can_show(call, row):
        raise OtherBrowser


async def token_of(call: Call) -> str:
    """The link with which this browser was led to the provider. Its state is used up. Raises ContactUnknown."""
    kept = COOKIE.remembered(call, "opening")
    if not has_come_back(kept, call.query):
        raise ContactUnknown
    state, ends_at = call.platform[OFFERS].hashed("state", kept["state"]), call.now + LINK_LIFE
    used = LinkOffer(id=uuid7(), token=state, ends_at=ends_at, used_at=call.now)
    try:
        await call.platform.store.commit(Write(rows=[used]))
    except IntegrityError:
        raise ContactUnknown from None
    return str(kept["token"])


async def found_out(call: Call, offer: LinkOffer, row: ChannelConversation, token: str) -> web.Response:
    """Back to the link, with what shows that its own contact has opened it.

    Raises ContactUnknown, AnothersLink and ContactUnavailable.
    """
    opener = _opener(call, row)
    try:
        who = await opener.who(row.account, call.query) if opener else ""
    except Unavailable:
        raise ContactUnavailable(headers={"Retry-After": "60"}) from None
    if not who:
        raise ContactUnknown
    hashed = call.platform[OFFERS].hashed
    if not hmac.compare_digest(hashed("contact", who), hashed("contact", row.contact)):
        raise AnothersLink
    return back_to_link(call, offer, token)


def back_to_link(call: Call, offer: LinkOffer, token: str) -> web.Response:
    """Back to a link that is theirs; `rest/` stands before the token of one to the rest of a form."""
    way = token if "/" in token else f"sign-in/{token}"
    return _on(call, f"{COOKIE.path}/{way}", "opened", offer.ends_at - call.now, token=token)


def has_shown(call: Call, token: str) -> bool:
    """Whether this browser is of whom the link is for, as far as the provider or a sign-in could say it."""
    return COOKIE.remembered(call, "opened").get("token") == token


def can_show(call: Call, row: ChannelConversation) -> bool:
    """Whether the provider can say in this browser who opens a link."""
    return bool(_leads(call, row, ""))


def _opener(call: Call, row: ChannelConversation) -> Opener | None:
    """Who learns whose contact opens a link; None where the account's channel can't."""
    made = outlet_of(call.platform, row.account).opener
    return made(call.platform) if made else None


def _leads(call: Call, row: ChannelConversation, state: str) -> str:
    opener, browser = _opener(call, row), call.request.headers.get("User-Agent", "")
    return opener.leads(row.account, browser, call.address + BACK, state) if opener else ""


def _on(call: Call, address: str, purpose: str, life: timedelta, **about: str) -> web.Response:
    answer = web.Response(status=302, headers={"Location": address, "Cache-Control": "no-store"})
    COOKIE.remember(call, answer, purpose, life, **about)
    return answer
