"""Days and times as people write them: 明天, 下周三, 12月1日, 2026-12-01, next Friday, 1 December."""

from __future__ import annotations

import calendar
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path

from questions.spelling import DIGITS, in_words

_WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))["days"]
_RELATIVE = {word: int(days) for days, words in _WORDS["away"].items() for word in words}
_NEAR = re.compile("|".join(sorted(_RELATIVE, key=len, reverse=True)))
_WEEKDAYS = {sign: day for day, sign in enumerate("一二三四五六日")} | {"天": 6}
_WEEKDAYS |= {sign: day for day, sign in enumerate("1234567")}
_NAMES = [name.casefold() for name in calendar.day_name]
_MONTHS = [name.casefold() for name in calendar.month_name[1:]]
#: Month and day of those of the sun's calendar that have a name.
_FEASTS: Mapping[str, tuple[int, int]] = _WORDS["feasts"]
_FEAST = re.compile("|".join(_FEASTS))
_ORDER = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?")
_CENTURY = re.compile(r"(?<!\d)(\d{2})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?")
_SOLID = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)")
_OF_YEAR = re.compile(r"(前年|去年|今年|明年|后年|本年)的?\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?")
_YEARS = {"前年": -2, "去年": -1, "今年": 0, "本年": 0, "明年": 1, "后年": 2}
_OF_MONTH = re.compile(r"(上上|上|这|本|下下|下)个?月的?\s*(\d{1,2})\s*[日号]?")
_MONTH_DAY = re.compile(r"(?<!\d)(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?(?!\d)")
_DAY = re.compile(r"(?<![\d月])(\d{1,2})\s*[日号](?!\d)")
_WEEK = re.compile(r"(上上|上|这|本|下下|下)?个?(?:周|星期|礼拜)([一二三四五六日天1-7])")
_WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0, "": 0, "下": 1, "下下": 2}
_AGO = re.compile(
    r"(\d+)\s*(天|日|周|个?星期|个?礼拜|个月|月|年|days?|weeks?)\s*之?以?(前|后|ago)|in (\d+) (days?|weeks?)"
    r"|再?过(\d+)个?(天|周|星期|礼拜|月|年)"
)
#: What says that a day isn't meant, that several are, or that the moon's calendar is.
_UNSURE = re.compile(
    r"不是|不要|不能|不行|不对|除了|没有|\bnot\b|前后|左右|或|\d[日号]?\s*[到至~—～]\s*\d|初[一二三四五六七八九十]|农历|阴历|腊月|正月|闰"
)
#: More digits than a day with its time has: an ID number, or a telephone's.
_MOST_DIGITS = 12
_TIME = re.compile(
    r"(凌晨|清晨|早上|早晨|早|上午|中午|午后|下午|傍晚|晚上|晚|夜里|半夜|深夜)?\s*(\d{1,2})\s*(?:(?P<sign>[:点时])钟?)\s*"
    r"(半|[13一三]刻|\d{1,2}(?!\d))?\s*分?\s*(am|pm)?"
)
_LATER = {"中午", "下午", "午后", "傍晚", "晚上", "晚", "夜里", "半夜", "深夜", "pm"}
#: Parts of a day that reach over midnight, and how early and late their hours are without doubt.
_NIGHT, _EARLIEST, _NOON = {"傍晚", "晚上", "晚", "夜里", "半夜", "深夜"}, 5, 12
#: Until this hour a time without its part of the day may be one of the afternoon.
_LAST_DOUBTFUL = 6


def day_in(text: str, today: date, *, past: bool = False) -> date | None:
    """The day that a text names; None where it names none, several, or one that isn't in the calendar.

    Without a year it is the next such day; with `past` the last one, for a field whose days are over.
    """
    told, found, beside = _narrow(text), set[date](), set[date]()
    if _UNSURE.search(told) or sum(sign.isdigit() for sign in told) > _MOST_DIGITS:
        return None
    try:
        for pattern, read in _READERS:
            while one := pattern.search(told):
                # A weekday alone may only say once more which day it is: 12月8日周二.
                is_beside = read in (_weekday, _named_weekday) and not one[1]
                (beside if is_beside else found).add(read(one, today, past))
                told = f"{told[: one.start()]} {told[one.end() :]}"
    except (ValueError, OverflowError):
        return None
    whole = found or beside
    if len(whole) != 1 or {one.weekday() for one in beside} - {one.weekday() for one in whole}:
        return None
    return whole.pop()


def moment_in(text: str, now: datetime) -> datetime | None:
    """The day and time that a text names, in the zone of `now`; None without a time, and where two may be meant."""
    with suppress(ValueError):
        # As programs write it, with its zone.
        return datetime.fromisoformat(f"{text.strip()}{now:%z}" if "+" not in text else text.strip())
    told = _narrow(text)
    times = list(_TIME.finditer(told))
    if len(times) != 1 or re.search("差.{1,3}分|差一刻", told):
        return None
    part, hour, _, minute, half = times[0].groups()
    at = _hour(int(hour), part or half or "", times[0]["sign"])
    # 今晚 is a day too: the part of the day stays.
    rest = told[: times[0].end(1) if part else times[0].start()] + " " + told[times[0].end() :]
    day = day_in(rest, now.date())
    if at is None or (day is None and re.search(r"\d|[日号周月]", rest)):
        return None
    minutes = {"半": 30, "1刻": 15, "一刻": 15, "3刻": 45, "三刻": 45}.get(minute) if minute else 0
    try:
        return datetime.combine(day or now.date(), time(at, int(minute) if minutes is None else minutes), now.tzinfo)
    except ValueError:
        return None


def _hour(hour: int, part: str, sign: str) -> int | None:
    """Of 24; None where it may be one of two: 3点, 晚上12点."""
    if hour > _NOON or (not part and (sign == ":" or hour > _LAST_DOUBTFUL)):
        return hour
    if not part or (part in _NIGHT and not _EARLIEST <= hour < _NOON) or (part == "凌晨" and hour == _NOON):
        return None
    if part == "am":
        return hour % _NOON
    is_late = part in _LATER and hour < _NOON and not (part == "中午" and hour > _LAST_DOUBTFUL)
    return hour + _NOON if is_late else hour


def weekend_in(text: str, today: date) -> list[date]:
    """Saturday and Sunday, where a text names a weekend without saying which of them; else none."""
    found = re.search(r"(下下|下|这|本)?个?周末|(this |next )?weekend", _narrow(text))
    if found is None:
        return []
    weeks = {"下": 1, "next ": 1, "下下": 2}.get(found[1] or found[2] or "", 0)
    saturday = today + timedelta(days=5 - today.weekday(), weeks=weeks)
    return [one for one in (saturday, saturday + timedelta(days=1)) if one >= today]


def half_in(text: str) -> str:
    """am or pm, where a text says which half of the day; "" where it doesn't."""
    told = _narrow(text)
    if re.search("上午|早上|早晨|清晨|明早|今早|morning", told):
        return "am"
    return "pm" if re.search("下午|午后|傍晚|晚|afternoon|evening", told) else ""


def _narrow(text: str) -> str:
    """Half-width, small letters, and Chinese day numbers as digits: 十二月一日 → 12月1日."""
    told = unicodedata.normalize("NFKC", text).casefold().strip()
    told = re.sub(r"不是[^是,，。;；]{1,12}[,，]?\s*而?是|那个|[呃嗯啊]|(?<=[年月日号])的(?=.)", "", told)
    told = re.sub(
        r"[零〇一二三四五六七八九]{4}(?=年)|(?<![零〇一二两三四五六七八九十])[零〇一二三四五六七八九]{2}(?=年)",
        lambda found: "".join(str(DIGITS[one]) for one in found[0]),
        told,
    )
    return re.sub(
        r"[一二两三四五六七八九十]{1,3}(?=[月日号点天年]|个月|个?(?:周|星期|礼拜)[之以]*[前后])|(?<=月)[一二三四五六七八九十]{1,3}"
        r"|(?<=点)零?[一二三四五六七八九十]{1,3}(?!刻)|(?<=过)[一二两三四五六七八九十]{1,3}(?=个?(?:周|星期|礼拜|月|天))",
        lambda found: str(in_words(found[0].removeprefix("零"))),
        told,
    )


def _shifted(year: int, month: int, months: int) -> tuple[int, int]:
    months += month - 1
    return year + months // 12, months % 12 + 1


def _century(found: re.Match[str], today: date, _: bool) -> date:
    """A year of two digits: of this century until ten years from now."""
    year, month, day = map(int, found.groups())
    return date(year + (2000 if year <= today.year % 100 + 10 else 1900), month, day)


def _counted(found: re.Match[str], today: date, _: bool) -> date:
    many, unit, way, ahead, ahead_unit, passing, passing_unit = found.groups()
    number, unit = int(many or ahead or passing), (unit or ahead_unit or passing_unit).removeprefix("个")
    number = -number if way in ("前", "ago") else number
    match unit[0]:
        case "天" | "日" | "d":
            return today + timedelta(days=number)
        case "周" | "星" | "礼" | "w":
            return today + timedelta(weeks=number)
    year, month = _shifted(today.year, today.month, number * (12 if unit == "年" else 1))
    return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))


def _days(months: Iterable[tuple[int, int]], day: int) -> list[date]:
    """That day of each month that has it."""
    return [date(*month, day) for month in months if 1 <= day <= calendar.monthrange(*month)[1]]


def _weekday(found: re.Match[str], today: date, past: bool) -> date:
    which, sign = found.groups()
    day = today + timedelta(weeks=_WEEKS[which or ""], days=_WEEKDAYS[sign] - today.weekday())
    return day if which else _near(day, today, past=past)


def _named_weekday(found: re.Match[str], today: date, past: bool) -> date:
    number = next(number for number, name in enumerate(_NAMES) if name.startswith(found[2][:3]))
    day = today + timedelta(days=number - today.weekday())
    weeks = {"last": -1, "next": 1}.get(found[1], 0)
    return day + timedelta(weeks=weeks) if found[1] else _near(day, today, past=past)


def _near(day: date, today: date, *, past: bool) -> date:
    """A weekday of this week, or the one before or after it where it is over or to come."""
    return _nearest([day + timedelta(weeks=weeks) for weeks in (-1, 0, 1)], today, past)


def _nearest(days: Iterable[date], today: date, past: bool) -> date:
    """The last one until today, or the next one from today on. Raises ValueError where there is none."""
    return max(one for one in days if one <= today) if past else min(one for one in days if one >= today)


def _yearly(month: int, day: int, today: date, past: bool) -> date:
    years = range(max(1, today.year - 8), today.year + 9)
    return _nearest(_days([(year, month) for year in years], day), today, past)


def _monthly(found: re.Match[str], today: date, past: bool) -> date:
    months = [_shifted(today.year, today.month, step) for step in range(-3, 4)]
    return _nearest(_days(months, int(found[1])), today, past)


def _spelled(month: str, day: str, year: str | None, today: date, past: bool) -> date:
    number = 1 + next(number for number, name in enumerate(_MONTHS) if name.startswith(month[:3]))
    return date(int(year), number, int(day)) if year else _yearly(number, int(day), today, past)


_MONTH = rf"(?<![a-z])({'|'.join(f'{name}|{name[:3]}' for name in _MONTHS)})(?![a-z])\.?"
_WEEKDAY = rf"(last|this|next)?\s*(?<![a-z])({'|'.join(f'{name}|{name[:3]}' for name in _NAMES)})(?![a-z])"
#: What a text may name a day by, and what each pattern means.
_READERS: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str], date, bool], date]]] = (
    (_NEAR, lambda found, today, _: today + timedelta(days=_RELATIVE[found[0]])),
    (_ORDER, lambda found, *_: date(*map(int, found.groups()))),
    (_SOLID, lambda found, *_: date(*map(int, found.groups()))),
    (_CENTURY, _century),
    (_OF_YEAR, lambda found, today, _: date(today.year + _YEARS[found[1]], int(found[2]), int(found[3]))),
    (_OF_MONTH, lambda found, today, _: date(*_shifted(today.year, today.month, _WEEKS[found[1]]), int(found[2]))),
    (_AGO, _counted),
    (_WEEK, _weekday),
    (re.compile(_WEEKDAY), _named_weekday),
    (_MONTH_DAY, lambda found, today, past: _yearly(int(found[1]), int(found[2]), today, past)),
    (
        re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH}(?:,?\s+(\d{{4}}))?"),
        lambda found, today, past: _spelled(found[2], found[1], found[3], today, past),
    ),
    (
        re.compile(rf"{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(\d{{4}}))?"),
        lambda found, today, past: _spelled(found[1], found[2], found[3], today, past),
    ),
    (_DAY, _monthly),
    (_FEAST, lambda found, today, past: _yearly(*_FEASTS[found[0]], today, past)),
)
