"""A plugin brings a provider of its own: phones register for it, and it gets what the built-in ones get."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import pytest

from banshi import Offer, hookimpl
from banshi.testing import open_door
from mobile_push import PROVIDERS, Outcome, Push, Receipt, Way
from mobile_push.delivery.service import deliver
from tests.mobile_push.conftest import new_message
from tests.waiting import until


class Recorder:
    """A provider that keeps what it was given."""

    name = "recorder"
    at_once = 4
    per_second = None
    longest_send = 1.0
    one_service = True

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.open = False

    async def __aenter__(self) -> Self:
        self.open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self.open = False

    async def send(self, push: Push, token: str) -> Receipt:
        assert self.open
        self.sent.append((push.message_id, token))
        return Receipt(Outcome.ACCEPTED, "OK")


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def plugin(recorder: Recorder, tmp_path: Path) -> Iterator[str]:
    """The name of an importable plugin that offers the recorder."""
    module = ModuleType("recorder_plugin")
    module.__file__ = str(Path(__file__))
    module.__path__ = [str(tmp_path / module.__name__)]
    Path(module.__path__[0]).mkdir()

    @hookimpl
    def banshi_offers() -> list[Offer[Way]]:
        return [Offer(PROVIDERS, Way("recorder", lambda: recorder))]

    module.banshi_offers = banshi_offers  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    yield module.__name__
    del sys.modules[module.__name__]


async def test_a_phone_of_another_plugins_provider_is_registered_and_woken(
    tmp_path: Path, plugin: str, recorder: Recorder
) -> None:
    plugins: dict[str, Path | str] = {"recorder": plugin, "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins) as door:
        phone = {"provider": "recorder", "token": "phone-0001", "platform": "harmony"}
        (await door.citizen("wang").post("/v1/devices", phone)).created()
        one = new_message("wang")
        await deliver(door.platform, [one])
        await until(lambda: recorder.sent == [(one.id, "phone-0001")])
    assert not recorder.open


async def test_a_provider_that_nobody_brought_is_refused_with_what_there_is(tmp_path: Path, plugin: str) -> None:
    plugins: dict[str, Path | str] = {"recorder": plugin, "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins) as door:
        phone: dict[str, Any] = {"provider": "fcm", "token": "phone-0001", "platform": "android"}
        problem = (await door.citizen("wang").post("/v1/devices", phone)).problem(422, "invalid-fields")
    assert problem["problems"][0]["pointer"] == "/provider"
    assert "stream, recorder" in problem["problems"][0]["detail"]
