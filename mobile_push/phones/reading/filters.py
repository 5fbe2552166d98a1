"""Which messages of an inbox are wanted: by what they are about, what was done with them, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
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

    kind: str | None = None
    category: str | None = None
    case: str | None = None
    unread: bool | None = None
    archived: bool | None = None
    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, call: Call) -> Filter:
        query = call.query
        yes = {name: query[name] == "true" for name in ("unread", "archived") if name in query}
        case = str(UUID(query["case"])) if "case" in query else None
        words = tuple(query.get("q", "").casefold().split())
        return cls(query.get("kind"), query.get("category"), case, yes.get("unread"), yes.get("archived"), words)

    @property
    def is_any(self) -> bool:
        """Whether anything is asked for: then the page is a list, and no step of keeping a phone right."""
        return self != EVERYTHING

    @property
    def takes_broadcasts(self) -> bool:
        return self.case is None and self.kind != "case"

    def most(self, limit: int) -> int:
        """Own messages to read for a page of `limit`."""
        return MAX_SEARCHED if self.words else limit + 1

    def condition(self, mark: Marks) -> str:
        """Of what is asked for, as much as the database can tell, as SQL."""
        if not self.is_any:
            return ""
        case = UUID(self.case) if self.case else None
        same = {"kind": self.kind, "category": self.category, "case_id": case}
        parts = [f"{name} = {mark(value)}" for name, value in same.items() if value is not None]
        null = {"read_at": self.unread, "archived_at": None if self.archived is None else not self.archived}
        null["deleted_at"] = True
        parts += [f"{name} IS {'' if value else 'NOT '}NULL" for name, value in null.items() if value is not None]
        return "".join(f" AND {part}" for part in parts)

    def takes(self, document: Mapping[str, Any]) -> bool:
        """Whether a message is wanted, as its reader sees it."""
        if any(value is not None and document[name] != value for name, value in self._same()):
            return False
        if self.unread is not None and (document["read_at"] is None) != self.unread:
            return False
        if self.archived is not None and (document["archived_at"] is not None) != self.archived:
            return False
        text = f"{document['title']}\n{document['body']}".casefold() if self.words else ""
        return all(word in text for word in self.words)

    def _same(self) -> tuple[tuple[str, str | None], ...]:
        return (("kind", self.kind), ("category", self.category), ("case", self.case))


EVERYTHING = Filter()
