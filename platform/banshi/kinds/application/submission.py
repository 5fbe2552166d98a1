"""A citizen's answers, held against the form, the files and the department's own rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from banshi.attachments import Files, files_of
from banshi.containment import ask
from banshi.contract import Item, Submission
from banshi.errors import FieldProblem, InvalidFields
from banshi.models import Case, Pass
from banshi.submission import submission_of

if TYPE_CHECKING:
    from banshi.runtime import Platform


def form_problems(item: Item, answers: Any, language: str) -> list[FieldProblem]:
    """What the item's form says against the answers, with pointers into the body."""
    found = item.form.problems(answers, language) if item.form is not None else ()
    return [replace(problem, pointer=f"/answers{problem.pointer}") for problem in found]


async def check(platform: Platform, item: Item, case: Case, answers: Mapping[str, Any], language: str) -> Files:
    """Everything wrong with the answers at once, as InvalidFields; otherwise the files that they name.

    The schema comes first: the department's own check may rely on it.
    """
    if problems := form_problems(item, answers, language):
        raise InvalidFields(problems)
    schema = item.form.schema if item.form else {}
    files = Files()
    missing: tuple[FieldProblem, ...] = ()
    try:
        files = await files_of(schema, answers, case.person, case.id)
    except InvalidFields as error:
        missing = error.problems

    async def validate(submission: Submission) -> list[FieldProblem]:
        found = await item.handler.validate(submission)
        return [FieldProblem(f"/answers{one.pointer}", str(one.detail), str(one.code)) for one in found]

    own = await ask(platform, item, validate, submission_of(platform, case, answers), expect=list)
    if missing or own:
        raise InvalidFields([*missing, *own])
    return files


async def check_renewal(platform: Platform, item: Item, person: str, renewed_id: str) -> Case:
    """The case to renew, if it is the person's, approved, of this item and near its end."""
    renewal = item.details.renewal
    earlier = await Case.get_or_none(id=renewed_id, person=person, item=item.code)
    current = await Pass.filter(case_id=earlier.id).order_by("-number").first() if earlier else None
    detail = ""
    if renewal is None:
        detail = "Cases of this item are not renewed; leave this out."
    elif earlier is None or earlier.state != "approved" or current is None or current.revoked_at is not None:
        detail = "Name an approved case of yours with a pass of this item."
    else:
        now = platform.now()
        opens = current.expires_at - timedelta(days=renewal.opens_days_before)
        if now < opens:
            detail = f"It can be renewed from {opens.astimezone(platform.settings.timezone).date()} on."
        elif now > current.expires_at + timedelta(days=renewal.closes_days_after):
            detail = "It ended too long ago to be renewed; submit a new application."
    if detail or earlier is None:
        raise InvalidFields([FieldProblem("/renews", detail, "renewal")])
    return earlier
