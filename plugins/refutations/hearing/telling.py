"""Telling those who wait: a promise to each, in the way that every message goes, once an edition is public.

Whoever asks an office in words that fit a record is told of it at once, and of each edition after it; whoever asked
before there was a record, when its first edition is public.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid5

import orjson
from tortoise.exceptions import IntegrityError

from banshi import Case, Message, Platform, Write
from banshi.sdk.database import pages
from banshi.sdk.events import Event, message_rows
from banshi.sdk.personal_data import DataSubject, Holdings, PersonalTable, Retained, by_person
from refutations.ratings import title_of
from refutations.reading.documents import page_of, summary_of
from refutations.reading.found import FOUND, fits, terms_in
from refutations.reading.published import with_editions
from refutations.settings import SETTINGS
from refutations.tables.models import Edition, Hearer, Refutation
from refutations.writing.lifecycle import EVENTS
from refutations.writing.steps import PUBLIC

#: The step by which somebody asks; days before a record for which they are told of it all the same; people at once.
ASKED, ASKED_DAYS, AT_ONCE = "banshi.case.submit", 14, 200


async def hear(platform: Platform, events: Sequence[Event]) -> None:
    """Tell of what became public, and whoever has just asked of what is public already."""
    for event in events:
        if event.type == ASKED and event.item in platform[SETTINGS].asked_by:
            case = await Case.get_or_none(id=event.subject)
            if case and case.mode == "live":
                for row, edition in await platform[FOUND].of(_words(case)):
                    await _tell(platform, row, edition, [await _waits(platform, row, case)])
        if event.type == EVENTS["approve"]:
            row = await Refutation.get(id=event.subject)
            # A newer edition is told of by itself, and what was withdrawn by nobody.
            if row.state in PUBLIC and row.edition == event.data["edition"]:
                await _tell_all(platform, row)


def _words(case: Case) -> str:
    return orjson.dumps(case.answers).decode()


async def _waits(platform: Platform, row: Refutation, case: Case) -> Hearer:
    hearer = Hearer(person=case.person, about=str(row.id), case_id=case.id, at=platform.now())
    await platform.store.commit(Write(unless_there=[hearer]))
    return hearer


async def _tell_all(platform: Platform, row: Refutation) -> None:
    ((_, edition),) = await with_editions([row])
    since = platform.now() - timedelta(days=ASKED_DAYS)
    asked = Case.filter(item__in=platform[SETTINGS].asked_by, created_at__gte=since)
    if row.edition == 1:
        async for cases in pages(asked, "id", size=AT_ONCE):
            for case in cases:
                if case.person and case.mode == "live" and fits(terms_in(_words(case)), edition.words):
                    await _waits(platform, row, case)
    async for hearers in pages(Hearer.filter(about__in=["", str(row.id)]), "id", size=AT_ONCE):
        await _tell(platform, row, edition, hearers)


async def _tell(platform: Platform, row: Refutation, edition: Edition, hearers: Sequence[Hearer]) -> None:
    """Promise each of them a message, once: whoever follows all and has asked gets one."""
    rows = []
    for person in {one.person for one in hearers}:
        identity = str(uuid5(row.id, f"{edition.number}/{person}"))
        message = Message(
            id=identity, kind="notice", person=person, link=f"/v1/refutations/{row.id}", created_at=platform.now(),
            title=title_of(edition.words["rating"], edition.words["about"]), body=summary_of(edition.words),
        )  # fmt: skip
        rows += message_rows(platform, message, f"refutation:{identity}")
    try:
        await platform.store.commit(Write(rows=rows))
    except IntegrityError:
        # Some were told already: then each for itself.
        for one in hearers if len(hearers) > 1 else ():
            await _tell(platform, row, edition, [one])


async def enclosed(platform: Platform, case: Case) -> Mapping[str, Any] | None:
    """What the staff of a case read: the records that it asks about, for their answer to lead to."""
    found = await platform[FOUND].of(_words(case)) if case.item in platform[SETTINGS].asked_by else ()
    told = [(row.id, title_of(one.words["rating"], one.words["about"])) for row, one in found]
    return {"records": [{"title": title, "page": page_of(platform, one)} for one, title in told]} if told else None


async def _forget(_: Platform, whom: DataSubject) -> Iterable[Retained]:
    await Hearer.filter(person=whom.subject).delete()
    return ()


async def emptied(_: Platform, case: Case) -> None:
    """Of a case that is emptied: that somebody asked in it."""
    await Hearer.filter(case_id=case.id).delete()


HOLDING = Holdings([PersonalTable(Hearer, by_person(Hearer, "person"))], _forget)
