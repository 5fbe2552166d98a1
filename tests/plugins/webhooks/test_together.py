"""Several processes that send from one database: each receiver is one process's at a time, and none is left behind."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from banshi.ops.holding import hold, resume
from tests.plugins.webhooks_city import PLUGINS, Got, client, happen, made, office, open_city, receiving, until
from tests.processes import commands

CONFIG = """
[platform]
rates.burst = 100_000
rates.day = 100_000
data = "{data}"
keys = "{keys}"
address = "https://city.example"
development = true
database = "{database}"
outgoing.networks = ["127.0.0.0/8"]
"""


def server(folder: Path, database: str) -> commands.Process:
    """Another process of the same city."""
    folder.mkdir()
    config = folder / "plugins.toml"
    text = CONFIG.format(data=folder / "data", keys=folder.parent / "data" / "keys", database=database)
    places = {**PLUGINS, **{code: folder.parent / code for code in ("parks", "roads")}}
    text += "".join(f'[plugins.{name}]\napi = 1\npath = "{place}"\n' for name, place in places.items())
    text += "[plugins.webhooks.settings]\ntimeout = 1.0\n"
    config.write_text(text, encoding="utf-8")
    return commands.begin(folder, "--config", config, "serve", "--port", "0")


@pytest.mark.long
async def test_when_a_sender_is_killed_another_goes_on_in_order_and_nothing_is_lost(
    tmp_path: Path, postgres: str
) -> None:
    pace = 0.01

    def slow(_: Got) -> tuple[int, dict[str, str]]:
        time.sleep(pace)
        return 200, {}

    async with open_city(tmp_path, {"database": postgres}, timeout=1.0) as door:
        program = await client(door)
        other = server(tmp_path / "other", postgres)
        try:
            async with AsyncExitStack() as stack:
                receivers = [await stack.enter_async_context(receiving(answer=slow)) for _ in range(4)]
                for receiver in receivers:
                    await made(program, receiver)
                await until(lambda: len(office(door).receivers) == 2, "the part of another process")
                versions = range(1, 21)
                for version in versions:
                    for case in ("a", "b", "c"):
                        await happen(door, case, version)
                    if version == 10:
                        await until(lambda: all(one.ids for one in receivers))
                        other.kill()
                        other.wait(10)
                # Its leases end by themselves: after nine seconds, and a look of this process's.
                expected = sorted(f"{case}-{version}" for version in versions for case in ("a", "b", "c"))
                for receiver in receivers:
                    await until(lambda receiver=receiver: sorted(receiver.taken) == expected)
                    # What was not recorded came twice; the first time each came in its case's order.
                    for case in ("a", "b", "c"):
                        mine = [name for name in receiver.taken if name.startswith(case)]
                        assert mine == [f"{case}-{version}" for version in versions]
                assert len(office(door).receivers) == 4
        finally:
            other.close()


async def test_what_one_process_hears_another_sends(tmp_path: Path, postgres: str) -> None:
    """Two processes of one city: whichever hears of an event, the one that has the receiver sends it."""
    async with open_city(tmp_path, {"database": postgres}) as door, receiving() as receiver:
        program = await client(door)
        await made(program, receiver)
        await until(lambda: office(door).receivers)
        (tmp_path / "second").mkdir()
        async with open_city(
            tmp_path / "second", {"database": postgres, "keys": door.platform.settings.keys_folder}
        ) as two:
            assert not office(two).receivers
            names = [await happen(two, "a", version) for version in range(1, 6)]
            await until(lambda: receiver.ids == names)
            # The first gives back what it has, and the second takes it at once.
            await office(door).stop()
            office(two).changed()
            await until(lambda: office(two).receivers)
            last = await happen(two, "a", 6)
            await until(lambda: receiver.ids[-1] == last)
            assert receiver.ids == [*names, last]
            await asyncio.sleep(0)


async def test_receivers_are_let_go_while_what_goes_out_is_held_and_taken_again_once_it_is_released(
    tmp_path: Path, database: str
) -> None:
    async with open_city(tmp_path, {"database": database}) as door, receiving() as receiver:
        await made(await client(door), receiver)
        await until(lambda: office(door).receivers)
        first = await happen(door, "a", 1)
        await until(lambda: receiver.ids == [first])
        store = door.platform.store
        await hold(store, "looking")
        office(door).changed()
        await until(lambda: not office(door).receivers)
        second = await happen(door, "a", 2)
        assert not await office(door).leases.claim(9)
        assert receiver.ids == [first]
        await resume(store)
        office(door).changed()
        await until(lambda: receiver.ids == [first, second])
