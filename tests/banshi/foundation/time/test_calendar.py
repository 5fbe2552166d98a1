"""Working days, deadlines, and the clock that stops and goes on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from banshi.foundation.time.working_days import MAINLAND, MOST_WORKING_DAYS, Clock, DayKind, WorkingCalendar

#: Years that the library knows and those it doesn't: the present and the fallback both.
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))
ALLOWED = st.integers(1, 60)


def on(text: str) -> date:
    return date.fromisoformat(text)


def due(start: str, days: int, calendar: WorkingCalendar = MAINLAND) -> str:
    return calendar.deadline(on(start), days).due_on.isoformat()


# -- days --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "working", "why"),
    [
        ("2026-01-04", True, "make-up working day: New Year's Day"),
        ("2026-02-14", True, "make-up working day: Spring Festival"),
        ("2026-02-15", False, "public holiday: Spring Festival"),
        ("2026-02-23", False, "public holiday: Spring Festival"),
        ("2026-02-24", True, "working day"),
        ("2026-02-28", True, "make-up working day: Spring Festival"),
        ("2026-06-19", False, "public holiday: Dragon Boat Festival"),
        ("2026-09-20", True, "make-up working day: National Day"),
        ("2026-09-25", False, "public holiday: Mid-autumn Festival"),
        ("2026-10-07", False, "public holiday: National Day"),
        ("2026-10-10", True, "make-up working day: National Day"),
        ("2026-11-22", False, "weekend"),
        ("2026-11-24", True, "working day"),
    ],
)
def test_the_state_councils_order_for_2026_decides(day: str, working: bool, why: str) -> None:
    found = MAINLAND.day(on(day))
    assert (found.working, found.why_in("en"), found.provisional) == (working, why, False)


@given(st.dates(date(2004, 1, 1), date(2026, 12, 31)))
def test_every_ordered_day_is_what_the_library_says(day: date) -> None:
    assert MAINLAND.is_working_day(day) is chinese_calendar.is_workday(day)


def test_reasons_are_given_in_chinese_too() -> None:
    reasons = [MAINLAND.day(on(day)).why_in("zh-CN") for day in ("2026-02-17", "2026-02-14", "2026-11-22")]
    assert reasons == ["法定节假日：春节", "调休上班日：春节", "周末"]


@pytest.mark.parametrize("day", ["2027-01-01", "2027-04-05", "2027-05-01", "2027-05-02", "2027-10-01", "2027-10-03"])
def test_in_a_year_without_an_order_a_date_fixed_by_law_is_off_for_certain(day: str) -> None:
    found = MAINLAND.day(on(day))
    assert (found.working, found.provisional, found.kind) == (False, False, DayKind.HOLIDAY)


@pytest.mark.parametrize(("day", "working"), [("2027-03-01", True), ("2027-03-06", False), ("2028-02-29", True)])
def test_in_a_year_without_an_order_any_other_day_is_provisional(day: str, working: bool) -> None:
    found = MAINLAND.day(on(day))
    assert (found.working, found.provisional) == (working, True)


def test_the_last_days_of_december_are_provisional_until_the_next_years_order_is_known() -> None:
    # The order for 2019 made Saturday 2018-12-29 a working day and Monday the 31st a day off.
    assert [MAINLAND.day(on(f"2026-12-{n}")).provisional for n in (28, 29, 31)] == [False, True, True]
    assert not MAINLAND.day(on("2025-12-31")).provisional
    assert not WorkingCalendar(years={2027}).day(on("2026-12-31")).provisional


def test_an_operators_days_override_everything_and_are_certain() -> None:
    calendar = WorkingCalendar(off={on("2027-02-08"), on("2026-11-25")}, work={on("2027-02-20")})
    found = [calendar.day(on(day)) for day in ("2027-02-08", "2026-11-25", "2027-02-20")]
    assert [(day.working, day.provisional) for day in found] == [(False, False), (False, False), (True, False)]
    assert found[0].why_in("en") == "day off, set by the operator"
    assert calendar.day(on("2027-02-09")).provisional


def test_an_operator_who_states_the_whole_year_makes_all_of_it_certain() -> None:
    calendar = WorkingCalendar(off={on("2027-02-08")}, years={2027})
    deadline = calendar.deadline(on("2027-02-05"), 2)
    assert (deadline.due_on, deadline.provisional) == (on("2027-02-10"), False)
    assert not calendar.is_working_day(on("2027-10-01")), "what the law fixes stays off, even when it was forgotten"


def test_a_date_in_both_of_the_operators_lists_is_refused() -> None:
    with pytest.raises(ValueError, match="2027-02-08 is listed as a day off and as a working day"):
        WorkingCalendar(off=[on("2027-02-08")], work=[on("2027-02-08")])


def test_a_datetime_is_refused_because_its_date_depends_on_the_time_zone() -> None:
    with pytest.raises(TypeError, match="time zone"):
        MAINLAND.day(datetime(2026, 11, 24, 20, tzinfo=UTC))
    with pytest.raises(TypeError):
        WorkingCalendar(off=["2027-02-08"])  # type: ignore[list-item]


# -- deadlines ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-11-24", 1, "2026-11-25"),
        ("2026-11-24", 5, "2026-12-01"),
        ("2026-11-28", 1, "2026-11-30"),  # the event on a Saturday: Monday is the first day
        ("2026-09-30", 1, "2026-10-08"),  # over the National Day holiday
        ("2026-10-08", 2, "2026-10-10"),  # a working Saturday counts
        ("2026-02-13", 2, "2026-02-24"),  # Saturday 14 is worked, then nine days of Spring Festival
    ],
)
def test_the_day_of_the_event_is_not_counted(start: str, days: int, expected: str) -> None:
    assert due(start, days) == expected


@pytest.mark.parametrize(("start", "expected"), [("2026-11-24", "2026-11-24"), ("2026-11-28", "2026-11-30")])
def test_no_working_days_means_at_once_or_on_the_next_working_day(start: str, expected: str) -> None:
    assert due(start, 0) == expected


def test_a_deadline_over_the_year_boundary_is_provisional_and_skips_new_year() -> None:
    deadline = MAINLAND.deadline(on("2026-12-25"), 5)
    assert (deadline.due_on, deadline.provisional) == (on("2027-01-04"), True)
    assert not MAINLAND.deadline(on("2026-12-21"), 5).provisional


def test_a_deadline_explains_every_day_that_it_passed_over() -> None:
    assert MAINLAND.deadline(on("2026-09-24"), 1).explain() == {
        "due_on": "2026-09-28",
        "provisional": False,
        "days": 1,
        "counted_from": "2026-09-24",
        "skipped": [
            {"date": "2026-09-25", "why": "public holiday: Mid-autumn Festival"},
            {"date": "2026-09-26", "why": "public holiday: Mid-autumn Festival"},
            {"date": "2026-09-27", "why": "public holiday: Mid-autumn Festival"},
        ],
    }
    assert MAINLAND.deadline(on("2026-11-27"), 1).explain("zh-CN")["skipped"][0]["why"] == "周末"


@given(DAYS, ALLOWED)
def test_a_deadline_is_a_working_day_with_exactly_so_many_working_days_before_it(start: date, days: int) -> None:
    deadline = MAINLAND.deadline(start, days)
    assert MAINLAND.is_working_day(deadline.due_on)
    assert MAINLAND.working_days(start, deadline.due_on) == days
    assert len(deadline.skipped) == (deadline.due_on - start).days - days
    assert not any(day.working for day in deadline.skipped)


@pytest.mark.parametrize("days", [-1, MOST_WORKING_DAYS + 1])
def test_an_absurd_number_of_working_days_is_refused(days: int) -> None:
    with pytest.raises(ValueError, match="give a number from 0"):
        MAINLAND.deadline(on("2026-11-24"), days)


def test_counting_back_a_negative_number_of_days_is_refused() -> None:
    with pytest.raises(ValueError, match="give 0 or more"):
        MAINLAND.back(on("2026-11-24"), -1)


# -- the clock ---------------------------------------------------------------------------------------------------


def runs_out(clock: Clock) -> date:
    deadline = clock.deadline()
    assert deadline is not None
    return deadline.due_on


@given(DAYS, ALLOWED, st.integers(0, 90), st.integers(0, 40))
@example(on("2026-11-24"), 5, 7, 4)  # stopped on the very day that it was due, on again on a Saturday
def test_stopping_for_n_working_days_moves_the_deadline_by_n_working_days(
    start: date, allowed: int, until_stop: int, until_resume: int
) -> None:
    clock = Clock(allowed).start(start)
    before = runs_out(clock)
    stop = start + timedelta(days=until_stop)
    resume = stop + timedelta(days=until_resume)
    stopped = clock.stop(stop)
    after = runs_out(stopped.start(resume))
    moved = MAINLAND.working_days(before, after)
    # The one exception: nothing was left, and it goes on on a day off, so the next working day is granted.
    granted = stopped.used == allowed and not MAINLAND.is_working_day(resume)
    assert moved == MAINLAND.working_days(stop, resume) + granted


@given(DAYS, ALLOWED, st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), max_size=6))
def test_after_any_number_of_stops_just_the_days_on_which_it_ran_were_counted(
    start: date, allowed: int, runs: list[tuple[int, int]]
) -> None:
    clock, day = Clock(allowed).start(start), start
    ran = [start + timedelta(days=n) for n in range(1, 600)]
    for running, standing in runs:
        stop = day + timedelta(days=running)
        if stop >= runs_out(clock):
            break
        day = stop + timedelta(days=standing)
        clock = clock.stop(stop).start(day)
        ran = [d for d in ran if not stop < d <= day]
    assert runs_out(clock) == [d for d in ran if MAINLAND.is_working_day(d)][allowed - 1]


@given(DAYS, ALLOWED, st.integers(0, 200))
def test_stopping_and_going_on_within_a_working_day_costs_nothing(start: date, allowed: int, later: int) -> None:
    clock = Clock(allowed).start(start)
    day = MAINLAND.back(start + timedelta(days=later), 0)
    if day >= start:
        assert runs_out(clock.stop(day).start(day)) == runs_out(clock)


def test_a_clock_that_stands_has_no_deadline() -> None:
    for clock in (Clock(5), Clock(5).start(on("2026-11-24")).stop(on("2026-11-25"))):
        assert clock.deadline() is None


def test_a_clock_is_three_columns_and_back() -> None:
    clock = Clock(10).start(on("2026-11-24")).stop(on("2026-11-26"))
    assert (clock.allowed, clock.used, clock.running_since) == (10, 2, None)
    assert Clock(10, 2, None).start(on("2026-12-01")) == Clock(10, 2, on("2026-12-01"))


def test_what_is_done_at_once_is_due_the_same_day_or_on_the_next_working_day() -> None:
    assert runs_out(Clock(0).start(on("2026-11-24"))) == on("2026-11-24")
    saturday = Clock(0).start(on("2026-11-28"))
    assert runs_out(saturday) == on("2026-11-30")
    monday = saturday.stop(on("2026-11-30"))
    assert runs_out(monday.start(on("2026-11-30"))) == on("2026-11-30")


def test_a_stop_does_not_heal_a_deadline_that_was_missed() -> None:
    clock = Clock(5).start(on("2026-11-24")).stop(on("2026-12-03"))
    again = clock.start(on("2026-12-03"))
    assert runs_out(again) == on("2026-12-01")


def test_a_clock_refuses_what_makes_no_sense() -> None:
    running = Clock(5).start(on("2026-11-24"))
    with pytest.raises(ValueError, match="stop it first"):
        running.start(on("2026-11-25"))
    with pytest.raises(ValueError, match="start it first"):
        Clock(5).stop(on("2026-11-25"))
    with pytest.raises(ValueError, match="can't stop on 2026-11-23"):
        running.stop(on("2026-11-23"))


def test_an_operators_calendar_is_used_by_the_clock() -> None:
    calendar = WorkingCalendar(off={on("2026-11-25")})
    clock = Clock(1).start(on("2026-11-24"), calendar)
    deadline = clock.deadline(calendar)
    assert deadline is not None
    assert deadline.due_on == on("2026-11-26")
    assert clock.stop(on("2026-11-25"), calendar).used == 0
