"""Which messages of an inbox are wanted: by what they are about, what was done with them, and what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from banshi import Call, Parameter
from banshi.sdk.documents import ID
from mobile_push.tables.marks import Marks

#: Own messages that one request looks through for words: texts may be sealed, so each is read here. The rest is
#: looked through by the next page.
MAX_SEARCHED = 1000

_BOOLEAN = {"type": "string", "enum": ["true", "false"]}

FILTERS = (
    Parameter("kind", {"type": "string", "enum": ["case", "notice", "alert"]}, "Only of this kind."),
    Parameter("category", {"type": "string", "minLength": 1, "maxLength": 32}, "Only of this category."),
    Parameter("case", ID, "Only about this case."),
    Parameter("unread", _BOOLEAN, "Only what is unread, or read."),
    Parameter("archived", _BOOLEAN, "Only what is archived, or isn't."),
    Parameter(
        "q",
        {"type": "string", "minLength": 1, "maxLength": 100},
        f"Only what has these words in its title or body, in the reader's language. A page looks through "
        f"{MAX_SEARCHED} messages at most, and `next` leads to the rest.",
    ),
)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a request asks for."""

    #: A message's kind, category or case; and of its times whether there is to be none.
    same: Mapping[str, str]
    none: Mapping[str, bool]
    words: Sequence[str]

    @classmethod
    def of(cls, call: Call) -> Filter:
        query = call.query
        same = {name: query[name] for name in ("kind", "category", "case") if name in query}
        if "case" in same:
            same["case"] = str(UUID(same["case"]))
        none = {"read_at": query["unread"] == "true"} if "unread" in query else {}
        none |= {"archived_at": query["archived"] == "false"} if "archived" in query else {}
        return cls(same, none, query.get("q", "").casefold().split())

    @property
    def is_any(self) -> bool:
        """Whether anything is asked for: then the page is a list, and no step of keeping a phone right."""
        return bool(self.same or self.none or self.words)

    @property
    def takes_broadcasts(self) -> bool:
        return "case" not in self.same and self.same.get("kind") != "case"

    def most(self, limit: int) -> int:
        """Own messages to read for a page of `limit`."""
        return MAX_SEARCHED if self.words else limit + 1

    def condition(self, mark: Marks) -> str:
        """Of what is asked for, as much as the database can tell, as SQL."""
        if not self.is_any:
            return ""
        parts = [f"{name} = {mark(value)}" for name, value in self.same.items() if name != "case"]
        if "case" in self.same:
            parts.append(f"case_id = {mark(UUID(self.same['case']))}")
        none = {**self.none, "deleted_at": True}
        parts += [f"{name} IS {'' if value else 'NOT '}NULL" for name, value in none.items()]
        return "".join(f" AND {part}" for part in parts)

    def takes(self, document: Mapping[str, Any]) -> bool:
        """Whether a message is wanted, as its reader sees it."""
        if any(document[name] != value for name, value in self.same.items()):
            return False
        if any((document[name] is None) != value for name, value in self.none.items()):
            return False
        text = f"{document['title']}\n{document['body']}".casefold() if self.words else ""
        return all(word in text for word in self.words)
