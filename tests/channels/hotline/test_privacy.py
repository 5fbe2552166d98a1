"""A number is for whoever holds the call, and stands nowhere else: not in a log, a metric, a trace or a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from banshi import Audience
from hotline.tables.models import HotlineCall
from tests.channels.desk.bureau import EACH_DATABASE, officer
from tests.channels.hotline.exchange import (
    AGREED,
    CALL_BACKS,
    FILINGS,
    NUMBER,
    SLIPS,
    Switch,
    exchange,
    filed,
    owner,
    taken,
)
from tests.channels.hotline.test_filing import suggestion
from tests.harness.encrypted import ring_in
from tests.readers.tables import names_of
from tests.servers.collector import collecting

#: What stands in no place: the number without its country.
DIGITS = NUMBER.removeprefix("+86")


@EACH_DATABASE
@pytest.mark.plain(why="has a ring of its own")
async def test_after_a_whole_story_a_number_is_found_nowhere(
    tmp_path: Path, database: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        platform = {"personal_keys": ring_in(tmp_path)}
        async with exchange(tmp_path, database, platform=platform) as door:
            switch = Switch(door)
            li, call = await taken(door, number="0 199-0000-4711")
            (await li.get(call)).ok()
            (await li.post(f"{call}/pop", {"purpose": "to help"})).ok()
            made = (await filed(li, call, "suggest-police", await suggestion(door), number=NUMBER)).created()
            body = {"call": call.rpartition("/")[2], "item": "consult-police", "submission": {"answers": {}}, **AGREED}
            waits = (await li.post(FILINGS, {**body, "wait": True, "number": NUMBER}, key="once")).created()
            for slip in (made["slip"], "00000000"):
                await li.post(f"{SLIPS}/read", {"number": NUMBER, "slip": slip})
            (await owner(door, "zhang").post(f"{SLIPS}/bind", {"number": NUMBER, "slip": waits["slip"]})).ok()
            (await li.post(f"{call}/call-backs", {"until": "2026-11-26T10:00:00+08:00"})).created()
            (await li.put(f"{call}/outcome", {"outcome": "filed"})).ok()
            await switch.told("missed", "c2")
            due = (await li.get(CALL_BACKS)).ok()["items"]
            for one in due:
                (await li.post(f"{CALL_BACKS}/{one['id']}/claim")).ok()
                (await li.post(f"{CALL_BACKS}/{one['id']}/tries", {"result": "no-answer"})).ok()
            await switch.tell("ringing", "c3", at="never")
            await door.settled()
            metrics = (await door.anyone.get("/metrics")).body.decode()
            strangers = {officer(door, "wang"): Audience.STAFF, officer(door, "zhao", "fire:desk"): Audience.STAFF}
            strangers |= {door.citizen("sun"): Audience.CITIZEN}
            known = {"id": str((await HotlineCall.first()).id), "code": "suggest-police", "desk": "reception"}
            for _, route in door.platform.registry.routes:
                if route.method == "GET" and "stream" not in route.path and set(route.path_names) <= known.keys():
                    for person in strangers:
                        answer = await person.get(route.path.format(**known))
                        assert DIGITS not in answer.body.decode(errors="replace"), route.path
            store = door.platform.store
            for table in await names_of(door):
                rows = await store.connection.execute_query_dict(f'SELECT * FROM "{table}"')  # noqa: S608
                assert DIGITS not in str(rows), table
    said = capsys.readouterr()
    assert "take_call_event" in said.out
    for place in (said.out, said.err, metrics, bytes(collector.raw).decode(errors="replace")):
        assert DIGITS not in place
        assert "0000-4711" not in place
    assert collector.spans
