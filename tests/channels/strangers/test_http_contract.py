"""A channel over HTTP: what a program of another may say, hear and report, and what nobody may."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from banshi.foundation.retry import Retry
from banshi.sdk.outgoing import new_secret
from banshi.testing import Door, Person, Reply, open_door
from conversations import CONVERSATIONS
from conversations import Reply as Words
from conversations.outbound import courier
from conversations.outbound.sender import title_of
from conversations.tables.models import ChannelConversation, ContactLink, Said, Turn
from http_channel import sender
from http_channel.line import LINE
from http_channel.models import ChannelRow
from http_channel.settings import HttpChannelSettings
from tests.channels.chatting import Chatter
from tests.channels.strangers.judge import LOCAL
from tests.plugins.services_office import INTEGRATIONS, Endpoint, endpoint
from tests.plugins.test_departments import snapshot
from tests.town.programs import program_at
from tests.town.registers import DEPARTMENTS
from tests.waiting import until

TITLE = {"zh-CN": "短信", "en": "SMS"}
PATH = "/v1/channels/sms"


@dataclass
class Program:
    """A channel's program: its client's token, and the endpoint at which it is called."""

    door: Door
    person: Person
    endpoint: Endpoint

    def declared(self, **changes: Any) -> dict[str, Any]:
        return {"title": TITLE, "endpoint": self.endpoint.url, "secret": self.endpoint.secret, **changes}

    async def hears(self, content: Any, key: str = "1", contact: str = "13800000001", **more: Any) -> Reply:
        content = {"text": content} if isinstance(content, str) else content
        return await self.person.post(f"{PATH}/messages", {"key": key, "contact": contact, "content": content, **more})

    async def said(self, text: str, contact: str = "13800000001") -> Said:
        """Have that said unasked; its row, once something became of it."""
        conversations = self.door.platform[CONVERSATIONS]
        conversation = await conversations.find("http:sms", contact)
        assert conversation is not None
        identity = await conversations.say(conversation, Words(text=text), by="officer")

        async def over() -> bool:
            return not await Said.filter(id=identity, state="waiting").exists()

        await until(over)
        return await Said.get(id=identity)


@asynccontextmanager
async def city(folder: Path, database: str = "", settings: Any = None) -> AsyncIterator[Door]:
    plugins: dict[str, Path | str] = {"petitions": DEPARTMENTS / "petitions", "clients": INTEGRATIONS / "clients"}
    plugins |= {name: name for name in ("conversations", "http_channel")}
    platform = {**LOCAL, "database": database} if database else LOCAL
    async with open_door(folder, plugins, platform=platform, settings=settings or {}) as door:
        yield door


@asynccontextmanager
async def channel(folder: Path, database: str = "", settings: Any = None, **answers: Any) -> AsyncIterator[Program]:
    """A city, and a program that has registered itself while it runs."""
    async with (
        city(folder, database, settings) as door,
        endpoint(**{"send": {"outcome": "accepted"}, **answers}) as own,
    ):
        program = Program(door, await program_at(door, "bc_sms", ["channels"]), own)
        (await program.person.call("PUT", PATH, json=program.declared())).created()
        yield program


async def test_what_somebody_writes_is_answered_with_its_question_as_data_and_a_repeat_the_same(tmp_path: Path) -> None:
    async with channel(tmp_path) as program:
        first = (await program.hears("建议", language="zh-CN")).ok()
        assert first["text"]
        assert [one["says"] for one in first["buttons"]]
        assert (first["asked"]["sort"], len(first["asked"]["choices"])) == ("menu", len(first["buttons"]))
        assert (await program.hears("建议", language="zh-CN")).ok() == first
        assert await Turn.all().count() == 1
        row = await ChannelConversation.get(account="http:sms")
        assert row.contact == "13800000001"


async def test_a_question_says_by_its_schema_what_it_takes_and_files_and_places_are_handed_in_by_it(
    tmp_path: Path,
) -> None:
    picture = snapshot()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(picture)}\r\n\r\n".encode()
    async with channel(tmp_path, file=head + picture) as program:
        await program.hears("0", key="first")
        by_hand = Chatter(program.door, "zh-CN", "13800000001")
        await by_hand.is_linked("li", name="李示例", resident_id="510703199001011233")
        asked, sorts = (await program.hears("建议", key="2")).ok()["asked"], []
        for number in range(3, 40):
            if asked["sort"] == "confirm":
                break
            sorts.append(asked["sort"])
            schema = asked["schema"]
            answer: Any = {"text": "街口的路灯坏了"}
            if asked["sort"] == "file":
                assert schema["x-attachment"]
                answer = {"file": {"id": "f-1", "name": "photo.jpg"}}
            elif schema.get("x-place") == "address":
                answer = {"place": {"latitude": 31.4, "longitude": 104, "label": "东门"}}
            elif asked["choices"] and asked["sort"] != "optional":
                answer = {"text": asked["choices"][0]["says"]}
            elif asked["sort"] == "optional":
                answer = {"text": "、".join(one["says"] for one in asked["choices"] if one["value"]) or "0"}
            asked = (await program.hears(answer, key=str(number))).ok()["asked"]
        assert asked["sort"] == "confirm", sorts
        assert {one["file"] for one in program.endpoint.asked("file")} == {"f-1"}


async def test_what_is_said_unasked_is_a_signed_call_and_what_it_answers_is_what_became_of_it(
    tmp_path: Path, database: str
) -> None:
    async with channel(tmp_path, database) as program:
        await program.hears("你好")
        program.endpoint.answers["send"] = {"outcome": "accepted", "id": "theirs-1"}
        row = await program.said("您的材料已收到")
        (call,) = program.endpoint.asked("send")
        assert {name: call[name] for name in ("channel", "ref", "id", "contact", "text")} == {
            "channel": "sms",
            "ref": "1",
            "id": str(row.id),
            "contact": "13800000001",
            "text": "您的材料已收到",
        }
        assert program.endpoint.identifiers[-1] == str(row.id)
        assert (row.state, row.provider_id) == ("accepted", "theirs-1")
        told = {"id": "theirs-1", "outcome": "arrived"}
        for _ in range(2):
            assert (await program.person.post(f"{PATH}/outcomes", told)).status == 204
        late = {**told, "outcome": "failed", "code": "late"}
        assert (await program.person.post(f"{PATH}/outcomes", late)).status == 204
        row = await Said.get(id=row.id)
        assert (row.state, row.code) == ("delivered", "")


ANSWERS: dict[str, tuple[Any, str, str]] = {
    "refused with a reason": (
        {"outcome": "refused", "code": "21", "why": {"zh-CN": "空号。", "en": "No such number."}},
        "refused",
        "21",
    ),
    "refused without one": ({"outcome": "refused"}, "refused", "refused"),
    "refused with a reason that is none": ({"outcome": "refused", "code": {"a": 1}, "why": [1]}, "refused", "refused"),
    "refused in a code of two lines": ({"outcome": "refused", "code": "a\0b\nc"}, "refused", "refused"),
    "a status that says never": (404, "refused", "404"),
    "the window is over": ({"outcome": "shut"}, "shut", ""),
}


async def test_each_outcome_is_noted_as_it_is_told(tmp_path: Path) -> None:
    async with channel(tmp_path) as program:
        await program.hears("你好")
        for number, (how, (answer, state, code)) in enumerate(ANSWERS.items(), start=1):
            program.endpoint.answers["send"] = answer
            row = await program.said("您好")
            assert (row.state, row.code) == (state, code), how
            assert len(program.endpoint.asked("send")) == number
            assert not row.why or {*row.why} == {"zh-CN", "en"}


async def test_what_is_to_be_sent_later_is_sent_later_and_accepted_with_an_id_of_no_column_by_our_own(
    tmp_path: Path,
) -> None:
    answers = iter([{"outcome": "later", "seconds": 0.1}, 503, {"outcome": "accepted", "id": "\0" * 9}])
    async with channel(tmp_path, send=lambda _: next(answers)) as program:
        await program.hears("你好")
        row = await program.said("您好")
        assert (row.state, row.provider_id) == ("accepted", str(row.id))
        assert {one["id"] for one in program.endpoint.asked("send")} == {str(row.id)}
        assert len(program.endpoint.asked("send")) == 3


async def test_a_window_that_a_message_opens_ends_by_its_number_and_what_is_left_goes_with_the_next_answer(
    tmp_path: Path,
) -> None:
    async with channel(tmp_path) as program:
        await program.hears("你好", window={"seconds": 60, "sends": 1})
        assert [(await program.said(text)).state for text in ("一", "二")] == ["accepted", "shut"]
        assert (await program.hears("在吗", key="2")).ok()["text"].startswith("二\n")
        assert (await program.said("三")).state == "accepted"


async def test_a_window_takes_the_place_of_a_longer_one_and_of_none_at_all(tmp_path: Path) -> None:
    async with channel(tmp_path) as program:
        await program.hears("你好")
        await program.hears("在", key="2", window={"seconds": 600, "sends": 5})
        await program.hears("在吗", key="3", window={"seconds": 60, "sends": 1})
        assert [(await program.said(text)).state for text in ("一", "二")] == ["accepted", "shut"]


async def test_lost_answers_cost_a_window_one_message_since_the_program_knows_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "RETRY", Retry(0.001, 0.032))
    monkeypatch.setattr(sender, "REST", Retry(0.05, 0.05))
    answers = iter([500, 500, 500, {"outcome": "accepted"}, {"outcome": "accepted"}])
    async with channel(tmp_path, send=lambda _: next(answers)) as program:
        await program.hears("你好", window={"seconds": 600, "sends": 2})
        assert [(await program.said(text)).state for text in "一二三"] == ["accepted", "accepted", "shut"]
        assert len({one["id"] for one in program.endpoint.asked("send")}) == 2


async def test_a_group_is_bound_to_nobody_and_gets_no_link(tmp_path: Path) -> None:
    async with channel(tmp_path) as program:
        codes = "/v1/conversations/codes"
        code = (await program.door.citizen("li").post(codes)).created()
        for key, content in (("a", code["digits"]), ("b", {"scanned": {"token": code["token"]}})):
            assert "群聊" in (await program.hears(content, key=key, group=True, language="zh-CN")).ok()["text"]
            told = (await program.hears("1", key=f"{key}1", group=True)).ok()["text"]
            assert "/v1/conversations/sign-in/" not in told
        assert not await ContactLink.all().exists()


# -- whose it is ---------------------------------------------------------------------------------------------------


async def test_another_client_reaches_no_channel_contact_or_message_of_it_and_takes_no_name_of_it(
    tmp_path: Path,
) -> None:
    async with channel(tmp_path) as program, endpoint() as theirs:
        await program.hears("你好")
        row = await program.said("给他的")
        rival = Program(program.door, await program_at(program.door, "bc_rival", ["channels"]), theirs)
        (await rival.hears("我是他", key="9")).problem(404, "not-found")
        (await rival.person.get(PATH)).problem(404, "not-found")
        (await rival.person.call("DELETE", PATH)).problem(404, "not-found")
        (await rival.person.call("PUT", PATH, json=rival.declared())).problem(409, "conflict")
        (await rival.person.post(f"{PATH}/outcomes", {"id": row.provider_id, "outcome": "failed"})).problem(
            404, "not-found"
        )
        # By a channel of its own it forges nothing either.
        (await rival.person.call("PUT", "/v1/channels/other", json=rival.declared())).created()
        forged = {"id": row.provider_id, "outcome": "failed", "code": "forged"}
        assert (await rival.person.post("/v1/channels/other/outcomes", forged)).status == 204
        assert (await Said.get(id=row.id)).state == "accepted"
        assert (await rival.person.get("/v1/channels")).ok()["items"][0]["name"] == "other"
        # A name stays whose it was.
        assert (await program.person.call("DELETE", PATH)).status == 204
        (await rival.person.call("PUT", PATH, json=rival.declared())).problem(409, "conflict")
        (await program.hears("还在吗", key="10")).problem(404, "not-found")
        assert (await program.said("说不到了")).code == "no-channel"
        (await program.person.call("PUT", PATH, json=program.declared())).ok()
        (await program.hears("回来了", key="11")).ok()


async def test_a_channel_is_live_and_has_the_whole_scope_and_ends_with_its_client(tmp_path: Path) -> None:
    async with channel(tmp_path) as program:
        for identity, scopes, mode in (("bc_test", ["channels"], "test"), ("bc_part", ["channels:petitions"], "live")):
            one = await program_at(program.door, identity, scopes, mode)
            (await one.call("PUT", "/v1/channels/other", json=program.declared())).problem(409, "conflict")
        (await program.door.citizen("li").post(f"{PATH}/messages", {})).problem(403, "forbidden")
        (await program.door.anyone.post(f"{PATH}/messages", {})).problem(401, "unauthenticated")
        without = await program_at(program.door, "bc_without", ["webhooks"])
        assert (await without.post(f"{PATH}/messages", {})).status == 403
        await program.hears("你好")
        await ChannelRow.filter(name="sms").update(client="bc_gone")
        assert (await program.said("无人")).code == "no-channel"
        assert not program.endpoint.asked("send")


async def test_an_endpoint_shows_that_it_refuses_what_is_not_signed_before_anything_is_said_there(
    tmp_path: Path,
) -> None:
    async with city(tmp_path) as door, endpoint() as own:
        program = Program(door, await program_at(door, "bc_sms", ["channels"]), own)
        own.careless = True
        (await program.person.call("PUT", PATH, json=program.declared())).problem(422, "not-proven")
        own.careless = False
        own.answers["challenge"] = {"challenge": "another"}
        (await program.person.call("PUT", PATH, json=program.declared())).problem(422, "not-proven")
        nobody = program.declared(endpoint="http://127.0.0.1:9/banshi")
        (await program.person.call("PUT", PATH, json=nobody)).problem(422, "not-proven")
        for endpoint_, secret in (("http://10.0.0.1/", new_secret()), ("ftp://a.example", "whsec_short"), ("", "")):
            wrong = program.declared(endpoint=endpoint_, secret=secret)
            assert (await program.person.call("PUT", PATH, json=wrong)).status == 422
        assert not await ChannelRow.all().exists()


@pytest.mark.parametrize("wrong", [{"channels": 0}, {"messages_a_minute": 0}, {"deadline": 0}, {"deadline": 15}])
def test_settings_beyond_their_bounds_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        HttpChannelSettings(**wrong)


async def test_a_client_has_so_many_channels_and_each_so_many_messages_a_minute(tmp_path: Path) -> None:
    settings = {"http_channel": {"channels": 2, "messages_a_minute": 3}}
    async with channel(tmp_path, settings=settings) as program:
        (await program.person.call("PUT", "/v1/channels/two", json=program.declared())).created()
        (await program.person.call("PUT", "/v1/channels/three", json=program.declared())).problem(409, "conflict")
        (await program.person.call("PUT", PATH, json=program.declared())).ok()
        codes = [(await program.hears("你好", key=str(number))).status for number in range(4)]
        assert codes == [200, 200, 200, 429]


# -- what comes in -------------------------------------------------------------------------------------------------

HOSTILE: dict[str, tuple[Any, int]] = {
    "two contents": ({"content": {"text": "a", "joined": {}}}, 422),
    "no content": ({"content": {}}, 422),
    "an unknown content": ({"content": {"dance": 1}}, 422),
    "an unknown key": ({"at": "2026-11-30T00:00:00Z"}, 422),
    "no contact": ({"contact": ""}, 422),
    "a contact of two lines": ({"contact": "a\nb"}, 422),
    "a contact with a NUL": ({"contact": "a\0b"}, 400),
    "a contact without an end": ({"contact": "1" * 129}, 422),
    "a key of another type": ({"key": 7}, 422),
    "a key of what can't be seen": ({"key": "\x7f"}, 422),
    "a language of nobody's": ({"language": "tlh"}, 422),
    "a place beyond the pole": ({"content": {"place": {"latitude": 91, "longitude": 0}}}, 422),
    "a file of no name": ({"content": {"file": {}}}, 422),
    "a text of 20,001 letters": ({"content": {"text": "字" * 20_001}}, 422),
    "ten megabytes": ({"content": {"text": "x" * 10_000_000}}, 413),
}


async def test_what_is_no_message_is_refused_and_written_nowhere(tmp_path: Path) -> None:
    async with channel(tmp_path) as program:
        for how, (changes, status) in HOSTILE.items():
            body = {"key": "1", "contact": "13800000001", "content": {"text": "你好"}, **changes}
            answer = await program.person.post(f"{PATH}/messages", body)
            assert answer.status == status, (how, answer.body)
        assert not await ChannelConversation.all().exists()


async def test_every_sort_of_content_is_taken_and_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    async with channel(tmp_path, file=404) as program:
        contents: list[Any] = [
            {"joined": {}},
            {"voice": {"words": "路灯坏了"}},
            {"voice": {"file": "v-1", "name": "a.amr"}},
            {"place": {"latitude": 31.4, "longitude": 104.7}},
            {"scanned": {"token": "nobody's"}},
            {"file": {"id": "f-1"}},
        ]
        for number, content in enumerate(contents):
            assert (await program.hears(content, key=str(number))).ok()["text"], content
        assert (await program.hears({"left": {}}, key="left")).ok()["text"] == ""


async def test_outcomes_of_nothing_change_nothing_and_no_column_is_too_short_for_them(tmp_path: Path) -> None:
    async with channel(tmp_path) as program:
        for body, status in (
            ({"id": "unknown", "outcome": "arrived"}, 204),
            ({"id": "x" * 128, "outcome": "failed", "code": "y" * 64}, 204),
            ({"id": "x" * 129, "outcome": "arrived"}, 422),
            ({"id": "", "outcome": "arrived"}, 422),
            ({"id": "a\0", "outcome": "arrived"}, 400),
            ({"id": "a", "outcome": "failed", "code": "a\0"}, 400),
            ({"id": "a", "outcome": "forged"}, 422),
        ):
            assert (await program.person.post(f"{PATH}/outcomes", body)).status == status, body
        assert not await Said.all().exists()


# -- faults --------------------------------------------------------------------------------------------------------


async def test_an_endpoint_that_hangs_holds_up_no_other_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sender of all channels has room for 32 messages at once."""
    monkeypatch.setattr(sender, "SLOW_S", 0.3)
    never = asyncio.Event()

    async def hang(_: Any) -> Any:
        await never.wait()

    settings = {"http_channel": {"deadline": 1.0}}
    async with channel(tmp_path, settings=settings) as program, endpoint(send=lambda one: hang(one)) as slow:
        rival = Program(program.door, await program_at(program.door, "bc_slow", ["channels"]), slow)
        (await rival.person.call("PUT", "/v1/channels/slow", json=rival.declared())).created()
        conversations = program.door.platform[CONVERSATIONS]
        await program.hears("你好")
        for number in range(60):
            body = {"key": "1", "contact": f"c{number}", "content": {"text": "你好"}}
            await rival.person.post("/v1/channels/slow/messages", body)
            conversation = await conversations.find("http:slow", f"c{number}")
            assert conversation
            await conversations.say(conversation, Words(text="等"), by="officer")
        await program.said("第一条")
        begun = time.monotonic()
        await program.said("第二条")
        assert time.monotonic() - begun < 2.5
        never.set()


async def test_a_channel_is_called_what_its_program_says(tmp_path: Path) -> None:
    async with channel(tmp_path) as program:
        await until(lambda: title_of(program.door.platform, "http:sms") == TITLE)
        changed = program.declared(title={"zh-CN": "热线短信", "en": "Hotline"})
        (await program.person.call("PUT", PATH, json=changed)).ok()
        await until(lambda: title_of(program.door.platform, "http:sms")["en"] == "Hotline")
        row = await ChannelRow.get(name="sms")
        assert program.endpoint.secret not in json.dumps([row.secret, row.endpoint])
        assert program.door.platform[LINE]
