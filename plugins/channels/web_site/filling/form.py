"""A form's page while it is filled in: what is known, what is wrong, and where it goes on."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from multidict import MultiDict

from banshi import InvalidFields, Principal, Problem, text_in
from questions.answering import form_of
from questions.plan import MISSING, parts_of
from web_site.filling.fields import Field, Filled, fields_of, groups_of, kind_of, leaves
from web_site.filling.listed import SHOWN, look_up
from web_site.filling.sent import File, multipart_of
from web_site.filling.typed import answers_of, rows_of, sent_of, without_row
from web_site.sentences import say
from web_site.visit import Visit

#: Names of buttons beside the one that goes on.
BUTTONS = frozenset({"more", "less", "drop", "save", "look", "day", "prefill", "stay", "show"})
#: What a page of ours bears, to be done once.
KEY = re.compile(r"[A-Za-z0-9_-]{20,64}")
TOO_MANY = "This is too much in one go. What came before it is stored: choose this file once more."
AGAIN = "This was handed in already, and is among “My cases”. If it is meant to be another one, go on."


@dataclass
class Filling:
    """A form of the API's, as one person fills it in."""

    visit: Visit
    #: Of all that is sent: an object, whose `answers` have groups of their own.
    schema: Mapping[str, Any]
    #: Whose it is; None where nobody says who they are.
    owner: Principal | None
    #: Where pictures go of whoever says no name.
    pictures: str = ""
    sent: MultiDict[str] = field(default_factory=MultiDict)
    filled: Filled = field(default_factory=lambda: Filled({}))
    #: Whether lists were looked through already.
    has_looked: bool = False

    @property
    def whole(self) -> Any:
        return self.filled.whole

    @whole.setter
    def whole(self, whole: Any) -> None:
        self.filled.whole = whole

    @property
    def goes_on(self) -> bool:
        return not BUTTONS & {*self.sent}

    @cached_property
    def key(self) -> str:
        """What it is done once under: made when it is first shown, and borne by each page after that."""
        sent = self.visit.sent.get("key", "")
        return sent if KEY.fullmatch(sent) else secrets.token_urlsafe(24)

    def begin(self, whole: Any) -> None:
        """Begin with these answers."""
        carried = self.carried_along()
        self.sent = sent_of(self.schema, whole)
        self.sent.extend(carried)
        self.read()

    def carried_along(self) -> list[tuple[str, str]]:
        """What goes from page to page beside the answers: what files are called, and which day was shown."""
        return [(name, text) for name, text in self.sent.items() if name.startswith("name:") or name == SHOWN]

    def read(self) -> None:
        """The answers from what was sent, and what is shown for files."""
        self.whole = answers_of(self.schema, self.sent, self.visit.call.platform.city_time())
        for name, text in self.sent.items():
            if name.startswith("name:"):
                self.filled.names[name[5:]] = text
            elif rows := rows_of(name.rpartition("/")[0], self.sent):
                self.filled.rows[name.rpartition("/")[0]] = len(rows)

    async def take(self, files: Sequence[File]) -> None:
        """Read what was sent, do what a button says, and store files that were chosen."""
        if row := self.sent.get("less"):
            self.sent = without_row(self.sent, row)
        for pointer in self.sent.getall("drop", ()):
            self.sent.popall(pointer, None)
        for file in files:
            await self._store(file)
        self.read()
        if (at := self.sent.get("more")) is not None:
            self.filled.rows[at] = max(self.filled.rows.get(at, 0), len(rows_of(at, self.sent))) + 1

    async def _store(self, file: File) -> None:
        """Upload a file; what is wrong with it stands at its field, and all else stays."""
        node = self.node_at(file.field)
        if node is None or kind_of(node) not in ("file", "files"):
            return
        if file.body is None:
            self.filled.wrong[file.field] = text_in(say(TOO_MANY), self.visit.language)
            return
        body, media_type = multipart_of(file, file.body)
        if self.owner is None:
            body, media_type = file.body, _type_of(file.body)
        try:
            stored = await self.visit.send(
                "POST", self.pictures or "/v1/attachments", body, media_type=media_type, person=self.owner
            )
        except Problem as problem:
            self.filled.wrong[file.field] = str(problem.document(self.visit.language)["detail"])
            return
        if kind_of(node) == "file":
            self.sent.popall(file.field, None)
        self.sent.add(file.field, stored["id"])
        self.sent.add(f"name:{file.field}#{stored['id']}", stored.get("name") or file.name)

    def node_at(self, pointer: str) -> Mapping[str, Any] | None:
        """The schema of a field; None where there is none."""
        node: Any = self.schema
        for part in parts_of(pointer):
            node = node.get("properties", {}).get(part) if "properties" in node else node.get("items")
            if node is None:
                return None
        return node  # type: ignore[no-any-return]

    def is_right(self) -> bool:
        """Whether it can be sent, as far as anybody can say before; what is wrong stands at its fields."""
        verified = self.owner.resident_id if self.owner else ""
        at, language = self.visit.call.platform.city_time(), self.visit.language
        for problem in form_of(self.schema).problems(self.whole, language, verified, at=at):
            self.filled.wrong.setdefault(problem.pointer, problem.document(language)["detail"])
        return not self.filled.wrong

    def refuse(self, refused: Problem, here: Collection[int] | None = None) -> None:
        """Say what the API has found, at its fields where it is about those; raises what isn't said `here`."""
        if here is not None and refused.status not in here:
            raise refused
        if refused.status < 429 and refused.code != "still-running":
            # It is decided, and what comes after it is something else.
            self.key = secrets.token_urlsafe(24)
        if refused.code == "idempotency-key-reused":
            self.filled.wrong[""] = text_in(say(AGAIN), self.visit.language)
            return
        if not isinstance(refused, InvalidFields):
            self.filled.wrong[""] = str(refused.document(self.visit.language)["detail"])
            return
        for problem in refused.problems:
            self.filled.wrong.setdefault(problem.pointer, problem.document(self.visit.language)["detail"])

    # -- what templates ask ------------------------------------------------------------------------------------------

    async def fields(self) -> list[Field]:
        await look_up(self)
        return fields_of(self.schema, self.filled)

    def more_asked(self, fields: Sequence[Field]) -> list[str]:
        """What is asked by what was answered just now, and stood on no page before: their pointers."""
        shown = {*self.sent.getall("asked", ())}
        asked = [one for one in _all(fields) if one.when and one.is_asked]
        return [one.pointer for one in asked if one.pointer not in shown]

    def groups(self, fields: Sequence[Field]) -> list[tuple[str, str, list[Field]]]:
        """The fields below the titles of their groups; what goes beside the answers first."""
        by_name = {one.pointer: one for one in fields}
        answers = by_name.pop("/answers", None)
        found = [("", "", [*by_name.values()])] if by_name else []
        if answers is not None and answers.sort == "group":
            own = {parts_of(one.pointer)[-1]: one for one in answers.children}
            for title, hint, names in groups_of(answers.node):
                some = [own[name] for name in names if name in own]
                # What a group is called needs not be said twice.
                is_same = len(some) == 1 and some[0].sort == "group" and some[0].title == title and not some[0].when
                found.append((title, hint, some[0].children if is_same else some))
        return [one for one in found if one[2]]

    def answered(self, fields: Sequence[Field]) -> list[tuple[str, list[Field]]]:
        """What is answered, below the titles of the groups."""
        groups = [(title, list(leaves(some))) for title, _, some in self.groups(fields)]
        return [(title, told) for title, some in groups if (told := [one for one in some if one.value is not MISSING])]

    def mistakes(self, fields: Sequence[Field]) -> list[tuple[str, str, str]]:
        """Pointer, title and what is wrong; the pointer is "" for what no field of the page is about."""
        there = {one.pointer: one for one in _all(fields)}
        order = [*there]
        told = [
            (pointer if pointer in there else "", there[pointer].title if pointer in there else "", wrong)
            for pointer, wrong in self.filled.wrong.items()
        ]
        return sorted(told, key=lambda one: order.index(one[0]) if one[0] else -1)


def _all(fields: Sequence[Field]) -> list[Field]:
    """All fields, those around others too; what is in one that isn't asked isn't either."""
    return [each for one in fields for each in (one, *(_all(one.children) if one.is_asked else ()))]


def _type_of(body: bytes) -> str:
    """The media type of a picture, by its first bytes."""
    if body.startswith(b"\x89PNG"):
        return "image/png"
    return "image/webp" if body[8:12] == b"WEBP" else "image/jpeg"
