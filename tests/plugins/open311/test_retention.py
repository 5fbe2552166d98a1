"""Whom and what place a request was about goes with its case's time; what is counted stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from banshi.builtin.personal_data.retention import anonymise_old_cases
from banshi.kernel.tables.cases import Case
from tests.plugins.open311_city import WHO, got, key_of, made, moved, open_city, part
from tests.readers.tables import tables_with


async def test_of_an_old_request_service_client_and_time_are_left(tmp_path: Path, database: str) -> None:
    public = {"pothole": {"public": ["address", "position", "description", "media_url"]}}
    async with open_city(tmp_path, database=database, services=public) as city:
        key = await key_of(city, "open311:streets", client="bc_kept", key="bak_kept")
        number = await made(city, key)
        await moved(city, number, "assign", "answer")
        rows = part("open311", "models").ServiceRequest
        before = await rows.get(case__number=number)
        words = (*WHO, "East Gate 5", "A deep hole", "31.4675012", "pictures.example", before.fingerprint)
        assert await tables_with(city, *words) >= {"open311_request"}
        now = city.platform.now() + timedelta(days=6 * 366)
        city.platform.now = lambda: now
        await anonymise_old_cases(city.platform)
        assert (await Case.get(number=number)).content == "gone"
        assert await tables_with(city, *words) == set()
        left = await rows.get(id=before.id)
        assert (left.service_code, left.client, left.requested_at) == ("pothole", "bc_kept", before.requested_at)
        (shown,) = await got(city, f"/requests/{number}.json")
        assert (shown["status"], shown["description"], shown["address"], shown["lat"]) == ("closed", None, None, None)
