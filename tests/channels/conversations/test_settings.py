"""Settings that can't be stop the start, and those that are seldom meant are told to the operator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from banshi.foundation.findings import ConfigurationError
from tests.channels.conversations.offices import office


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
    async with office(tmp_path, names=(), platform=platform, **chats) as door:
        found = [one for one in door.platform.registry.warnings if one.rule == "short-records"]
        assert [one.plugin for one in found] == [plugin for plugin, _ in told]
        assert [key in one.advice and "184" in one.advice for one, (_, key) in zip(found, told, strict=True)] == [
            True for _ in told
        ]


@pytest.mark.parametrize(("own", "told"), [({}, ["no-division"]), ({"division": "510700"}, [])])
async def test_without_the_citys_division_an_operator_hears_whom_each_districts_alerts_reach(
    own: dict[str, str], told: list[str], tmp_path: Path
) -> None:
    async with office(tmp_path, names=(), **own) as door:
        found = [one for one in door.platform.registry.warnings if one.rule == "no-division"]
        assert [one.rule for one in found] == told
        assert all("settings.division" in one.advice for one in found)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        *(({"turn_days": days}, "turn_days") for days in (0, 3_651, 1.5, "a week")),
        *(({"memory_days": days}, "memory_days") for days in (0, -1)),
        ({"turn_days": 5, "memory_days": 6}, "memory_days"),
        ({"days": 5}, "days"),
        ({"link_days": 0}, "link_days"),
        ({"idle_days": 0}, "idle_days"),
        ({"link_days": 30, "idle_days": 31}, "idle_days"),
        ({"confirm_hours": -1}, "confirm_hours"),
        *(
            ({"form_page": page}, "form_page")
            for page in ("http://app.city.example/{item}", "https://app.city.example/items", "{item}")
        ),
    ],
    ids=str,
)
async def test_what_can_t_be_stops_the_start_and_is_named(tmp_path: Path, settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        async with office(tmp_path, names=(), **settings):
            pass
    (found,) = wrong.value.findings
    assert (found.plugin, named in found.advice) == ("conversations", True)
