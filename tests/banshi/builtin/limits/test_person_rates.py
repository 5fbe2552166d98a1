"""One person creates so much in a minute and so much in a day, whatever it is; what only comes again costs nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from banshi import Audience, Route
from banshi.app import configure, open_platform, serving
from banshi.builtin.limits.per_person import one_more
from banshi.builtin.limits.rates import RATES, Alone, Rates
from banshi.builtin.limits.shared_rates import SharedRates
from banshi.foundation.errors import TooManyRequests
from banshi.foundation.servers.redis_client import RedisSettings
from banshi.kernel.contract.principals import Principal
from banshi.testing import Door, Person, open_door
from tests.conftest import good_answers
from tests.places import ROOT, TRAFFIC
from tests.servers import redis_servers
from tests.town.programs import program_at

APPLY = "/v1/items/zone-pass/cases"

#: POSTs and PUTs of citizens that create nothing, and why.
UNCOUNTED = {
    "mark_read": "a place in a list moves",
    "record_receipts": "one comes for each push that we send",
    "take_stream_ticket": "a stream that breaks off takes another",
}

#: What stands for the parameters of a path.
PLACES = {"id": "0197a3b0-0000-7000-8000-000000000000", "action": "withdraw", "code": "zone-pass"}


@asynccontextmanager
async def city(folder: Path, **rates: int) -> AsyncIterator[Door]:
    plugins: Mapping[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}
    async with open_door(folder, plugins, platform={"rates": rates}) as door:
        yield door


class Clock:
    """Seconds in the middle of a minute and of a day, which pass when they are told to."""

    def __init__(self, door: Door | None = None) -> None:
        self.now = 86_400.0 * 20_000 + 43_230
        if door is not None:
            door.platform[RATES].alone.clock = self

    def __call__(self) -> float:
        return self.now


async def hand_in(person: Person, key: str | None = None) -> Any:
    """A request that is wrong: it costs as much as one that is right, and takes no time."""
    return await person.post(APPLY, {"answers": {}}, key=key)


async def test_every_post_and_put_of_a_citizen_is_counted_but_for_those_that_create_nothing(tmp_path: Path) -> None:
    """Whoever adds a route to any plugin of the project finds it here."""
    everything = configure(
        ROOT / "plugins.toml",
        {"platform": {"data": str(tmp_path / "data"), "rates": {"burst": 2, "day": 2}}},
    )
    async with open_platform(everything) as platform, serving(platform, "127.0.0.1", 0) as url:
        import aiohttp

        async with aiohttp.ClientSession() as session:
            door = Door(platform, url, session)
            found = [route for _, route in platform.registry.routes if takes_of_citizens(route)]
            assert {"submit", "upload", "look_up", "register_device", "post_publicly", "book", "act"} <= {
                one.operation for one in found
            }
            for number, route in enumerate(found):
                person = door.citizen(f"citizen-{number}")
                path = re.sub(r"{(\w+)}", lambda name: PLACES.get(name[1], "a"), route.path)
                statuses = [
                    (await person.call(route.method, path, data=b"?", headers={"Content-Type": "text/plain"})).status
                    for _ in range(3)
                ]
                assert 429 not in statuses[:2], (route.path, statuses)
                assert (statuses[2] == 429) is (route.operation not in UNCOUNTED), (route.path, statuses)
                assert (route.operation in UNCOUNTED) is not route.counts


def takes_of_citizens(route: Route) -> bool:
    return route.method in {"POST", "PUT"} and route.audience in {Audience.CITIZEN, Audience.PERSON}


async def test_too_many_at_once_are_told_when_to_come_again(tmp_path: Path) -> None:
    async with city(tmp_path, burst=3, day=100) as door:
        wang, clock = door.citizen("wang"), Clock(door)
        for _ in range(3):
            (await hand_in(wang)).problem(422, "invalid-fields")
        for language, words in (("zh-CN", "您在一分钟内提交了 3 次"), ("en", "You have handed in 3 requests")):
            refused = await wang.post(APPLY, {"answers": {}}, headers={"Accept-Language": language})
            assert refused.problem(429, "too-many-requests")["detail"].startswith(words)
            assert refused.headers["Retry-After"] == "30"
        (await hand_in(door.citizen("zhang"))).problem(422, "invalid-fields")
        # The minute slides: two thirds of it later a third of what was counted is still there.
        clock.now += 30 + 40
        for _ in range(2):
            (await hand_in(wang)).problem(422, "invalid-fields")
        (await hand_in(wang)).problem(429, "too-many-requests")


async def test_a_day_has_its_end_however_slowly_one_comes(tmp_path: Path) -> None:
    async with city(tmp_path, burst=2, day=5) as door:
        wang, clock = door.citizen("wang"), Clock(door)
        for _ in range(5):
            (await hand_in(wang)).problem(422, "invalid-fields")
            clock.now += 120
        refused = await hand_in(wang)
        assert "窗口" in refused.problem(429, "too-many-requests")["detail"]
        assert 40_000 < int(refused.headers["Retry-After"]) <= 43_200
        clock.now += 86_400 + 43_200
        (await hand_in(wang)).problem(422, "invalid-fields")


async def test_what_is_answered_from_its_key_costs_nothing_even_when_nothing_is_left(tmp_path: Path) -> None:
    async with city(tmp_path, burst=4, day=4) as door:
        wang = door.citizen("wang")
        body = {"answers": await good_answers(wang)}
        first = (await wang.post(APPLY, body, key="once")).created()
        (await wang.upload(key="file")).created()
        for _ in range(6):
            assert (await wang.post(APPLY, body, key="once")).created() == first
            (await wang.upload(key="file")).created()
        (await hand_in(wang, "other")).problem(429, "too-many-requests")
        (await wang.upload(key="another")).problem(429, "too-many-requests")
        (await wang.upload()).problem(429, "too-many-requests")
        assert len((await wang.get("/v1/cases")).ok()["items"]) == 1
        # Whoever was refused left no file, and no key that another request could not have.
        assert len(list(door.platform.settings.attachments_folder.iterdir())) == 3


async def test_staff_officers_programs_and_readers_are_not_counted(tmp_path: Path) -> None:
    async with city(tmp_path, burst=1, day=1) as door:
        li, wang = door.staff("li", "traffic:reviewer"), door.citizen("wang")
        (await hand_in(wang)).problem(422, "invalid-fields")
        for _ in range(5):
            (await li.post(f"/v1/cases/{PLACES['id']}/actions/accept")).problem(404, "not-found")
            (await wang.get("/v1/cases")).ok()
            (await wang.post("/v1/inbox/read", {"through": "?"})).problem(422, "invalid-fields")
    async with open_door(
        tmp_path / "programs",
        {"clients": ROOT / "plugins/integrations/clients", "webhooks": ROOT / "plugins/integrations/webhooks"},
        platform={"rates": {"burst": 1, "day": 1}},
    ) as door:
        program = await program_at(door)
        for _ in range(3):
            assert (await program.post("/v1/webhooks", {})).status == 422


async def test_two_processes_that_share_a_redis_count_one_day_together(tmp_path: Path) -> None:
    with redis_servers.alone(tmp_path / "redis") as redis:
        settings = RedisSettings(url=f"redis://127.0.0.1:{redis.port}", name="city")
        async with city(tmp_path, burst=5, day=5) as one, city(tmp_path / "other", burst=5, day=5) as other:
            for name, door in (("one", one), ("other", other)):
                door.platform.put(RATES, Rates(SharedRates(settings, "city:rates"), "city:rates", name))
            wang = Principal("wang")
            for turn in range(5):
                await one_more((one, other)[turn % 2].platform, wang)
            for door in (one, other):
                with pytest.raises(TooManyRequests):
                    await one_more(door.platform, wang)
            assert all(b"wang" not in key for key in await one.platform[RATES]._shared.client.keys("*"))  # type: ignore[union-attr]
            redis.kill()
            with capture_logs() as said:
                await one_more(one.platform, wang)
            assert said


def test_what_nobody_asks_for_any_more_is_forgotten() -> None:
    clock = Clock()
    alone = Alone(clock)
    for number in range(100):
        alone.wait(f"a{number}", 5, 60)
    for _ in range(2):
        clock.now += 60
        alone.wait("b", 5, 60)
    ((_, now, before),) = alone._windows.values()
    assert now.keys() | before.keys() == {"b"}
