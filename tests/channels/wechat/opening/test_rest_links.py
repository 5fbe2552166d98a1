"""A link to the rest of a form: it is shown to nobody but to whose it is, by WeChat's word or by a sign-in."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from uuid_utils.compat import uuid7

from banshi import Principal, Write
from banshi.builtin.drafts.routes import save
from banshi.testing import Door
from conversations.contacts.offers import OFFERS
from conversations.tables.models import ChannelConversation, ContactLink
from tests.channels.wechat.opening.test_opening import ADDRESS, Browser, bureau, provider
from wechat.sandbox.phone import Phone

__all__ = ["provider"]

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SECRET = "还没有交的草稿"
FORM = {"Origin": ADDRESS, "Content-Type": "application/x-www-form-urlencoded"}


async def rest_for(door: Door, phone: Phone, subject: str) -> str:
    """A link to the rest of what that citizen has begun in their chat."""
    await phone.follows()
    await phone.says("菜单")
    row = await ChannelConversation.get(contact=phone.me.openid)
    now = door.platform.now()
    bound = ContactLink(id=uuid7(), conversation_id=row.id, person=subject, known={}, way="app", linked_at=now)
    token, offer = door.platform[OFFERS].for_rest(row.id, subject, "suggest-police", now)
    await door.platform.store.commit(Write(rows=[bound, offer]))
    await save(door.platform, Principal(subject=subject), "suggest-police", {"subject": SECRET})
    return f"/v1/conversations/rest/{token}"


async def signs_in(browser: Browser, link: str, subject: str) -> str:
    """Open a link and sign in where it leads; where the provider leads back to."""
    led = await browser.call("GET", link)
    assert led.status == 302, led.body
    sent = browser.door.session.post(led.headers["Location"], data={"sub": subject}, allow_redirects=False)
    async with sent as answer:
        back = urlsplit(answer.headers["Location"])
    assert f"{back.scheme}://{back.netloc}" == ADDRESS
    return f"{back.path}?{back.query}"


async def test_the_rest_of_a_form_is_shown_in_wechat_to_its_own_contact_alone(tmp_path: Path, provider: str) -> None:
    async with bureau(tmp_path, provider) as (door, wechat):
        wang, zhao = wechat.phone("王小明"), wechat.phone("赵六")
        link = await rest_for(door, wang, "wang")
        await zhao.follows()
        stranger, owner = Browser(door, wechat, zhao), Browser(door, wechat, wang)
        assert (await stranger.opens(link)).status == 403
        assert (await stranger.call("POST", link, **FORM)).status == 403
        assert (await owner.opens(link)).status == 200
        page = await owner.call("POST", link, **FORM)
        assert (page.status, SECRET in page.body.decode()) == (200, True)


async def test_elsewhere_it_asks_whoever_opens_it_to_sign_in_as_whose_it_is(tmp_path: Path, provider: str) -> None:
    async with bureau(tmp_path, provider, sign_in_url="") as (door, wechat):
        wang = wechat.phone("王小明")
        link = await rest_for(door, wang, "wang")
        stranger, owner = (Browser(door, wechat, wang, agent=FIREFOX) for _ in range(2))
        refused = await stranger.call("GET", await signs_in(stranger, link, "zhao"))
        assert refused.status == 403
        assert "另一个账号" in refused.body.decode()
        way = await signs_in(owner, link, "wang")
        # What the provider says counts in the browser that was sent there.
        assert (await stranger.call("GET", way)).status == 400
        back = await owner.call("GET", way)
        assert (back.status, back.headers["Location"]) == (302, link)
        assert SECRET not in (await owner.call("GET", link)).body.decode()
        for who, status in ((stranger, 403), (Browser(door, wechat, wang), 403), (owner, 200)):
            page = await who.call("POST", link, **FORM)
            assert (page.status, SECRET in page.body.decode()) == (status, status == 200)
        # It has bound nobody, and its own sign-in opens no other link.
        assert await ContactLink.filter(ended_at=None).count() == 1
        other = await rest_for(door, wechat.phone("赵六"), "zhao")
        assert (await owner.call("POST", other, **FORM)).status == 403
