"""What is still to be asked: derived from the form and the answers each time, so that no place in a form is ever kept.

`Question.pointer` is a JSON Pointer into the answers. A list's next entry is `/people/2`, and whether there is another
one is asked at `/people/-`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

#: What a question wants: one or several of its choices, one of a list of the API's, another entry of a list or not,
#: which of the optional fields, a day, a day and a time, a number, yes or no, a file, words, or what no chat carries.
Sort = Literal[
    "choice", "choices", "listed", "another", "optional", "day", "moment", "number", "yes", "file", "text", "secret"
]

#: What nobody types: it comes with a place that somebody sends.
DEGREES = frozenset({"latitude", "longitude"})
#: Formats of what isn't written into a chat: an ID number.
SECRET = frozenset({"cn-resident-id"})

Node = Mapping[str, Any]

MISSING = object()


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask."""

    pointer: str
    sort: Sort
    #: The field's schema, as its reader gets it.
    node: Node
    #: Of `optional`: the pointers that may be left out, with their titles.
    fields: Sequence[tuple[str, str]] = ()
    #: Whether "no more" is an answer too: an entry of a list that has enough of them.
    may_end: bool = False

    @property
    def title(self) -> str:
        return str(self.node.get("title") or self.pointer.rpartition("/")[2])

    @property
    def label(self) -> str:
        """The title with its unit."""
        return f"{self.title} ({self.node['x-unit']})" if self.node.get("x-unit") else self.title


def plan(form: Node, answers: Node, settled: Collection[str], wanted: Collection[str]) -> Iterator[Question]:
    """What is still missing, in order: what is required, then one question about all that may be left out, then what
    no chat carries.

    `settled` are the pointers of what its person leaves out, and of lists that have no more entries; `wanted` those of
    optional fields that they do want to fill in.
    """
    left: list[tuple[str, str]] = []
    secret: list[Question] = []
    yield from _Walk(settled, wanted, left, secret).within(form, "", answers)
    if left:
        yield Question("", "optional", {}, fields=left)
    yield from secret


@dataclass(frozen=True, slots=True)
class _Walk:
    settled: Collection[str]
    wanted: Collection[str]
    #: Collects the optional fields that nobody has decided about.
    left: list[tuple[str, str]]
    #: Collects what no chat carries.
    secret: list[Question]

    def within(self, node: Node, at: str, answers: Node) -> Iterator[Question]:
        required = node.get("required", ())
        for name in in_order(node):
            field = node["properties"][name]
            if not is_asked(field, answers, node) or field.get("deprecated"):
                continue
            if field.get("x-place") in DEGREES and name not in required:
                continue
            pointer, value = f"{at}/{escaped(name)}", answers.get(name, MISSING)
            if value is MISSING and name not in required and not field.get("x-required") and pointer not in self.wanted:
                if pointer not in self.settled and sort_of(field) != "secret":
                    self.left.append((pointer, str(field.get("title", name))))
                continue
            yield from self.field(field, pointer, value)

    def field(self, node: Node, pointer: str, value: Any) -> Iterator[Question]:
        if "properties" in node:
            yield from self.within(node, pointer, value if isinstance(value, Mapping) else {})
        elif node.get("type") == "array" and not choices(node):
            yield from self.entries(node, pointer, value if isinstance(value, list) else [])
        elif value is MISSING:
            question = Question(pointer, sort_of(node), node)
            if question.sort == "secret":
                self.secret.append(question)
            else:
                yield question

    def entries(self, node: Node, pointer: str, values: Sequence[Any]) -> Iterator[Question]:
        """What the entries of a list lack, and the next entry while there may be one."""
        item = {"title": node.get("title", ""), **node["items"]}
        if "properties" in item:
            for number, value in enumerate(values):
                yield from self.within(item, f"{pointer}/{number}", value)
        end, enough = f"{pointer}/-", len(values) >= max(1, node.get("minItems", 1))
        if end in self.settled or len(values) >= node.get("maxItems", 100):
            return
        if "properties" not in item:
            yield Question(f"{pointer}/{len(values)}", sort_of(item), item, may_end=enough)
        elif enough:
            yield Question(end, "another", node)
        else:
            yield from self.within(item, f"{pointer}/{len(values)}", {})


def in_order(node: Node) -> list[str]:
    """The names of an object's fields, as its groups have them."""
    groups = node.get("x-groups") or [{"fields": list(node["properties"])}]
    return [name for group in groups for name in group["fields"]]


def is_asked(field: Node, beside: Node, node: Node) -> bool:
    """Whether a field is asked, by the answers beside it."""
    for sibling, values in field.get("x-when", {}).items():
        if not is_asked(node["properties"][sibling], beside, node):
            return False
        given = beside.get(sibling, MISSING)
        if not any(one in values for one in (given if isinstance(given, list) else [given])):
            return False
    return True


def sort_of(node: Node) -> Sort:
    if "x-choices" in node:
        return "listed"
    if choices(node):
        return "choices" if node.get("type") == "array" else "choice"
    if node.get("x-attachment"):
        return "file"
    match node.get("type"), node.get("format"):
        case "boolean", _:
            return "yes"
        case (("integer" | "number"), _):
            return "number"
        case _, "date":
            return "day"
        case _, "date-time":
            return "moment"
    return "secret" if node.get("format") in SECRET else "text"


def choices(node: Node) -> list[tuple[Any, str]]:
    """The values that a field, or each entry of a list, can have, with their words."""
    entry = node["items"] if node.get("type") == "array" else node
    if told := entry.get("oneOf"):
        return [(one["const"], str(one.get("title", one["const"]))) for one in told if "const" in one]
    return [(one, str(one)) for one in entry.get("enum", ())]


def escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def parts_of(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def value_at(answers: Any, pointer: str) -> Any:
    """What is answered there; MISSING where nothing is."""
    for part in parts_of(pointer):
        if isinstance(answers, Mapping):
            answers = answers.get(part, MISSING)
        elif isinstance(answers, list) and part.isdigit() and int(part) < len(answers):
            answers = answers[int(part)]
        else:
            return MISSING
    return answers


def with_value(answers: Any, pointer: str, value: Any) -> Any:
    """The answers with that value there: a new object, and lists that end where it was put."""
    return _with(answers, parts_of(pointer), value)


def _with(own: Any, parts: Sequence[str], value: Any) -> Any:
    if not parts:
        return value
    first, *rest = parts
    if isinstance(own, list) or (own is None and first.isdigit()):
        entries, place = own or [], int(first)
        inner = entries[place] if place < len(entries) else None
        return [*entries[:place], _with(inner, rest, value), *entries[place + 1 :]]
    return {**(own or {}), first: _with((own or {}).get(first), rest, value)}


def without_value(answers: Any, pointer: str) -> Any:
    """The answers without what is there; an object or a list that is empty then is gone too."""
    return _without(answers, parts_of(pointer))


def _without(own: Any, parts: Sequence[str]) -> Any:
    first, *rest = parts
    if not isinstance(own, list | Mapping):
        return own
    named = own.items() if isinstance(own, Mapping) else ((str(place), one) for place, one in enumerate(own))
    kept = {name: (_without(one, rest) if rest else None) if name == first else one for name, one in named}
    if first in kept and kept[first] in (None, {}, []):
        del kept[first]
    return kept if isinstance(own, Mapping) else [*kept.values()]
