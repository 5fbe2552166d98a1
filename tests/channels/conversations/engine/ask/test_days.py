"""Days as people write them, over all days of four years; python-dateutil says which day is meant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from dateutil.relativedelta import FR, MO, SU, WE, relativedelta

from questions.days import day_in, moment_in

TODAY = date(2026, 11, 28)
FOUR_YEARS = [date(2025, 3, 1) + timedelta(days=count) for count in range(1461)]
#: The one of this week.
MONDAY = relativedelta(weekday=MO(-1))
CHINESE = "零一二三四五六七八九十"


def in_words(number: int) -> str:
    """A number below 32 in Chinese."""
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else CHINESE[tens]) + ("十" if tens else "") + (CHINESE[ones] if ones else "")


def ways(day: date) -> list[str]:
    """A day with its year, in all the ways of writing it."""
    year = "".join("〇一二三四五六七八九"[int(one)] for one in str(day.year))
    return [
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day:%Y/%m/%d}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}年{day.month}月{day.day}号",
        f"{year}年{in_words(day.month)}月{in_words(day.day)}日",
        f"{day:%d %B %Y}",
        f"{day:%B} {day.day}, {day.year}",
        f"{day:%b} {day.day} {day.year}",
        "".join(
            chr(ord(sign) + 0xFEE0) if sign.isdigit() else sign for sign in f"{day.year}年{day.month}月{day.day}日"
        ),
    ]


def test_every_day_of_four_years_is_read_in_every_way_of_writing_it() -> None:
    for day in FOUR_YEARS:
        for text in ways(day):
            assert day_in(text, TODAY) == day, text
            assert day_in(f"大概是{text}吧", TODAY) == day, text


def test_a_day_without_its_year_is_the_next_one_or_the_last_one() -> None:
    for today in FOUR_YEARS[::7]:
        for day in FOUR_YEARS[::11]:
            ahead, before = (day_in(f"{day.month}月{day.day}日", today, past=past) for past in (False, True))
            assert ahead is not None
            assert before is not None
            assert (ahead.month, ahead.day) == (before.month, before.day) == (day.month, day.day)
            assert before <= today <= ahead
            is_leap = (day.month, day.day) == (2, 29)
            assert ahead - before <= timedelta(days=1461 if is_leap else 366)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("明天", [relativedelta(days=1)]),
        ("大后天", [relativedelta(days=3)]),
        ("前天", [relativedelta(days=-2)]),
        ("3天后", [relativedelta(days=3)]),
        ("三天前", [relativedelta(days=-3)]),
        ("两周后", [relativedelta(weeks=2)]),
        ("两个月前", [relativedelta(months=-2)]),
        ("1年前", [relativedelta(years=-1)]),
        ("in 3 days", [relativedelta(days=3)]),
        ("2 weeks ago", [relativedelta(weeks=-2)]),
        ("the day after tomorrow", [relativedelta(days=2)]),
        ("下周三", [MONDAY, relativedelta(weeks=1, days=2)]),
        ("这周五", [MONDAY, relativedelta(days=4)]),
        ("上周五", [MONDAY, relativedelta(weeks=-1, days=4)]),
        ("下下周一", [MONDAY, relativedelta(weeks=2)]),
        ("不是下周三是下下周一", [MONDAY, relativedelta(weeks=2)]),
        ("下星期天", [MONDAY, relativedelta(weeks=1, days=6)]),
        ("周三", [relativedelta(weekday=WE(1))]),
        ("星期天", [relativedelta(weekday=SU(1))]),
        ("next friday", [MONDAY, relativedelta(weeks=1, days=4)]),
        ("friday", [relativedelta(weekday=FR(1))]),
    ],
)
def test_what_is_said_from_today_on_is_reckoned_from_any_day(text: str, meant: list[relativedelta]) -> None:
    for today in FOUR_YEARS:
        assert day_in(text, today) == sum(meant, start=today)


@pytest.mark.parametrize(
    "text", ["2月30日", "2026-13-01", "第99号", "", "明年的某一天", "0月0日", "99999年后", "十", "周八"]
)
def test_what_names_no_day_is_none(text: str) -> None:
    assert day_in(text, TODAY) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("明天下午3点", "2026-11-29T15:00"),
        ("明天下午三点半", "2026-11-29T15:30"),
        ("12月1日 09:00", "2026-12-01T09:00"),
        ("下周三上午十点", "2026-12-02T10:00"),
        ("今晚8点", "2026-11-28T20:00"),
        ("晚上8点15分", "2026-11-28T20:15"),
        ("中午12点", "2026-11-28T12:00"),
        ("1 December 9:30 am", "2026-12-01T09:30"),
        ("tomorrow 3:15 pm", "2026-11-29T15:15"),
    ],
)
def test_a_day_and_a_time_are_read_together(text: str, meant: str) -> None:
    assert moment_in(text, datetime(2026, 11, 28, 8, tzinfo=UTC)) == datetime.fromisoformat(f"{meant}+00:00")


@pytest.mark.parametrize("text", ["明天", "25点", "12:75", "下午", ""])
def test_what_names_no_time_is_none(text: str) -> None:
    assert moment_in(text, datetime(2026, 11, 28, 8, tzinfo=UTC)) is None
