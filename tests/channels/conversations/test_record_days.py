"""Records of what staff and chats did are kept for half a year, unless an operator says otherwise and hears a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from banshi.testing import open_door


@pytest.mark.parametrize(
    ("chats", "platform", "told"),
    [
        ({}, {}, []),
        ({"turn_days": 184}, {"look_up_days": 184}, []),
        ({"turn_days": 183}, {}, [("conversations", "settings.turn_days")]),
        ({}, {"look_up_days": 183}, [("platform", "platform.look_up_days")]),
    ],
)
async def test_records_of_less_than_half_a_year_are_a_warning(
    chats: dict[str, int], platform: dict[str, int], told: list[tuple[str, str]], tmp_path: Path
) -> None:
    """网络安全法 article 21: six months, which are 184 days at their longest."""
    plugins: dict[str, Path | str] = {"conversations": "conversations"}
    async with open_door(tmp_path, plugins, settings={"conversations": chats}, platform=platform) as door:
        found = [one for one in door.platform.registry.warnings if one.rule == "short-records"]
        assert [one.plugin for one in found] == [plugin for plugin, _ in told]
        assert [key in one.advice and "184" in one.advice for one, (_, key) in zip(found, told, strict=True)] == [
            True for _ in told
        ]


@pytest.mark.parametrize(("own", "told"), [({}, ["no-division"]), ({"division": "510700"}, [])])
async def test_without_the_citys_division_an_operator_hears_whom_each_districts_alerts_reach(
    own: dict[str, str], told: list[str], tmp_path: Path
) -> None:
    async with open_door(tmp_path, {"conversations": "conversations"}, settings={"conversations": own}) as door:
        found = [one for one in door.platform.registry.warnings if one.rule == "no-division"]
        assert [one.rule for one in found] == told
        assert all("settings.division" in one.advice for one in found)
