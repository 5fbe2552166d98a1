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
from banshi.foundation.database.failover.fates import is_outage
from banshi.foundation.errors import Unavailable
from banshi.foundation.keys import Key
from banshi.kernel.contract.items import LIVE
from banshi.kernel.http.months import MIN_SHOWN
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case

#: What is counted, and for how long it is kept: whoever asks again and again costs nothing, and sees nobody come.
DAYS, KEPT_S = 30, 3_600.0
#: Seconds that counting may take, and until it is tried again after it failed.
MAX_COUNTING_S, AGAIN_S = 2.0, 30.0

#: Kinds whose items become no case offer how many people have begun each since a moment.
BEGUN: Key[Callable[[datetime], Awaitable[Mapping[str, int]]]] = Key("people who have begun an item")


@dataclass(slots=True)
class Demand:
    """People by item, in fives: below five, and who the last of them was, is told to nobody."""

    people: Mapping[str, int] = field(default_factory=dict)
    #: `time.monotonic()` at which they are too old.
    until: float = 0.0

    def ordered(self, registry: Registry) -> Sequence[Hit]:
        """Each listed item, the one that most ask for first."""
        items, most = registry.items, Counter(self.people)
        hits = (Hit(code, most[code] * 10 + items.facts(code).often) for code in items.codes())
        return sorted(hits, key=lambda one: (-one.score, one.code))


DEMAND: Key[Demand] = Key("demand")


async def demand_of(platform: Platform) -> Demand:
    """What is asked for, as it was an hour ago at most.

    One counts at a time. Whoever asks meanwhile waits for nobody, and gets what there is, as all do while the database
    can't say.
    """
    demand = platform[DEMAND]
    if time.monotonic() >= demand.until:
        demand.until = time.monotonic() + AGAIN_S
        try:
            async with asyncio.timeout(MAX_COUNTING_S):
                demand.people = await _counted(platform)
        except Exception as error:
            if not isinstance(error, Unavailable | TimeoutError) and not is_outage(error):
                raise
        else:
            demand.until = time.monotonic() + KEPT_S
    return demand


async def _counted(platform: Platform) -> Mapping[str, int]:
    since = platform.now() - timedelta(days=DAYS)
    rows = Case.filter(mode=LIVE, created_at__gte=since).exclude(person="").group_by("item")
    people = Counter(dict(await rows.annotate(n=Count("person", distinct=True)).values_list("item", "n")))
    for _, begun in platform.registry.offered(BEGUN):
        people.update(await begun(since))
    return {code: n - n % MIN_SHOWN for code, n in people.items() if n >= MIN_SHOWN}
