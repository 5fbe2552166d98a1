"""Taking over an earlier case's files: the consent is held against what is on offer, the bytes get a second name."""

from __future__ import annotations

import asyncio
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tortoise.exceptions import IntegrityError
from uuid_utils.compat import uuid7

from banshi.builtin.materials.offers import ACTION, Earlier, earlier_files
from banshi.builtin.materials.vocabulary import reusable
from banshi.builtin.sentences import say, word
from banshi.forms.pointers import name_at, names_in
from banshi.foundation.background import apart
from banshi.foundation.database.failover.fates import NotBegun
from banshi.foundation.database.writes import Stale, Update, Write
from banshi.foundation.errors import Conflict, FieldProblem, InvalidFields, StorageFull
from banshi.foundation.files import durable_files
from banshi.kernel.cases.attachments import ids_at
from banshi.kernel.cases.materials import Reused
from banshi.kernel.contract.items import TEST
from banshi.kernel.contract.values import Department, Item, Who, text_in
from banshi.kernel.http.document_schemas import Record, array
from banshi.kernel.outbox.events import step_rows
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent

#: Materials of one submission that can come from earlier cases.
MAX_MATERIALS = 20

#: What a submission says of the materials that it takes over.
REUSE: Mapping[str, Any] = array(
    Record(
        field={
            "type": "string",
            "maxLength": 200,
            "title": word("Material"),
            "description": say("The field that the material is for."),
        },
        consent={
            "type": "string",
            "pattern": "^[0-9a-f]{32}$",
            "title": word("Consent"),
            "description": say("The number of the consent that came with the offer."),
        },
    ),
    maxItems=MAX_MATERIALS,
    title=word("Materials from earlier cases"),
    description=say("Materials out of earlier cases, with consent to each; their files' ids are in the answers."),
)

NO_FIELD = say("This item has no such material that can come from an earlier case; upload the file.")
TWICE = say("Name each material once.")
NO_CONSENT = say(
    "This consent is not good any more: the files are too old, were used or are not offered now. Ask for the "
    "materials again and let the person decide anew, or upload the file."
)
OTHER_FILES = say("Take over all files of this offer, no other ones, and no uploads beside them.")
OTHER_MATTER = say("This document is about {concerns}, and the answers are not; upload the right one.")
GONE = say(
    "What is taken over has just changed. Ask for the materials again and let the person decide anew, or upload."
)


def member(item: Item, department: Department) -> Mapping[str, Any]:
    """What a submission of the item may have beside its answers for this; empty where nothing can be taken over."""
    return {"reuse": REUSE} if any(True for _ in reusable(item, department)) else {}


async def taken(
    platform: Platform,
    item: Item,
    case: Case,
    answers: Mapping[str, Any],
    wishes: Sequence[Mapping[str, str]],
    language: str,
) -> Reused:
    """What the wishes take over. Raises InvalidFields with everything that is wrong with them."""
    if not wishes:
        return Reused(answers)
    problems: list[FieldProblem] = []
    chosen: list[Earlier] = []
    on_offer = await earlier_files(platform, item, case.person, every=True) if case.mode != TEST else {}
    for position, wish in enumerate(wishes):
        where = f"/reuse/{position}"
        if any(wish["field"] == other["field"] for other in wishes[:position]):
            problems.append(FieldProblem(f"{where}/field", text_in(TWICE, language), "reuse"))
            continue
        offers = on_offer.get(wish["field"])
        if offers is None:
            detail = text_in(NO_FIELD, language).replace("{code}", item.code)
            problems.append(FieldProblem(f"{where}/field", detail, "reuse"))
            continue
        offer = next((one for one in offers if one.consent.id == wish["consent"]), None)
        problem = _wrong(item, answers, offer, where, wish["field"], language)
        problems += [problem] if problem else []
        chosen += [offer] if offer else []
    if problems:
        raise InvalidFields(problems)
    return _taken_over(platform, item, case, answers, chosen)


def _wrong(
    item: Item, answers: Mapping[str, Any], offer: Earlier | None, where: str, pointer: str, language: str
) -> FieldProblem | None:
    if offer is None:
        return FieldProblem(f"{where}/consent", text_in(NO_CONSENT, language), "consent")
    if offer.concerns != name_at(answers, offer.material.concerns):
        detail = text_in(OTHER_MATTER, language).format(concerns=offer.concerns)
        return FieldProblem(where, detail, "concerns")
    if sorted(ids_at(item, answers, pointer)) != sorted(str(file.id) for file in offer.files):
        return FieldProblem(f"/answers{pointer}", text_in(OTHER_FILES, language), "attachment")
    return None


def _taken_over(
    platform: Platform, item: Item, case: Case, answers: Mapping[str, Any], chosen: Sequence[Earlier]
) -> Reused:
    at, reused, noted = platform.now(), Reused(answers), dict[uuid.UUID, CaseEvent]()
    for offer in chosen:
        earlier, fresh = offer.case, dict[str, str]()
        origin = {"id": str(earlier.id), "number": earlier.number, "item": earlier.item}
        here = {"id": str(case.id), "number": case.number, "item": item.code}
        for file in offer.files:
            own = uuid7()
            fresh[str(file.id)] = str(own)
            reused.links.append((file.id, own))
            reused.rows.append(_copy(file, own, case, origin))
            still = {"id": file.id, "case_id": earlier.id, "accepted_at__isnull": False}
            reused.updates.append(Update(Attachment, still, {"person": case.person}))
        what = {"document": offer.material.document, "consent": dict(offer.consent.texts)}
        answers = _renamed(answers, names_in(offer.material.field), fresh)
        reused.told.append({**what, "case": origin})
        if earlier.id not in noted:
            noted[earlier.id] = _entry(earlier, case, at)
            reused.promises.extend(step_rows(platform, earlier, noted[earlier.id]))
            guard = {"id": earlier.id, "version": earlier.version}
            # The guards go before what the files are conditional on: of two submissions at once one gets through.
            reused.updates.insert(0, Update(Case, guard, {"version": earlier.version + 1}))
        noted[earlier.id].details["reused_for"].append({**what, "case": here})
    reused.entries.extend(noted.values())
    return replace(reused, answers=answers)


#: What a row of a file has in common with the one that it was taken over from.
COPIED = ("name", "media_type", "size", "sha256", "created_at", "document", "concerns")


def _copy(file: Attachment, own: uuid.UUID, case: Case, origin: Mapping[str, str]) -> Attachment:
    """The new case's own row of a file."""
    same = {name: getattr(file, name) for name in COPIED}
    return Attachment(id=own, person=case.person, case_id=case.id, origin=dict(origin), **same)


def _entry(earlier: Case, case: Case, at: Any) -> CaseEvent:
    """The entry in the earlier case's audit: nothing moves, and its version counts up."""
    entry = CaseEvent(
        case_id=earlier.id,
        version=earlier.version + 1,
        at=at,
        action=ACTION,
        state_before=earlier.state,
        state=earlier.state,
        actor=Who.CITIZEN.value,
        actor_id=case.person,
        details={"reused_for": []},
    )
    entry.of_case = earlier, {}
    return entry


def _renamed(value: Any, path: Sequence[str], fresh: Mapping[str, str]) -> Any:
    """The answers with the ids of the earlier files replaced by those of the new case's own, at one field alone."""
    if path:
        return {**value, path[0]: _renamed(value[path[0]], path[1:], fresh)}
    return [fresh[one.lower()] for one in value] if isinstance(value, list) else fresh[value.lower()]


async def commit(platform: Platform, write: Write, reused: Reused) -> None:
    """Write a submission with what it takes over. Raises Conflict where that has changed meanwhile, else as the store.

    A task of its own: files whose rows are being written must not go when the caller does.
    """
    if reused.links:
        await apart(_commit(platform, replace(write, caller=asyncio.current_task()), reused))
    else:
        await platform.store.commit(write)


async def _commit(platform: Platform, write: Write, reused: Reused) -> None:
    folder = platform.settings.attachments_folder
    try:
        await asyncio.to_thread(_link, folder, reused.links)
    except FileNotFoundError:
        raise Conflict(GONE) from None
    try:
        await platform.store.commit(write)
    except (IntegrityError, StorageFull, NotBegun):
        # Surely not written. After any other Unavailable the rows may be there all the same: the files stay.
        await asyncio.to_thread(_unlink, folder, reused.links)
        raise
    except Stale:
        await asyncio.to_thread(_unlink, folder, reused.links)
        for update in reused.updates:
            if not await update.model.filter(**update.where).exists():
                raise Conflict(GONE) from None
        raise


def _link(folder: Path, links: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> None:
    """A second name for each file; a copy where the disk knows no such thing. All of them or none."""
    try:
        for there, new in links:
            try:
                os.link(folder / str(there), folder / str(new))
            except FileNotFoundError:
                raise
            except OSError:
                part = folder / f"{new}.part"
                with (folder / str(there)).open("rb") as source, durable_files.held_part(part) as copy:
                    shutil.copyfileobj(source, copy)
                    durable_files.sync(copy)
                    part.rename(folder / str(new))
        # The new names are on disk before the row that rests on them is.
        durable_files.sync_folder(folder)
    except OSError:
        _unlink(folder, links)
        raise


def _unlink(folder: Path, links: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> None:
    for _, new in links:
        (folder / f"{new}.part").unlink(missing_ok=True)
        (folder / str(new)).unlink(missing_ok=True)
