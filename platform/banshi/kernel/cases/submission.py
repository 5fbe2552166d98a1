"""A case's beginning: its number and first rows, and its answers, held against form, files and department."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.forms import Form
from banshi.foundation.database.writes import Stale, Update, Write
from banshi.foundation.errors import FieldProblem, InvalidFields, Unavailable
from banshi.kernel.cases.attachments import Files, files_of, ids_at
from banshi.kernel.cases.materials import MATERIALS, Reused
from banshi.kernel.cases.modes import mode_of, refuse_strangers
from banshi.kernel.cases.verified_person import require_own_record, require_verified
from banshi.kernel.contract.items import LIVE
from banshi.kernel.contract.pointing import pointed
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.values import Item, Submission, Who
from banshi.kernel.http.document_schemas import Record
from banshi.kernel.outbox import outbox
from banshi.kernel.outbox.events import LISTENERS, step_rows
from banshi.kernel.runtime.containment import ask, awaited
from banshi.kernel.runtime.mistakes import problems_in
from banshi.kernel.runtime.running import Platform
from banshi.kernel.sentences import say
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent

#: The state in which every case begins, and the action that its first event bears.
FIRST_STATE = "submitted"
FIRST_ACTION = "submit"

#: Case numbers: no vowels (no words), no letters that look like digits.
ALPHABET = "0123456789BCDFGHJKLMNPQRSTVWXZ"


def item_of(platform: Platform, case: Case) -> Item:
    """The item of a case. Unavailable when its plugin is not loaded: the case stays, and comes back with the plugin."""
    item = platform.registry.items.of(case.item, case.item_version)
    if item is None:
        told = say("The department that this case belongs to is not connected at present; the case is kept.")
        raise Unavailable(told, headers={"Retry-After": "60"})
    return item


def new_number(day: date) -> str:
    """A case number that can be read out on the phone: 20261124-7K3M-9QXC. Chance makes it unguessable."""
    chance, code = int.from_bytes(os.urandom(16)), ""
    for _ in range(8):
        chance, place = divmod(chance, len(ALPHABET))
        code += ALPHABET[place]
    return f"{day:%Y%m%d}-{code[:4]}-{code[4:]}"


def new_case(
    platform: Platform, item: Item, principal: Principal, answers: Mapping[str, Any], *, renews: Any = None
) -> tuple[Case, CaseEvent]:
    """A case in its first state with its first event, not yet written.

    Where the principal has a `client`, the case is of the client's mode too; its person is the principal's subject, who
    may be somebody else than the client. Raises NotFound for a person who is not on the team that tries it out.
    """
    mode = LIVE
    if item.mode != LIVE or principal.client is not None:
        refuse_strangers(item, principal)
        mode = mode_of(item, principal)
    at, (days, unit) = platform.now(), item.allowance
    case = Case(
        id=uuid7(),
        number=new_number(platform.today()),
        item=item.code,
        item_version=item.version,
        kind=item.kind,
        department=item.department,
        unit=item.unit,
        state=FIRST_STATE,
        person=principal.subject,
        person_name=principal.name,
        answers=dict(answers),
        clock_allowed=days,
        clock_unit=unit,
        renews=renews,
        mode=mode,
        channel=principal.channel,
        created_at=at,
        updated_at=at,
    )
    event = CaseEvent(
        case_id=case.id,
        version=1,
        at=at,
        action=FIRST_ACTION,
        state_before="",
        state=FIRST_STATE,
        actor=(Who.STAFF if principal.agent else Who.CITIZEN).value,
        actor_id=principal.agent or principal.subject,
        details={"hands": [*principal.hands]} if principal.hands else None,
    )
    event.of_case = case, {}
    return case, event


@dataclass(frozen=True, slots=True)
class PreparedCase:
    """A case that was found right, with all that its first transaction writes."""

    case: Case
    events: Sequence[CaseEvent]
    given: HandedIn
    updates: Sequence[Update]
    rows: Sequence[Model]


async def prepare_case(
    platform: Platform, item: Item, principal: Principal, body: Mapping[str, Any], language: str
) -> PreparedCase:
    """The case that a submission makes: `body` has `answers` and what the item's kind takes beside them.

    Nothing is written yet. Raises InvalidFields with everything that is wrong, and what the department lets through.
    """
    kind, answers = platform.registry.kinds[item.kind], body["answers"]
    case, event = new_case(platform, item, principal, answers)
    wishes = body.get("reuse", ())
    given = await check(platform, item, case, answers, language, principal=principal, wishes=wishes)
    case.answers = dict(given.answers)
    event.details = {**(event.details or {}), "reused": given.reused.told} if given.reused.told else event.details
    more = await kind.received(platform, case, body) if kind.received else ()
    if kind.intake is not None and case.state == FIRST_STATE:
        more = [*more, outbox.intake_row(case.id, case.version)]
    events = [event, *(row for row in more if isinstance(row, CaseEvent))]
    told = step_rows(platform, case, event) if platform.offered(LISTENERS) else ()
    rows = [case, event, *told, *given.rows, *more]
    return PreparedCase(case, events, given, given.updates, rows)


class StaleReceipt(Stale):
    """What a caller's receipt was conditional on has changed meanwhile: to prepare the rest anew is of no use."""


async def commit(
    platform: Platform, write: Write, more: Sequence[Model | Update], reused: Reused | None = None
) -> None:
    """Write all of it, with what its caller's receipt adds, or nothing. Raises StaleReceipt, and as the store does."""
    own = [one for one in more if isinstance(one, Update)]
    rows = [one for one in more if not isinstance(one, Update)]
    write = replace(write, updates=[*write.updates, *own], rows=[*write.rows, *rows])
    try:
        if reused is not None and reused.links:
            await platform[MATERIALS].commit(platform, write, reused)
        else:
            await platform.store.commit(write)
    except Stale as stale:
        if any(one is update for one in own for update in stale.args):
            raise StaleReceipt(*stale.args) from None
        raise


def submission_of(platform: Platform, case: Case, answers: Mapping[str, Any] | None = None) -> Submission:
    """The case as its handler sees it, with `answers` in place of the stored ones where they are given."""
    return Submission(
        case_id=str(case.id),
        number=case.number,
        item=item_of(platform, case),
        answers=case.answers if answers is None else answers,
        person=case.person,
        name=case.person_name,
        received_at=case.created_at.astimezone(platform.settings.timezone),
        renews=str(case.renews) if case.renews else None,
        version=case.version,
        mode=case.mode,  # type: ignore[arg-type]  # one of them: `new_case` wrote it
    )


def form_problems(
    platform: Platform,
    item: Item,
    answers: Any,
    language: str,
    principal: Principal | None = None,
    before: Mapping[str, Any] | None = None,
) -> list[FieldProblem]:
    """What the item's form says against the answers as they come in now, with pointers into the body; nothing against
    a verified number.

    `before` are the answers that were taken earlier, which these correct.
    """
    if item.form is None:
        return []
    verified = principal.resident_id if principal is not None else ""
    found = item.form.problems(answers, language, verified, at=platform.city_time(), before=before)
    return [replace(problem, pointer=f"/answers{problem.pointer}") for problem in found]


def around(answers: Mapping[str, Any], members: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a body: a form's answers, and what may go with them."""
    return Record(answers=answers, **members)


def refuse_wrong(platform: Platform, item: Item, envelope: Form, body: Mapping[str, Any], language: str) -> None:
    """Raises InvalidFields with everything at once: what is wrong around the answers and what is wrong in them."""
    answers = body.get("answers")
    if wrong := envelope.problems(body, language):
        inside = form_problems(platform, item, answers, language) if isinstance(answers, dict) else []
        raise InvalidFields([*wrong, *inside])


@dataclass(frozen=True, slots=True)
class HandedIn:
    """Answers that were found right, with the files that they name and those that were taken over."""

    #: As they are stored: what was taken over has an id of its own.
    answers: Mapping[str, Any]
    files: Files
    reused: Reused

    @property
    def attachments(self) -> list[Attachment]:
        return [*self.files.rows, *self.reused.rows]

    @property
    def updates(self) -> list[Update]:
        return [*self.reused.updates, *self.files.updates]

    @property
    def rows(self) -> list[Model]:
        return [*self.reused.rows, *self.reused.entries, *self.reused.promises]


async def check(
    platform: Platform,
    item: Item,
    case: Case,
    answers: Mapping[str, Any],
    language: str,
    *,
    principal: Principal | None = None,
    wishes: Sequence[Mapping[str, str]] = (),
    before: Mapping[str, Any] | None = None,
) -> HandedIn:
    """Everything wrong with the answers at once, as InvalidFields; otherwise what they hand in.

    `principal` is who hands them in: without one, an item that is its owner's alone takes nothing. `wishes` are the
    materials that are taken over from earlier cases, as a submission's `reuse` has them. `before` are the answers that
    these correct. The schema comes first: the department's
    own check may rely on it. Whose record it is comes before files and department, which say nothing of another's.
    """
    if item.owner is not None or item.names_holder:
        require_verified(item, principal)
    verified = principal.resident_id if principal is not None else ""
    answers = item.form.spelled(answers, verified) if item.form is not None else answers
    if problems := form_problems(platform, item, answers, language, principal, before):
        raise InvalidFields(problems)
    if item.owner is not None:
        require_own_record(item, answers, principal)
    reused, files = Reused(answers), Files()
    missing: list[FieldProblem] = []
    besides: set[str] = set()
    if wishes:
        try:
            reused = await platform[MATERIALS].taken(platform, item, case, answers, wishes, language)
            answers = reused.answers
            besides = {str(row.id) for row in reused.rows}
        except InvalidFields as error:
            missing += error.problems
            besides = {one for wish in wishes for one in ids_at(item, answers, wish["field"])}
    try:
        files = await files_of(
            item.form,
            answers,
            case.person,
            case.id,
            labels=platform[MATERIALS].labels(item, answers),
            besides=besides,
        )
    except InvalidFields as error:
        missing += error.problems

    async def validate(submission: Submission) -> list[FieldProblem]:
        try:
            found = await awaited(item.handler.validate, submission)
            if isinstance(found, list | tuple) and not found:
                return []
            found = problems_in(found)
        except InvalidFields as error:
            # Raised or given back, they are problems with the answers.
            found = list(error.problems)
        return pointed(found, item, submission.answers)

    theirs: list[FieldProblem] = []
    if item.handler is not None:
        theirs = await ask(platform, item, validate, submission_of(platform, case, answers), expect=list)
    if missing or theirs:
        raise InvalidFields([*missing, *theirs])
    return HandedIn(answers, files, reused)
