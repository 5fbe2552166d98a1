"""A real receiver is told how conversations go: signed, each thing once, and as many as the statistics count."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from banshi.testing import open_door
from conversations.tables.models import ChannelConversation, Figure
from tests.channels.chatting import Chatter, Phone
from tests.channels.conversations.engine.turn.test_turns import before_the_end
from tests.channels.conversations.figures.test_figures import ITEM, LEADS, PATH, asked
from tests.channels.desk.bureau import DEPARTMENTS, DESKS, officer
from tests.plugins import filling
from tests.plugins.webhooks_city import LOOPBACK, PLUGINS, Got, Receiver, client, made, receiving, until

PREFIX = "banshi.conversation."
SETTINGS = {"conversations": {"desks": DESKS}, "webhooks": {"timeout": 2.0}}


def told_to(receiver: Receiver) -> list[Got]:
    """What it was told of conversations, beside the case's own steps."""
    return [got for got in receiver.got if str(got.event.get_type()).startswith(PREFIX)]


async def test_a_receiver_s_own_library_finds_what_is_counted_signed_and_nothing_of_anybody(
    tmp_path: Path, database: str
) -> None:
    departments: dict[str, Path | str] = {name: DEPARTMENTS / name for name in ("petitions", "fire")}
    plugins = {**PLUGINS, **departments, "conversations": "conversations"}
    platform = {**LOOPBACK, "address": "https://city.example", "database": database}
    async with open_door(tmp_path, plugins, settings=SETTINGS, platform=platform) as door, receiving() as receiver:
        webhook = await made(await client(door), receiver)
        filed = Chatter(door, "zh-CN", "contact-1234")
        await before_the_end(filed)
        for _ in range(3):
            await filed.send("1", key="the-last")
        await filed.send("解绑")
        for number in range(5):
            await (await asked(door, f"leaves-{number}")).send("取消")
        await until(lambda: len(told_to(receiver)) == 13)
        events = [got.verified(webhook["secret"]) for got in told_to(receiver)]
        told = Counter((one["type"].removeprefix(PREFIX), one["data"]["item"] or "") for one in events)
        assert told == {("begun", ITEM): 6, ("filed", ITEM): 1, ("left", ITEM): 5, ("unlinked", ""): 1}
        # What is told is what is counted, and what the lead of a desk reads.
        assert told == Counter(await Figure.all().values_list("what", "item"))
        (line,) = (await officer(door, "lead", LEADS).get(PATH)).ok()["items"]
        assert (line["account"], line["begun"], line["filed"], line["left"]) == (Phone.name, 6, None, 5)
        row = await ChannelConversation.get(contact="contact-1234")
        for personal in ("contact-1234", "leaves-", "李示例", '"li"', str(row.id), filling.NUMBER):
            assert personal.encode() not in b"".join(got.body for got in receiver.got), personal
