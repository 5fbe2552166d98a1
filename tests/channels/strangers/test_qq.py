"""A messenger's bot, by a stranger: every item, groups, and nothing lost or twice when servers are killed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conversations.tables.models import Said, Turn
from tests.channels.strangers import judge
from tests.channels.strangers.bots import ANSWERS, SECRET, TOO_MANY, Bots, opened_bots
from tests.servers.ports import free_port
from tests.waiting import until

QQ = Path(__file__).with_name("qq")


def own_settings(bots: Bots) -> dict[str, str]:
    return {"url": bots.url, "secret": SECRET.decode()}


def test_it_has_300_lines_at_most_and_knows_the_face_alone() -> None:
    text = (QQ / "__init__.py").read_text()
    assert len(text.splitlines()) <= 300
    assert "from conversations." not in text


@pytest.mark.long
async def test_every_item_ends_by_a_bot_as_it_does_over_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened_bots() as bots, judge.sample_city(tmp_path, {"qq": QQ}, {"qq": own_settings(bots)}) as door:
        bots.inbound = f"{door.url}/v1/qq/events"
        wanted = judge.share_of(door, 2)
        assert await judge.talk_all(door, bots, wanted, monkeypatch) == judge.ends_of(wanted)


@pytest.mark.long
async def test_killed_twenty_times_nothing_is_lost_and_nothing_comes_twice(tmp_path: Path, database: str) -> None:
    async with opened_bots() as bots:
        port = free_port()
        told = "".join(f'{name} = "{value}"\n' for name, value in own_settings(bots).items())
        plugins = f'[plugins.qq]\npath = "{QQ}"\napi = 1\n[plugins.qq.settings]\n{told}'
        config = judge.written_config(tmp_path, database, plugins)
        bots.inbound = f"http://127.0.0.1:{port}/v1/qq/events"
        killed = judge.Killed(config, port, "qq:bot", bots, part=2)
        await killed.run()
        assert await killed.judge(tmp_path, database, ends="accepted", knows_again=True) > judge.PHONES * judge.LAST


async def test_a_group_hears_nothing_personal_and_its_answers_go_there(tmp_path: Path) -> None:
    async with opened_bots() as bots, judge.bureau(tmp_path, {"qq": QQ}, {"qq": own_settings(bots)}) as door:
        bots.inbound = f"{door.url}/v1/qq/events"
        for text in ("你好", "进度", "建议", "1"):
            await bots.writes("group-1", text)
            await until(judge.nothing_waits)
        shown = "\n".join(bots.phones["group-1"])
        assert len(bots.phones["group-1"]) == 4
        assert "/v1/conversations/sign-in/" not in shown
        assert await Turn.filter(conversation__contact="group-1").count() == 4


async def test_the_sixth_answer_to_a_message_goes_with_the_next_one_and_what_is_not_signed_is_refused(
    tmp_path: Path,
) -> None:
    async with opened_bots() as bots, judge.bureau(tmp_path, {"qq": QQ}, {"qq": own_settings(bots)}) as door:
        bots.inbound = f"{door.url}/v1/qq/events"
        await bots.writes("zhang", "你好")
        await until(judge.nothing_waits)
        # Neither in its own window, nor in that of the message before.
        bots.codes.extend((TOO_MANY, TOO_MANY))
        await bots.writes("zhang", "进度")
        await until(judge.nothing_waits)
        assert (await Said.all().order_by("-id").first()).state == "shut"  # type: ignore[union-attr]
        await bots.writes("zhang", "人工")
        await until(judge.nothing_waits)
        assert len(bots.phones["zhang"]) == 2
        assert ANSWERS == 5
        assert await bots.post(json.dumps({"d": {"id": "1", "content": "a"}}).encode(), "00" * 64) == 403
        assert await bots.post(b"", "") == 403
