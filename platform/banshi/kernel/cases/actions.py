"""What an action takes in one case: the schemas that are shown with it are the ones that judge what is sent.

A step of the state table says what it takes of every case; the kind's `in_case` says what it takes of this one. From
such a step come both what a client reads in `permitted_actions` and what its request is held against.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

import orjson

from banshi.forms import Form
from banshi.forms.vocabulary.served import described
from banshi.foundation.errors import FieldProblem
from banshi.foundation.texts import SHOWN, clean
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.message_templates import LONGEST_VALUE
from banshi.kernel.contract.values import Item, Step, Texts, text_in
from banshi.kernel.sentences import say, word

#: Whether an action takes the case's answers, corrected: it needs them, a plugin's kind doesn't say, it takes none.
Answers = Literal["needed", "unsaid", "none"]

#: What is said of a member that an action takes none of.
UNEXPECTED = {
    "/answers": say("Leave the answers out: this action takes none."),
    "/details": say("Leave the further details out: this action takes none."),
}
#: What any case's timeline may have beside its kind's own, and by whom it was.
WORDS: Mapping[str, Texts] = {
    "submit": word("Hand in"),
    "reuse": word("Its files were used again"),
    "bind": word("Bound to an account"),
    "anonymise": word("Personal data were removed"),
    "citizen": word("Citizen"),
    "staff": word("Staff"),
    "system": word("The platform"),
}


def reason_schema(why: Texts, language: str, longest: int = LONGEST_VALUE) -> dict[str, Any]:
    """The reason of an action; `why` says what to write, and to whom."""
    return {
        "type": "string",
        "minLength": 1,
        "maxLength": longest,
        "pattern": SHOWN,
        "title": text_in(word("Reason"), language),
        "x-pattern-hint": dict(why),
        "description": text_in(why, language),
    }


def answers_in(kind: Kind, step: Step) -> Answers:
    return "unsaid" if kind.corrects is None else "needed" if step.action in kind.corrects else "none"


def body_schema(
    kind: Kind, item: Item, step: Step, language: str, *, code: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The JSON Schema of the whole body that the action takes.

    With `code`, the schema of a tip's code, it is a tip's: whoever sends that code, and writes no reason.
    """
    answers = answers_in(kind, step)
    told = _envelope(step, answers, language).described(language)
    properties = {**told["properties"]}
    schema = {**told, "required": [*told["required"]], "properties": properties}
    if step.takes is not None:
        properties["details"] = step.takes.described(language)
        if step.takes.schema.get("required") or step.takes.problems({}, at=None):
            schema["required"].append("details")
    if answers != "none" and item.form is not None:
        # An `id` of its own keeps the form's references to itself right in here.
        refers = b'"$ref"' in orjson.dumps(item.form.schema)
        own = {"$id": f"urn:banshi:item:{item.code}:answers"} if refers else {}
        properties["answers"] = {**own, **item.form.described(language)}
    if code is not None:
        del properties["reason"]
        properties["code"] = described(code, language)
        schema["required"].insert(0, "code")
    return schema


def title_in(words: Mapping[str, Texts], code: str, language: str) -> str:
    """What people read for a code; its own letters, where a plugin's kind says nothing."""
    return text_in(texts, language) if (texts := words.get(code) or WORDS.get(code)) else code.replace("-", " ")


def words_of(kind: Kind | None, item: Item | None) -> tuple[Mapping[str, Texts], Mapping[str, Texts]]:
    """What people read for the states and for the actions of an item's cases."""
    if kind is None or item is None or item.kind != kind.name:
        return (kind.states, kind.actions) if kind else ({}, {})
    if item.words is None:
        own = kind.worded(item.details)
        object.__setattr__(item, "words", ({**kind.states, **own}, {**kind.actions, **own}))
    return item.words  # type: ignore[no-any-return]


def action_document(
    kind: Kind, item: Item, step: Step, language: str, address: str, *, code: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A permitted action as the API shows it; `address` is where it is taken, before its name."""
    states, actions = words_of(kind, item)
    return {
        "action": step.action,
        "label": title_in(actions, step.action, language),
        "needs_reason": step.needs_reason,
        "leads_to": step.to,
        "leads_to_title": title_in(states, step.to, language),
        "forward": step.action not in kind.backward,
        "link": address + step.action,
        **({"takes": step.takes.described(language)} if step.takes else {}),
        "body": body_schema(kind, item, step, language, code=code),
    }


def problems_of(
    kind: Kind,
    step: Step,
    *,
    reason: Texts | None,
    answers: Any,
    details: Any,
    language: str,
    at: datetime | None = None,
) -> list[FieldProblem]:
    """What is wrong with the shape of what was sent for an action, all at once; the answers are held against their form
    by the kind, with the files that they name."""
    given = {"answers": answers, "details": details}
    body: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    # As it is counted where it is written; white space in it is no words.
    if said := next(filter(None, (" ".join(clean(text).split()) for text in (reason or {}).values())), ""):
        body["reason"] = said
    found = list(_envelope(step, answers_in(kind, step), language).problems(body, language))
    if step.takes is not None and isinstance(details, dict | None):
        wrong = step.takes.problems({} if details is None else details, language, at=at)
        # One list is enough for a field that has several: the last one is the one for what else was sent.
        several = {(one.pointer, one.code in {"type", "enum"} or one.code): one for one in wrong}
        found += [replace(one, pointer=f"/details{one.pointer}") for one in several.values()]
    return [_worded(one, step) for one in found]


def _worded(problem: FieldProblem, step: Step) -> FieldProblem:
    match problem.pointer, problem.code:
        case "/reason", "required":
            return replace(problem, detail=step.reason_asks)
        case "/answers", "required":
            return replace(problem, detail=say("Send the corrected answers, all of them."))
        case ("/answers" | "/details") as where, "additionalProperties":
            return FieldProblem(where, UNEXPECTED[where], "unexpected")
        case _:
            return problem


def _envelope(step: Step, answers: Answers, language: str) -> Form:
    """What is around an action's answers and details; made once of what it depends on."""
    asks = tuple(step.reason_asks.items())
    return _made(asks, step.longest_reason, step.needs_reason, step.takes is not None, answers, language)


@lru_cache(maxsize=1_024)
def _made(
    asks: tuple[tuple[str, str], ...], longest: int, needs_reason: bool, takes: bool, answers: Answers, language: str
) -> Form:
    properties: dict[str, Any] = {"reason": reason_schema(dict(asks), language, longest)}
    required = ["reason"] if needs_reason else []
    if answers != "none":
        properties["answers"] = {"type": "object"}
    if answers == "needed":
        required.append("answers")
    if takes:
        properties["details"] = {"type": "object"}
    closed = {"type": "object", "additionalProperties": False}
    return Form.checked({**closed, "required": required, "properties": properties})
