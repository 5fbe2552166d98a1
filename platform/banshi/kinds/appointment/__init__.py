"""Appointments: the citizen picks a place and a slot.

So far an item of this kind is declared, checked and shown with its whole guide; its verbs are not offered yet.
"""

from __future__ import annotations

from dataclasses import dataclass

from banshi.contract import Kind
from banshi.hookspecs import hookimpl
from banshi.settings import STRICT

__all__ = ["APPOINTMENT", "AppointmentRules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentRules:
    """The table `[items.appointment]`."""

    __pydantic_config__ = STRICT

    #: Length of a slot in minutes, and how many citizens one takes.
    slot_minutes: int = 30
    capacity: int = 1
    #: How many days ahead slots are offered.
    days_ahead: int = 14
    #: Hours before the slot until which it may be rescheduled or cancelled.
    notice_hours: int = 24
    #: Slots that one person may hold at once.
    per_person: int = 1
    waiting_list: bool = False


APPOINTMENT = Kind(name="appointment", title={"zh-CN": "预约", "en": "Appointment"}, details=AppointmentRules)


@hookimpl
def banshi_kinds() -> list[Kind]:
    return [APPOINTMENT]
