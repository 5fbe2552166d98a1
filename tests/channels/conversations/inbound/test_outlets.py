"""What a channel offers: kept messages, groups, references; and channels that offer something that can't be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from banshi import Unavailable
from banshi.foundation.findings import ConfigurationError
from banshi.sdk.operations import write_private
from banshi.testing import Door, open_door
from conversations import ANSWERING, CONVERSATIONS, OUTLETS, Content, Conversations, Received, Reply, Text
from conversations.inbound import kept
from conversations.inbound.kept import Kept
from conversations.outbound.sender import same_channels
from conversations.outbound.ways import Ways
from conversations.tables.models import Said, Turn, Window
from tests.channels.conversations.outbound.test_notices import ACCOUNT, NOTICING, channel, plugins
from tests.channels.conversations.outbound.test_saying import chat
from tests.waiting import until


class Account:
    name = ACCOUNT


def heard(door: Door, text: str | Content, key: str = "k1", **more: Any) -> Received:
    content = Text(text) if isinstance(text, str) else text
    return Received(key=key, contact="zhang", content=content, at=door.platform.now(), **more)


def kept_body(door: Door, number: int, text: str) -> bytes:
    """As the channel keeps a message: an hour old, and so many seconds after the first."""
    at = door.platform.now().timestamp() - 3600 + number
    return f"zhang|k{number}|{at}|{text}".encode()


# -- kept ----------------------------------------------------------------------------------------------------------


async def test_what_another_process_left_behind_is_answered_in_its_order_and_what_nobody_can_read_is_left(
    tmp_path: Path,
) -> None:
    """An account that was removed, a key that was rotated, a body that can't be read: none stops the others."""
    async with channel(tmp_path) as (door, _):
        other = Kept(door.platform, "noticing")
        for number, text in enumerate(("你好", "进度", "帮助"), start=1):
            assert await other.keep("one", kept_body(door, number, text))
        nothing = await other.keep("one", kept_body(door, 4, ""))
        left = [await other.keep(name, body) for name, body in (("gone", b"x"), ("one", b"broken"))]
        rotated = tmp_path / "data" / "noticing" / "000000000000001-0123456789ab-0.kept"
        write_private(rotated, b"sealed with a key that is gone")
        await other.close()
        await door.platform[ANSWERING].look()
        await until(lambda: len([*rotated.parent.glob("*.kept")]) == 3)
        assert [row.heard["text"] for row in await Turn.all().order_by("id")] == ["你好", "进度", "帮助"]
        assert nothing
        assert not nothing.file.exists()
        assert {one.file for one in left if one} | {rotated} == {*rotated.parent.glob("*.kept")}
        await door.platform[ANSWERING].look()
        assert await Turn.all().count() == 3


async def test_of_2001_kept_messages_the_last_has_to_be_sent_again_and_each_other_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with channel(tmp_path) as (door, _):
        folder = tmp_path / "data" / "noticing"
        folder.mkdir(parents=True)
        for number in range(kept.MAX_KEPT):
            (folder / f"{number:015}-0123456789ab-0.kept").touch()

        async def away(*_: Any) -> Any:
            raise Unavailable

        with monkeypatch.context() as patched:
            patched.setattr(Conversations, "take", away)
            answering, received = door.platform[ANSWERING], heard(door, "你好")
            body = kept_body(door, 1, "你好")
            assert await answering.answered("one", Account(), received, body, 0.2) is None
            (folder / f"{7:015}-0123456789ab-0.kept").unlink()
            assert await answering.answered("one", Account(), received, body, 0.2) == ""
        await until(lambda: Turn.all().exists())
        # It is answered unasked, and what can't be read is left for whoever has the key.
        await until(lambda: len([*folder.glob("*.kept")]) == kept.MAX_KEPT - 1)


async def test_a_channel_whose_pieces_give_nothing_answers_with_the_whole(tmp_path: Path) -> None:
    async with channel(tmp_path) as (door, _):
        text = await door.platform[ANSWERING].answered("one", Account(), heard(door, "你好"), b"", 4.5)
        assert text
        assert "您好" in text


# -- what can't be -------------------------------------------------------------------------------------------------


async def test_a_channel_with_the_name_of_another_is_refused_and_says_whose_it_is(tmp_path: Path) -> None:
    async with channel(tmp_path) as (door, _):
        registry = door.platform.registry
        twice = replace(registry, offers=[*registry.offers, *[one for one in registry.offers if one[1].key is OUTLETS]])
        (finding,) = same_channels(twice)
        assert (finding.plugin, finding.rule, finding.warning) == ("noticing", "same-channel", False)
        assert '"noticing"' in finding.advice
    twin = NOTICING
    with pytest.raises(ConfigurationError, match="same-channel"):
        async with open_door(
            tmp_path / "twins",
            {**plugins(), "twin": twin},
            settings={name: {"url": "http://127.0.0.1:9"} for name in ("noticing", "twin")},
        ):
            pass


async def test_on_a_channel_without_a_sender_what_is_to_be_said_goes_with_the_next_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with channel(tmp_path) as (door, provider):
        conversations, registry = door.platform[CONVERSATIONS], door.platform.registry
        await conversations.take(Account(), heard(door, "你好"))
        offers = [
            (name, replace(one, value=replace(one.value, sender=None)) if one.key is OUTLETS else one)
            for name, one in registry.offers
        ]
        monkeypatch.setattr(registry, "offers", offers)
        conversation = await conversations.find(ACCOUNT, "zhang")
        assert conversation
        await conversations.say(conversation, Reply(text="您的材料已收到。"), by="engine")
        assert [row.state for row in await Said.all()] == ["shut"]
        answer = await conversations.take(Account(), heard(door, "进度", "k2"))
        assert (answer.text.startswith("您的材料已收到。"), provider.asked) == (True, 0)


# -- references -----------------------------------------------------------------------------------------


async def test_what_is_said_bears_the_id_of_the_message_that_opened_its_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with chat(tmp_path) as zhang:
        sent, made = list[tuple[str, str]](), Ways._outbound

        def noted(self: Any, said: Said, window: Window | None = None) -> Any:
            outbound = made(self, said, window)
            sent.append((outbound.window, outbound.ref))
            return outbound

        monkeypatch.setattr(Ways, "_outbound", noted)
        await zhang.writes()
        await zhang.settled(await zhang.told("一"))
        await zhang.writes("在吗")
        await zhang.settled(await zhang.told("二"))
        assert sent == [("typed", "o-zhang1"), ("typed", "o-zhang2")]
