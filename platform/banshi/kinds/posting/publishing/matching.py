"""Lost against found: what was published is compared with what others have posted around that day, and both posters are
told once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import structlog
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from banshi.foundation.database.writes import Stale, Update, Write
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.posting.contact import told
from banshi.kinds.posting.models import PostingMatch, PostingRecord
from banshi.kinds.posting.publishing.likeness import Comparison, compared
from banshi.kinds.posting.rules import OPPOSITE

log = structlog.get_logger("banshi.postings")

#: How alike two have to be for their posters to be told, what share of the most alike's that has to be, and how many
#: pairs a new posting may have. benchmarks/postings.py shows what these lead to. An older one's poster is told of no
#: more than that either, as long as they are open, but of one that is more alike.
MIN_LIKENESS, MIN_SHARE_OF_BEST, MAX_MATCHES = 0.43, 0.9, 5

#: A thing is found on the day it was lost or later; people err by a day, and look for so long.
DAY_ERROR, LONGEST_SEARCH = timedelta(days=1), timedelta(days=180)

#: Postings that are read at once, so that others get their turn in between.
PAGE_ROWS = 200

COLUMNS = ("case_id", "colour", "brand", "day", "division", "terms")


async def match_new(platform: Platform) -> None:
    """Compare every posting that has become public and was not compared yet, the oldest first."""
    waiting = PostingRecord.filter(state="public", matched_at=None, sort__in=list(OPPOSITE))
    failed: set[UUID] = set()
    while rows := await waiting.exclude(case_id__in=list(failed)).order_by("published_at").limit(20):
        for row in rows:
            try:
                done = await match(platform, row)
            except Exception as error:  # one that can't be compared must not keep the city's others waiting
                done = False
                log.error("postings: one could not be compared", posting=str(row.case_id), error=type(error).__name__)
            if not done:
                failed.add(row.case_id)


async def match(platform: Platform, row: PostingRecord) -> bool:
    """Compare one posting, and tell both sides of each pair that is new; False where it has to be done again."""
    alike = await most_alike(platform, row)
    pairs, rows = await _pairs(platform, row, alike)
    still = {"case_id": row.case_id, "state": "public", "matched_at": None}
    done = Update(PostingRecord, still, {"matched_at": platform.now()})
    try:
        await platform.store.commit(Write(updates=[done], rows=[*pairs, *rows]))
    except (Stale, IntegrityError):
        return False  # it is over, or another process was first with one of the pairs: the next look has the rest
    return True


async def most_alike(platform: Platform, row: PostingRecord) -> list[tuple[UUID, float]]:
    """The postings of the other sort that are most like it."""
    comparison = Comparison(compared({name: getattr(row, name) for name in COLUMNS}))
    candidates, after = _candidates(platform, row), UUID(int=0)
    while read := await candidates.filter(case_id__gt=after).order_by("case_id").limit(PAGE_ROWS).values(*COLUMNS):
        for other in read:
            comparison.add(other["case_id"], compared(other))
        after = read[-1]["case_id"]
        await asyncio.sleep(0)
    return comparison.most_alike(MIN_LIKENESS, MAX_MATCHES, MIN_SHARE_OF_BEST)


def _candidates(platform: Platform, row: PostingRecord) -> QuerySet[PostingRecord]:
    """What can be the same thing at all: of the same category and city, and found when or after it was lost."""
    query = PostingRecord.filter(state="public", sort=OPPOSITE[row.sort], expires_at__gt=platform.now())
    if row.category:
        query = query.filter(category__in=[row.category, ""])
    if row.division:
        query = query.filter(Q(division="") | Q(division__startswith=row.division[:4]))
    if row.day:
        before, after = (LONGEST_SEARCH, DAY_ERROR) if row.sort == "found" else (DAY_ERROR, LONGEST_SEARCH)
        # The calendar has an end on both sides, and a form may take its last day.
        first = row.day - min(before, row.day - date.min)
        last = row.day + min(after, date.max - row.day)
        query = query.filter(Q(day=None) | Q(day__gte=first, day__lte=last))
    return query


async def _pairs(
    platform: Platform, row: PostingRecord, alike: Sequence[tuple[UUID, float]]
) -> tuple[list[PostingMatch], list[Model]]:
    """The pairs that are new, and what both posters are told of each."""
    if not alike:
        return [], []
    likeness = dict(alike)
    people = dict(await Case.filter(id__in=[row.case_id, *likeness]).values_list("id", "person"))
    others = {one.case_id: one for one in await PostingRecord.filter(case_id__in=list(likeness))}
    known, weakest = await _earlier(platform, row, list(likeness))
    pairs, rows = [], []
    for identity, score in likeness.items():
        other = others.get(identity)
        # Who has posted both knows it.
        if other is None or identity in known or people[identity] == people[row.case_id]:
            continue
        lost, found = (row, other) if row.sort == "lost" else (other, row)
        pair = PostingMatch(
            lost_id=lost.case_id, found_id=found.case_id, likeness=round(100 * score), at=platform.now()
        )
        pairs.append(pair)
        full = pair.likeness <= weakest.get(identity, -1)
        for own, theirs, templates in ((lost, found, told.MATCHED_LOST), (found, lost, told.MATCHED_FOUND)):
            if own is other and full:
                continue
            person, link = str(people[own.case_id]), f"/v1/cases/{own.case_id}"
            dedup = f"match:{lost.case_id}:{found.case_id}:{own.sort}"
            about = {"item": own.item, "posting": theirs.title, "own": own.title}
            rows += told.rows_for(platform, person, templates, link, dedup, **about)
    return pairs, rows


async def _earlier(platform: Platform, row: PostingRecord, others: Sequence[UUID]) -> tuple[set[Any], dict[Any, int]]:
    """Those of `others` that it was paired with before, so that nobody is told twice; and how alike the least alike of
    the `MAX_MATCHES` best open pairs is, for each that has as many.
    """
    mine, theirs = ("lost_id", "found_id") if row.sort == "lost" else ("found_id", "lost_id")
    which: dict[str, Any] = {f"{theirs}__in": list(others)}
    pairs: Any = await PostingMatch.filter(**which).order_by("-likeness").values_list(theirs, mine, "likeness")
    asked = list({counterpart for _, counterpart, _ in pairs})
    seen = PostingRecord.filter(state="public", expires_at__gt=platform.now(), case_id__in=asked)
    public = set(await seen.values_list("case_id", flat=True)) if asked else set()
    best: dict[Any, list[int]] = {}
    for other, counterpart, likeness in pairs:
        if counterpart in public:
            best.setdefault(other, []).append(likeness)
    known = {other for other, counterpart, _ in pairs if counterpart == row.case_id}
    return known, {other: found[MAX_MATCHES - 1] for other, found in best.items() if len(found) >= MAX_MATCHES}
