"""What a posting's table in items.toml says: which answers are published, for how long, and what is compared."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

from banshi.forms import Form
from banshi.forms.pointers import names_in
from banshi.forms.pointing import words_at
from banshi.kernel.contract.data_tables import data_table
from banshi.kernel.contract.values import Item, Texts
from banshi.kinds.declarations import form_faults
from banshi.kinds.sentences import word

Sort = Literal["lost", "found", "missing-person"]

#: What people read for each.
SORTS: Mapping[str, Texts] = {
    "lost": word("Lost"),
    "found": word("Found"),
    "missing-person": word("Missing person"),
}

#: A posting of one sort is compared with those of the other.
OPPOSITE: Mapping[str, str] = {"lost": "found", "found": "lost"}

#: Longest time on the public list, in days, before and after an extension each.
MAX_DAYS = 3660


@data_table
class Fact:
    """A table `[[items.posting.facts]]`: an answer that is published beside the text, with what it is called."""

    #: JSON Pointer into the answers.
    field: str
    title: Texts
    #: What a code is shown as, where the form has no words for it: { red = { zh-CN = "红色", en = "red" } }.
    values: Mapping[str, Texts] = dataclasses.field(default_factory=dict)


@functools.lru_cache(maxsize=1024)
def _words_in(form: Form, field: str) -> Mapping[str, Texts]:
    return words_at(form.schema, field)


def words_of(item: Item, fact: Fact) -> Mapping[str, Texts]:
    """What stands for each value of a fact: its own words, or else those of the choices in the form."""
    return fact.values or (_words_in(item.form, fact.field) if item.form else {})


@data_table
class PostingRules:
    """The table `[items.posting]`. A pointer is a JSON Pointer into the answers, empty where there is no such field."""

    sorts: tuple[Sort, ...] = ("lost", "found")
    #: Days after which it leaves the public list; the poster may add as many again, once.
    days: int = 30
    #: Which of the sorts it is, where the item has several.
    sort: str = ""
    #: What is published: a line, the text or texts below it, day, GB/T 2260 division, place, photos, and facts.
    title: str = ""
    texts: tuple[str, ...] = ()
    day: str = ""
    division: str = ""
    place: str = ""
    photos: str = ""
    facts: tuple[Fact, ...] = ()
    #: What lost and found are compared by beside that.
    category: str = ""
    colour: str = ""
    brand: str = ""

    def __post_init__(self) -> None:
        if not self.sorts or len(set(self.sorts)) != len(self.sorts):
            raise ValueError(f"sorts has to name each of its sorts once: {', '.join(get_args(Sort))}")
        if not 1 <= self.days <= MAX_DAYS:
            raise ValueError(f"days has to be from 1 to {MAX_DAYS}")

    def published(self) -> Iterator[str]:
        """The pointers of the answers whose texts anybody can read."""
        yield from filter(None, (self.title, *self.texts, self.place, self.category, self.colour, self.brand))
        for fact in self.facts:
            yield fact.field

    def pointers(self) -> Iterator[tuple[str, str]]:
        """Every pointer with its key."""
        for key in ("sort", "title", "day", "division", "place", "photos", "category", "colour", "brand"):
            if pointer := getattr(self, key):
                yield key, pointer
        for number, pointer in enumerate(self.texts):
            yield f"texts[{number}]", pointer
        for number, fact in enumerate(self.facts):
            yield f"facts[{number}].field", fact.field


def field_at(schema: Mapping[str, Any], pointer: str) -> Mapping[str, Any] | None:
    """The form's field that a JSON Pointer names, through `properties` alone; None where there is none."""
    if not pointer.startswith("/"):
        return None
    node: Any = schema
    for name in names_in(pointer):
        node = node.get("properties", {}).get(name)
        if not isinstance(node, dict):
            return None
    return node  # type: ignore[no-any-return]


def check(item: Item) -> Iterator[tuple[str, str]]:
    """What is wrong with a posting's declaration, as (rule, advice)."""
    rules = item.details
    yield from form_faults(item, "a posting asks what is published")
    if item.form is None or rules is None:
        return
    for key in ("title", "texts"):
        if not getattr(rules, key):
            yield "nothing-published", f"name the field that is published as items.posting.{key}"
    fields = {key: field_at(item.form.schema, pointer) for key, pointer in rules.pointers()}
    for key, pointer in rules.pointers():
        if fields[key] is None:
            yield "unknown-field", f"mend items.posting.{key}: the form has no field {pointer!r}"
    yield from _misfits({key: one for key, one in fields.items() if one is not None}, rules)


def _misfits(fields: Mapping[str, Mapping[str, Any]], rules: PostingRules) -> Iterator[tuple[str, str]]:
    """The fields that are there and can't be what the table takes them for."""
    if len(rules.sorts) > 1 and not rules.sort:
        yield "unknown-sort", "name the field that says which of its sorts it is as items.posting.sort"
    sorts = fields.get("sort")
    if sorts is not None and set(sorts.get("enum", ())) != set(rules.sorts):
        yield "unknown-sort", f"give the field {rules.sort} the enum {list(rules.sorts)}, as items.posting.sorts has it"
    if "day" in fields and fields["day"].get("format") != "date":
        yield "not-a-date", f'give the field {rules.day} "format": "date": items.posting.day is read from it'
    if "division" in fields and fields["division"].get("format") != "cn-division":
        advice = f'give the field {rules.division} "format": "cn-division": items.posting.division is read from it'
        yield "not-a-division", advice
    if (photos := fields.get("photos")) is not None and not _takes_files(photos):
        advice = f'make {rules.photos} a file or a list of files, with "x-attachment": true: photos are read from it'
        yield "not-a-photo", advice
    for key, one in fields.items():
        kind = one.get("type")
        if key.startswith("facts") and kind not in {"string", "integer", "number", "boolean"}:
            yield "not-a-text", f"let items.posting.{key} name a field with a text, a number or a yes or no"
        elif not key.startswith("facts") and key not in {"day", "division", "photos", "sort"} and kind != "string":
            yield "not-a-text", f"let items.posting.{key} name a field of type string: it is published as text"
        if one.get("x-attachment") and key != "photos":
            yield "not-a-text", f"name the photos as items.posting.photos, and not as {key}: they are cleaned there"


def _takes_files(node: Mapping[str, Any]) -> bool:
    inner = node.get("items")
    return bool(node.get("x-attachment") or (isinstance(inner, dict) and inner.get("x-attachment")))
