"""Telling those who wait: a promise to each, in the way that every message goes, once an edition is public.

Whoever asks an office in words that fit a record is told of it at once, and of each edition after it; whoever asked
before, with the first edition that their words fit. What is withdrawn the same people are told once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid5

import orjson

from banshi import Case, Platform, Write
from banshi.sdk.database import pages
from banshi.sdk.events import Event
from banshi.sdk.following import News, no_more, tell, tell_followers
from likeness import fits, terms_in
from refutations.hearing.following import KIND
from refutations.ratings import title_of
from refutations.reading.documents import page_of, summary_of
from refutations.reading.found import FOUND, about_of
from refutations.reading.published import with_editions
from refutations.sentences import say, word
from refutations.settings import SETTINGS
from refutations.tables.models import Edition, Hearer, Refutation
from refutations.writing.lifecycle import EVENTS
from refutations.writing.steps import PUBLIC

#: The step by which somebody asks; days before a record for which they are told of it all the same; people at once.
ASKED, ASKED_DAYS, AT_ONCE = "banshi.case.submit", 14, 200
WITHDRAWN = say("This was withdrawn: the department no longer stands by it.")


def wants(platform: Platform, event: Event) -> bool:
    """What a record became, and what was asked of an office that is asked such things."""
    asked = event.type == ASKED and event.item in platform[SETTINGS].asked_by
    return asked or event.type in EVENTS.values()


async def hear(platform: Platform, events: Sequence[Event]) -> None:
    """Tell of what became public or was withdrawn, and whoever has just asked of what is public already."""
    for event in events:
        if event.type == ASKED:
            case = await Case.get_or_none(id=event.subject)
            if case and case.mode == "live":
                for row, edition in await platform[FOUND].of(_words(case)):
                    hearers = [_waits(platform, row, case)]
                    await platform.store.commit(Write(unless_there=hearers))
                    await tell(platform, KIND, news_of(row, edition), [case.person])
        else:
            row = await Refutation.get(id=event.subject)
            # A newer edition is told of by itself, and what was withdrawn as withdrawn.
            if row.edition == event.data["edition"] and (row.state in PUBLIC) == (event.type == EVENTS["approve"]):
                await _tell_all(platform, row)


def _words(case: Case) -> str:
    return orjson.dumps(case.answers).decode()


def _waits(platform: Platform, row: Refutation, case: Case) -> Hearer:
    own = {"id": uuid5(row.id, case.person), "about": str(row.id)}
    return Hearer(person=case.person, case_id=case.id, at=platform.now(), **own)


async def _tell_all(platform: Platform, row: Refutation) -> None:
    ((_, edition),) = await with_editions([row])
    if row.state in PUBLIC:
        await _wait_for(platform, row, edition)
    await tell_followers(platform, KIND, news_of(row, edition), [str(row.id)])


async def _wait_for(platform: Platform, row: Refutation, edition: Edition) -> None:
    """Let those wait for it who asked in words that fit this edition, but for whoever wants to hear of it no more."""
    since, theme = platform.now() - timedelta(days=ASKED_DAYS), about_of(edition)
    asked = Case.filter(item__in=platform[SETTINGS].asked_by, created_at__gte=since)
    async for cases in pages(asked, "id", size=AT_ONCE):
        live = [one for one in cases if one.person and one.mode == "live" and fits(terms_in(_words(one)), theme)]
        people = {one.person for one in live}
        unwilling = (
            {one.person for one in await Hearer.filter(about=no_more(row.id), person__in=people)} if people else ()
        )
        hearers = [_waits(platform, row, one) for one in live if one.person not in unwilling]
        await platform.store.commit(Write(unless_there=hearers))


def news_of(row: Refutation, edition: Edition) -> News:
    """What is told of an edition, once: whoever follows all and has asked gets one. What was withdrawn says no more."""
    what, words = str(edition.number), edition.words
    title, body = title_of(words["rating"], words["about"]), summary_of(words)
    if row.state not in PUBLIC:
        what, title, body = "withdrawn", word("Withdrawn: No. {number}", number=row.number), WITHDRAWN
    earlier = [str(one) for one in reversed(range(1, edition.number + (row.state not in PUBLIC)))]
    link = f"/v1/refutations/{row.id}"
    return News(of=row.id, edition=what, title=title, body=body, link=link, earlier=earlier)


async def enclosed(platform: Platform, case: Case) -> Mapping[str, Any] | None:
    """What the staff of a case read: the records that it asks about, for their answer to lead to."""
    found = await platform[FOUND].of(_words(case)) if case.item in platform[SETTINGS].asked_by else ()
    told = [(row.id, title_of(one.words["rating"], one.words["about"])) for row, one in found]
    return {"records": [{"title": title, "page": page_of(platform, one)} for one, title in told]} if told else None


async def emptied(_: Platform, case: Case) -> None:
    """Of a case that is emptied: that somebody asked in it."""
    await Hearer.filter(case_id=case.id).delete()
