"""What is held of somebody who chats: shown to them, forgotten when they ask, gone when its time is over."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from banshi.testing import Door
from conversations import Left
from conversations.holdings import tidy
from conversations.tables.models import ChannelConversation, ContactLink, LinkOffer, Turn
from tests.channels.chatting import Chatter
from tests.channels.conversations.offices import office
from tests.readers.tables import tables_with

CODES, DATA = "/v1/conversations/codes", "/v1/me/data"


async def bound(door: Door, contact: str, person: str) -> Chatter:
    """A contact that is bound by digits, and to nobody else any more."""
    chatter = Chatter(door, "en", contact)
    if await ContactLink.filter(conversation__contact=contact, ended_at=None).exists():
        await chatter.send("unbind")
    await chatter.is_theirs((await door.citizen(person, person.title()).post(CODES)).created()["digits"])
    return chatter


async def data_of(door: Door, person: str) -> dict[str, list[Any]]:
    held = (await door.citizen(person).get(DATA)).ok()["held"]
    return dict(held.get("conversations", {}))


async def test_a_person_gets_what_they_said_while_they_were_known_and_nothing_of_another(
    tmp_path: Path, database: str
) -> None:
    async with office(tmp_path, database) as door:
        stranger = Chatter(door, "en", "shared")
        await stranger.send("said by a stranger")
        await (await bound(door, "shared", "wang")).send("said by wang")
        await (await bound(door, "shared", "zhao")).send("said by zhao")
        for person, other in (("wang", "zhao"), ("zhao", "wang")):
            held = await data_of(door, person)
            text = json.dumps(held)
            assert f"said by {person}" in text
            assert f"said by {other}" not in text
            assert "said by a stranger" not in text
            assert len(held["conversations_link"]) == 1
            assert all(not {"token", "digits"} & {*row} for row in held["conversations_link_offer"])
        assert "conversations_conversation" not in {
            name for name, rows in (await data_of(door, "wang")).items() if rows
        }
        assert len((await data_of(door, "zhao"))["conversations_conversation"]) == 1


async def test_who_asks_to_be_forgotten_is_known_here_no_more(tmp_path: Path, database: str) -> None:
    async with office(tmp_path, database) as door:
        chatter = await bound(door, "own-contact-4711", "wang")
        await chatter.begin("Suggestion to the police")
        await chatter.send("said by wang 4711")
        other = await bound(door, "zhaos", "zhao")
        await other.send("said by zhao")
        (await door.citizen("wang").delete("/v1/me")).ok()
        assert await tables_with(door, "own-contact-4711", "said by wang", "wang") <= {"banshi_outbox"}
        assert await Turn.all().count() == 3
        assert await ContactLink.filter(person="zhao", ended_at=None).count() == 1
        # And begins anew.
        assert "I am an automatic service" in (await chatter.send("hello")).text


async def test_of_a_contact_that_two_have_had_the_other_s_words_stay(tmp_path: Path, database: str) -> None:
    async with office(tmp_path, database) as door:
        await (await bound(door, "shared", "zhao")).send("said by zhao")
        chatter = await bound(door, "shared", "wang")
        await chatter.begin("Suggestion to the police")
        await chatter.send("said by wang")
        (await door.citizen("wang").delete("/v1/me")).ok()
        assert await tables_with(door, "said by wang") == set()
        assert await tables_with(door, "said by zhao") == {"conversations_turn"}
        row = await ChannelConversation.get(contact="shared")
        assert (row.state, row.memory["dialogues"], row.memory["person"]) == ("idle", [], "")
        assert await ContactLink.filter(ended_at=None).count() == 0


async def test_what_is_filled_in_is_forgotten_after_a_week_of_silence_and_the_link_stays(
    tmp_path: Path, database: str
) -> None:
    async with office(tmp_path, database) as door:
        chatter = await bound(door, "silent", "wang")
        await chatter.begin("Suggestion to the police")
        left = await bound(door, "left", "zhao")
        await left.begin("Suggestion to the police")
        await left.send(Left())
        begun = door.platform.now()
        door.platform.now = lambda: begun + timedelta(days=6, hours=23)
        await tidy(door.platform)
        assert await chatter.state() == "asking"
        door.platform.now = lambda: begun + timedelta(days=7, hours=1)
        await tidy(door.platform)
        rows = {row.contact: row for row in await ChannelConversation.all()}
        assert {name: row.state for name, row in rows.items()} == {"silent": "idle", "left": "gone"}
        assert all(row.memory["dialogues"] == [] for row in rows.values())
        assert await LinkOffer.all().count() == 0
        assert await ContactLink.filter(ended_at=None).count() == 2
        versions = {row.contact: row.version for row in rows.values()}
        await tidy(door.platform)
        assert {row.contact: row.version for row in await ChannelConversation.all()} == versions


async def test_messages_leave_after_their_days_and_a_contact_of_nobody_with_them(tmp_path: Path, database: str) -> None:
    async with office(tmp_path, database, turn_days=30, memory_days=2) as door:
        await bound(door, "bound", "wang")
        ended = await bound(door, "ended", "zhao")
        await ended.send("unbind")
        begun = door.platform.now()
        for day, contacts, links in ((29, {"bound", "ended"}, 2), (31, {"bound"}, 1)):
            door.platform.now = lambda day=day: begun + timedelta(days=day)
            await tidy(door.platform)
            assert {row.contact for row in await ChannelConversation.all()} == contacts
            assert await ContactLink.all().count() == links
        assert await Turn.all().count() == 0


async def test_a_message_that_comes_while_it_is_tidied_up_is_kept(tmp_path: Path) -> None:
    """The conversation's version decides: what was written last is not forgotten."""
    async with office(tmp_path) as door:
        chatter = await bound(door, "silent", "wang")
        await chatter.begin("Suggestion to the police")
        begun, commit = door.platform.now(), door.platform.store.commit
        door.platform.now = lambda: begun + timedelta(days=8)

        async def late(write: Any) -> Any:
            door.platform.store.commit = commit  # type: ignore[method-assign]
            await ChannelConversation.filter(contact="silent").update(version=99)
            return await commit(write)

        door.platform.store.commit = late  # type: ignore[method-assign]
        await tidy(door.platform)
        assert await chatter.state() == "asking"


async def test_a_week_is_said_as_it_is_set(tmp_path: Path) -> None:
    async with office(tmp_path, memory_days=3) as door:
        chatter = await bound(door, "silent", "wang")
        await chatter.begin("Suggestion to the police")
        assert "kept for 3 days" in (await chatter.send("later")).text
