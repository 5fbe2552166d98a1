"""What a client shows that knows no item and no kind: titles and words as the API says them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from banshi_client.form.fields import choices_of

Json = Mapping[str, Any]

#: What every answer has for people, whatever the kind; each is a path of members through lists.
LISTED = ("title", "summary", "kind_title", "department_title")
GUIDE = (
    *LISTED, "unit_title", "audience_titles", "conditions", "process", "legal_basis/title", "legal_basis/article",
    "materials/title", "materials/source_title", "fee/note", "places/title", "places/address", "places/phone",
    "places/hours", "result/title",
)  # fmt: skip
DEPARTMENT = ("title", "units/title", "roles/title", "roles/actions/label", "roles/actions/kind_title")
CASE = ("item/title", "kind_title", "department_title", "unit_title", "state_title", "reason", "attachments/name")
ENTRY = ("action_title", "state_title", "by_title", "reason")
ACTION = ("label", "leads_to_title")
MESSAGE = ("title", "body", "category_title", "state_title")
PROBLEM = ("detail", "problems/detail")


class Shown(NamedTuple):
    """A text on the screen, and which part of an answer it is."""

    place: str
    text: str


@dataclass(slots=True)
class Screen:
    """All that was shown, and what people have written or uploaded themselves."""

    shown: set[Shown] = field(default_factory=set)
    written: set[str] = field(default_factory=set)

    def put(self, place: str, text: Any) -> None:
        if text not in (None, ""):
            self.shown.add(Shown(place, str(text)))

    def members(self, place: str, document: Any, paths: Sequence[str]) -> None:
        """Show these members, and those of each in a list."""
        for path in paths:
            for text in found(document, path.split("/")):
                self.put(f"{place}/{path}", text)

    def form(self, place: str, schema: Json) -> None:
        """Show a form whole: what each field is called, what is said of it, its unit and its choices."""
        for word in ("title", "description", "x-unit", "x-shows", "x-pattern-hint"):
            self.put(f"{place}/{word}", schema.get(word))
        self.members(f"{place}/group", schema.get("x-groups", ()), ("title",))
        for choice in choices_of(schema):
            self.put(f"{place}/choice", choice.title)
        for name, one in schema.get("properties", {}).items():
            self.put(f"{place}/{name}", one.get("title", name))
            self.form(f"{place}/{name}", one)
        if isinstance(schema.get("items"), Mapping):
            self.form(f"{place}/-", schema["items"])

    def values(self, place: str, schema: Json, value: Any) -> None:
        """Show what a form describes: what has a title, and the words of what was chosen."""
        if isinstance(value, Mapping):
            self.put(place, value.get("title"))
            for name, one in schema.get("properties", {}).items():
                if "title" in one and value.get(name) not in (None, "", [], {}):
                    self.put(f"{place}/{name}", one["title"])
                    self.values(f"{place}/{name}", one, value[name])
        elif isinstance(value, list):
            for one in value:
                self.values(f"{place}/-", schema["items"], one)
        elif isinstance(value, str) and schema.get("format") not in ("uuid", "date", "date-time"):
            words = {choice.value: choice.title for choice in choices_of(schema)}
            self.put(f"{place}/-", words.get(value, value))

    def wrote(self, text: str) -> str:
        """A text that somebody has written, to tell it from what the API says."""
        self.written.add(text)
        return text


def found(document: Any, path: Sequence[str]) -> list[Any]:
    """What stands at a path, of each entry of a list."""
    if isinstance(document, list | tuple):
        return [one for part in document for one in found(part, path)]
    if not path or document is None:
        return [document]
    return found(document.get(path[0]), path[1:])
