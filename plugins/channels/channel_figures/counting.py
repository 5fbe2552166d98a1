"""What came in a month by each channel, and how few of it are shown."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from tortoise.functions import Count

from banshi import Case, Key, Platform
from banshi.sdk.http import CHANNEL_FIGURES, MIN_SHOWN, Came, KeptFigures, first_day, midnight

#: Figures by what came and by channel.
Figures = Mapping[str, Mapping[str, Counter[str]]]

CAME: Key[KeptFigures[int, Figures]] = Key("months of channels")


async def counted(platform: Platform, month: int) -> Figures:
    """What came in a month."""
    begins, ends = (midnight(platform, first_day(one)) for one in (month, month + 1))
    cases = Case.filter(mode="live", created_at__gte=begins, created_at__lt=ends).annotate(received=Count("id"))
    rows = await cases.group_by("channel", "kind").values("channel", "kind", "received")
    found = [Came(channel=row["channel"], what=row["kind"], received=row["received"]) for row in rows]
    for _, offered in platform.offered(CHANNEL_FIGURES):
        found += await offered.came(platform, begins, ends)
    figures: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for one in found:
        own = figures[one.what][one.channel]
        own.update(received=one.received, answered=one.answered, in_time=one.in_time, rated=one.rated, stars=one.stars)
        own["within_s"] = one.within_s or own["within_s"]
    return figures


def publishable(counts: Mapping[str, int]) -> tuple[dict[str, int | None], int | None]:
    """Counts and their sum, as they are shown: where one is few, the next larger ones are hidden, too, or else the sum.

    A single hidden one would be what the others leave of the sum.
    """
    has_few = any(0 < count < MIN_SHOWN for count in counts.values())
    next_larger = min((count for count in counts.values() if count >= MIN_SHOWN), default=0)
    hidden = max(next_larger, MIN_SHOWN - 1) if has_few else 0
    shown = {one: None if 0 < count <= hidden else count for one, count in counts.items()}
    return shown, sum(counts.values()) if next_larger or not has_few else None
