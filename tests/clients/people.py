"""The people of a city, each with a client that knows no kind, and what they see of the API."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from banshi import Item
from banshi.kinds.appointment.scheduler import look
from banshi.testing import Door, Person
from banshi_client import Client, Reply
from tests.clients.generic_client import App, Begun
from tests.clients.generic_screen import Screen
from tests.plugins import filling
from tests.plugins.test_departments import own_case, sampled, snapshot


@dataclass
class Seen:
    """What the API's answers have as members, by the kind of the item that it was about; "" is of all."""

    kind: str = ""
    members: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def note(self, document: Any) -> None:
        if isinstance(document, list):
            for one in document:
                self.note(one)
        elif isinstance(document, Mapping):
            self.members[self.kind] |= document.keys()
            for name, one in document.items():
                # A form's fields are the item's.
                if name not in ("form", "answers", "body", "takes", "schema", "case_details"):
                    self.note(one)


@dataclass
class Noting(Client):
    """A client whose answers are noted."""

    seen: Seen = field(default_factory=Seen)

    async def request(self, method: str, path: str, *, intention: str = "", **more: Any) -> Reply:
        reply = await Client.request(self, method, path, intention=intention, **more)
        if reply.headers.get("Content-Type", "").startswith("application/json"):
            self.seen.note(reply.document)
        return reply


@dataclass
class City:
    """A city, and the people of whom each has a client."""

    door: Door
    language: str
    seen: Seen = field(default_factory=Seen)
    screen: Screen = field(default_factory=Screen)
    #: Whoever has an app, by ID number, and members of staff by their roles.
    apps: dict[str, App] = field(default_factory=dict)
    desks: dict[tuple[str, ...], list[Client]] = field(default_factory=dict)

    def item(self, code: str) -> Item:
        """The item that it is about from now on."""
        item = self.door.platform.registry.items[code]
        self.seen.kind = item.kind
        return item

    def client(self, person: Person) -> Client:
        async def token(_: str | None) -> str | None:
            return person.token

        return Noting(self.door.session, self.door.url, token, self.language, patience=30, seen=self.seen)

    def staff(self, roles: Sequence[str]) -> list[Client]:
        if tuple(roles) not in self.desks:
            people = [self.door.staff(name, *roles) for name in ("wang", "zhao")]
            self.desks[tuple(roles)] = [self.client(person) for person in people]
        return self.desks[tuple(roles)]

    def app(self, resident_id: str) -> App:
        citizen = self.client(self.door.citizen("li", name="李示例", resident_id=resident_id))
        nobody = self.client(self.door.anyone)
        return App(citizen, nobody, self.staff, self.door.settled, snapshot(), self.screen)

    async def papers(self, item: Item) -> tuple[dict[str, Any], str]:
        """What somebody has at hand who asks a register, and whose number that is."""
        if item.kind != "query":
            return {}, filling.NUMBER
        if item.details.register == "cases":
            return {"number": await own_case(self.door, "li")}, filling.NUMBER
        question, _, owner = sampled(item, self.door.platform.registry)
        return question, owner or filling.NUMBER

    def is_over(self, begun: Begun) -> bool:
        item = self.item(begun.guide["code"])
        kind = self.door.platform.registry.kinds[item.kind]
        return begun.case["state"] in (kind.outcomes or {step.to for step in item.steps})

    async def brought(self, code: str) -> tuple[App, Begun]:
        """An item brought as far as it goes without waiting, and whose it is."""
        known, owner = await self.papers(self.item(code))
        app = self.apps.setdefault(owner, self.app(owner))
        begun = await app.begin(f"/v1/items/{code}", known)
        if begun.case is not None:
            await app.go_on(begun)
        return app, begun

    async def until_its_time(self, app: App, begun: Begun) -> str:
        """Go on an hour before what it waits for, when a draw is over, and when the time has come."""
        begins = datetime.fromisoformat(begun.case["details"]["begins"]).astimezone(UTC)
        for now in (begins - timedelta(hours=1), begins):
            self._turn(now)
            await look(self.door.platform)
            await app.go_on(begun)
        return str(begun.case["state"])

    def _turn(self, now: datetime) -> None:
        self.door.platform.now = lambda: now
