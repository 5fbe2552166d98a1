"""From a chat to the sign-in and back: a page that says what is being bound, and what binds it."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from banshi import Audience, Call, Forbidden, Update, text_in
from banshi.sdk.sign_in import ATTEMPT_LIFE_S, CAME, SIGN_IN, KeptCookie
from conversations.contacts.offers import OFFERS
from conversations.identity import opened
from conversations.identity.links import bind, person_of
from conversations.outbound.sender import title_of
from conversations.sentences import say, word
from conversations.tables.models import ChannelConversation, ContactLink, LinkOffer
from questions.pages import frame
from questions.pages.frame import ON, PAGE, TOKEN, LinkOver, PageRoutes, leaving, refuse_others, sentence
from questions.pages.routes import GoingOn

#: Where the provider sends people back to; the operator registers it there.
BACK = "/v1/conversations/signed-in"

COOKIE = KeptCookie("banshi_sign_in", BACK)

ROUTES = PageRoutes("conversations")

ACCOUNT, PROVIDER, UNTIL = word("Account in the chat"), word("You sign in at"), word("Good until")
ASKING, DONE, BEGIN = word("Bind this chat to you"), word("It is bound"), word("Sign in and bind")
WARNING = say(
    "Did you ask for this yourself, in that chat? If somebody sent you this link, close it: whoever asked for it "
    "would see your cases and act in your name."
)


class ForCitizens(Forbidden, code="for-citizens", says=say):
    """This account is a member of staff's. Sign in as a citizen."""


async def offered(call: Call, token: str) -> tuple[LinkOffer, ChannelConversation]:
    """What a link is about, `rest/` in front of the token of one to the rest of a form. Raises LinkOver."""
    rest, _, text = token.rpartition("/")
    offer = await call.platform[OFFERS].of("rest" if rest else "link", text, call.now)
    row = await ChannelConversation.get_or_none(id=offer.conversation_id) if offer else None
    if offer is None or row is None:
        raise LinkOver
    return offer, row


@ROUTES.get(
    "/v1/conversations/sign-in/{token}", Audience.ANYONE, {200: PAGE, 302: ON, 403: PAGE, 410: PAGE}, path_schemas=TOKEN
)
async def show_contact_link(call: Call) -> web.StreamResponse:
    """Show what a link from a chat binds; in the chat's own browser after the provider has said who opens it.

    Nothing happens yet: programs look at links too.
    """
    offer, row = await offered(call, call.path["token"])
    opened.refuse_other_browsers(call, row)
    if (led := opened.leading(call, row, call.path["token"])) is not None:
        return led
    until = offer.ends_at.astimezone(call.platform.settings.timezone)
    account = text_in(title_of(call.platform, row.account), call.language)
    return _asking(call, account, call.platform[SIGN_IN].host, f"{until:%H:%M}")


@ROUTES.post(
    "/v1/conversations/sign-in/{token}",
    Audience.ANYONE,
    {200: PAGE, 403: PAGE, 410: PAGE, 503: PAGE},
    path_schemas=TOKEN,
)
async def begin_contact_sign_in(call: Call) -> web.StreamResponse:
    """Go from that page to the identity provider."""
    refuse_others(call)
    _, row = await offered(call, call.path["token"])
    opened.require(call, row, call.path["token"])
    sign_in = call.platform[SIGN_IN]
    attempt = await sign_in.begin(call.address + BACK, call.path["token"])
    answer = leaving(call, attempt.address, sign_in.host)
    COOKIE.put(call, answer, attempt.kept, ATTEMPT_LIFE_S)
    return answer


@ROUTES.get(
    opened.BACK, Audience.ANYONE, {302: ON, 400: PAGE, 403: PAGE, 410: PAGE, 503: PAGE}, parameters=CAME, lenient=True
)
async def show_who_opened_contact_link(call: Call) -> web.StreamResponse:
    """Come back from the chat's provider, which says who has opened the link: nobody else goes on with it."""
    token = await opened.token_of(call)
    offer, row = await offered(call, token)
    return await opened.found_out(call, offer, row, token)


@ROUTES.get(
    BACK,
    Audience.ANYONE,
    {200: PAGE, 302: ON, 400: PAGE, 403: PAGE, 409: PAGE, 410: PAGE, 503: PAGE},
    parameters=CAME,
    lenient=True,
)
async def end_contact_sign_in(call: Call) -> web.StreamResponse:
    """Come back from the identity provider: the contact is bound, or the rest of a form is shown to whose it is."""
    person, token = await call.platform[SIGN_IN].end(COOKIE.of(call), call.query, call.address + BACK)
    if person.is_staff:
        raise ForCitizens
    offer, row = await offered(call, token)
    if offer.person:
        if offer.person != person.subject:
            raise opened.AnothersLink
        return opened.back_to_link(call, offer, token)
    is_proved = opened.require(call, row, token)
    row = await bind(call.platform, offer, person, is_proved=is_proved)
    account = text_in(title_of(call.platform, row.account), call.language)
    answer = _done(call, account, person.name)
    COOKIE.forget(answer)
    return answer


async def going_on(call: Call, token: str) -> GoingOn:
    """For whom and with what, as long as they are bound to the contact. Raises LinkOver."""
    way = f"rest/{token}"
    offer, row = await offered(call, way)
    link = await ContactLink.get_or_none(conversation_id=row.id, person=offer.person, ended_at=None)
    if link is None:
        raise LinkOver
    used = Update(LinkOffer, {"id": offer.id, "used_at": None}, {"used_at": call.now})
    is_shown = opened.has_shown(call, way) or not (opened.can_show(call, row) or call.platform[SIGN_IN].host)
    lead = None if is_shown else partial(_lead, call, row, way)
    return GoingOn(offer.known["item"], person_of(link, row.account), used, lead)


async def _lead(call: Call, row: ChannelConversation, way: str) -> web.Response:
    """To the chat's provider, where it can say in this browser who has opened the link; else to the sign-in."""
    if led := opened.leading(call, row, way):
        return led
    attempt = await call.platform[SIGN_IN].begin(call.address + BACK, way)
    answer = web.Response(status=302, headers={"Location": attempt.address, "Cache-Control": "no-store"})
    COOKIE.put(call, answer, attempt.kept, ATTEMPT_LIFE_S)
    return answer


def _asking(call: Call, account: str, provider: str, until: str) -> web.Response:
    """Which account of which channel is to be bound, at which provider, and until when."""
    about = ((ACCOUNT, account), (PROVIDER, provider), (UNTIL, until))
    listed = frame.pairs({text_in(name, call.language): value for name, value in about})
    warned = f'<p class="warn">{sentence(call.language, WARNING)}</p>'
    return frame.sending(frame.page(call, ASKING, listed + warned + frame.button(call.language, BEGIN)))


def _done(call: Call, account: str, name: str) -> web.Response:
    """It is bound."""
    language = call.language
    known = sentence(language, say("The chat at {account} knows you as {name} now.", account=account, name=name or "✓"))
    back = sentence(language, say("Go back to the chat and write anything: it goes on there."))
    return frame.page(call, DONE, f"<p>{known}</p><p>{back}</p>")
