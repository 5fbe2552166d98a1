"""What is no longer needed is cleared away, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from banshi.engine.upkeep import tidy
from banshi.models import Attachment, CaseEvent, IdempotencyKey, OutboxRow
from banshi.testing import Door


async def test_settled_work_goes_after_keep_days_and_due_or_parked_work_never(bare_door: Door, answers: Any) -> None:
    wang = bare_door.citizen("wang")
    (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)}, key="k")).created()
    await bare_door.settled()
    await OutboxRow.create(consumer="channel:gone", topic="t", payload={}, dedup="due", state="due")
    await OutboxRow.create(consumer="channel:gone", topic="t", payload={}, dedup="parked", state="parked")
    platform, now = bare_door.platform, bare_door.platform.now()

    await tidy(platform)
    assert await OutboxRow.filter(state="done").count() == 1
    assert await IdempotencyKey.all().count() == 1

    platform.now = lambda: now + timedelta(days=platform.settings.keep_days, seconds=5)
    await tidy(platform)
    assert sorted(await OutboxRow.all().values_list("dedup", flat=True)) == ["due", "parked"]
    assert await IdempotencyKey.all().count() == 0
    assert await CaseEvent.all().count() == 2


async def test_a_file_that_no_case_uses_goes_after_a_day_with_its_bytes(bare_door: Door, answers: Any) -> None:
    wang = bare_door.citizen("wang")
    used = await answers(wang)
    (await wang.post("/v1/items/zone-pass/cases", {"answers": used})).created()
    left = (await wang.upload()).created()["id"]
    platform, now = bare_door.platform, bare_door.platform.now()
    folder = platform.settings.attachments_folder
    assert (folder / left).is_file()

    platform.now = lambda: now + timedelta(days=1, minutes=1)
    await tidy(platform)
    assert not (folder / left).exists()
    assert {str(row.id) for row in await Attachment.all()} == {used["licence"], used["registration"]}
    assert all((folder / used[name]).is_file() for name in ("licence", "registration"))
