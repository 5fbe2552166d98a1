"""Files that citizens hand in: streamed to disk, counted while they come, known by what their bytes are.

The name on disk is ours, the client's name and media type are only shown; a form's field that takes a file says so with
`"x-attachment": true`, and a submission may name only files that its own person uploaded and hasn't used elsewhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from uuid_utils.compat import uuid7

from banshi.forms.pointers import escaped
from banshi.foundation.database.writes import Update
from banshi.foundation.errors import FieldProblem, InvalidFields, TooLarge, UnsupportedMediaType
from banshi.foundation.files import durable_files
from banshi.foundation.files.media_types import ACCEPTED, HEAD_BYTES, sniff
from banshi.kernel.contract.values import Item
from banshi.kernel.tables.attachments import Attachment

UNKNOWN = "Upload this file first: no unused attachment of yours has that id."
USED = (
    "Another case of yours has this file: upload it anew, or in a new case take it over with consent, where"
    " GET /v1/items/{code}/materials offers it."
)


@dataclass(frozen=True, slots=True)
class Received:
    """A file that has come in whole and lies under its final name."""

    id: uuid.UUID
    media_type: str
    size: int
    sha256: str

    def row(self, person: str, at: datetime, name: str = "") -> Attachment:
        """Its row, not yet written."""
        return Attachment(person=person, name=name, created_at=at, **asdict(self))


async def receive(
    folder: Path, chunks: AsyncIterator[bytes], limit: int, *, identity: uuid.UUID | None = None
) -> Received:
    """Stream a file to disk, under a new id unless one is given.

    Raises TooLarge as soon as the limit is passed, UnsupportedMediaType, and OSError, as for a disk that is full.

    Nothing is left behind where it raises. A crash leaves only a `.part` file, which `clear_parts` removes.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    identity = identity or uuid7()
    part, whole = folder / f"{identity}.part", folder / str(identity)
    digest, size, head = hashlib.sha256(), 0, b""
    try:
        with part.open("xb") as stream:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise TooLarge(f"An attachment has at most {limit} bytes.", limit=limit)
                head += chunk[: HEAD_BYTES - len(head)]
                digest.update(chunk)
                await asyncio.to_thread(stream.write, chunk)
            media_type = sniff(head)
            if media_type not in ACCEPTED:
                raise UnsupportedMediaType(f"An attachment is one of {', '.join(ACCEPTED)}.", accepted=list(ACCEPTED))
            await asyncio.to_thread(durable_files.sync, stream)
        await asyncio.to_thread(durable_files.rename, part, whole)
    except BaseException:
        # In this order: a thread that nobody waits for may be giving it its name.
        part.unlink(missing_ok=True)
        whole.unlink(missing_ok=True)
        raise
    return Received(identity, media_type, size, digest.hexdigest())


def attachment_ids(schema: Mapping[str, Any], answers: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """The ids in `answers` at fields whose schema says `x-attachment`, as (JSON Pointer, id)."""
    if schema.get("x-attachment") and isinstance(answers, str):
        yield pointer, answers
    if isinstance(answers, dict):
        for name, value in answers.items():
            inner = schema.get("properties", {}).get(name)
            if isinstance(inner, dict):
                yield from attachment_ids(inner, value, f"{pointer}/{escaped(name)}")
    if isinstance(answers, list) and isinstance(schema.get("items"), dict):
        for position, value in enumerate(answers):
            yield from attachment_ids(schema["items"], value, f"{pointer}/{position}")


@dataclass(frozen=True, slots=True)
class Files:
    """The files that a submission names, and the updates that tie them to its case."""

    rows: Sequence[Attachment] = ()
    updates: Sequence[Update] = ()


def ids_at(item: Item, answers: Mapping[str, Any], field: str) -> list[str]:
    """The ids of the files that the answers name at a material's field, in small letters."""
    schema = item.form.schema if item.form else {}
    named = attachment_ids(schema, answers)
    return [identity.lower() for pointer, identity in named if pointer == field or pointer.startswith(f"{field}/")]


async def files_of(
    schema: Mapping[str, Any],
    answers: Mapping[str, Any],
    person: str,
    case_id: uuid.UUID,
    *,
    labels: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    besides: Collection[str] = (),
) -> Files:
    """The files that the answers name, but those `besides`, whose ids they are.

    `labels` says of a file, by its id, which document it is and what that is about. Raises InvalidFields for a file
    that isn't the person's or is used elsewhere.
    """
    named = {pointer: one for pointer, one in attachment_ids(schema, answers) if one.lower() not in besides}
    if not named:
        return Files()
    wanted = {identity.lower() for identity in named.values()}
    found = await Attachment.filter(id__in=list(wanted), person=person)
    usable = {str(row.id): row for row in found if row.case_id in (None, case_id)}
    elsewhere = {str(row.id) for row in found} - usable.keys()
    problems = [
        FieldProblem(f"/answers{pointer}", USED if identity.lower() in elsewhere else UNKNOWN, "attachment")
        for pointer, identity in named.items()
        if identity.lower() not in usable
    ]
    if problems:
        raise InvalidFields(problems)
    # One update a file: where another case has taken one meanwhile, none of them may be tied to this one.
    updates: list[Update] = []
    for identity, row in usable.items():
        label = labels.get(identity, ("", ""))
        if row.case_id is None or (row.document, row.concerns) != label:
            values = {"case_id": case_id, "document": label[0], "concerns": label[1]}
            updates.append(Update(Attachment, {"id": row.id, "person": person, "case_id": row.case_id}, values))
            row.update_from_dict(values)
    return Files(list(usable.values()), updates)
