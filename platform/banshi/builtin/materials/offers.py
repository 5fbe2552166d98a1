"""What of a person's earlier cases can be handed in again with an item."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any

from banshi.builtin.materials.consent import Consent, consent_to
from banshi.builtin.materials.vocabulary import reusable
from banshi.forms.pointers import names_in
from banshi.foundation.files.media_types import ACCEPTED
from banshi.kernel.contract.items import TEST
from banshi.kernel.contract.values import Document, Item, Material
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent

#: What the event in an earlier case's audit is called.
ACTION = "reuse"

#: Earlier cases that are offered for one material at most, about one thing and in all, and files that are looked
#: through for one item. Fifty cars are a fleet, and a list that nobody reads on a phone.
MAX_OFFERS_ABOUT_ONE, MAX_OFFERS, MAX_FILES_LOOKED_AT = 5, 50, 500


@dataclass(frozen=True, slots=True)
class Earlier:
    """The files that one earlier case has for a material, all of them together."""

    case: Case
    material: Material
    document: Document
    #: What the document is about; empty where it concerns the person alone.
    concerns: str
    files: tuple[Attachment, ...]
    #: The moment from which on they are too old.
    until: datetime
    consent: Consent


async def earlier_files(
    platform: Platform, item: Item, person: str, *, case_id: Any = None, every: bool = False
) -> Mapping[str, Sequence[Earlier]]:
    """What is on offer, by the fields of the materials, the newest case first; or what one case has alone.

    Some are enough for whoever chooses: the same bytes about the same thing once, and not too many about any. With
    `every` it is all that was ever offered and still is.
    """
    asked = list(reusable(item, platform.registry.departments[item.department]))
    # What is made up takes no real document, and gives none.
    if not asked or item.mode == TEST:
        return {}
    names = {material.document for material, _, _ in asked}
    sets = await _accepted(platform, person, names, case_id)
    real = Case.filter(id__in=list({one for one, *_ in sets}), person=person).exclude(mode=TEST)
    cases = {case.id: case for case in await real}
    taken: Any = CaseEvent.filter(case_id__in=list(cases), action=ACTION).values_list("case_id", flat=True)
    times = Counter(await taken)
    offers: dict[str, list[Earlier]] = {}
    for material, document, days in asked:
        seen: set[tuple[str, frozenset[str]]] = set()
        about: Counter[str] = Counter()
        own = offers.setdefault(material.field, [])
        for (case, name, concerns), files in sets.items():
            until = min(file.created_at for file in files) + timedelta(days=days)
            fits = name == material.document and bool(concerns) == (document.concerns is not None)
            if not fits or case not in cases or until <= platform.now() or not _fit(platform, item, material, files):
                continue
            same = (concerns, frozenset(file.sha256 for file in files))
            if every or (same not in seen and about[concerns] < MAX_OFFERS_ABOUT_ONE and len(own) < MAX_OFFERS):
                seen.add(same)
                about[concerns] += 1
                consent = consent_to(platform, item, material, document, cases[case], files, times[case])
                own.append(Earlier(cases[case], material, document, concerns, tuple(files), until, consent))
    return offers


#: Files by what belongs together: a case's files of one document about one thing, such as its two sides.
Sets = Mapping[tuple[Any, str, str], Sequence[Attachment]]


async def _accepted(platform: Platform, person: str, names: Iterable[str], case_id: Any) -> Sets:
    """The person's files of these documents that were found right, whole sets alone, those of the newest case first."""
    found = Attachment.filter(person=person, document__in=list(names), case_id__isnull=False)
    if case_id is not None:
        found = found.filter(case_id=case_id)
    rows = await found.order_by("-case_id", "id").limit(MAX_FILES_LOOKED_AT)
    if len(rows) == MAX_FILES_LOOKED_AT:
        # The last case may have more files than were read.
        rows = [row for row in rows if row.case_id != rows[-1].case_id]
    sets: dict[tuple[Any, str, str], list[Attachment]] = {}
    for row in rows:
        sets.setdefault((row.case_id, row.document, row.concerns), []).append(row)
    right = {key: files for key, files in sets.items() if all(file.accepted_at for file in files)}
    there = await asyncio.to_thread(_there, platform, [file for files in right.values() for file in files])
    return {key: files for key, files in right.items() if there.issuperset(file.id for file in files)}


def _there(platform: Platform, rows: Sequence[Attachment]) -> set[Any]:
    """Those whose bytes are still on disk."""
    folder = platform.settings.attachments_folder
    return {row.id for row in rows if (folder / str(row.id)).is_file()}


def _fit(platform: Platform, item: Item, material: Material, files: Sequence[Attachment]) -> bool:
    """Whether the item would take these files if they were uploaded now: their number, kinds and sizes."""
    least, most = takes(item, material)
    limit = platform.settings.attachment_limit
    return least <= len(files) <= most and all(one.media_type in ACCEPTED and one.size <= limit for one in files)


def takes(item: Item, material: Material) -> tuple[int, float]:
    """How many files the material's field takes, at least and at most; none where it isn't a field for files."""
    node: Any = item.form.schema if item.form else {}
    for name in names_in(material.field):
        node = node.get("properties", {}).get(name)
        if not isinstance(node, Mapping):
            return 0, 0
    if node.get("x-attachment"):
        return 1, 1
    if isinstance(node.get("items"), Mapping) and node["items"].get("x-attachment"):
        return max(1, node.get("minItems", 0)), node.get("maxItems", inf)
    return 0, 0
