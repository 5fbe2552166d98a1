"""How many people have begun each item lately: by that, and by what its department says, the list is ordered."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tortoise.functions import Count

from banshi.builtin.catalogue.search.index import Hit
from banshi.foundation.keys import Key
from banshi.kernel.contract.items import LIVE
from banshi.kernel.http.months import MIN_SHOWN
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case

#: What is counted, and for how long it is kept: whoever asks again and again costs nothing, and sees nobody come.
DAYS, KEPT_S = 30, 3_600.0

#: Kinds whose items become no case offer how many people have begun each since a moment.
BEGUN: Key[Callable[[datetime], Awaitable[Mapping[str, int]]]] = Key("people who have begun an item")


@dataclass(slots=True)
class Demand:
    """People by item, in fives: below five, and who the last of them was, is told to nobody."""

    people: Mapping[str, int] = field(default_factory=dict)
    #: `time.monotonic()` at which they are too old.
    until: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def ordered(self, registry: Registry) -> Sequence[Hit]:
        """Each listed item, the one that most ask for first."""
        items, most = registry.items, Counter(self.people)
        hits = (Hit(code, most[code] * 10 + items.facts(code).often) for code in items.codes())
        return sorted(hits, key=lambda one: (-one.score, one.code))


DEMAND: Key[Demand] = Key("demand")


async def demand_of(platform: Platform) -> Demand:
    """What is asked for, as it was an hour ago at most; counted by one at a time."""
    demand = platform[DEMAND]
    async with demand.turn:
        if time.monotonic() >= demand.until:
            since = platform.now() - timedelta(days=DAYS)
            rows = Case.filter(mode=LIVE, created_at__gte=since).exclude(person="").group_by("item")
            people = Counter(dict(await rows.annotate(n=Count("person", distinct=True)).values_list("item", "n")))
            for _, begun in platform.registry.offered(BEGUN):
                people.update(await begun(since))
            demand.people = {code: n - n % MIN_SHOWN for code, n in people.items() if n >= MIN_SHOWN}
            demand.until = time.monotonic() + KEPT_S
    return demand
