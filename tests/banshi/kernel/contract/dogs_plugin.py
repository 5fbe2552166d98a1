"""A department whose handler says whatever a test would like to hear: right, wrong, and hostile."""

from __future__ import annotations

from pathlib import Path

from tests.town.departments import NOTHING, department, item, write

FORM = {
    "type": "object",
    "required": ["dog"],
    "additionalProperties": False,
    "properties": {
        "dog": {"type": "string"},
        "a/b~c": {"type": "string"},
        "walks": {"type": "array", "items": {"$ref": "#/$defs/walk"}},
    },
    "$defs": {"walk": {"type": "object", "properties": {"park": {"type": "string"}}}},
}
ITEMS = department("dogs", "犬只管理", "Dogs") + item(
    "dog-licence", "养犬登记", "Dog licence", result=NOTHING, form=FORM
)

CODE = """
from banshi import Application, Conflict, Decision, FieldProblem, InvalidFields, hookimpl

LONG = "很" * 5_000_000
BOTH = {"zh-CN": "犬名有误。", "en": "The dog's name is wrong."}


class Odd(Conflict):
    code = "odd"


def said(way):
    match way:
        case "no-slash":
            return [FieldProblem("dog", "x")]
        case "both":
            return [FieldProblem("/dog", BOTH, "name")]
        case "long":
            return [FieldProblem("/dog", LONG, LONG), FieldProblem("/" + LONG, {"zh-CN": LONG, "en": LONG})]
        case "many":
            return [FieldProblem("/dog", f"number {number}") for number in range(5_000)]
        case "bytes":
            return [FieldProblem(b"/dog", b"secret", None), FieldProblem(None, None), FieldProblem(7, {"en": {"a": 1}})]
        case "controls":
            return [FieldProblem("/dog", "a\\x00b\\x1b[31m\\ud800c\\u202ed", "x\\n")]
        case "nested":
            return [FieldProblem("/walks/0/park", "x"), FieldProblem("walks[3].park", "x"), FieldProblem("a/b~c", "x")]
        case "nowhere":
            return [FieldProblem("/cat", "x"), FieldProblem("/walks/0/park/x", "x"), FieldProblem("/answers/dog", "x")]
        case "raised":
            raise InvalidFields([FieldProblem("dog", BOTH)], BOTH)
        case "odd":
            raise Odd({"zh-CN": LONG, "en": LONG}, more=LONG, kept=[1], set={1}, status=200, half="\\ud800")
    return []


class Dogs(Application):
    async def validate(self, submission):
        if submission.answers["dog"] == "literal":
            return [FieldProblem("dog", "x"), FieldProblem("/walks/0/park", "x"), FieldProblem("", "x")]
        return said(submission.answers["dog"])

    async def review(self, submission):
        match submission.answers["dog"]:
            case "long-reason":
                return Decision(action="return", reason={"zh-CN": LONG, "en": LONG})
        return Decision(action="accept")


@hookimpl
def banshi_handlers():
    return {"dog-licence": Dogs()}
"""


def make(folder: Path) -> Path:
    """The plugin's folder."""
    return write(folder, ITEMS, CODE, "dogs")
