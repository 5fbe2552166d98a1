"""A program that knows the API's description alone works through an officer's day: every address is looked up there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from banshi.testing import Person
from conversations.tables.models import Said
from tests.channels.desk.bureau import WORKDAY, Clock, bureau, calls, officer


@dataclass
class Program:
    """Calls operations by what their summary says; where, with what and in which way stands in the document."""

    person: Person
    document: Mapping[str, Any]

    def found(self, words: str) -> tuple[str, str, Mapping[str, Any]]:
        """The one operation whose summary begins with these words: method, path, and what is said of it."""
        every = [
            (method, path, one)
            for path, methods in self.document["paths"].items()
            for method, one in methods.items()
            if isinstance(one, dict) and one.get("summary", "").startswith(words)
        ]
        (only,) = every
        return only

    async def does(self, words: str, body: Mapping[str, Any] | None = None, **names: str) -> Any:
        method, path, one = self.found(words)
        for name in re.findall(r"{(\w+)}", path):
            path = path.replace(f"{{{name}}}", names[name])
        if body is not None:
            schema = one["requestBody"]["content"]["application/json"]["schema"]
            if "$ref" in schema:
                schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            assert body.keys() <= schema["properties"].keys(), (words, schema)
        more = {"json": dict(body)} if body is not None else {}
        reply = await self.person.call(method.upper(), path, **more)
        assert str(reply.status) in one["responses"], (words, reply.status)
        assert reply.status < 300, (words, reply.body)
        return reply.document if reply.body else None


async def test_a_program_works_through_the_day_by_the_description_alone(tmp_path: Path, database: str) -> None:
    async with bureau(tmp_path, database) as door:
        Clock(door, WORKDAY)
        document = (await door.anyone.get("/openapi.json")).ok()
        program = Program(officer(door, "li"), document)
        assert (await program.does("List the desks"))["items"][0]["open"] is True
        for number in range(3):
            chatter = await calls(door, f"contact-{number}")
            await chatter.send("How long may a shop leave its door open at night?")
        listed = await program.does("List the conversations of your desks")
        assert len(listed["items"]) == 3
        for one in listed["items"]:
            await program.does("Take a conversation, or have your time", id=one["id"])
            shown = await program.does("Show a conversation: its words", id=one["id"])
            assert "at night" in shown["messages"][-1]["content"]["text"]
            said = await program.does("Say something to the citizen", {"text": "Until ten, {citizen}."}, id=one["id"])
            await program.does("Note something for colleagues", {"text": "asked about shops"}, id=one["id"])
            await program.does("End an answer", id=one["id"], said=said["said"])
            await program.does("Say something to the citizen", {"text": "Until eleven."}, id=one["id"])
            await program.does("Close a conversation", id=one["id"])
        assert (await program.does("List the conversations of your desks"))["items"] == []
        states = sorted(await Said.filter(by="officer").values_list("state", flat=True))
        assert states == ["refused"] * 3 + ["shut"] * 3
