"""Quiet hours, by the wall clock of whoever has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobile_push.audience.quiet_hours import quiet_for, zone_names

#: Zones that tell different stories: none, an hour, half an hour, a whole day left out, at midnight, far from UTC.
ZONES = (
    *("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"),
    *("America/Santiago", "Asia/Kathmandu", "Africa/Casablanca", "UTC"),
)

NIGHT = (22 * 60, 7 * 60)

minutes = st.integers(0, 24 * 60 - 1)
moments = st.datetimes(datetime(2010, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))
zones = st.sampled_from(ZONES)


def at(text: str, zone: str = "Asia/Shanghai", fold: int = 0) -> datetime:
    """A moment as the wall clock there shows it."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def ends(hours: tuple[int, int], now: datetime, zone: str = "Asia/Shanghai") -> datetime | None:
    """When the quiet hours of `now` end."""
    left = quiet_for(*hours, zone, now)
    return now.astimezone(UTC) + timedelta(seconds=left) if left else None


def shown(now: datetime, zone: str) -> int:
    """Minutes after midnight on the wall clock."""
    local = now.astimezone(ZoneInfo(zone))
    return local.hour * 60 + local.minute


def within(minute: int, start: int, end: int) -> bool:
    return start <= minute < end if start < end else minute >= start or minute < end


def steady(now: datetime, zone: str) -> bool:
    """Whether the clock there doesn't change within two days of `now`."""
    return len({(now + timedelta(hours=turn)).astimezone(ZoneInfo(zone)).utcoffset() for turn in range(-48, 49)}) == 1


@pytest.mark.parametrize(
    ("hours", "now", "seconds"),
    [
        (NIGHT, "2026-05-04T21:59:59", 0),
        (NIGHT, "2026-05-04T22:00:00", 9 * 3600),
        (NIGHT, "2026-05-04T23:59:59", 7 * 3600 + 1),
        (NIGHT, "2026-05-05T00:00:00", 7 * 3600),
        (NIGHT, "2026-05-05T06:59:59.500000", 0.5),
        (NIGHT, "2026-05-05T07:00:00", 0),
        ((13 * 60, 14 * 60 + 30), "2026-05-05T13:00:00", 5400),
        ((13 * 60, 14 * 60 + 30), "2026-05-05T14:30:00", 0),
        ((0, 1), "2026-05-05T00:00:59", 1),
        ((1, 0), "2026-05-05T00:00:59", 0),
        ((1, 0), "2026-05-05T00:01:00", 24 * 3600 - 60),
    ],
)
def test_the_hours_run_from_one_time_to_the_other_and_over_midnight(
    hours: tuple[int, int], now: str, seconds: float
) -> None:
    assert quiet_for(*hours, "Asia/Shanghai", at(now)) == seconds


def test_who_has_no_hours_is_never_quiet() -> None:
    now = at("2026-05-05T03:00:00")
    assert quiet_for(None, None, "", now) == 0
    assert quiet_for(*NIGHT, "", now) == 0
    assert quiet_for(60, 60, "Asia/Shanghai", now) == 0


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "/etc/passwd", "Asia/\0", "a" * 300, "Asia"])
def test_a_time_zone_that_this_machine_has_not_holds_nothing_up(name: str) -> None:
    assert quiet_for(*NIGHT, name, at("2026-05-05T03:00:00")) == 0


def test_a_night_on_which_the_clock_goes_forward_is_an_hour_shorter() -> None:
    assert quiet_for(*NIGHT, "Europe/Berlin", at("2026-03-28T22:00:00", "Europe/Berlin")) == 8 * 3600


def test_a_night_on_which_the_clock_goes_back_is_an_hour_longer() -> None:
    assert quiet_for(*NIGHT, "Europe/Berlin", at("2026-10-24T22:00:00", "Europe/Berlin")) == 10 * 3600


def test_hours_that_end_within_the_hour_that_is_left_out_end_with_the_jump() -> None:
    """In Berlin, 02:00 to 03:00 was not on 29 March 2026."""
    zone, jump = "Europe/Berlin", at("2026-03-29T03:00:00", "Europe/Berlin")
    assert ends((22 * 60, 2 * 60 + 30), at("2026-03-29T01:59:00", zone), zone) == jump
    assert quiet_for(22 * 60, 2 * 60 + 30, zone, jump) == 0


def test_hours_that_begin_within_the_hour_that_is_left_out_begin_with_the_jump() -> None:
    zone = "Europe/Berlin"
    assert quiet_for(2 * 60 + 30, 4 * 60, zone, at("2026-03-29T01:59:59", zone)) == 0
    assert quiet_for(2 * 60 + 30, 4 * 60, zone, at("2026-03-29T03:00:00", zone)) == 3600


def test_an_hour_that_comes_twice_is_quiet_both_times() -> None:
    """In Berlin, 02:00 to 03:00 was twice on 25 October 2026."""
    zone = "Europe/Berlin"
    for fold, seconds in ((0, 5400), (1, 1800)):
        assert quiet_for(22 * 60, 2 * 60 + 30, zone, at("2026-10-25T02:00:00", zone, fold)) == seconds
    # Between the two the clock shows what is neither; nobody is woken for half an hour.
    assert quiet_for(22 * 60, 2 * 60 + 30, zone, at("2026-10-25T02:45:00", zone)) == 2700
    assert quiet_for(22 * 60, 2 * 60 + 30, zone, at("2026-10-25T02:30:00", zone, fold=1)) == 0


def test_a_day_that_never_was_joins_two_nights() -> None:
    """Samoa went from 29 December 2011 to the 31st: the nights before and after the 30th are one."""
    zone = "Pacific/Apia"
    assert ends(NIGHT, at("2011-12-29T23:00:00", zone), zone) == at("2011-12-31T07:00:00", zone)


@given(start=minutes, end=minutes, zone=zones, now=moments)
def test_while_the_clock_shows_a_time_within_the_hours_it_is_quiet(
    start: int, end: int, zone: str, now: datetime
) -> None:
    quiet = quiet_for(start, end, zone, now) > 0
    if start != end and within(shown(now, zone), start, end):
        assert quiet
    elif steady(now, zone):
        assert not quiet, "and where no clock changes, at no other time"


@given(start=minutes, end=minutes, zone=zones, now=moments)
def test_where_no_clock_changes_the_hours_end_when_the_clock_says_so(
    start: int, end: int, zone: str, now: datetime
) -> None:
    left = quiet_for(start, end, zone, now)
    if left and steady(now, zone):
        past = shown(now, zone) * 60 + now.second + now.microsecond / 1e6
        assert left == pytest.approx((end * 60 - past) % (24 * 3600))


@given(start=minutes, end=minutes, zone=zones, now=moments, share=st.floats(0, 1, exclude_max=True))
def test_whoever_waits_a_while_has_that_while_less_to_wait(
    start: int, end: int, zone: str, now: datetime, share: float
) -> None:
    left = quiet_for(start, end, zone, now)
    assert 0 <= left <= 50 * 3600
    waited = timedelta(seconds=int(left * share))
    assert quiet_for(start, end, zone, now + waited) == pytest.approx(left - waited.total_seconds())


def test_a_person_chooses_a_place_or_utc() -> None:
    assert {"Asia/Shanghai", "Asia/Urumqi", "UTC", "Etc/GMT+8"} <= zone_names()
    assert not {"localtime", "Factory", "EST", "PRC"} & zone_names()
