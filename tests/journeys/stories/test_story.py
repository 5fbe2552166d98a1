"""The main job on real input: one vehicle pass, from the phone to the street."""

from __future__ import annotations

import pytest

from banshi.ops.cli.demo.demo import chat_of, stage
from banshi.ops.cli.demo.story import Story
from tests.places import ROOT


async def test_a_pass_goes_from_the_phone_through_the_department_to_the_officer_s_scan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The demo sends the logs of its whole process to standard error; here other tests read theirs.
    monkeypatch.setattr("banshi.foundation.logs.configure", lambda _: None)
    told: list[str] = []
    async with stage(ROOT / "plugins.toml", 0) as (door, sandbox):
        story = Story(door, sandbox, lambda step, result: told.append(f"{step}: {result}"), chat_of(door.platform))
        await story.run()
    # Every step has checked what came back; here stand the promises in figures.
    assert len(told) == 19
    assert story.push_seconds < 1.0
    assert story.stream_seconds < 1.0
    assert any(line.startswith("submits with one mistake: 422, /answers/plate") for line in told)
    assert any(line.startswith("Staff of another department look for the case: 404") for line in told)
    assert any("changed after it was signed: don't accept it" in line for line in told)
    assert any("Vehicle class Heavy truck" in line for line in told), "words, where there are words"
    assert any("You are known here as 王小明 now." in line for line in told)
    assert any("State: Taken back" in line for line in told), "the look-up in the chat"
    assert "Handed in. Its number is" in told[-1], "the booking in the chat"
    print(f"FCM after {story.push_seconds * 1000:.0f} ms, the stream after {story.stream_seconds * 1000:.0f} ms")
