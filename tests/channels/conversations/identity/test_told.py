"""Whoever a chat knows is told of it and of its end, nobody takes a bound one over, and none is good for ever."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from banshi.testing import Door, Person
from conversations import Scanned
from conversations.contacts.offers import DIGITS
from conversations.engine.bind.linking import FIRST_TRY_AFTER, MAX_WRONG_DIGITS
from conversations.holdings import tidy
from conversations.settings import SETTINGS, ConversationSettings
from conversations.tables.models import ChannelConversation, ContactLink, LinkOffer, Said
from mobile_push.tables.models import Delivery, Device
from tests.channels.chatting import Chatter
from tests.channels.conversations.identity.test_confirmations import bound
from tests.channels.conversations.identity.test_links import LINKS, NUMBER, city, code_of, live, told_of
from tests.channels.conversations.offices import nothing_written
from tests.places import ROOT

BOUND, ENDED = "A chat knows you now", "A chat knows you no more"


async def aged(door: Door, **age: timedelta) -> None:
    """The only link, signed in for so long ago, and the contact, heard so long ago."""
    now = door.platform.now()
    if "signed_in" in age:
        await ContactLink.all().update(linked_at=now - age["signed_in"])
    if "heard" in age:
        await ChannelConversation.all().update(heard_at=now - age["heard"])


# -- told --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["digits", "token"])
async def test_whoever_is_bound_by_the_apps_code_is_told_in_the_inbox_and_by_push(tmp_path: Path, way: str) -> None:
    async with city(tmp_path, push=True) as door:
        wang, chatter = door.citizen("wang", "王小明", NUMBER), Chatter(door, "en")
        phone = {"provider": "maker", "token": "installation-0001", "token_hash": "0" * 64, "platform": "android"}
        at = door.platform.now()
        await Device.create(person="wang", language="en", created_at=at, seen_at=at, **phone)
        code = await code_of(wang)
        asked = await chatter.send(code["digits"] if way == "digits" else Scanned(code["token"]))
        assert "王**" in asked.text
        assert "王小明" not in asked.text
        await door.settled()
        assert (await live(), await told_of(wang, BOUND)) == ([], [])
        await chatter.send("1")
        await door.settled()
        (message,) = await told_of(wang, BOUND)
        assert await Delivery.filter(message_id=message["id"]).count() == 1
        (link,) = (await wang.get(LINKS)).ok()["items"]
        assert (await wang.get(message["link"])).ok() == link
        assert (await wang.delete(message["link"])).status == 204
        assert "bound to nobody" in (await chatter.send("unbind")).text


async def test_a_turn_that_is_not_written_binds_and_tells_nobody(tmp_path: Path) -> None:
    async with city(tmp_path, push=True) as door:
        wang, chatter = door.citizen("wang", "王小明", NUMBER), Chatter(door, "en")
        await chatter.send((await code_of(wang))["digits"])
        with nothing_written(door, OSError("no disk")), pytest.raises(OSError, match="no disk"):
            await chatter.send("1")
        await door.settled()
        assert (await live(), await told_of(wang, BOUND)) == ([], [])


async def test_whoever_loses_a_chat_is_told(tmp_path: Path) -> None:
    async with city(tmp_path, push=True) as door:
        chatter, wang = await bound(door)
        await chatter.send("unbind")
        await door.settled()
        (message,) = await told_of(wang, ENDED)
        assert message["link"] == LINKS
        assert "“unbind”" in message["body"]


# -- nobody takes one over ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["digits", "token"])
async def test_a_bound_chat_takes_nobody_elses_code_before_it_is_unbound(tmp_path: Path, way: str) -> None:
    async with city(tmp_path, push=True) as door:
        chatter, wang = await bound(door)
        zhao = door.citizen("zhao", "赵六")
        code = await code_of(zhao)
        content = code["digits"] if way == "digits" else Scanned(code["token"])
        for line in (content, "1"):
            await chatter.send(line)
        assert "write “unbind” first" in chatter.said[-3]
        assert [one.person for one in await live()] == ["wang"]
        await chatter.send("unbind")
        assert "赵*" in (await chatter.send(content)).text
        await chatter.send("1")
        assert [one.person for one in await live()] == ["zhao"]
        await door.settled()
        assert len(await told_of(wang, ENDED)) == len(await told_of(zhao, BOUND)) == 1


async def test_a_code_of_somebody_else_is_declined_and_a_yes_is_for_that_code_alone(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        chatter, zhao = Chatter(door, "en"), door.citizen("zhao", "赵六")
        await chatter.send(Scanned((await code_of(zhao))["token"]))
        assert "Nothing was bound" in (await chatter.send("2")).text
        await chatter.send(Scanned((await code_of(zhao))["token"]))
        await LinkOffer.all().update(ends_at=door.platform.now())
        assert "not good" in (await chatter.send("1")).text
        assert await live() == []
        # Whoever is bound signs in anew by the same way, and stays who they are.
        await chatter.is_theirs((await code_of(zhao))["digits"])
        await chatter.is_theirs((await code_of(zhao))["digits"])
        (link,) = await live()
        assert (link.person, await ContactLink.all().count()) == ("zhao", 2)
        assert link.since is not None


# -- digits ------------------------------------------------------------------------------------------------------------


async def wrong_of(person: Person) -> str:
    return f"{(int((await code_of(person))['digits']) + 1) % 10**10:010}"


async def test_wrong_tries_of_210_contacts_shut_no_door_to_an_honest_first_one(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        wang = door.citizen("wang", "王小明")
        wrong = await wrong_of(wang)

        async def guesses(number: int) -> None:
            chatter = Chatter(door, "en", f"c-{number}")
            for _ in range(MAX_WRONG_DIGITS):
                await chatter.send(wrong)

        object.__setattr__(door.platform[SETTINGS], "digits_an_hour", 500)
        await asyncio.gather(*(guesses(number) for number in range(210)))
        guesser = Chatter(door, "en", "late")
        assert "not good" in (await guesser.send(wrong)).text
        assert "Too many codes" in (await guesser.send(wrong)).text
        await Chatter(door, "en", "honest").is_theirs((await code_of(wang))["digits"])
        assert [one.person for one in await live("honest")] == ["wang"]
        assert await ContactLink.all().count() == 1


async def test_digits_of_ones_own_give_no_more_tries(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        chatter, zhao = Chatter(door, "en"), door.citizen("zhao", "赵六")
        wrong = await wrong_of(door.citizen("wang"))
        for _ in range(MAX_WRONG_DIGITS - 1):
            await chatter.send(wrong)
        await chatter.is_theirs((await code_of(zhao))["digits"])
        await chatter.send("unbind")
        await chatter.send(wrong)
        assert "Too many wrong" in (await chatter.send(wrong)).text
        # The digits of others, tried in a bound chat, count as wrong ones: they may not be found out there either.
        real = door.platform.now
        door.platform.now = lambda: real() + FIRST_TRY_AFTER
        await chatter.is_theirs((await code_of(zhao))["digits"])
        for _ in range(MAX_WRONG_DIGITS):
            assert "somebody else" in (await chatter.send((await code_of(door.citizen("wang")))["digits"])).text
        assert "Too many wrong" in (await chatter.send((await code_of(zhao))["digits"])).text


def test_the_odds_of_a_blind_hit_are_as_documented() -> None:
    """500 codes alive all day, 210 contacts that guess all day, and what 10,000 more of them add."""
    page = " ".join((ROOT / "docs" / "channels.md").read_text("utf-8").split())
    hit = 500 / 10**DIGITS
    assert timedelta(days=1) == FIRST_TRY_AFTER
    assert f"with {(24 * ConversationSettings().digits_an_hour + 210) * hit:.2%} a day".replace("%", " %") in page
    assert f"10,000 contacts more add {10_000 * hit:.2%}.".replace("%", " %") in page


# -- its longest life --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "why"),
    [
        ({"signed_in": timedelta(days=366)}, "more than 365 days"),
        ({"signed_in": timedelta(days=91), "heard": timedelta(days=91)}, "more than 90 days"),
    ],
)
@pytest.mark.parametrize("is_tidied", [True, False])
async def test_a_link_whose_time_is_over_ends_and_both_sides_are_told_once(
    tmp_path: Path, age: dict[str, timedelta], why: str, *, is_tidied: bool
) -> None:
    async with city(tmp_path, push=True) as door:
        chatter, wang = await bound(door)
        await aged(door, **age)
        if is_tidied:
            await tidy(door.platform)
            await tidy(door.platform)
            assert await live() == []
        said = (await chatter.send("my cases")).text
        assert "Nobody is known here by this contact any more" in said
        assert why in said
        assert "once you have signed in" in said
        assert await live() == []
        assert "any more" not in (await chatter.send("hello")).text
        await door.settled()
        (message,) = await told_of(wang, ENDED)
        assert why in message["body"]


async def test_a_link_within_its_time_stays_and_what_is_its_citizens_is_not_said_after_it(
    tmp_path: Path,
) -> None:
    async with city(tmp_path, push=True) as door:
        chatter, _ = await bound(door)
        await aged(door, signed_in=timedelta(days=364), heard=timedelta(days=89))
        await tidy(door.platform)
        assert len(await live()) == 1
        row = await ChannelConversation.get(contact="somebody")
        about = {"by": "notice", "person": "wang", "channel": "test", "state": "shut", "at": door.platform.now()}
        await Said.create(conversation_id=row.id, key="one", words={"text": "for Wang alone", "buttons": []}, **about)
        await aged(door, signed_in=timedelta(days=366), heard=timedelta())
        assert "for Wang alone" not in (await chatter.send("hello")).text


async def test_own_cases_take_a_sign_in_of_the_last_thirty_days(tmp_path: Path) -> None:
    async with city(tmp_path, push=True) as door:
        chatter, _ = await bound(door)
        assert "handed in nothing yet" in (await chatter.send("my cases")).text
        await aged(door, signed_in=timedelta(days=31))
        said = (await chatter.send("my cases")).text
        assert "more than 30 days ago" in said
        assert "handed in" not in said
