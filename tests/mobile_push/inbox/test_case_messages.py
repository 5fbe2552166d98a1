"""Nothing of a case crosses Google's servers at any of its steps, whatever a department writes into its messages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from banshi import LANGUAGES, Write
from banshi.kernel.cases import actors, lifecycle
from banshi.kernel.cases.submission import new_case
from banshi.kernel.contract.principals import Principal, Role
from banshi.kernel.contract.values import MessageTemplates, Step, Who
from banshi.kernel.tables.cases import Case
from banshi.sdk.cases import steps_of
from banshi.testing import Door, open_door
from mobile_push.sandbox import FcmSandbox
from mobile_push.settings import CASE_TITLE
from tests.mobile_push.conftest import PLUGINS

#: Longest time in seconds that the phones' pushes are waited for.
PATIENCE = 30.0

#: Words that stand in nothing that may be sent: a mark of their own, and something after it.
SECRET = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="{}"), max_size=20).map(
    lambda text: f"«{text}»"
)


@dataclass(frozen=True)
class Words:
    """What a department and its people write: each may mention whatever a template can."""

    item: str
    title: str
    body: str
    reason: str
    name: str
    plate: str

    def templates(self) -> MessageTemplates:
        title, body = f"{self.title} {{item}} {{number}} {{result}}", f"{self.body} {{item}} {{number}}\n{{reason}}"
        return MessageTemplates(title=dict.fromkeys(LANGUAGES, title), body=dict.fromkeys(LANGUAGES, body))


WORDS = st.builds(Words, item=SECRET, title=SECRET, body=SECRET, reason=SECRET, name=SECRET, plate=SECRET)


@dataclass(frozen=True)
class City:
    """A platform whose pushes go to the sandbox, with a phone of Wang's for each language."""

    door: Door
    sandbox: FcmSandbox

    def steps(self) -> list[Step]:
        return [step for step in steps_of(self.door.platform, self.item) if step.tells]

    @property
    def item(self) -> Any:
        return self.door.platform.registry.items["zone-pass"]

    async def register(self) -> None:
        for language in LANGUAGES:
            phone = {"provider": "fcm", "token": f"phone-{language}", "platform": "android", "language": language}
            (await self.door.citizen("subject-of-wang").post("/v1/devices", phone)).created()

    async def live(self, words: Words) -> list[Case]:
        """Take every step that tells something, each from a case of its own; the cases."""
        platform, steps = self.door.platform, self.steps()
        own = {step.action: words.templates() for step in steps}
        title = dict.fromkeys(LANGUAGES, words.item)
        platform.registry.items["zone-pass"] = replace(self.item, title=title, messages=own)
        self.sandbox.received.clear()
        answers = {"plate": words.plate, "zones": ["2"], "driver": {"name": words.name}, "hours": "9-17"}
        taken = []
        for step in steps:
            owner = Principal(subject="subject-of-wang", roles=(), name=words.name)
            case, event = new_case(platform, self.item, owner, {**answers, "vehicle_class": "light-truck"})
            case.state = step.state
            await platform.store.commit(Write(rows=[case, event]))
            staff = Principal(subject="li", roles=(Role(name=step.role, department="traffic"),))
            actor = actors.SYSTEM if Who.SYSTEM in step.who else actors.Actor(staff)
            reason = dict.fromkeys(LANGUAGES, words.reason)
            taken.append(await lifecycle.move(platform, case.id, step.action, actor, reason=reason))
        async with asyncio.timeout(PATIENCE):
            while len(self.sandbox.received) < len(LANGUAGES) * len(steps):  # noqa: ASYNC110 - the sandbox is no event
                await asyncio.sleep(0.01)
        return taken

    async def inbox(self, count: int) -> list[dict[str, Any]]:
        last = await self.door.platform.store.connection.execute_query_dict(
            "SELECT MAX(seq) AS n FROM push_inbox_message"
        )
        path = f"/v1/inbox?after={last[0]['n'] - count}"
        items: list[dict[str, Any]] = (await self.door.citizen("subject-of-wang").get(path)).ok()["items"]
        return items


async def open_city(stack: AsyncExitStack, folder: Path) -> City:
    sandbox = await stack.enter_async_context(FcmSandbox())
    key = sandbox.service_account_file(folder / "key.json")
    own = {"mobile_push": {"fcm": {"service_account_file": str(key), "base_url": sandbox.base_url}}}
    database = f"sqlite://{folder / 'banshi.sqlite3'}?synchronous=OFF&busy_timeout=5000"
    door = await stack.enter_async_context(open_door(folder, PLUGINS, settings=own, platform={"database": database}))
    city = City(door, sandbox)
    await city.register()
    return city


async def check(city: City, words: Words) -> None:
    taken = await city.live(words)
    secrets = [words.item, words.title, words.body, words.reason, words.name, words.plate, "通行证", "pass", "wang"]
    secrets += [case.number for case in taken]
    told = await city.inbox(len(taken))
    assert len(told) == len(taken)
    # The inbox has it all: what is kept from the push was not simply left out.
    for message in told:
        assert letters(words.title) in letters(message["title"])
        assert letters(words.reason) in letters(message["body"])
    links = {f"/v1/cases/{case.id}" for case in taken}
    for one in city.sandbox.received:
        sent = orjson.loads(one.raw)["message"]
        # All that is ever sent, member by member: nothing can come along unseen.
        assert sent.keys() == {"token", "notification", "data", "android", "apns"}
        assert sent["notification"] == {"title": CASE_TITLE[sent["token"].removeprefix("phone-")]}
        assert sent["data"].keys() == {"message_id", "kind", "link"}
        assert (sent["data"]["kind"], sent["data"]["link"] in links) == ("case", True)
        assert sent["data"]["message_id"] in {message["id"] for message in told}
        texts = list(texts_in(sent))
        assert not [secret for secret in secrets if any(secret in text for text in texts)]
    assert {orjson.loads(one.raw)["message"]["data"]["link"] for one in city.sandbox.received} == links


def letters(text: str) -> str:
    """The text without blanks and whatever a message is cleaned of, to compare."""
    return "".join(sign for sign in text if sign.isalnum())


def texts_in(value: Any) -> Iterator[str]:
    """Every text of a document, keys too, as whoever reads it sees it."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from texts_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts_in(part)
    else:
        yield str(value)


def test_what_crosses_googles_servers_says_nothing_of_the_case_at_any_step(tmp_path: Path) -> None:
    """Property: item, number, reason, answers, names and the department's own words stay here, at every step."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        city = runner.run(open_city(stack, tmp_path))

        @settings(max_examples=12, database=None)
        @given(WORDS)
        def holds(words: Words) -> None:
            runner.run(check(city, words))

        try:
            holds()
        finally:
            runner.run(stack.aclose())
