"""Stars as people type them: for an answer of an office, and for an officer at the desk."""

from __future__ import annotations

from pathlib import Path

import pytest

from banshi.kinds.appeal.models import AppealRecord
from banshi.testing import Door
from desk.tables.models import Enquiry
from questions.read import stars_in
from tests.channels.chatting import Chatter
from tests.channels.conversations.offices import claimed
from tests.channels.desk.bureau import WORKDAY, Clock, bureau, officer

TYPED = [
    ("zh-CN", "5", 5),
    ("zh-CN", "５分", 5),
    ("zh-CN", "五星", 5),
    ("zh-CN", "给五颗星！", 5),
    ("zh-CN", "非常满意", 5),
    ("zh-CN", "满意。", 4),
    ("zh-CN", "一般", 3),
    ("zh-CN", "不满意", 2),
    ("zh-CN", "一点也不满意", 1),
    ("zh-CN", "两星", 2),
    ("en", "5", 5),
    ("en", "5 stars", 5),
    ("en", "Four stars!", 4),
    ("en", "3/5", 3),
    ("en", "three out of five", 3),
    ("en", "Very good", 5),
    ("en", "satisfied", 4),
    ("en", "not satisfied", 2),
    ("en", "★★★★", 4),
]


@pytest.mark.parametrize(("typed", "stars"), [one[1:] for one in TYPED], ids=[one[1] for one in TYPED])
def test_stars_are_read_as_people_type_them(typed: str, stars: int) -> None:
    assert stars_in(typed) == stars


@pytest.mark.parametrize(
    "typed", ["0", "6", "10分", "55", "十分", "2.5", "-1", "搬家了", "good morning", "5 children", ""]
)
def test_what_gives_no_stars_is_not_taken_for_a_rating(typed: str) -> None:
    assert stars_in(typed) is None


async def answered(door: Door) -> str:
    """A question of wang's that an office has answered: its number."""
    answers = {"field": "traffic", "subject": "驾驶证", "question": "驾驶证丢了怎么补办？"}
    case = (await door.citizen("wang", "王小明").post("/v1/items/consult-police/cases", {"answers": answers})).created()
    chen = door.staff("chen", "petitions:reviewer")
    for action, details in (("assign", {"category": "traffic"}), ("answer", {"text": "带身份证到窗口补办。"})):
        (await chen.post(f"/v1/cases/{case['id']}/actions/{action}", {"details": details})).ok()
    return str(case["number"])


@pytest.mark.parametrize(
    ("language", "typed", "stars"),
    [("zh-CN", "五星", 5), ("zh-CN", "满意", 4), ("zh-CN", "5分", 5), ("en", "5", 5), ("en", "four stars", 4)],
)
async def test_an_office_s_answer_is_rated_in_a_chat(language: str, typed: str, stars: int, tmp_path: Path) -> None:
    words = {"zh-CN": ("进度", "评价", "评分（1至5星）"), "en": ("progress", "Rate the answer", "Stars, from 1 to 5")}
    progress, rate, asked = words[language]
    async with bureau(tmp_path) as door:
        Clock(door, WORKDAY)
        number = await answered(door)
        chatter = Chatter(door, language)
        await chatter.is_linked("wang", name="王小明")
        assert number in (await chatter.send(progress)).text
        shown = await chatter.send("1")
        place = next(one.says for one in shown.buttons if one.label == rate)
        assert asked in (await chatter.send(place)).text
        # Something else is no rating, and it is asked again.
        assert asked in (await chatter.send({"zh-CN": "六十分", "en": "60 points"}[language])).text
        await chatter.send(typed)
        await chatter.send("0")
        assert await chatter.state() == "confirming"
        await chatter.send("1")
        assert await chatter.state() == "menu"
        (appeal,) = await AppealRecord.all()
        assert appeal.rating == stars


@pytest.mark.parametrize(
    ("language", "typed", "stars"),
    [("zh-CN", "五星", 5), ("zh-CN", "满意", 4), ("zh-CN", "5分", 5), ("en", "5", 5), ("en", "not satisfied", 2)],
)
async def test_an_officer_at_the_desk_is_rated_in_a_chat(language: str, typed: str, stars: int, tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        Clock(door, WORKDAY)
        chatter, li = Chatter(door, language), officer(door, "li")
        await chatter.send({"zh-CN": "人工", "en": "person"}[language])
        await chatter.send("1")
        place = await claimed(li)
        (await li.post(f"{place}/close")).ok()
        thanks = {"zh-CN": "谢谢", "en": "Thank you."}[language]
        assert thanks in (await chatter.send(typed)).text
        (row,) = await Enquiry.all()
        assert row.rating == stars
