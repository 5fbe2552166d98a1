"""A chat ends with its person's sessions, however these end; what it knew of them before is known to it no more."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.identity.backchannel import LOGOUT
from banshi.builtin.identity.ended import end_sessions
from banshi.testing import Door
from conversations import Scanned
from conversations.tables.models import ContactLink, LinkOffer
from tests.channels.chatting import Chatter
from tests.channels.conversations.identity.test_links import CODES
from tests.channels.conversations.offices import office
from tests.servers.issuer import AUDIENCE, Issuer, started_issuer


async def signs_out(door: Door, issuer: Issuer, **claims: Any) -> None:
    token = issuer.token(jti=f"j{time.perf_counter_ns()}", events={LOGOUT: {}}, **claims)
    answer = await door.anyone.call("POST", "/v1/backchannel-logout", data={"logout_token": token})
    assert answer.status == 200, answer.body


async def knows(chatter: Chatter) -> bool:
    """Whether the chat lists cases without a sign-in."""
    told = (await chatter.send("progress")).text
    assert ("You have handed in nothing yet." in told) != ("once you have signed in" in told), told
    return "You have handed in nothing yet." in told


@pytest.mark.parametrize(
    ("way", "database"),
    [
        ("sign-out", "sqlite"),
        ("sign-out of one session", "postgres"),
        ("operator", "sqlite"),
        ("everybody", "postgres"),
        ("oneself", "sqlite"),
    ],
    indirect=["database"],
)
async def test_a_chat_ends_with_its_person_s_sessions(tmp_path: Path, database: str, way: str) -> None:
    """Nobody knows in which session a chat was bound, so it ends with any; another person's goes on."""
    async with started_issuer() as issuer:
        identity = {"issuer": issuer.url, "audience": AUDIENCE}
        async with office(tmp_path, database, platform={"identity": identity}) as door:
            wang, zhao = Chatter(door, "en", "w"), Chatter(door, "en", "z")
            await wang.is_linked("wang")
            await zhao.is_linked("zhao")
            assert await knows(wang)
            assert await knows(zhao)
            code = (await door.bearing(issuer.token()).post(CODES)).created()
            match way:
                case "sign-out":
                    await signs_out(door, issuer)
                case "sign-out of one session":
                    await signs_out(door, issuer, sid="phone")
                case "operator":
                    await end_sessions(door.platform, "wang")
                case "everybody":
                    await end_sessions(door.platform, None)
                case "oneself":
                    mine = door.bearing(issuer.token())
                    assert (await mine.delete("/v1/me/sessions")).status == 204
            assert not await knows(wang)
            assert await knows(zhao) is (way != "everybody")
            assert await ContactLink.filter(person="wang", ended_at=None).count() == 0
            # What the app had shown binds no chat any more.
            assert await LinkOffer.filter(person="wang", used_at=None).count() == 0
            await zhao.send(Scanned(code["token"]))
            assert await ContactLink.filter(person="wang", ended_at=None).count() == 0


async def test_a_sign_out_that_names_a_session_alone_ends_no_chat(tmp_path: Path) -> None:
    """Whose it was nobody says."""
    async with started_issuer() as issuer:
        identity = {"identity": {"issuer": issuer.url, "audience": AUDIENCE}}
        async with office(tmp_path, platform=identity) as door:
            wang = Chatter(door, "en")
            await wang.is_linked("wang")
            await signs_out(door, issuer, sub=None, sid="phone")
            assert await knows(wang)
