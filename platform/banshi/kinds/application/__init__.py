"""Applications: the citizen fills a form, follows the case and gets a decision, often a QR pass."""

from __future__ import annotations

from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.values import Kind
from banshi.kernel.http.access import roles_in
from banshi.kinds.application.effects import effects
from banshi.kinds.application.handler import Application
from banshi.kinds.application.intake import intake, received
from banshi.kinds.application.offered import in_case
from banshi.kinds.application.renewal import handed_in
from banshi.kinds.application.rules import ApplicationRules, check
from banshi.kinds.application.steps import OUTCOMES, TWO_PERSON_TABLE, steps

__all__ = ["APPLICATION", "Application", "ApplicationRules"]

APPLICATION = Kind(
    name="application",
    title={"zh-CN": "申请", "en": "Application"},
    details=ApplicationRules,
    handler=Application,
    steps=steps,
    roles=roles_in(TWO_PERSON_TABLE),
    outcomes=OUTCOMES,
    effects=effects,
    in_case=in_case,
    varied=frozenset({"approve"}),
    corrects=frozenset({"supplement"}),
    intake=intake,
    handed_in=handed_in,
    received=received,
    check=check,
)


@hookimpl
def banshi_kinds() -> list[Kind]:
    return [APPLICATION]
