"""Days and times as people write them: 明天, 下周三, 12月1日, 2026-12-01, next Friday, 1 December."""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import date, datetime, time, timedelta

_RELATIVE = {
    "大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2,
    "大后天": 3, "昨晚": -1, "今早": 0, "今晚": 0, "明早": 1, "明晚": 1,
    "the day before yesterday": -2, "yesterday": -1, "today": 0, "tomorrow": 1, "the day after tomorrow": 2,
}  # fmt: skip
_WEEKDAYS = {sign: day for day, sign in enumerate("一二三四五六日")} | {"天": 6}
_WEEKDAYS |= {sign: day for day, sign in enumerate("1234567")}
_NAMES = [name.casefold() for name in calendar.day_name]
_MONTHS = [name.casefold() for name in calendar.month_name[1:]]
_CHINESE = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_ORDER = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?")
_SOLID = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)")
_MONTH_DAY = re.compile(r"(?<!\d)(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?(?!\d)")
_DAY = re.compile(r"(?<![\d月])(\d{1,2})\s*[日号](?!\d)")
_WEEK = re.compile(r"(上上|上|这|本|下下|下)?个?(?:周|星期|礼拜)([一二三四五六日天1-7])")
_WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0, "": 0, "下": 1, "下下": 2}
_AGO = re.compile(r"(\d+)\s*(天|日|周|星期|个月|月|年|days?|weeks?)\s*(前|后|ago)|in (\d+) (days?|weeks?)")
_TIME = re.compile(
    r"(凌晨|早上|早晨|上午|中午|下午|傍晚|晚上|晚|夜里)?\s*(\d{1,2})\s*(?:[::点时])\s*(半|\d{1,2})?\s*分?\s*(am|pm)?"
)
_LATER = {"中午", "下午", "傍晚", "晚上", "晚", "夜里", "pm"}


def day_in(text: str, today: date, *, past: bool = False) -> date | None:
    """The day that a text names; None where it names none, or one that isn't in the calendar.

    Without a year it is the next such day; with `past` the last one, for a field whose days are over.
    """
    told = _narrow(text)
    for word in sorted(_RELATIVE, key=len, reverse=True):
        if word in told:
            return today + timedelta(days=_RELATIVE[word])
    try:
        return (
            _whole(told) or _counted(told, today) or _weekday(told, today, past=past) or _short(told, today, past=past)
        )
    except (ValueError, OverflowError):
        return None


def moment_in(text: str, now: datetime) -> datetime | None:
    """The day and time that a text names, in the zone of `now`; None without a time."""
    told = _narrow(text)
    found = _TIME.search(told)
    if found is None:
        return None
    part, hour, minute, half = found.groups()
    at = int(hour) + (12 if (part in _LATER or half == "pm") and int(hour) < 12 else 0)
    # 今晚 is a day too: the part of the day stays.
    rest = told[: found.end(1) if part else found.start()] + told[found.end() :]
    day = day_in(rest, now.date()) or now.date()
    try:
        return datetime.combine(day, time(at, 30 if minute == "半" else int(minute or 0)), now.tzinfo)
    except ValueError:
        return None


def _narrow(text: str) -> str:
    """Half-width, small letters, and Chinese day numbers as digits: 十二月一日 → 12月1日."""
    told = unicodedata.normalize("NFKC", text).casefold().strip()
    told = re.sub(
        r"[零〇一二三四五六七八九]{4}(?=年)", lambda found: "".join(str(_CHINESE[one]) for one in found[0]), told
    )
    return re.sub(
        r"[一二两三四五六七八九十]{1,3}(?=[月日号点天年]|个月|(?:周|星期)[前后])",
        lambda found: str(_number(found[0])),
        told,
    )


def _number(text: str) -> int:
    tens, _, ones = text.rpartition("十")
    if "十" not in text:
        return int("".join(str(_CHINESE[one]) for one in text))
    return (_CHINESE[tens] if tens else 1) * 10 + (_CHINESE[ones] if ones else 0)


def _whole(told: str) -> date | None:
    if found := _ORDER.search(told) or _SOLID.search(told):
        return date(*map(int, found.groups()))
    return None


def _counted(told: str, today: date) -> date | None:
    found = _AGO.search(told)
    if found is None:
        return None
    many, unit, way, ahead, ahead_unit = found.groups()
    number, unit = int(many or ahead), unit or ahead_unit
    number = -number if way in ("前", "ago") else number
    match unit[0]:
        case "天" | "日" | "d":
            return today + timedelta(days=number)
        case "周" | "星" | "w":
            return today + timedelta(weeks=number)
    months = number * (12 if unit == "年" else 1) + today.month - 1
    year, month = today.year + months // 12, months % 12 + 1
    return next(date(year, month, day) for day in range(today.day, 0, -1) if day <= 28 or _is_day(year, month, day))


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _weekday(told: str, today: date, *, past: bool) -> date | None:
    monday = today - timedelta(days=today.weekday())
    if found := _WEEK.search(told):
        which, sign = found.groups()
        day = monday + timedelta(weeks=_WEEKS[which or ""], days=_WEEKDAYS[sign])
        return day if which else _near(day, today, past=past)
    for number, name in enumerate(_NAMES):
        if found := re.search(rf"(last|this|next)?\s*(?<![a-z])(?:{name}|{name[:3]})(?![a-z])", told):
            day = monday + timedelta(days=number)
            match found[1]:
                case "last":
                    return day - timedelta(weeks=1)
                case "next":
                    return day + timedelta(weeks=1)
            return day if found[1] else _near(day, today, past=past)
    return None


def _near(day: date, today: date, *, past: bool) -> date:
    """A weekday of this week, or the one before or after it where it is over or to come."""
    if past:
        return day if day <= today else day - timedelta(weeks=1)
    return day if day >= today else day + timedelta(weeks=1)


def _short(told: str, today: date, *, past: bool) -> date | None:
    """A day without a year, and perhaps without a month."""
    if found := _MONTH_DAY.search(told):
        month, day = map(int, found.groups())
    elif named := _named(told):
        if named[2]:
            return date(named[2], named[0], named[1])
        month, day = named[:2]
    elif found := _DAY.search(told):
        months = [
            (today.year + (today.month - 1 + step) // 12, (today.month - 1 + step) % 12 + 1) for step in range(-3, 4)
        ]
        days = [date(year, month, int(found[1])) for year, month in months if _is_day(year, month, int(found[1]))]
        return max(one for one in days if one <= today) if past else min(one for one in days if one >= today)
    else:
        return None
    years = [today.year + step for step in range(-8, 9)]
    days = [date(year, month, day) for year in years if _is_day(year, month, day)]
    return max(one for one in days if one <= today) if past else min(one for one in days if one >= today)


def _named(told: str) -> tuple[int, int, int] | None:
    """Month, day and year (or 0) of "1 december 2026" and "dec 1, 2026"."""
    for number, name in enumerate(_MONTHS, start=1):
        word = rf"(?<![a-z])(?:{name}|{name[:3]})(?![a-z])\.?"
        if found := re.search(rf"(\d{{1,2}})(?:st|nd|rd|th)?\s+{word}(?:,?\s+(\d{{4}}))?", told):
            return number, int(found[1]), int(found[2] or 0)
        if found := re.search(rf"{word}\s+(\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(\d{{4}}))?", told):
            return number, int(found[1]), int(found[2] or 0)
    return None
