"""An app for any city: it knows no item and no kind, and goes on as the API says.

It takes HTTP and JSON alone, by `banshi_client`. What it knows is what every item has: the guide, the form, `begin`, a
case with its timeline and `permitted_actions`, the inbox. tests/clients/test_generic_client.py counts the lines that
know more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from banshi_client import Client, Form, ProblemError
from banshi_client.form.fields import choices_of
from tests.clients.generic_screen import (
    ACTION,
    CASE,
    DEPARTMENT,
    ENTRY,
    GUIDE,
    LISTED,
    MESSAGE,
    PROBLEM,
    Json,
    Screen,
    found,
)
from tests.plugins.filling import text_of

#: Links to a pass that one phone shows need that phone's key, and `pass` is the old name of either sort.
LEFT_OUT = ("pass", "pass_phone")


@dataclass(slots=True)
class Begun:
    """What was begun: its guide, the case as its owner sees it now, and the code of whoever has no name."""

    guide: Json
    case: Any = None
    code: str | None = None
    #: Where each member of staff has found it.
    desks: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class App:
    """The phone of a citizen, and the desks of the staff."""

    citizen: Client
    nobody: Client
    #: Two members of staff with these roles, such as `traffic:reviewer`.
    staff: Callable[[Sequence[str]], Sequence[Client]]
    #: Waits until what was promised is done.
    settle: Callable[[], Awaitable[None]]
    picture: bytes
    screen: Screen
    #: What somebody has read in a list, by who it was, the list and the value.
    names: dict[tuple[int, str, str], str] = field(default_factory=dict)

    # -- from the list to what was begun

    async def items(self) -> list[str]:
        """Where the items are, as the list has them."""
        rows = [row async for row in self.citizen.rows("/v1/items", limit="100")]
        self.screen.members("list", rows, LISTED)
        return [row["links"]["self"] for row in rows]

    async def begin(self, address: str, known: Json) -> Begun:
        """Show the guide and the form, fill it in, and send it; `known` is what a person reads on their papers."""
        guide = await self.citizen.get(address)
        for text in known.values():
            self.screen.wrote(str(text))
        self.screen.members("guide", guide, GUIDE)
        forms = {"answers": guide["form"] or {}, **guide["begin"]["schema"]["properties"]}
        for name, schema in forms.items():
            self.screen.form(f"begin/{name}", schema)
        begun = Begun(guide)
        needed = ["answers", *guide["begin"]["schema"]["required"]]
        envelope = {name: await self._filled(begun, forms[name], known) for name in needed}
        await self._refused(begun)
        document = await self._owner(begun).begin(guide, envelope)
        self.screen.members("begun", document, ("kind_title",))
        self._records(document["records"])
        begun.case, begun.code = document["case"], document["code"]
        return begun

    async def _refused(self, begun: Begun) -> None:
        """Send nothing, and show what is said to that."""
        try:
            await self._owner(begun).begin(begun.guide, {"answers": {}})
        except ProblemError as problem:
            self.screen.members("problem", problem.document, PROBLEM)

    def _owner(self, begun: Begun) -> Client:
        return self.nobody if begun.guide["begin"]["unnamed"] == "always" else self.citizen

    def _records(self, records: Json | None) -> None:
        """Show the answer of a register; a number, a day and what is true or not the app writes itself."""
        for column in records["columns"] if records else ():
            self.screen.put("records/title", column["title"])
            words = column.get("values", {})
            for value in found(records["records"], [column["name"]]) if records else ():
                if column["type"] == "text":
                    self.screen.put("records/text", words.get(value, value))

    # -- what is sent

    async def _filled(self, begun: Begun, schema: Json, known: Json) -> Any:
        """What a form asks for, the first choice of each, and what is asked only then as well."""
        if listed := schema.get("x-choices"):
            return await self._chosen(listed)
        if choices := choices_of(schema):
            several = [one.value for one in choices[: max(1, schema.get("minItems", 1))]]
            return several if schema.get("type") == "array" else several[0]
        match schema.get("type"):
            case "object":
                answers: dict[str, Any] = {}
                while new := [one for one in Form(schema).fields(answers) if one.name not in answers]:
                    for one in new:
                        own = known[one.name] if one.name in known else await self._filled(begun, one.schema, known)
                        answers[one.name] = own
                return answers
            case "array":
                return [await self._filled(begun, schema["items"], known) for _ in range(schema.get("minItems", 1))]
            case "boolean":
                return True
            case "integer" | "number":
                return schema.get("minimum", 1)
        return await self._uploaded(begun) if schema.get("x-attachment") else self.screen.wrote(text_of(schema))

    async def _chosen(self, listed: Json) -> Any:
        """The last of a list's first page: nothing that is over in a moment."""
        page = await self.citizen.get(listed["list"])
        self.screen.members("choices", page["items"], (listed["title"][1:],))
        return found(page["items"], listed["value"][1:].split("/"))[-1]

    async def _uploaded(self, begun: Begun) -> str:
        if self._owner(begun) is self.citizen:
            return str((await self.citizen.upload(self.picture, self.screen.wrote("照片.jpg")))["id"])
        body = aiohttp.BytesPayload(self.picture, content_type="image/jpeg")
        return str((await self.nobody.request("POST", begun.guide["links"]["upload_of_tip"], data=body)).document["id"])

    # -- going on

    async def go_on(self, begun: Begun) -> None:
        """Take whatever leads on to another state, by whoever may, until nothing does."""
        roles = [f"{begun.guide['department']}:{role}" for role in await self._roles(begun.guide)]
        people = [self._owner(begun), *self.staff(roles)]
        seen = {begun.case["state"]}
        going = True
        while going:
            going = False
            await self.settle()
            for who in people:
                case = await self._read(begun, who)
                seen.add(case["state"])
                forward = [one for one in case["permitted_actions"] if one["forward"] and one["leads_to"] not in seen]
                if forward:
                    await self._act(begun, who, forward[0])
                    going = True
                    break

    async def _roles(self, guide: Json) -> list[str]:
        department = await self.citizen.get(guide["links"]["department"])
        self.screen.members("department", department, DEPARTMENT)
        return [one["role"] for one in department["roles"]]

    async def _read(self, begun: Begun, who: Client) -> Any:
        """The case as its owner or a member of staff sees it now."""
        if who is not self._owner(begun):
            case = await self._at_desk(begun, who)
        elif begun.code:
            case = begun.case = await who.send("POST", begun.guide["links"]["read_tip"], {"code": begun.code})
        else:
            case = begun.case = await who.get(begun.case["links"]["self"])
        self.screen.members("case", case, CASE)
        self.screen.members("timeline", case["timeline"], ENTRY)
        form = begun.guide["form"] or {}
        self.screen.values("answers", form, await self._named(who, form, case["answers"]))
        self.screen.values("details", begun.guide["case_details"] or {}, case.get("details") or {})
        for action in case["permitted_actions"]:
            self.screen.members("action", action, ACTION)
            for name, schema in action["body"]["properties"].items():
                self.screen.form(f"action/{name}", schema)
        return case

    async def _named(self, who: Client, schema: Json, value: Any) -> Any:
        """Answers with the names of what was chosen from a list, in place of its codes."""
        if isinstance(value, dict):
            fields = schema.get("properties", {})
            return {name: await self._named(who, fields.get(name, {}), one) for name, one in value.items()}
        if isinstance(value, list):
            return [await self._named(who, schema.get("items", {}), one) for one in value]
        if "x-choices" not in schema:
            return value
        asked = (id(who), str(schema["x-choices"]), str(value))
        if asked not in self.names:
            self.names[asked] = await who.name_of(schema, value)
        name = self.names[asked]
        assert name != value, f"{schema['title']} is shown by its code, {value}"
        return name

    async def _at_desk(self, begun: Begun, who: Client) -> Any:
        """The case where the worklist has it, or where its owner says that it is."""
        if id(who) not in begun.desks:
            rows = [row async for row in who.rows("/v1/worklist", limit="100")]
            own = [row for row in (*rows, begun.case) if row["number"] == begun.case["number"]]
            begun.desks[id(who)] = own[0]["links"]["self"]
        return await who.get(begun.desks[id(who)])

    async def _act(self, begun: Begun, who: Client, action: Json) -> None:
        """Take an action, with whatever it can't do without."""
        body, known = action["body"], {"code": begun.code}
        given = {
            name: known.get(name) or await self._filled(begun, body["properties"][name], {})
            for name in body["required"]
        }
        await who.act(action, given)

    # -- what came of it

    async def results(self, begun: Begun) -> list[str]:
        """Names of all that the case leads to, each of them read."""
        links = {**begun.case.get("links", {}), **begun.case.get("details", {}).get("links", {})}
        names = [name for name in links if name not in LEFT_OUT]
        for name in names:
            await self.citizen.request("GET", links[name])
        return names

    async def messages(self) -> list[Json]:
        """All of the inbox."""
        read, after = [], {}
        while True:
            page = await self.citizen.get("/v1/inbox", **after)
            self.screen.members("message", page["items"], MESSAGE)
            read += page["items"]
            if page["next"] is None:
                return read
            after = {"after": page["next"]}
