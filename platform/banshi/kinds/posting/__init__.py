"""Postings: the citizen asks for something to be published, and hears from whoever answers, through the platform."""

from __future__ import annotations

from banshi.builtin.identity.access import roles_in
from banshi.builtin.openapi.kinds import KIND_TYPES, KindTypes
from banshi.builtin.personal_data.anonymising import ANONYMISE_CASE
from banshi.builtin.personal_data.forgetting import FORGET_CASE
from banshi.builtin.personal_data.holdings import HOLDINGS
from banshi.foundation.database.tables import Tables
from banshi.kernel.contract.hookspecs import hands_over, hookimpl
from banshi.kernel.contract.kinds import Begins, Kind
from banshi.kernel.contract.values import Offer, Resource
from banshi.kinds.posting.contact import reporting, writing
from banshi.kinds.posting.effects import effects
from banshi.kinds.posting.handler import Posting
from banshi.kinds.posting.holdings import HOLDING, anonymise, forget
from banshi.kinds.posting.offered import in_case
from banshi.kinds.posting.publishing import public_list, submitting
from banshi.kinds.posting.representations import DETAILS, document_for
from banshi.kinds.posting.rules import PostingRules, check
from banshi.kinds.posting.scheduler import KEEPER, open_scheduler
from banshi.kinds.posting.steps import ACTIONS, BACKWARD, OUTCOMES, STATES, TABLE
from banshi.kinds.sentences import word

__all__ = ["POSTING", "Posting", "PostingRules"]

POSTING = Kind(
    name="posting",
    title=word("Posting"),
    details=PostingRules,
    handler=Posting,
    steps=lambda _: TABLE,
    roles=roles_in(TABLE),
    outcomes=OUTCOMES,
    effects=effects,
    states=STATES,
    actions=ACTIONS,
    backward=BACKWARD,
    begins=Begins(takes=lambda item: {} if item.form is not None else None, begin=submitting.begin),
    in_case=in_case,
    varied=frozenset({"extend"}),
    corrects=frozenset({"supplement"}),
    shown=document_for,
    routes=lambda: [*submitting.ROUTES, *public_list.ROUTES, *writing.ROUTES, *reporting.ROUTES],
    check=check,
)

banshi_kinds = hands_over(POSTING)


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="banshi.kinds.posting.models", migrations="banshi.kinds.posting.migrations")


banshi_offers = hands_over(
    Offer(FORGET_CASE, forget),
    Offer(ANONYMISE_CASE, anonymise),
    Offer(HOLDINGS, HOLDING),
    Offer(KIND_TYPES, KindTypes(kind="posting", details=DETAILS)),
)

banshi_resources = hands_over(Resource(KEEPER, open_scheduler))
