"""Made-up figures of the sample city, for demonstrations: three years of weeks that end with the last closed one."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from banshi import Platform
from insights.figures.calendar import WEEK, monday
from insights.figures.categories import CATEGORIES
from insights.figures.divisions import DIVISIONS
from insights.figures.importing import Rules, load
from insights.settings import SETTINGS, InsightsSettings

#: A line for each category and division: yuan of one case, and the figures, the oldest first.
FIGURES = Path(__file__).with_name("sample-city.tsv")


@contextmanager
def sample_file(settings: InsightsSettings, today: date) -> Iterator[Path]:
    """A file as departments hand it in, up to the last closed week; it is there while the block runs."""
    last = monday(today - timedelta(days=settings.open_days)) - WEEK
    with TemporaryDirectory() as folder:
        file = Path(folder) / "police-reports.sample.csv"
        with file.open("w", encoding="utf-8", newline="") as stream:
            lines = csv.writer(stream)
            lines.writerow(["week", "division", "category", "count", "loss"])
            for line in FIGURES.read_text(encoding="utf-8").splitlines():
                category, division, loss, figures = line.split("\t")
                for ago, count in enumerate(map(int, reversed(figures.split()))):
                    if count:
                        lines.writerow([last - WEEK * ago, division, category, count, count * int(loss) or ""])
        yield file


async def take_in_sample(platform: Platform) -> None:
    """Make the made-up figures those of the platform."""
    rules = Rules.of("police-reports", platform[CATEGORIES], platform[DIVISIONS], platform.today())
    with sample_file(platform[SETTINGS], platform.today()) as file:
        await load(platform.store, rules, file, limit=platform[SETTINGS].import_rows, as_of=platform.now())
