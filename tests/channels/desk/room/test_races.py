"""What was begun before another was quicker: nothing is claimed that has gone elsewhere, no word is forgotten."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from banshi import Write
from banshi.testing import Door, Person
from desk import DESK, queue
from desk.tables.models import DeskEvent, Enquiry
from tests.channels.desk.bureau import EACH_DATABASE, ENQUIRIES, calls, claimed, officer, waiting
from tests.channels.desk.test_parties import exchange, rings


@EACH_DATABASE
async def test_what_a_lead_has_handed_to_another_desk_meanwhile_is_not_claimed_at_the_former(
    door: Door, li: Person, sun: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim has read it before, and writes after."""
    await calls(door, "first")
    place = f"{ENQUIRIES}/{(await waiting(li))[0]['id']}"
    step, begun = queue.step, asyncio.Event()

    async def slowly(*given: Any, **more: Any) -> Any:
        if not begun.is_set():
            begun.set()
            (await sun.post(f"{place}/transfer", {"desk": "fire"})).ok()
        return await step(*given, **more)

    monkeypatch.setattr(queue, "step", slowly)
    refused = await li.post(f"{place}/claim")
    assert begun.is_set()
    refused.problem(404, "not-found")
    row = await Enquiry.get()
    assert (row.desk, row.state, row.officer) == ("fire", "waiting", "")
    assert await DeskEvent.filter(what="claimed").count() == 0


@EACH_DATABASE
async def test_words_that_an_answer_has_overtaken_are_owed_one_of_their_own(tmp_path: Path, database: str) -> None:
    """Their turn has read the enquiry while it owed a word, and is written once the answer has cleared that."""
    async with exchange(tmp_path, database, "tests.channels.switchboard") as door:
        await rings(door)
        li, store = officer(door, "li"), door.platform.store
        place = await claimed(li)
        row = await Enquiry.get()
        assert row.owed_since is not None
        heard = await door.platform[DESK].add_words(row, "and another thing")
        (await li.post(f"{place}/answers", {"text": "Good day."})).created()
        assert (await Enquiry.get()).owed_since is None
        await store.commit(Write.of(*heard))
        assert (await Enquiry.get()).owed_since is not None


@EACH_DATABASE
async def test_words_that_come_while_an_answer_is_being_written_wait_for_that(tmp_path: Path, database: str) -> None:
    """Of two processes: the answer's transaction isn't over yet as the words' one begins."""
    async with exchange(tmp_path, database, "tests.channels.switchboard") as door:
        await rings(door)
        li = officer(door, "li")
        await claimed(li)
        heard = await door.platform[DESK].add_words(await Enquiry.get(), "and another thing")
        async with in_transaction() as answering:
            assert await Enquiry.all().using_db(answering).update(owed_since=None) == 1
            words = asyncio.create_task(door.platform.store.commit(Write.of(*heard)))
            await asyncio.wait([words], timeout=0.2)
            assert not words.done()
        await words
        assert (await Enquiry.get()).owed_since is not None
