"""The desk's page in a real browser: it is live, no request is made in a loop, and nothing that was typed is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from conversations import File
from conversations.tables.models import ChannelConversation, ContactLink, Said
from desk.tables.models import DeskEvent, Enquiry
from tests.browser.conftest import OpenBrowser, until
from tests.browser.firefox import Firefox, Page
from tests.browser.web_site.test_site import PRESS, THERE, pressed
from tests.channels.desk.answers.city import City, city
from tests.channels.desk.bureau import DESKS, ENQUIRIES, officer
from tests.channels.desk.reading.test_files import picture
from tests.servers.fault_proxy import FaultProxy

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

HERE = "/site/staff/desk"
STAFF = {"李警官": ["petitions/reception:desk"], "吴队长": ["petitions:desk-lead"]}
TALK = "() => [...document.querySelectorAll('[data-talk] > li')].map((one) => one.innerText.replace(/\\s+/g, ' '))"
LINES = """(which) => [...document.querySelectorAll(`[data-rows=${which}] > li`)]
  .map((one) => one.innerText.replace(/\\s+/g, ' '))"""
TYPE = """(text) => { const one = document.querySelector('#answer'); one.focus(); one.value = text;
  one.dispatchEvent(new Event('input', { bubbles: true })); }"""
TYPED = "() => document.querySelector('#answer').value"
SEND = "form[data-answer] .btn"
#: What is sent waits until the test lets it go.
SLOWLY = """() => { const asked = window.fetch; window.fetch = async (address, more) => {
  if (more?.method === 'POST') await new Promise((go) => { window.letGo = go; });
  return asked(address, more); }; }"""
#: How often anything was asked for since the page was there.
ASKED = "() => performance.getEntriesByType('resource').filter((one) => !one.name.includes('/stream')).length"
LIVE = "() => !!document.querySelector('[data-offline][hidden]')"


@dataclass(slots=True)
class Desk:
    city: City
    firefox: Firefox
    url: str

    async def sits(self, name: str = "李警官") -> Page:
        """A tab of that officer's, at the queue."""
        page = await self.firefox.page(f"{self.url}{HERE}")
        if await page.run("() => !!document.querySelector('button[name=person]')"):
            await pressed(page, f"button[value='{name}']", "[data-desk]")
        return page

    async def waits(self, *texts: str, contact: str = "o-wang") -> str:
        for text in ("person", "1", *texts):
            await self.city.sends(text, contact)
        row = await Enquiry.all().order_by("-id").first()
        assert row is not None
        return str(row.id)

    async def held(self, page: Page, *texts: str, contact: str = "o-wang") -> str:
        """Somebody has come, and the officer has them on the page."""
        one = await self.waits(*texts, contact=contact)
        await page.go(f"{self.url}{HERE}/enquiries/{one}#talk")
        await pressed(page, "form[action$=claim] button", "[data-answer]")
        return one


@asynccontextmanager
async def at_desk(folder: Path, open_browser: OpenBrowser, **more: Any) -> AsyncIterator[Desk]:
    site: dict[str, Any] = {"web_site": ("web_site", {"staff": STAFF})}
    async with city(folder, "", desks=DESKS, more=site, **more) as one, open_browser() as firefox:
        yield Desk(one, firefox, one.door.url)


async def says(page: Page, script: str, *rest: Any, of: str) -> None:
    """Wait until one of the lines has that."""

    async def is_there() -> bool:
        return any(of in one for one in await page.run(script, *rest))

    await until(is_there)


async def test_what_happens_comes_by_itself_and_nothing_is_asked_for_in_a_loop(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    async with at_desk(tmp_path, open_browser) as desk:
        page = await desk.sits()
        await desk.waits(contact="o-chen")
        await until(lambda: page.run("() => document.querySelector('[data-count=waiting]').textContent === '1'"))
        await desk.city.sends("Where is my passport?", "o-chen")
        await says(page, LINES, "waiting", of="“Where is my passport?”")
        await desk.city.sends("somebody follows me, help", "o-danger")
        await says(page, LINES, "danger", of="“somebody follows me, help”")
        await until(lambda: page.run("() => !!document.querySelector('[data-danger]').textContent"))
        held = await desk.held(page, "May somebody else fetch it?")
        assert await page.run(LINES, "mine") != []
        await desk.city.sends("And <b>when</b>?", "o-wang")
        await says(page, TALK, of="And <b>when</b>?")
        await page.run(TYPE, "Until ten.")
        await page.run(PRESS, SEND)
        await says(page, TALK, of="Until ten.")
        await says(page, TALK, of="sent")
        assert await page.run(TYPED) == ""
        await until(lambda: page.run("() => document.querySelector('.window').textContent.includes('4 ')"))
        await asyncio.sleep(5)
        before = await page.run(ASKED)
        await asyncio.sleep(4)
        assert await page.run(ASKED) == before, "nothing happens, and nothing is asked"
        # A colleague takes over: what was typed stays where it can be read.
        await page.run(TYPE, "Half an answer")
        lead = officer(desk.city.door, "sun", "petitions:desk-lead")
        (await lead.post(f"{ENQUIRIES}/{held}/take-over", {"purpose": "a complaint"})).ok()
        await until(
            lambda: page.run("() => document.querySelector('#talk blockquote')?.textContent === 'Half an answer'")
        )
        assert not await page.run("() => !!document.querySelector('[data-answer]')")
        await says(page, LINES, "others", of="sun")


async def test_an_officer_in_three_tabs_sees_the_same_and_what_is_typed_in_one_stays(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    async with at_desk(tmp_path, open_browser) as desk:
        pages = [await desk.sits() for _ in range(3)]
        one = await desk.held(pages[0], "first words")
        for page in pages[1:]:
            await says(page, LINES, "mine", of="first words")
            await page.go(f"{desk.url}{HERE}/enquiries/{one}")
        await pages[1].run(TYPE, "typed in the second")
        await pages[0].run(TYPE, "said in the first")
        await pages[0].run(PRESS, SEND)
        for page in pages:
            await says(page, TALK, of="said in the first")
            await says(page, TALK, of="sent")
        assert await pages[1].run(TYPED) == "typed in the second"
        await pages[1].go(f"{desk.url}{HERE}/enquiries/{one}")
        assert await pages[1].run(TYPED) == "typed in the second", "it outlives the page, in its tab"


async def test_after_a_break_the_page_goes_on_with_what_was_said_meanwhile(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    async with at_desk(tmp_path, open_browser) as desk, FaultProxy(to=int(desk.url.rpartition(":")[2])) as network:
        desk.url = f"http://127.0.0.1:{network.port}"
        page = await desk.sits()
        await desk.held(page, "first words")
        await until(lambda: page.run(LIVE))
        await page.run(TYPE, "said into the void")
        network.absent = True
        network.reset()
        await until(lambda: page.run("() => !document.querySelector('[data-offline]').hidden"))
        await page.run(PRESS, SEND)
        await until(lambda: page.run("() => !!document.querySelector('[data-told] .note')"))
        assert await page.run(TYPED) == "said into the void"
        await desk.city.sends("said meanwhile", "o-wang")
        await desk.waits("came meanwhile", contact="o-chen")
        network.absent = False
        await says(page, TALK, of="said meanwhile")
        await says(page, LINES, "waiting", of="came meanwhile")
        await until(lambda: page.run(LIVE))
        await page.run(PRESS, SEND)
        await says(page, TALK, of="said into the void")
        assert await Said.filter(by="officer").count() == 1


async def test_a_session_that_ends_while_somebody_types_takes_nothing_along(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    async with at_desk(tmp_path, open_browser) as desk:
        page = await desk.sits()
        await desk.held(page, "first words")
        await page.run(TYPE, "A long answer.")
        await desk.firefox.command("storage.deleteCookies", partition={"type": "context", "context": page._context})
        await page.run(PRESS, SEND)
        await until(lambda: page.run("() => !!document.querySelector('[data-told] a[href*=sign-in]')"))
        assert await page.run(TYPED) == "A long answer."
        assert not await Said.filter(by="officer").exists()
        # Beside the page, and back.
        beside = await desk.firefox.page(f"{desk.url}/site/sign-in?next={HERE}")
        await pressed(beside, "button[value='李警官']", "[data-desk]")
        await page.run(PRESS, SEND)
        await until(lambda: page.run("() => document.querySelector('[data-told]').textContent.includes('anew')"))
        await page.run(PRESS, SEND)
        await says(page, TALK, of="A long answer.")
        assert await Said.filter(by="officer").count() == 1


async def test_what_is_typed_while_an_answer_is_on_its_way_stays(tmp_path: Path, open_browser: OpenBrowser) -> None:
    async with at_desk(tmp_path, open_browser) as desk:
        page = await desk.sits()
        await desk.held(page, "first words")
        await page.run(SLOWLY)
        await page.run(TYPE, "Until ten.")
        await page.run(PRESS, SEND)
        await until(lambda: page.run("() => !!window.letGo"))
        await page.run(TYPE, "Until ten. And bring the old one")
        choose = """(name) => { const chosen = new DataTransfer(); chosen.items.add(new File(['x'], name));
          document.querySelector('[type=file]').files = chosen.files; }"""
        await page.run(choose, "old.png")
        await page.run("() => window.letGo()")
        await says(page, TALK, of="Until ten.")
        await until(lambda: page.run(f"() => ({TYPED})() === 'And bring the old one'"))
        kept = "Object.entries(sessionStorage).filter(([name]) => name.startsWith('desk '))"
        drafts = f"() => {kept}.map(([, text]) => text)"
        assert await page.run(drafts) == ["And bring the old one"]
        assert await page.run("() => document.querySelector('[type=file]').files[0].name") == "old.png"
        await page.run("() => { document.querySelector('[type=file]').value = ''; }")
        # Whoever has begun anew keeps that whole; so does a note.
        note = "(text) => { document.querySelector('#nt').value = text; }"
        await page.run(note, "half a note")
        await page.run("() => { delete window.letGo; }")
        await page.run(PRESS, "form[action$=notes] button")
        await until(lambda: page.run("() => !!window.letGo"))
        await page.run(note, "another note")
        await page.run("() => window.letGo()")
        await says(page, TALK, of="half a note")
        await until(lambda: page.run("() => !document.querySelector('form[data-note]').dataset.busy"))
        assert await page.run("() => document.querySelector('#nt').value") == "another note"
        await page.run("() => { delete window.letGo; }")
        await page.run(PRESS, SEND)
        await until(lambda: page.run("() => !!window.letGo"))
        await page.run("() => window.letGo()")
        await says(page, TALK, of="And bring the old one")
        assert await Said.filter(by="officer").count() == 2


async def test_enter_that_ends_a_word_of_an_input_method_inserts_and_sends_nothing(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    async with at_desk(tmp_path, open_browser) as desk:
        lead = officer(desk.city.door, "sun", "petitions:desk-lead")
        texts = {"texts": {"zh-CN": "九点到五点。", "en": "From nine to five."}, "version": 0}
        (await lead.put("/v1/desk/desks/reception/phrases/hours", texts)).ok()
        page = await desk.sits()
        await desk.held(page, "first words")
        await page.run(TYPE, "half an answer")
        enter = """(which, more) => document.querySelector(which).dispatchEvent(
          new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...more }))"""
        for composing in ({"isComposing": True}, {"keyCode": 229}):
            await page.run(enter, "#letters", composing)
            await page.run(enter, "#answer", {"ctrlKey": True, **composing})
        assert await page.run(TYPED) == "half an answer"
        await page.run(enter, "#letters", {})
        assert "From nine to five." in await page.run(TYPED)
        await page.run(enter, "#answer", {"ctrlKey": True})
        await says(page, TALK, of="From nine to five.")
        assert await Said.filter(by="officer").count() == 1


async def test_every_text_that_was_typed_stays_readable_where_a_colleague_takes_over(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    async with at_desk(tmp_path, open_browser) as desk:
        page = await desk.sits()
        held = await desk.held(page, "first words")
        typed = {"answer": "An answer", "nt": "A note", "tn": "She knows him", "bw": "Insults"}
        fill = "(typed) => Object.entries(typed).forEach(([id, text]) => { document.getElementById(id).value = text; })"
        await page.run(fill, typed)
        lead = officer(desk.city.door, "sun", "petitions:desk-lead")
        (await lead.post(f"{ENQUIRIES}/{held}/take-over", {"purpose": "a complaint"})).ok()
        await until(lambda: page.run("() => !document.querySelector('#nt')"))
        kept = "() => [...document.querySelectorAll('#talk blockquote')].map((one) => one.textContent)"
        assert sorted(await page.run(kept)) == sorted(typed.values())


async def test_whoever_listens_and_whoever_has_no_mouse_stays_where_they_are(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    async with at_desk(tmp_path, open_browser) as desk:
        page = await desk.sits()
        await desk.held(page, "first words")
        await page.run("() => { (window.list = document.querySelector('[data-talk]')).children[0].mark = 1; }")
        await page.run("() => document.querySelector('form[action$=close] button').focus()")
        await desk.city.sends("and more", "o-wang")
        await says(page, TALK, of="and more")
        await page.run(TYPE, "Until ten.")
        await page.run(PRESS, SEND)
        await says(page, TALK, of="sent")
        # The live region is one all the time, and what stood in it wasn't said anew.
        assert await page.run("() => window.list.isConnected && window.list.children[0].mark === 1")
        await page.run("() => document.querySelector('form[action$=return] button').focus()")
        await page.run(PRESS, "form[action$=return] button")
        await until(lambda: page.run("() => !!document.querySelector('form[action$=claim]')"))
        within = "() => !!document.activeElement.closest('.pane')"
        await until(lambda: page.run(within))


async def test_on_a_phone_danger_is_seen_from_a_conversation_and_leads_to_the_queue(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    async with at_desk(tmp_path, open_browser) as desk:
        page = await desk.sits()
        size = {"width": 320, "height": 640}
        await desk.firefox.command("browsingContext.setViewport", context=page._context, viewport=size)
        await desk.held(page, "first words")
        seen = "(which) => !!document.querySelector(which).getClientRects().length"
        assert not await page.run(seen, "[data-alarm]")
        await desk.city.sends("somebody follows me, help", "o-danger")
        await until(lambda: page.run(seen, "[data-alarm]"))
        over = """() => { const [bar, head] = ['.desktabs', '[data-part=head]'].map((one) =>
          document.querySelector(one).getBoundingClientRect()); return head.top >= bar.bottom - 1 && bar.top >= 0; }"""
        assert await page.run(over), "in sight, and over nothing"
        assert await page.run("() => document.documentElement.scrollWidth <= innerWidth")
        await page.run("() => document.querySelector('[data-alarm]').click()")
        await until(lambda: page.run(seen, "[data-rows=danger] a"))
        await page.run("() => document.querySelector('[data-rows=danger] a').click()")
        await until(lambda: page.run(THERE, "form[action$=claim]"))
        await pressed(page, "form[action$=claim] button", "[data-answer]")
        await until(lambda: page.run("() => document.querySelector('[data-alarm]').hidden"))


async def test_on_a_phone_one_pane_is_seen_at_a_time_and_nothing_is_too_wide(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    async with at_desk(tmp_path, open_browser) as desk:
        page = await desk.sits()
        size = {"width": 320, "height": 640}
        await desk.firefox.command("browsingContext.setViewport", context=page._context, viewport=size)
        await desk.waits("x" * 400)
        await page.go(f"{desk.url}{HERE}")
        seen = "() => ['queue', 'talk', 'about'].filter((one) => document.getElementById(one).getClientRects().length)"
        assert await page.run(seen) == ["queue"]
        await pressed(page, "[data-rows=waiting] a", "form[action$=claim]")
        assert await page.run(seen) == ["talk"]
        await pressed(page, "form[action$=claim] button", "[data-answer]")
        for pane in ("queue", "talk", "about"):
            await page.run("(pane) => { document.querySelector(`.desktabs [href='#${pane}']`).click(); }", pane)
            await until(partial(page.run, f"() => location.hash === '#{pane}'"))
            assert await page.run(seen) == [pane]
            await page.run("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            assert await page.run("() => document.documentElement.scrollWidth <= innerWidth"), pane


async def test_two_hundred_who_wait_are_scrolled_and_what_is_shown_takes_away_nothing_that_was_typed(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    async with at_desk(tmp_path, open_browser) as desk:
        for number in range(200):
            await desk.waits(f"question {number}", contact=f"o-{number}")
        page = await desk.sits()
        await desk.held(page, "first words")
        assert len(await page.run(LINES, "waiting")) == 200
        await page.run("() => document.querySelector('[data-rows=waiting] > li:last-child').scrollIntoView()")
        seen = """() => { const at = document.querySelector('[data-rows=waiting] > li:nth-child(200)');
          const { top } = at.getBoundingClientRect(); return top >= 0 && top < innerHeight; }"""
        await until(lambda: page.run(seen))
        # Another one comes, and who scrolls stays where they are.
        await desk.waits("one more", contact="o-more")
        await says(page, LINES, "waiting", of="one more")
        assert await page.run(seen)
        await page.run("() => { document.querySelector('#nt').value = 'half a note'; }")
        await page.run(PRESS, "form[action$=cases] button")
        await until(lambda: page.run("() => document.querySelector('[data-part=cases]').textContent.trim() !== ''"))
        assert await page.run("() => document.querySelector('#nt').value") == "half a note"
        await desk.city.sends("and more", "o-wang")
        await says(page, TALK, of="and more")
        await asyncio.sleep(1.5)
        assert await page.run("() => document.querySelector('#nt').value") == "half a note"
        assert await page.run("() => document.querySelector('[data-part=cases]').textContent.trim() !== ''")
        await page.run(PRESS, "form[action$=notes] button")
        await says(page, TALK, of="half a note")


async def test_a_picture_is_shown_in_the_talk_once_somebody_wants_to_see_it(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    async with at_desk(tmp_path, open_browser) as desk:
        await desk.city.sends("0", "o-wang")
        row, now = await ChannelConversation.get(contact="o-wang"), desk.city.clock.now()
        known: dict[str, Any] = {"person": "wang", "known": {"name": "王小明"}, "way": "app", "linked_at": now}
        await ContactLink.create(conversation_id=row.id, **known)
        page = await desk.sits()
        await desk.held(page, "first words")
        await desk.city.sends(File(picture, "form.jpg"), "o-wang")
        await says(page, TALK, of="form.jpg")
        assert not await DeskEvent.exists(what="file"), "nothing is read before"
        await page.run(PRESS, "a[data-picture]")
        await until(lambda: page.run("() => document.querySelector('a[data-picture] img')?.naturalWidth > 0"))
        await desk.city.sends("Is it the right one?", "o-wang")
        await says(page, TALK, of="Is it the right one?")
        await asyncio.sleep(3)
        assert await page.run("() => document.querySelector('a[data-picture] img')?.naturalWidth > 0"), "it stays"
        assert await DeskEvent.filter(what="file").count() == 1, "and is read once"
