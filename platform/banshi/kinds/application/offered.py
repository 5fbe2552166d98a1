"""What the steps of an application take in one case: what was found, where a certificate says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from banshi.kernel.cases.submission import item_of
from banshi.kernel.cases.verified_person import holder_of
from banshi.kernel.contract.items import DECISION, LONGEST_DECISION
from banshi.kernel.contract.values import Step
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.application.claims import FOUND
from banshi.kinds.application.deemed import deemed_since
from banshi.kinds.application.effects import TOO_LATE, hindrance


async def in_case(platform: Platform, case: Case, steps: Sequence[Step]) -> list[Step]:
    """An approval says what was found where a claim does; none of a pass that is over or names nobody.

    What counts as accepted by time is neither returned nor declined.
    """
    item = item_of(platform, case)
    if await deemed_since(platform, case, item) is not None:
        steps = [step for step in steps if step.action not in TOO_LATE]
    claims = item.credential.claims if item.credential else ()
    nobody = item.names_holder and not holder_of(case.person_name)
    found = any(claim.source == DECISION for claim in claims)
    said = {"needs_reason": True, "longest_reason": LONGEST_DECISION, "reason_asks": FOUND} if found else {}
    return [
        replace(step, **said) if step.action == "approve" else step  # type: ignore[arg-type]  # each is a field's own
        for step in steps
        if hindrance(platform, case, item, step) is None and not (step.action == "approve" and nobody)
    ]
