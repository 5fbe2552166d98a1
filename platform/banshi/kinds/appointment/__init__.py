"""Appointments: the citizen picks a place and a slot, moves it, gives it back, or waits for one."""

from __future__ import annotations

from banshi.builtin.identity.access import roles_in
from banshi.builtin.openapi.kinds import KIND_TYPES, KindTypes
from banshi.builtin.personal_data.anonymising import ANONYMISE_CASE
from banshi.builtin.personal_data.forgetting import FORGET_CASE
from banshi.builtin.personal_data.holdings import HOLDINGS
from banshi.foundation.database.tables import Tables
from banshi.kernel.cases.kept_choices import KEPT_CHOICES
from banshi.kernel.contract.hookspecs import hands_over, hookimpl
from banshi.kernel.contract.kinds import Begins, Kind
from banshi.kernel.contract.values import Offer, Resource
from banshi.kinds.appointment.booking import counter, verbs
from banshi.kinds.appointment.booking.beginning import begin, takes
from banshi.kinds.appointment.booking.keeping import KEPT
from banshi.kinds.appointment.booking.taking import QUEUE, Queue
from banshi.kinds.appointment.effects import effects
from banshi.kinds.appointment.handler import Appointment, Opening
from banshi.kinds.appointment.holdings import HOLDING, anonymise, forget
from banshi.kinds.appointment.offered import in_case
from banshi.kinds.appointment.representations import CASE_DETAILS, document_for
from banshi.kinds.appointment.rules import AppointmentRules, check
from banshi.kinds.appointment.scheduler import KEEPER, open_scheduler
from banshi.kinds.appointment.slots import slot_routes
from banshi.kinds.appointment.slots.slots import AHEAD, Ahead
from banshi.kinds.appointment.steps import ACTIONS, BACKWARD, OUTCOMES, STATES, TABLE, steps
from banshi.kinds.sentences import word

__all__ = ["APPOINTMENT", "Appointment", "AppointmentRules", "Opening"]

APPOINTMENT = Kind(
    name="appointment",
    title=word("Appointment"),
    details=AppointmentRules,
    handler=Appointment,
    steps=steps,
    roles=roles_in(TABLE),
    outcomes=OUTCOMES,
    effects=effects,
    states=STATES,
    actions=ACTIONS,
    backward=BACKWARD,
    begins=Begins(takes=takes, begin=begin),
    shown=document_for,
    in_case=in_case,
    corrects=frozenset(),
    routes=lambda: [*slot_routes.ROUTES, *verbs.ROUTES, *counter.ROUTES],
    check=check,
)

banshi_kinds = hands_over(APPOINTMENT)


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="banshi.kinds.appointment.models", migrations="banshi.kinds.appointment.migrations")


banshi_offers = hands_over(
    Offer(FORGET_CASE, forget),
    Offer(ANONYMISE_CASE, anonymise),
    Offer(HOLDINGS, HOLDING),
    Offer(KIND_TYPES, KindTypes(kind="appointment", details=CASE_DETAILS)),
    Offer(KEPT_CHOICES, KEPT),
)

banshi_resources = hands_over(
    Resource.made(AHEAD, lambda _: Ahead()), Resource.made(QUEUE, lambda _: Queue()), Resource(KEEPER, open_scheduler)
)
