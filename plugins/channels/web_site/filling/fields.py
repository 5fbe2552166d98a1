"""A form's fields as a page shows them: from the schema, what is answered, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from questions.plan import MISSING, choices, escaped, in_order, is_asked, sort_of, value_at

Node = Mapping[str, Any]
#: What a page shows in one way: fields in a frame, rows of a list, and the leaves of the form's own sorts.
Sort = Literal[
    "group", "rows", "files", "texts", "choice", "choices", "listed", "slot", "day", "moment", "number", "yes", "file",
    "text", "long"
]  # fmt: skip

#: A text that may be longer than this gets more lines.
LINE_CHARS = 120
#: Autofill by what is known of a person (HTML, section 4.10.18.7).
AUTOFILL = {
    "name": "name", "phone": "tel", "email": "email", "address": "street-address", "postcode": "postal-code",
    "organisation": "organization",
}  # fmt: skip


@dataclass(slots=True)
class Filled:
    """What is known of a form while it is filled in."""

    #: All that begins an item: `answers`, and what goes beside them.
    whole: Any
    #: By pointer, what is wrong; what a field's choices are that a list has; and what is shown for a value.
    wrong: dict[str, str] = field(default_factory=dict)
    options: dict[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    #: Rows that were asked for and are empty yet, by the list's pointer.
    rows: dict[str, int] = field(default_factory=dict)
    #: Of a time that is chosen: by pointer, the days that there are and the one that is shown.
    days: dict[str, Any] = field(default_factory=dict)
    times: dict[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Field:
    """One field, or a frame around several."""

    pointer: str
    sort: Sort
    node: Node
    value: Any
    is_required: bool
    is_asked: bool
    wrong: str = ""
    children: list[Field] = field(default_factory=list)
    #: As value, words and whether it is chosen.
    choices: list[tuple[str, str, bool]] = field(default_factory=list)
    #: What is shown for the value; the titles of the frames around it, where it stands without them.
    words: str = ""
    above: str = ""
    days: Any = None

    @property
    def title(self) -> str:
        return " · ".join(filter(None, (self.above, str(self.node.get("title") or ""))))

    @property
    def hints(self) -> list[str]:
        """What helps to fill it in."""
        names = ("description", "x-shows") if self.wrong else ("description", "x-shows", "x-pattern-hint")
        return [*dict.fromkeys(str(self.node[name]) for name in names if self.node.get(name))]

    @property
    def when(self) -> str:
        """What has to be chosen beside it for it to be asked, for a script: pointers with values."""
        beside = self.pointer.rpartition("/")[0]
        asked = {
            f"{beside}/{escaped(name)}": list(map(plain, told)) for name, told in self.node.get("x-when", {}).items()
        }
        return orjson.dumps(asked).decode() if asked else ""

    @property
    def autofill(self) -> str:
        return AUTOFILL.get(self.node.get("x-prefill", ""), "off")

    @property
    def described(self) -> bool:
        return bool(self.wrong or self.hints)


def plain(value: Any) -> str:
    """A choice's value as it is sent with a form."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def fields_of(schema: Node, filled: Filled, at: str = "") -> list[Field]:
    """The fields of an object, in their order."""
    answers = _at(filled.whole, at)
    answers, required = answers if isinstance(answers, Mapping) else {}, schema.get("required", ())
    made = []
    for name in in_order(schema):
        node = schema["properties"][name]
        if node.get("deprecated") or name == "reuse" or (name == "renews" and name not in required):
            continue
        asked = is_asked(node, answers, schema)
        is_required = name in required or bool(node.get("x-required"))
        made.append(_field(node, f"{at}/{escaped(name)}", answers.get(name, MISSING), is_required, asked, filled))
    return made


def groups_of(schema: Node) -> list[tuple[str, str, list[str]]]:
    """Title, hint and names of the fields of each group of an object."""
    groups = schema.get("x-groups") or [{"title": "", "fields": list(schema["properties"])}]
    return [(str(one.get("title", "")), str(one.get("description", "")), list(one["fields"])) for one in groups]


def _field(node: Node, pointer: str, value: Any, is_required: bool, asked: bool, filled: Filled) -> Field:
    one = Field(pointer, kind_of(node), node, value, is_required, asked, filled.wrong.get(pointer, ""))
    match one.sort:
        case "group":
            one.children = fields_of(node, filled, pointer)
        case "rows":
            count = max(
                len(value) if isinstance(value, list) else 0, filled.rows.get(pointer, 0), node.get("minItems", 0)
            )
            one.children = [_row(node["items"], f"{pointer}/{at}", filled) for at in range(count)]
        case "choice" | "choices" | "yes":
            _choose(one, value)
        case "listed" | "slot":
            chosen = "" if value is MISSING else plain(value)
            one.choices = [(code, words, code == chosen) for code, words in filled.options.get(pointer, ())]
            one.days = filled.days.get(pointer)
    one.words = filled.names.get(pointer) or words_of(one)
    return one


def _row(node: Node, pointer: str, filled: Filled) -> Field:
    wrong = filled.wrong.get(pointer, "")
    return Field(pointer, "group", node, None, True, True, wrong, fields_of(node, filled, pointer))


def kind_of(node: Node) -> Sort:
    """In which way a field is shown."""
    if "properties" in node:
        return "group"
    if node.get("type") == "array" and not choices(node):
        entry = node["items"]
        return "rows" if "properties" in entry else "files" if entry.get("x-attachment") else "texts"
    sort = sort_of(node)
    if sort == "listed" and choices(node):
        return "choice"
    if sort == "listed":
        return "slot" if "days" in node["x-choices"] else "listed"
    if sort in ("text", "secret"):
        return "long" if node.get("maxLength", 0) > LINE_CHARS and "format" not in node else "text"
    return sort  # type: ignore[return-value]


def _choose(one: Field, value: Any) -> None:
    options = [(True, ""), (False, "")] if one.sort == "yes" else choices(one.node)
    chosen = value if isinstance(value, list) else [value]
    one.choices = [
        (plain(const), words, any(const is each or const == each for each in chosen)) for const, words in options
    ]


def words_of(one: Field) -> str:
    """What is answered, in words; "" for what is a frame, a file, or yes and no."""
    if one.value is MISSING or one.sort in ("group", "rows", "file", "files", "yes"):
        return ""
    if chosen := [words for _, words, is_chosen in one.choices if is_chosen]:
        return "、".join(chosen)
    if isinstance(one.value, list):
        return "、".join(map(plain, one.value))
    return plain(one.value)


def leaves(fields: Sequence[Field], above: str = "") -> Iterator[Field]:
    """All fields that are asked and hold an answer themselves, each with the titles of the frames around it."""
    for one in (each for each in fields if each.is_asked):
        one.above = above
        if one.sort == "group":
            yield from leaves(one.children, one.title)
        elif one.sort == "rows":
            for number, row in enumerate(one.children, 1):
                yield from leaves(row.children, f"{one.title} {number}")
        else:
            yield one


def _at(whole: Any, pointer: str) -> Any:
    return whole if not pointer else value_at(whole, pointer)
