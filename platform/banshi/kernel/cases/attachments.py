"""Files in a submission: a form's field that takes one says so with `"x-attachment": true`, and a submission may name
only files that its own person uploaded and hasn't used elsewhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from banshi.forms.pointers import escaped, names_in
from banshi.forms.pointing import schemas_of
from banshi.forms.vocabulary.fields import ACCEPTS
from banshi.foundation.database.writes import Update
from banshi.foundation.errors import FieldProblem, InvalidFields
from banshi.foundation.files.media_types import ACCEPTED
from banshi.kernel.contract.values import Item, Texts
from banshi.kernel.sentences import say
from banshi.kernel.tables.attachments import REFUSED, Attachment

UNKNOWN = say("Upload this file first: it is not there, or used already.")
HARMFUL = say("Something harmful was found in this file, and it is not kept: upload another one.")
USED = say("Another case of yours has this file: upload it anew, or take it over with consent where it is offered.")


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


def accepted_at(schema: Mapping[str, Any], pointer: str) -> Sequence[str]:
    """The media types of the file that a field takes, or each of those in a list."""
    path = tuple(names_in(pointer))
    nodes = [*schemas_of(schema, path), *schemas_of(schema, (*path, 0))]
    return next((node[ACCEPTS] for node in nodes if ACCEPTS in node), ACCEPTED)


def other_type(types: Sequence[str]) -> Texts:
    return {
        "zh-CN": f"此处不接受这种文件，可上传：{'、'.join(types)}。",
        "en": f"This takes another type of file: {', '.join(types)}.",
    }


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
    usable = {str(row.id): row for row in found if row.case_id in (None, case_id) and row.state != REFUSED}
    why = {str(row.id): HARMFUL if row.state == REFUSED else USED for row in found}
    problems = [
        FieldProblem(f"/answers{pointer}", why.get(identity.lower(), UNKNOWN), "attachment")
        for pointer, identity in named.items()
        if identity.lower() not in usable
    ]
    problems += [
        FieldProblem(f"/answers{pointer}", other_type(types), "attachment-type")
        for pointer, identity in named.items()
        if (row := usable.get(identity.lower())) and row.media_type not in (types := accepted_at(schema, pointer))
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
