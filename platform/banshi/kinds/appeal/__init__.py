"""Appeals: the citizen consults, reports, suggests or complains, gets an answer, and rates it."""

from __future__ import annotations

from functools import partial

from banshi.builtin.identity.access import roles_in
from banshi.builtin.openapi.kinds import KIND_TYPES, KindTypes
from banshi.builtin.personal_data.anonymising import ANONYMISE_CASE
from banshi.builtin.personal_data.forgetting import FORGET_CASE
from banshi.builtin.personal_data.holdings import HOLDINGS
from banshi.builtin.worklist.channels import CHANNEL_FIGURES
from banshi.builtin.worklist.kept import KeptFigures
from banshi.foundation.database.tables import Tables
from banshi.kernel.contract.hookspecs import hands_over, hookimpl
from banshi.kernel.contract.kinds import Begins, Kind
from banshi.kernel.contract.values import Offer, Resource
from banshi.kinds.appeal import statistics
from banshi.kinds.appeal.effects import effects
from banshi.kinds.appeal.forgetting import HOLDING, anonymise, forget
from banshi.kinds.appeal.handler import Appeal
from banshi.kinds.appeal.intake import handed_in, intake, received, sort_member
from banshi.kinds.appeal.offered import in_case
from banshi.kinds.appeal.orders import notes
from banshi.kinds.appeal.representations import DETAILS, document_for
from banshi.kinds.appeal.rules import AppealRules, check
from banshi.kinds.appeal.sorting.suggestion import LEARNT
from banshi.kinds.appeal.steps import ACTIONS, BACKWARD, OUTCOMES, STATES, TABLE, steps
from banshi.kinds.appeal.tips import pictures
from banshi.kinds.appeal.tips import routes as tips
from banshi.kinds.appeal.tips.beginning import begin_tip
from banshi.kinds.appeal.tips.flood import FLOOD, Flood
from banshi.kinds.appeal.tips.retention import FORGETTING, open_forgetting
from banshi.kinds.sentences import word

__all__ = ["APPEAL", "Appeal", "AppealRules"]


APPEAL = Kind(
    name="appeal",
    title=word("Appeal"),
    details=AppealRules,
    handler=Appeal,
    steps=steps,
    roles=roles_in(TABLE),
    outcomes=OUTCOMES,
    effects=effects,
    states=STATES,
    actions=ACTIONS,
    backward=BACKWARD,
    in_case=in_case,
    corrects=frozenset({"supplement"}),
    handed_in=handed_in,
    begins=Begins(
        takes=lambda item: sort_member(item.details.sorts) if item.form is not None else None,
        unnamed=lambda item: item.details.anonymous,
        begin_unnamed=begin_tip,
    ),
    received=received,
    intake=intake,
    shown=document_for,
    notes=notes,
    travels=True,
    routes=lambda: [*statistics.ROUTES, *pictures.ROUTES, *tips.ROUTES],
    check=check,
)

banshi_kinds = hands_over(APPEAL)


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="banshi.kinds.appeal.models", migrations="banshi.kinds.appeal.migrations")


banshi_offers = hands_over(
    Offer(FORGET_CASE, forget),
    Offer(ANONYMISE_CASE, anonymise),
    Offer(HOLDINGS, HOLDING),
    Offer(KIND_TYPES, KindTypes(kind="appeal", details=DETAILS)),
    Offer(CHANNEL_FIGURES, statistics.AppealFigures()),
)

banshi_resources = hands_over(
    Resource.made(LEARNT, lambda _: {}),
    Resource.made(statistics.MONTHS, partial(KeptFigures, count=statistics.figures)),
    Resource.made(FLOOD, lambda _: Flood()),
    Resource(FORGETTING, open_forgetting),
)
