"""Who calls addresses dead is believed by what it takes: nobody is forgotten by our mistake, and none loses theirs."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banshi.testing import Door
from mobile_push.delivery.claims import verdicts
from mobile_push.delivery.claims.trust import ENOUGH, IN_A_ROW, LAST, Trust
from mobile_push.doctor import trust
from mobile_push.providers.provider import MALFORMED, Push, Receipt
from mobile_push.tables.models import Address, Device, Spent
from tests.mobile_push.conftest import nothing_due, until_equal
from tests.mobile_push.delivery.fan_out import broadcast, publish
from tests.mobile_push.delivery.ways.in_memory import (
    DEAD,
    LATER,
    OK,
    InBatches,
    InMemory,
    addresses,
    reached,
    register,
    sent,
)  # fmt: skip
from tests.waiting import until


@pytest.fixture
def ways() -> list[InMemory]:
    batches = InBatches("b")
    batches.batch = 100
    return [InMemory("a"), batches]


async def register_all(door: Door, count: int, providers: str) -> list[str]:
    """The addresses at the first provider."""
    for number in range(count):
        await register(door, number, providers, who=f"person-{number}")
    return [f"{providers[0]}-{number:0>8}" for number in range(count)]


#: Runs of answers: which addresses, and whether each was taken.
RUNS = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60), st.booleans()), max_size=30)


@given(RUNS)
def test_a_provider_is_believed_by_its_last_addresses_and_its_last_answers(runs: list[tuple[int, int, bool]]) -> None:
    #: What was last heard of each address, the newest at the end.
    judge, heard, row = Trust(), dict[str, bool](), 0
    for first, count, taken in runs:
        for address in map(str, range(first, first + count)):
            row = 0 if taken else row + (address not in [*heard][-LAST:] or heard[address])
            heard.pop(address, None)
            heard[address] = taken
            judge.note(address, taken)
            said = [*heard.values()][-LAST:]
            assert judge.is_due == (row < IN_A_ROW and (sum(said) >= ENOUGH or 2 * sum(said) >= len(said)))
            assert len(judge._last) <= LAST


async def told(door: Door) -> list[str]:
    """What the doctor says of whom it isn't to believe."""
    deployment: Any = SimpleNamespace(registry=door.platform.registry)
    return [one.told for one in await trust(deployment) if one.state == "warning"]


async def rested(door: Door) -> bool:
    """Whether no address and no provider is left alone any more."""
    now = int(await door.platform.store.time() * 1000)
    return not (await Device.filter(away_until__gt=now).exists() or await Spent.filter(until__gt=now).exists())


async def gone(*tokens: str) -> bool:
    return not {*tokens} & await addresses()


@pytest.mark.parametrize(("providers", "count"), [("a", 60), ("ab", 60), ("b", 60), ("a", 5)])
async def test_where_every_address_is_called_dead_nobody_is_forgotten_and_all_get_theirs_once_it_is_mended(
    door: Door, ways: list[InMemory], providers: str, count: int
) -> None:
    wrong = ways["ab".index(providers[0])]
    await register_all(door, count, providers)
    before = await addresses()
    wrong.otherwise = DEAD
    one = str((await publish(door, await broadcast(door))).id)
    if count == 60:
        await until(lambda: told(door))
        (said,) = await told(door)
        assert said.startswith(f"{wrong.name} calls so many addresses dead since 20")
        text = (await door.anyone.get("/metrics")).body.decode()
        assert f'banshi_push_braked{{provider="{wrong.name}"}} 1.0' in text
    if providers == "ab":
        await until(lambda: len(ways[1].took) == 60, 60)
    await until(lambda: len(wrong.asked) >= min(count, 20))
    assert await addresses() == before
    wrong.otherwise = OK
    await until(lambda: len(reached(*ways)) == count, 60)
    await until(nothing_due)
    assert reached(*ways) == {(one, f"{number:0>8}"): 1 for number in range(count)}
    await until(lambda: rested(door))
    two = str((await publish(door, await broadcast(door, "alert"))).id)
    await until(lambda: Counter(message for message, _ in wrong.took)[two] == count, 60)
    assert await addresses() == before
    await until_equal(lambda: told(door), [])


async def test_an_address_is_forgotten_when_something_was_accepted_after_it_was_called_dead_and_no_other_with_it(
    door: Door, ways: list[InMemory], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "DOUBT_S", 6.0)
    for name, providers in (("wang", "ab"), ("li", "a"), ("sun", "a"), ("zhou", "a"), ("zhao", "a"), ("qian", "a")):
        await register(door, name, providers, who=name)
    dead = [f"a-{name:0>8}" for name in ("wang", "zhao", "qian")]
    for name in ("li", "sun", "zhou"):
        await sent(door, name)
    await until(lambda: len(ways[0].took) == 3)
    ways[0].says |= {token: [DEAD] for token in dead}
    ways[1].says["b-0000wang"] = [DEAD]
    for name in ("wang", "zhao", "qian"):
        await sent(door, name)
    await until(lambda: {*dead} <= {token for _, token in ways[0].asked} and ways[1].asked)
    ways[0].says["a-0000qian"] = [LATER]
    again = await register(door, "qian", "a", who="qian")
    assert len(await addresses()) == 7, "nothing was accepted since"
    await sent(door, "li")
    await until(lambda: gone(*dead[:2]))
    assert (await Device.get(person="wang")).ways == 1
    assert [one.token for one in await Address.all()] == ["b-0000wang"], "it was only doubted"
    assert await Device.filter(id=again["id"]).exists(), "the app gave it since"
    assert not await Device.filter(person="zhao").exists()
    ways[1].says["b-0000wang"] = [OK]
    one = await sent(door)
    await until(lambda: (one, "b-0000wang") in ways[1].took)


async def test_an_address_that_the_app_gives_again_while_it_is_called_dead_is_asked_once_more(
    door: Door, ways: list[InMemory], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "DOUBT_S", 300.0)
    await register_all(door, 2, "a")
    await sent(door, "person-0")
    await until(nothing_due)
    answer = ways[0].send

    async def send(push: Push, token: str) -> Receipt:
        if token == "a-00000001" and not any(asked == token for _, asked in ways[0].asked):
            await register(door, 1, "a", who="person-1")
        return await answer(push, token)

    monkeypatch.setattr(ways[0], "send", send)
    ways[0].says["a-00000001"] = [DEAD, OK]
    one = await sent(door, "person-1")
    await until(lambda: (one, "a-00000001") in ways[0].took)
    await sent(door, "person-0")
    await until(nothing_due)
    assert not await gone("a-00000001")


async def test_an_address_that_takes_a_message_after_all_stays(door: Door, ways: list[InMemory]) -> None:
    await register_all(door, 2, "a")
    await sent(door, "person-0")
    await until(nothing_due)
    ways[0].says["a-00000001"] = [DEAD, OK]
    await sent(door, "person-1")
    one = await sent(door, "person-1")
    await until(lambda: (one, "a-00000001") in ways[0].took)
    await sent(door, "person-0")
    await until(nothing_due)
    assert not await gone("a-00000001")


@pytest.mark.parametrize("providers", ["a", "b"])
async def test_what_can_be_no_address_and_what_is_dead_beside_what_is_taken_speaks_against_nobody(
    door: Door, ways: list[InMemory], providers: str
) -> None:
    """However many of one request are in a row. Those are forgotten with the next that takes something."""
    tokens = await register_all(door, 60, providers)
    way, said = ("ab".index(providers), {"a": MALFORMED, "b": DEAD}[providers])
    ways[way].says |= {token: [said] for token in (tokens[:40] if providers == "a" else tokens[30:])}
    for _ in range(2):
        await publish(door, await broadcast(door))
        await until(nothing_due)
    assert await told(door) == []
    if providers == "b":
        await until(lambda: gone(*tokens[30:]))
        assert await addresses() == {*tokens[:30]}
