"""Files in a submission: a form's field that takes one says so with `"x-attachment": true`, and a submission may name
only files that its own person uploaded and hasn't used elsewhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from banshi.forms import Form
from banshi.forms.pointers import escaped
from banshi.forms.vocabulary.fields import ACCEPTS
from banshi.foundation.database.writes import Update
from banshi.foundation.errors import FieldProblem, InvalidFields
from banshi.foundation.files.media_types import ACCEPTED
from banshi.kernel.contract.values import LANGUAGES, Item, Texts
from banshi.kernel.sentences import say, word
from banshi.kernel.tables.attachments import REFUSED, Attachment

UNKNOWN = say("Upload this file first: it is not there, or used already.")
HARMFUL = say("Something harmful was found in this file, and it is not kept: upload another one.")
USED = say("Another case of yours has this file: upload it anew, or take it over with consent where it is offered.")


def attachment_ids(schema: Mapping[str, Any], answers: Any) -> list[tuple[str, str]]:
    """The ids in `answers` at fields whose schema says `x-attachment`, as (JSON Pointer, id)."""
    return [(pointer, identity) for pointer, identity, _ in attached(schema, answers)]


def attached(schema: Mapping[str, Any], answers: Any) -> list[tuple[str, str, Sequence[str]]]:
    """The same with the media types that each field takes."""
    found, waiting = list[tuple[str, str, Sequence[str]]](), [("", answers, schema)]
    while waiting:
        pointer, value, asked = waiting.pop()
        if isinstance(value, str):
            if asked.get("x-attachment"):
                found.append((pointer, value, asked.get(ACCEPTS, ACCEPTED)))
            continue
        if not isinstance(value, dict | list):
            continue
        known = asked.get("properties", {}) if isinstance(value, dict) else {}
        steps: Iterable[tuple[str | int, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
        # The last comes off first.
        for step, held in reversed([*steps]):
            inner = known.get(step) if isinstance(value, dict) else asked.get("items")
            if isinstance(inner, dict) and (isinstance(held, dict | list) or inner.get("x-attachment")):
                waiting.append((f"{pointer}/{escaped(str(step))}", held, inner))
    return found


def other_type(types: Sequence[str]) -> Texts:
    return say(
        "This takes another type of file: {types}.", types={tag: word.text(tag, ", ").join(types) for tag in LANGUAGES}
    )


@dataclass(frozen=True, slots=True)
class Files:
    """The files that a submission names, and the updates that tie them to its case."""

    rows: Sequence[Attachment] = ()
    updates: Sequence[Update] = ()


def ids_at(item: Item, answers: Mapping[str, Any], field: str) -> list[str]:
    """The ids of the files that the answers name at a material's field, in small letters."""
    schema = item.form.schema if item.form else {}
    found = attached(schema, answers)
    return [one.lower() for pointer, one, _ in found if pointer == field or pointer.startswith(f"{field}/")]


async def files_of(
    form: Form | None,
    answers: Mapping[str, Any],
    person: str,
    case_id: uuid.UUID,
    *,
    labels: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    besides: Collection[str] = (),
) -> Files:
    """The files that the answers name, except the ids in `besides`.

    `labels` says of a file, by its id, which document it is and what that is about. Raises InvalidFields for a file
    that isn't the person's or is used elsewhere.
    """
    found = attached(form.schema, answers) if form is not None and form.takes_files else ()
    named = [(pointer, one.lower(), types) for pointer, one, types in found if one.lower() not in besides]
    if not named:
        return Files()
    wanted = {identity for _, identity, _ in named}
    rows = await Attachment.filter(id__in=list(wanted), person=person)
    usable = {str(row.id): row for row in rows if row.case_id in (None, case_id) and row.state != REFUSED}
    why = {str(row.id): HARMFUL if row.state == REFUSED else USED for row in rows}
    problems = [
        FieldProblem(f"/answers{pointer}", why.get(identity, UNKNOWN), "attachment")
        for pointer, identity, _ in named
        if identity not in usable
    ]
    problems += [
        FieldProblem(f"/answers{pointer}", other_type(types), "attachment-type")
        for pointer, identity, types in named
        if (row := usable.get(identity)) and row.media_type not in types
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
