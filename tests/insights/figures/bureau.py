"""A bureau that counts: one department, three categories, a clock that stands still, and files that are handed in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from banshi.testing import Door, open_door
from insights.figures.categories import CATEGORIES
from insights.figures.divisions import DIVISIONS
from insights.figures.importing import Rules, load
from insights.figures.models import CountSource
from tests.town.parts import APPEALS, appeals
from tests.town.town import written

CITY = ZoneInfo("Asia/Shanghai")

#: A Wednesday; the week before is closed after three more days, so 16 November begins the last closed one.
NOW = datetime(2026, 12, 2, 10, 0, tzinfo=CITY)

CATEGORY = """
[[categories]]
code = "{code}"
department = "parks"
title = {{ zh-CN = "{code}", en = "{code}" }}
counts = {counts}
[categories.template]
title = {{ zh-CN = "{code}增多", en = "More {code}" }}
body = {{ zh-CN = "近{{days}}天{{count}}起。", en = "{{count}} in {{days}} days." }}
"""
FILE = CATEGORY.format(code="theft", counts='{ imports = ["reports"] }')
FILE += CATEGORY.format(code="fraud", counts='{ imports = ["reports"] }')
FILE += CATEGORY.format(code="noise", counts='{ appeals = ["ask-parks/noise"] }')


@asynccontextmanager
async def bureau(
    folder: Path, database: str = "", *, settings: Mapping[str, Any] | None = None, file: str = FILE, **platform: Any
) -> AsyncIterator[Door]:
    (folder / "categories.toml").write_text(file, encoding="utf-8")
    own = {"categories": folder / "categories.toml", "city": "510700", "collect_minutes": 10_000, **(settings or {})}
    plugins = written(folder, appeals(APPEALS, "parks"), "insights")
    whole = {**({"database": database} if database else {}), **platform}
    async with open_door(folder, plugins, settings={"insights": own}, platform=whole) as door:
        at(door, NOW)
        yield door


def at(door: Door, moment: datetime) -> None:
    door.platform.now = lambda: moment.astimezone(UTC)


async def bring(
    door: Door, folder: Path, content: str | bytes, name: str = "reports.csv", limit: int = 1_000
) -> CountSource:
    """Hand a file in, as `banshi insights import` does. Raises RefusedFile."""
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    platform = door.platform
    rules = Rules.of(name.partition(".")[0], platform[CATEGORIES], platform[DIVISIONS], platform.today())
    return await load(platform.store, rules, file, limit=limit, as_of=platform.now())


def weeks_from(first: date, counts: list[int | str], division: str = "510703", category: str = "theft") -> str:
    """Lines of a file by weeks."""
    mondays = [date.fromordinal(first.toordinal() + 7 * n) for n in range(len(counts))]
    lines = (f"{day},{division},{category},{count}" for day, count in zip(mondays, counts, strict=True) if count != "-")
    return "\n".join(lines) + "\n"


HEADER = "week,division,category,count\n"
