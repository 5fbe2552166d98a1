"""Appointments: the citizen picks a place and a slot, moves it, gives it back, or waits for one."""

from __future__ import annotations

from typing import Any

from banshi.access import roles_in
from banshi.contract import Kind, Offer, Resource, Tables
from banshi.engine.anonymising import ANONYMISE_CASE
from banshi.engine.forgetting import FORGET_CASE
from banshi.holdings import HOLDINGS
from banshi.hookspecs import hookimpl
from banshi.kinds.appointment.effects import effects
from banshi.kinds.appointment.forgetting import anonymise, forget
from banshi.kinds.appointment.handler import Appointment, Opening
from banshi.kinds.appointment.holdings import HOLDING
from banshi.kinds.appointment.keeper import KEEPER, open_keeper
from banshi.kinds.appointment.offered import in_case
from banshi.kinds.appointment.routes import routes
from banshi.kinds.appointment.rules import AppointmentRules, check
from banshi.kinds.appointment.steps import OUTCOMES, TABLE, steps

__all__ = ["APPOINTMENT", "Appointment", "AppointmentRules", "Opening"]

APPOINTMENT = Kind(
    name="appointment",
    title={"zh-CN": "预约", "en": "Appointment"},
    details=AppointmentRules,
    handler=Appointment,
    steps=steps,
    roles=roles_in(TABLE),
    outcomes=OUTCOMES,
    effects=effects,
    in_case=in_case,
    corrects=frozenset(),
    routes=routes,
    check=check,
)


@hookimpl
def banshi_kinds() -> list[Kind]:
    return [APPOINTMENT]


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="banshi.kinds.appointment.models", migrations="banshi.kinds.appointment.migrations")


@hookimpl
def banshi_offers() -> list[Offer[Any]]:
    return [Offer(FORGET_CASE, forget), Offer(ANONYMISE_CASE, anonymise), Offer(HOLDINGS, HOLDING)]


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [Resource(KEEPER, open_keeper)]
