"""A sixth kind of item, as an author would write it: a plugin's folder with a kind, a department and an item."""

from __future__ import annotations

from pathlib import Path

KIND = '''"""Surveys: the city asks, each person answers once and may think again until the survey closes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from banshi import Answer, Audience, Call, Case, Conflict, Decision, FieldProblem, Form, Item, NotFound, Offer, Platform
from banshi import Submission, hookimpl, reply
from banshi.sdk.cases import decide, submission_of
from banshi.sdk.events import intake_row
from banshi.sdk.http import Routes
from banshi.sdk.kinds import KIND_TYPES, ClockEffect, Effects, Kind, KindTypes, MessageTemplates, Move, Step, Who
from banshi.sdk.kinds import corrected, refuse_answers
from banshi.sdk.operations import ask

ROUTES = Routes("surveys")

COUNTED = MessageTemplates(
    title={"zh-CN": "{item}：已收到您的答卷", "en": "{item}: your answers are in"},
    body={"zh-CN": "感谢您参加。\\n您可以修改到{until}。", "en": "Thank you.\\nYou can change them until {until}."},
)

#: What staff send along when they answer a remark.
REMARK = Form.from_schema(
    {
        "type": "object",
        "required": ["text"],
        "additionalProperties": False,
        "properties": {"text": {"type": "string", "minLength": 1}},
    }
)

CITIZEN, STAFF, SYSTEM = (frozenset({who}) for who in (Who.CITIZEN, Who.STAFF, Who.SYSTEM))

STEPS = (
    Step(state="submitted", action="count", who=SYSTEM, to="counted", tells=COUNTED, mentions=frozenset({"until"})),
    Step(state="counted", action="revise", who=CITIZEN, to="submitted"),
    Step(state="counted", action="withdraw", who=CITIZEN, to="withdrawn", clock=ClockEffect.END),
    Step(state="counted", action="remark", who=STAFF, to="closed", takes=REMARK, clock=ClockEffect.END),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyRules:
    """The table `[items.survey]`."""

    __pydantic_config__ = {"extra": "forbid"}

    until: date


class Survey:
    """The behaviour of a survey."""

    form = None

    async def validate(self, submission: Submission) -> Sequence[FieldProblem]:
        return ()

    async def weight(self, submission: Submission) -> int:
        """How much an answer counts."""
        return 1


def check(item: Item) -> Iterator[tuple[str, str]]:
    if item.form is None:
        yield "no-questions", "declare `form`: a survey asks something"


def handed_in(item: Item) -> Mapping[str, Any] | None:
    return None if item.form is None else {"newsletter": {"type": "boolean"}}


async def received(platform: Platform, case: Case, body: Mapping[str, Any]) -> Sequence[Any]:
    if await Case.filter(item=case.item, person=case.person).exists():
        raise Conflict({"zh-CN": "您已经参加过了。", "en": "You have answered already; revise your answers instead."})
    return ()


async def intake(platform: Platform, case: Case) -> None:
    if case.state == "submitted":
        await decide(platform, case.id, Decision(action="count"), version=case.version)


async def effects(platform: Platform, move: Move) -> Effects:
    if move.step.action == "revise":
        made = await corrected(platform, move)
        # The new answers are counted again.
        made.rows.append(intake_row(move.case.id, move.case.version + 1))
        return made
    refuse_answers(move)
    if move.step.action == "count":
        return Effects(mentions={"until": move.item.details.until})
    if move.step.action == "remark":
        return Effects(details={"remark": move.given["text"]})
    return Effects()


async def shown(platform: Platform, case: Case, reader: Any, language: str) -> Mapping[str, Any]:
    item = platform.registry.items[case.item]
    return {"until": item.details.until.isoformat()}


@ROUTES.get(
    "/v1/items/{code}/results",
    Audience.ANYONE,
    {200: Answer("Answers by choice.", {"type": "object"})},
    linked=lambda item: item.kind == "survey",
)
async def survey_results(call: Call) -> Any:
    """Show what was answered."""
    item = call.platform.registry.items.get(call.path["code"])
    if item is None or item.kind != "survey":
        raise NotFound()
    counted: Counter[str] = Counter()
    for case in await Case.filter(item=item.code, state__in=["counted", "closed"]):
        weight = await ask(call.platform, item, item.handler.weight, submission_of(call.platform, case), expect=int)
        counted[case.answers["choice"]] += weight
    return reply(call, {"results": dict(counted)})


SURVEY = Kind(
    name="survey",
    title={"zh-CN": "调查", "en": "Survey"},
    details=SurveyRules,
    handler=Survey,
    steps=lambda rules: STEPS,
    effects=effects,
    handed_in=handed_in,
    received=received,
    shown=shown,
    intake=intake,
    routes=lambda: ROUTES,
    check=check,
)


@hookimpl
def banshi_kinds() -> list[Kind]:
    return [SURVEY]


@hookimpl
def banshi_offers() -> list[Offer[KindTypes]]:
    """What generated clients know of a survey's cases: what `shown` gives."""
    details = {"until": {"type": "string", "format": "date"}}
    return [Offer(KIND_TYPES, KindTypes(kind="survey", details=details))]


class Doubled(Survey):
    async def validate(self, submission: Submission) -> Sequence[FieldProblem]:
        wrong = submission.answers["choice"] == "tunnel" and not submission.answers.get("why")
        return [FieldProblem("/why", "请说明理由。 Say why.", "why")] if wrong else []

    async def weight(self, submission: Submission) -> int:
        return 2


@hookimpl
def banshi_handlers() -> Mapping[str, Survey]:
    return {"new-bridge": Doubled()}
'''

ITEMS = """
[department]
code = "works"
title = { zh-CN = "城建局", en = "Public Works" }

[[items]]
code = "new-bridge"
kind = "survey"
title = { zh-CN = "新桥", en = "The new bridge" }
summary = { zh-CN = "您想要哪一种？", en = "Which one would you like?" }
audience = ["person"]
result = { kind = "none", title = { zh-CN = "无", en = "None" } }
survey = { until = 2099-12-31 }

[items.form]
type = "object"
required = ["choice"]
additionalProperties = false
properties.choice = { enum = ["bridge", "tunnel"] }
properties.why = { type = "string" }
"""


def make(folder: Path, items: str = ITEMS) -> Path:
    """The plugin's folder."""
    place = folder / "works"
    place.mkdir()
    (place / "__init__.py").write_text(KIND, encoding="utf-8")
    (place / "items.toml").write_text(items, encoding="utf-8")
    return place
