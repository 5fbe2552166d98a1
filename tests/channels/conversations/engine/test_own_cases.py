"""What a chat tells people of their own cases: all that the guide has a title for, in any hour of the week."""

from __future__ import annotations

from pathlib import Path

import pytest

from banshi.kernel.tables.cases import Case
from banshi.kinds.appointment.models import Booking
from tests.channels.chatting import Chatter
from tests.channels.conversations.engine.ask.test_changes import FORM, HEAD, city, handed_in, known
from tests.channels.conversations.engine.ask.test_ratings import answered
from tests.channels.desk.bureau import WORKDAY, Clock, bureau
from tests.channels.slots.test_kept_slots import TITLE, opened
from tests.town import survey_plugin
from tests.town.town import CITY

#: Hours between two people of the week: no divisor of a day, so that all hours of a day come.
STEP = 5
#: `notice_hours` of the office.
NOTICE = 24


async def test_at_every_hour_of_a_week_an_appointment_is_cancelled_in_time_or_says_until_when_it_could_be(
    tmp_path: Path,
) -> None:
    in_time = set()
    async with opened(tmp_path, rules="capacity = 20") as office:
        for number in range(0, 7 * 24, STEP):
            await office.look()
            chatter = Chatter(office.door, "en", f"p{number}")
            await chatter.is_linked(f"p{number}", name="Wang", resident_id="", phone="")
            await chatter.begin(TITLE)
            for line in ("Wang", "earliest", "0", "1", "progress"):
                await chatter.send(line)
            shown = await chatter.send("1")
            booking = await Booking.get(person=f"p{number}")
            begins = booking.begins.astimezone(CITY)
            assert (
                f"Place: East hall; Address: 1 Sample Road; Telephone: 000-0000001\nBegins: {begins:%Y-%m-%d %H:%M}\n"
                in shown.text
            )
            assert "Number in the draw" not in shown.text, "nothing is drawn here"
            (until,) = (line for line in shown.text.splitlines() if line.startswith("Can be changed until: "))
            hours = (begins - office.now).total_seconds() / 3_600
            is_in_time = office.now.strftime("%Y-%m-%d %H:%M") <= until.removeprefix("Can be changed until: ")
            assert is_in_time == (hours >= NOTICE), (office.now, until)
            assert ("Cancel" in [one.label for one in shown.buttons]) == is_in_time, shown.text
            if is_in_time:
                for line in ("Cancel", "yes", "0", "1"):
                    await chatter.send(line)
            assert (await Case.get(id=booking.case_id)).state == ("cancelled" if is_in_time else "booked"), chatter.said
            in_time.add(is_in_time)
            office.later(hours=STEP)
    assert in_time == {True, False}


@pytest.mark.parametrize(
    ("language", "progress", "told"),
    [("zh-CN", "进度", "答复: 内容: 带身份证到窗口补办。"), ("en", "progress", "Answers: Text: 带身份证到窗口补办。")],
)
async def test_an_office_s_answer_is_read_in_the_chat(language: str, progress: str, told: str, tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        Clock(door, WORKDAY)
        await answered(door)
        chatter = Chatter(door, language)
        await chatter.is_linked("wang", name="王小明")
        await chatter.send(progress)
        assert told in (await chatter.send("1")).text


async def test_a_case_whose_item_is_offered_no_more_is_shown_all_the_same(tmp_path: Path) -> None:
    place = survey_plugin.make(tmp_path, HEAD + FORM)
    async with city(tmp_path, place) as door:
        await handed_in(door)
    async with city(tmp_path) as door:
        chatter = await known(door, is_new=False)
        (case,) = await Case.all()
        assert case.number in (await chatter.send("进度")).text
        assert case.number in (await chatter.send("1")).text
        assert await chatter.state() == "menu"
