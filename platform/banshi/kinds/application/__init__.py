"""Applications: the citizen fills a form, follows the case and gets a decision, often a QR pass."""

from __future__ import annotations

from banshi.builtin.identity.access import roles_in
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.values import Resource
from banshi.kinds.application.deemed import KEEPER, open_scheduler
from banshi.kinds.application.effects import effects
from banshi.kinds.application.handler import Application
from banshi.kinds.application.intake import intake, received
from banshi.kinds.application.offered import in_case
from banshi.kinds.application.renewal import handed_in
from banshi.kinds.application.rules import ApplicationRules, check
from banshi.kinds.application.steps import ACTIONS, BACKWARD, OUTCOMES, STATES, TWO_PERSON_TABLE, steps, worded
from banshi.kinds.sentences import word

__all__ = ["APPLICATION", "Application", "ApplicationRules"]

APPLICATION = Kind(
    name="application",
    title=word("Application"),
    details=ApplicationRules,
    handler=Application,
    steps=steps,
    roles=roles_in(TWO_PERSON_TABLE),
    outcomes=OUTCOMES,
    effects=effects,
    states=STATES,
    actions=ACTIONS,
    worded=worded,
    backward=BACKWARD,
    in_case=in_case,
    varied=frozenset({"approve", "return", "decline"}),
    corrects=frozenset({"supplement"}),
    intake=intake,
    handed_in=handed_in,
    received=received,
    check=check,
)

banshi_kinds = hands_over(APPLICATION)

banshi_resources = hands_over(Resource(KEEPER, open_scheduler))
