"""The desk's page without a script: it is whole, and nothing that was typed is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from banshi import Case
from banshi.testing import TINY_PNG
from conversations import File, Left
from conversations.tables.models import Said, Window
from desk.routes.stream import DESK_STREAMS
from desk.tables.models import DeskEvent, DeskSeat, Enquiry
from tests.channels.desk.bureau import ENQUIRIES, given, officer
from tests.channels.desk.conftest import settings
from tests.channels.desk.reading.test_files import picture
from tests.channels.site.browsing import open_browser
from tests.channels.site.staff.at_desk import (
    HE,
    HERE,
    LI,
    WU,
    ZHAO,
    Bureau,
    at_desk,
    forms_of,
    lines,
    sends,
    shown,
    talk,
)
from tests.plugins.test_departments import snapshot
from tests.waiting import until
from web_site.settings import SETTINGS

__all__ = ["settings"]
QUESTION = "How long may a shop leave its door open at night?"


@pytest.fixture
async def one(tmp_path: Path, settings: dict[str, Any]) -> AsyncIterator[Bureau]:
    async with at_desk(tmp_path, **settings) as opened:
        yield opened


async def test_the_queue_has_danger_on_top_and_of_each_the_first_words_the_channel_and_the_place(one: Bureau) -> None:
    await one.waits("Where is my passport?", "Are you there?", contact="o-chen")
    await one.held("May somebody else fetch it?")
    await one.city.sends("And when?", "o-wang")
    await one.city.sends("somebody follows me, help", "o-danger")
    one.clock.on(seconds=65)
    await one.li.go(HERE)
    assert lines(one.li, "danger") == [
        "Not signed in 1:05 “somebody follows me, help” Speaks of danger Citizens' service · number 1"
    ]
    assert lines(one.li, "waiting") == ["Not signed in 1:05 “Where is my passport?” Citizens' service · number 2"]
    assert lines(one.li, "mine") == ["Not signed in 1:05 “And when?” Citizens' service"]
    order = one.li.page.xpath("//ul[@data-rows]/@data-rows")
    assert order == ["danger", "mine", "waiting", "others"]
    async with open_browser(one.city.door, WU, "en") as wu:
        await wu.go(HERE)
        assert lines(wu, "others") == ["Not signed in 1:05 李警官 Citizens' service"], "who holds it, and no word"


async def test_an_answer_shows_what_became_of_it_and_why_and_how_much_more_can_be_sent(one: Bureau) -> None:
    there = await one.held(QUESTION)
    assert one.li.page.xpath("string(//div[@class='window'])").split()[-1] == "4:59"
    await sends(one.li, "answers", text="Until ten.")
    await until(lambda: one.city.provider.got)
    one.city.provider.codes.append(43004)
    await sends(one.li, "answers", text="Until <b>eleven</b>.")
    await until(lambda: Said.exists(state="refused"))
    await one.li.go(there)
    said = talk(one.li)
    assert said[-3:] == [
        f"{QUESTION} Today, 10:00",
        "Enquiries: Until ten. Today, 10:00 sent",
        "Enquiries: Until <b>eleven</b>. Today, 10:00 not sent: They follow us no more.",
    ]
    assert "4 messages left" in shown(one.li)
    assert not one.li.page.xpath("//ol[@data-talk]//b"), "a citizen's text is no HTML"


async def test_an_answer_after_the_window_has_closed_says_so_and_can_be_taken_back_to_where_it_was_typed(
    one: Bureau,
) -> None:
    there = await one.held(QUESTION)
    await Window.all().update(until=one.clock.now())
    await sends(one.li, "answers", text="Until ten.")
    await until(lambda: Said.exists(state="shut"))
    await one.li.go(there)
    assert "what you send waits until they write again" in shown(one.li)
    assert talk(one.li)[-1].endswith("waits until they write Take it back")
    await sends(one.li, "withdraw")
    assert one.li.page.xpath("string(//textarea[@id='answer'])").strip() == "Enquiries: Until ten."
    assert await Said.exists(state="refused")


async def test_what_was_typed_stands_where_a_colleague_has_taken_over_a_moment_ago(one: Bureau) -> None:
    await one.held(QUESTION)
    wu = officer(one.city.door, "wu", "petitions:desk-lead")
    (row,) = await Enquiry.all()
    (await wu.post(f"{ENQUIRIES}/{row.id}/take-over", {"purpose": "a complaint"})).ok()
    await sends(one.li, "answers", text="A long answer.")
    assert (one.li.status, "A colleague holds this conversation." in shown(one.li)) == (409, True)
    assert one.li.page.xpath("string(//blockquote)") == "A long answer."
    assert "answers" not in forms_of(one.li)
    (await wu.post(f"{ENQUIRIES}/{row.id}/close")).ok()
    assert not one.city.provider.got or "long" not in str(one.city.provider.got)


async def test_a_session_that_ends_in_the_middle_takes_nothing_along(one: Bureau) -> None:
    await one.held(QUESTION)
    page = one.li.text
    one.li.sign_in(LI, ago=31 * 60)
    await sends(one.li, "answers", text="A long answer.")
    assert (one.li.status, QUESTION in shown(one.li)) == (401, False)
    assert one.li.page.xpath("string(//textarea)").strip() == "A long answer."
    one.li.sign_in(LI)
    (form,) = one.li.page.xpath("//main//form")
    form.set("action", one.li.url)
    await one.li.press()
    assert one.li.status == 200
    await until(lambda: one.city.provider.got)
    # The page from before is sent once more: it is said once.
    one.li.text = page
    assert [text for text in one.city.provider.texts if "long" in text] == ["Enquiries: A long answer."]


async def test_the_same_form_sent_twice_says_it_once_and_so_is_its_picture(one: Bureau) -> None:
    await one.held(QUESTION)
    page = one.li.shown
    for _ in range(2):
        one.li.back(page)
        await sends(one.li, "answers", text="Until ten.")
        assert one.li.status == 200
    assert await Said.filter(by="officer").count() == 1
    one.li.back(page)
    await sends(one.li, "answers", text="", file=TINY_PNG)
    # This channel takes no file: it is said, and nothing was sent.
    assert (one.li.status, "This can't be sent to them now" in shown(one.li)) == (409, True)
    await one.li.go(one.li.url)
    assert (one.li.status, "answers" in forms_of(one.li)) == (200, True), "its address leads back"


async def test_a_note_and_an_answer_of_one_page_are_two_requests(one: Bureau) -> None:
    await one.held(QUESTION)
    page = one.li.shown
    await sends(one.li, "notes", text="An old man.")
    one.li.back(page)
    await sends(one.li, "answers", text="Until ten.")
    assert one.li.status == 200
    assert await Said.filter(by="officer").count() == 1
    assert await DeskEvent.filter(what="note").count() == 1


async def test_canned_answers_are_found_by_letters_and_what_was_typed_stays(one: Bureau) -> None:
    lead = officer(one.city.door, "wu", "petitions:desk-lead")
    for code, text in {"hours": "办公时间：九点到五点。", "fees": "工本费四十元。"}.items():
        texts = {"texts": {"zh-CN": text, "en": f"In English: {code}"}, "version": 0}
        (await lead.put(f"/v1/desk/desks/reception/phrases/{code}", texts)).ok()
    one.li.language = "zh-CN"
    await one.held(QUESTION)
    by = dict(
        zip(*(one.li.page.xpath(f"//button[@name='phrase']/@{name}") for name in ("value", "data-by")), strict=True)
    )
    assert "bgsj" in by["hours"], "for the script: by the initials of pinyin"
    await sends(one.li, "answers", "find", "1", letters="bgsj", text="half an answer")
    assert one.li.page.xpath("//button[@name='phrase']/@value") == ["hours"]
    assert one.li.page.xpath("string(//textarea[@id='answer'])").strip() == "half an answer"
    await sends(one.li, "answers", "phrase", "hours", text="half an answer")
    assert one.li.page.xpath("string(//textarea[@id='answer'])").strip() == "half an answer"
    await until(lambda: one.city.provider.got)
    assert one.city.provider.texts[-1] == "Enquiries: In English: hours", "in the citizen's language"


async def test_cases_and_earlier_conversations_are_shown_for_a_purpose_that_is_on_record(one: Bureau) -> None:
    there = await one.held(QUESTION)
    await sends(one.li, "notes", text="An old man.")
    await sends(one.li, "labels", labels="visa")
    assert one.li.page.xpath("//input[@name='labels'][@checked]/@value") == ["visa"]
    await sends(one.li, "close")
    assert "This conversation is over." in shown(one.li)
    assert QUESTION not in shown(one.li)
    again = await one.held("One more question.")
    assert "An old man." in shown(one.li), "the note of last time"
    await sends(one.li, "earlier", purpose="what was said then")
    (link,) = one.li.page.xpath("//div[@data-part='earlier']//a/@href")
    assert link == f"{there}#talk"
    await one.li.go(there)
    await sends(one.li, "reading", purpose="what was said then")
    assert QUESTION in shown(one.li)
    await one.li.go(again)
    await sends(one.li, "cases", purpose="where it stands")
    assert "They have no open case here" in shown(one.li)
    told = await DeskEvent.filter(what__in=("read", "cases")).order_by("id").values_list("what", "text")
    # Of the list and of what was read.
    assert set(told) == {("read", "what was said then"), ("cases", "where it stands")}


async def test_a_case_of_the_conversation_begins_with_the_citizen_s_yes_alone(one: Bureau) -> None:
    await one.is_known("o-wang", "wang", "Wang Xiaoming")
    there = await one.held(QUESTION)
    assert "Wang Xiaoming" in shown(one.li)
    await sends(one.li, "offers", "find", "1", q="permit for explosives")
    assert one.li.page.xpath("//details[@open]//div[@data-part='found']//input")
    await sends(one.li, "offers", item="")
    assert "asked them whether to hand it in" in shown(one.li)
    assert not await Case.exists()
    await sends(one.li, "offers", item="")
    assert (one.li.status, "haven't said yes or no" in shown(one.li)) == (409, True)
    await one.city.sends("1", "o-wang")
    await one.li.go(there)
    assert "they said yes" in shown(one.li)


async def test_a_conversation_is_handed_on_given_back_and_blocked(one: Bureau) -> None:
    async with open_browser(one.city.door, WU, "en") as wu:
        await wu.go(HERE)
        there = await one.held(QUESTION)
        choices = one.li.page.xpath("//select[@name='to']/option/@value")
        assert choices == ["officer:wu", "desk:fire"]
        await sends(one.li, "transfer", to="officer:wu", note="She knows him.")
        assert "吴队长 answers them." in shown(one.li)
        await wu.go(there)
        assert "handed on: She knows him." in shown(wu)
        await sends(wu, "return")
        assert lines(wu, "waiting")
        await wu.go(there)
        await sends(wu, "block", why="Insults.", days="3")
        assert "Blocked until" in shown(wu)
        await one.li.go(there)
        assert "unblock" not in forms_of(one.li), "whoever leads the desk lifts it"
        await sends(wu, "unblock")
        assert not await Enquiry.filter(blocked_until__isnull=False).exists()


async def test_an_officer_is_away_and_back_and_a_lead_sets_the_rules_of_the_desk(one: Bureau) -> None:
    async with open_browser(one.city.door, WU, "en") as wu:
        await one.li.go(HERE)
        await sends(one.li, "presence", "flag", "1")
        assert await DeskSeat.exists(officer="li", away=True)
        assert "I'm back" in shown(one.li)
        await sends(one.li, "presence", "flag", "0")
        assert await DeskSeat.exists(officer="li", away=False)
        assert not {"limits", "turns"} & forms_of(one.li)
        await wu.go(HERE)
        await sends(wu, "limits", officer="li", most="2")
        assert (await DeskSeat.get(officer="li")).most == 2
        await sends(wu, "turns", "flag", "1")
        assert "given out by turn" in shown(wu)
        assert "Today: asked" in shown(wu)
        assert "Today: asked" not in shown(await one.li.go(HERE))


async def test_a_lead_reads_nothing_before_they_take_over_and_its_former_officer_nothing_more(one: Bureau) -> None:
    there = await one.held(QUESTION)
    token = {"token": "t" * 32}
    async with open_browser(one.city.door, WU, "en") as wu:
        await wu.go(there)
        assert {"take-over", "transfer", "block", "reading"} <= forms_of(wu)
        assert QUESTION not in shown(wu)
        await sends(wu, "take-over", purpose="she is ill")
        assert QUESTION in shown(wu)
    await one.li.go(there)
    assert not {"take-over", "transfer", "block", "answers", "reading"} & forms_of(one.li)
    assert await DeskEvent.exists(what="taken-over", officer="wu", text="she is ill")
    await one.li._ask("POST", f"{there}/claim", data=token, headers={"Origin": "https://elsewhere.example"})
    assert one.li.status == 403


async def test_two_hundred_open_conversations_stand_on_one_page(one: Bureau) -> None:
    for number in range(200):
        for text in ("person", "1", f"question {number}"):
            await one.city.sends(text, f"o-{number}")
    await one.li.go(HERE)
    assert len(lines(one.li, "waiting")) == 200
    assert "“question 199”" in lines(one.li, "waiting")[-1]
    assert lines(one.li, "waiting")[-1].endswith("number 200")


async def test_who_has_left_is_over_and_a_page_of_a_script_shows_the_lines_that_are_asked_for(one: Bureau) -> None:
    first, second = await one.waits("first", contact="o-1"), await one.waits("second", contact="o-2")
    ids = [there.rpartition("/")[2] for there in (first, second)]
    await one.li.go(f"{HERE}/rows?ids={','.join([*ids, 'nonsense'])}")
    assert one.li.page.xpath("//li/@data-id") == ids
    assert one.li.headers["Cache-Control"] == "private, no-store"
    assert "Set-Cookie" not in one.li.headers, "what no person asked for keeps nobody signed in"
    await one.city.sends(Left(), "o-1")
    await one.li.go(f"{HERE}/rows?ids={','.join(ids)}")
    assert one.li.page.xpath("//li/@data-id") == ids[1:]
    await one.li.go(f"{second}?part=talk")
    assert not one.li.page.xpath("//ul[@data-rows]")
    assert "claim" in str(one.li.page.xpath("//form/@action"))


@given(files={"image/jpeg": 1_000_000})
async def test_pictures_go_both_ways_and_reading_one_is_on_record(one: Bureau) -> None:
    await one.is_known("o-wang", "wang", "Wang Xiaoming")
    there = await one.held(QUESTION)
    await one.city.sends(File(picture, "form.jpg"), "o-wang")
    await one.li.go(there)
    (link,) = one.li.page.xpath("//a[@data-picture]/@href")
    await one.li.go(link)
    assert (one.li.status, one.li.headers["Content-Type"]) == (200, "image/jpeg")
    assert await DeskEvent.exists(what="file", officer="li", text="Answering the enquiry")
    page = (await one.li.go(there)).shown
    for _ in range(2):
        one.li.back(page)
        await sends(one.li, "answers", text="Like this one.", file=snapshot())
        assert one.li.status == 200
    # Once, however often the form is sent.
    assert [said.words["text"] for said in await Said.filter(by="officer").order_by("id")] == [
        "",
        "Enquiries: Like this one.",
    ]
    assert [one.text for one in one.li.page.xpath("//a[@data-picture]")] == ["form.jpg", "照片 1.png"]


@given(files={"image/jpeg": 1_000_000, "image/png": 1_000_000})
async def test_another_picture_of_the_same_name_is_sent_and_the_first_one_not_again(one: Bureau) -> None:
    await one.held(QUESTION)
    page = one.li.shown
    # The first picture is sent, and then the text is refused.
    await sends(one.li, "answers", text="x" * 10_001, file=snapshot())
    assert one.li.status == 422
    for picture_of in (snapshot(), TINY_PNG, TINY_PNG):
        one.li.back(page)
        await sends(one.li, "answers", text="", file=picture_of)
        assert one.li.status == 200
    sent = [said.words["text"] for said in await Said.filter(by="officer")]
    assert sent == ["", ""], "two pictures, each once"


@given(files={"image/jpeg": 1_000_000})
async def test_a_file_is_a_link_only_where_it_opens_and_a_pdf_is_no_picture(one: Bureau) -> None:
    await one.is_known("o-wang", "wang", "Wang Xiaoming")
    there = await one.held(QUESTION)
    await one.city.sends(File(picture, "form.jpg"), "o-wang")
    await one.city.sends(File(picture, "form.PDF"), "o-wang")
    await one.li.go(there)
    links = one.li.page.xpath("//ol[@data-talk]//a[contains(@href, '/files/')]")
    assert [(link.text, link.get("data-picture")) for link in links] == [("form.jpg", ""), ("form.PDF", None)]
    assert {link.get("target") for link in links} == {"_blank"}, "and never in the desk's place"
    async with open_browser(one.city.door, WU, "en") as wu:
        await wu.go(there)
        await sends(wu, "reading", purpose="a complaint")
        assert "(a file) form.jpg" in shown(wu)
        assert not wu.page.xpath("//a[contains(@href, '/files/')]"), "whoever doesn't hold it can't open it"
    await one.li.go(there)
    await sends(one.li, "close")
    await one.held("One more question.")
    assert "(a file) form.jpg" in shown(one.li)
    assert not one.li.page.xpath("//a[contains(@href, '/files/')]")


async def test_the_stream_is_for_who_sits_there_and_ends_with_their_session(one: Bureau) -> None:
    object.__setattr__(one.city.door.platform[SETTINGS], "idle_minutes", 0.05)
    for person, status, kind in (
        (LI, 200, "text/event-stream"),
        (ZHAO, 200, "text/event-stream"),
        (HE, 404, "text/html"),
        (None, 200, "text/html"),
    ):
        async with open_browser(one.city.door, person, "en") as other:
            # It is read to its end, which comes with the session's.
            asked = asyncio.create_task(other.go(f"{HERE}/stream"))
            if person is LI:
                await until(lambda: one.city.door.platform[DESK_STREAMS].rooms)
                await one.waits(QUESTION)
            await asked
            assert (other.status, other.headers["Content-Type"].partition(";")[0]) == (status, kind)
            assert ("event: queued" in other.text) is (person is LI)
            assert QUESTION not in other.text


async def test_whoever_signs_out_beside_it_hears_no_more_by_the_stream_and_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.builtin.live.live_rows.ALIVE_S", 0.2)
    async with at_desk(tmp_path) as one:
        there = await one.held(QUESTION)
        stream = await one.li.session.get(f"{one.city.door.url}{HERE}/stream")
        await until(lambda: one.city.door.platform[DESK_STREAMS].rooms)
        await one.city.sends("before", "o-wang")
        told = await stream.content.readuntil(b"before")
        # In another tab.
        await one.li.sign_out()
        await one.city.sends("my number is 4711", "o-wang")
        async with asyncio.timeout(30):
            told += await stream.read()
        assert b"4711" not in told
        assert not one.city.door.platform[DESK_STREAMS].rooms
        one.clock.on(seconds=61)
        wu = officer(one.city.door, "wu", "petitions:desk-lead")
        room = (await wu.get("/v1/desk/desks/reception/officers")).ok()["officers"]
        assert [seat["state"] for seat in room if seat["id"] == "li"] == ["gone"]
        await one.li.go(there)
        assert "sign-in" in one.li.url


async def test_texts_of_others_are_text_on_every_page_of_the_desk(tmp_path: Path) -> None:
    hostile = "</textarea></template><script>alert(1)</script><img src=x onerror=alert(1)>"
    async with at_desk(tmp_path) as one, open_browser(one.city.door, WU, "en") as wu:
        await one.is_known("o-wang", "wang", hostile)
        lead = officer(one.city.door, "sun", "petitions:desk-lead")
        texts = {"texts": {"zh-CN": hostile, "en": hostile}, "version": 0}
        (await lead.put("/v1/desk/desks/reception/phrases/hostile", texts)).ok()
        await wu.go(HERE)
        there = await one.held(hostile)
        await sends(one.li, "notes", text=hostile)
        await one.city.sends(hostile, "o-wang")
        for page in (there, HERE, f"{there}?part=talk"):
            await one.li.go(page)
            assert hostile not in one.li.text
            assert "&lt;script&gt;" in one.li.text
            assert not one.li.page.xpath("//script[contains(., 'alert')] | //*[@onerror]")
        await one.li.go(there)
        await sends(one.li, "answers", "find", "1", letters=hostile[:32], text=hostile)
        assert one.li.page.xpath("string(//textarea[@id='answer'])").strip() == hostile
        await wu.go(HERE)
        assert not wu.page.xpath("//script[contains(., 'alert')] | //*[@onerror]")


async def test_what_nobody_can_do_at_the_desk_is_not_found(one: Bureau) -> None:
    there = await one.held(QUESTION)
    await sends(one.li, "answers", text="Until ten.")
    form = dict(one.li.sent(one.li.page.xpath("//main//form[contains(@action, '/answers')]")[0]))
    origin = {"Origin": one.city.door.url}
    await one.li._ask("POST", f"{there}/dance", data={"token": form["token"]}, headers=origin)
    assert one.li.status == 404
