"""What is published of a posting: taken from its answers, cleaned, and held against what may be public."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from banshi.builtin.catalogue.search.words import terms_of, units_of
from banshi.builtin.uploads.points import READ
from banshi.forms.pointers import found_at
from banshi.foundation.errors import FieldProblem, InvalidFields, TooLarge
from banshi.foundation.files import durable_files
from banshi.foundation.texts import clean
from banshi.kernel.cases.attachments import attachment_ids
from banshi.kernel.contract.values import Item
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import HELD, Attachment
from banshi.kinds.pictures import Picture, UnreadablePicture, cleaned
from banshi.kinds.posting.publishing.personal import DETAILS, personal_in
from banshi.kinds.posting.rules import PostingRules, words_of
from banshi.kinds.sentences import say

#: Points along the longer side of a published photo: what a phone's screen shows.
MAX_SIDE_POINTS = 1600

#: Terms of a posting that are kept, and units of its texts that they are made of.
MAX_TERMS, MAX_UNITS = 400, 1500

UNREADABLE = say("This photo can't be read: save it as JPEG or PNG, and upload that.")

BEING_EXAMINED = say("This photo is still being examined: send the form again in a few seconds.")
YET_TO_COME = say("That day is yet to come: say on which it was.")


def refuse_unfit(platform: Platform, item: Item, answers: Mapping[str, Any]) -> None:
    """Raises InvalidFields for numbers and addresses in what would be published, and for a day that is yet to come."""
    problems = [
        FieldProblem(f"/answers{pointer}", DETAILS[kind], kind)
        for pointer in dict.fromkeys(item.details.published())
        # As it will be read: what is never shown may stand between two digits. Numbers are published as facts.
        for kind in sorted(personal_in(clean(_text(found_at(answers, pointer)))))
    ]
    pointer = item.details.day
    if (day := found_at(answers, pointer)) and date.fromisoformat(day) > platform.today():
        problems.append(FieldProblem(f"/answers{pointer}", YET_TO_COME, "day"))
    if problems:
        raise InvalidFields(problems)


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, bool) else str(value)


def values_of(item: Item, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a posting's row that follow from its answers, but for the photos."""
    rules: PostingRules = item.details
    day = found_at(answers, rules.day)
    texts = [text for pointer in rules.texts if (text := _line(answers, pointer))]
    values: dict[str, Any] = {
        "sort": str(found_at(answers, rules.sort) or rules.sorts[0]),
        "title": _line(answers, rules.title)[:200],
        "text": "\n".join(texts),
        "place": _line(answers, rules.place)[:200],
        "day": date.fromisoformat(day) if day else None,
        "division": found_at(answers, rules.division) or "",
        "facts": {fact.field: value for fact in rules.facts if (value := _fact(answers, fact.field)) is not None},
    }
    for key in ("category", "colour", "brand"):
        values[key] = _line(answers, getattr(rules, key))[:64]
    values["terms"] = spelled(terms_in(item, values))
    return values


def _line(answers: Mapping[str, Any], pointer: str) -> str:
    return clean(str(found_at(answers, pointer) or ""))


def _fact(answers: Mapping[str, Any], pointer: str) -> Any:
    value = found_at(answers, pointer)
    return clean(value) if isinstance(value, str) else value


def terms_in(item: Item, values: Mapping[str, Any]) -> list[str]:
    """The search terms of a posting, with the words in every language that stand for its codes."""
    texts = [values["title"], values["text"], values["place"], values["brand"]]
    for fact in item.details.facts:
        value = values["facts"].get(fact.field)
        texts += words_of(item, fact).get(str(value), {"": str(value)}).values() if value is not None else ()
    units = [unit for text in texts for unit in (*units_of(text), "\n")]
    return list(dict.fromkeys(terms_of(units[:MAX_UNITS])))[:MAX_TERMS]


def spelled(terms: Sequence[str]) -> str:
    """Terms as the table keeps them, so that one is found by ` term `."""
    return f" {' '.join(terms)} " if terms else ""


# -- photos ----------------------------------------------------------------------------------------------------------


def folder(platform: Platform) -> Path:
    """Where the cleaned photos lie, each under the id of the file that it was made from."""
    return platform.settings.data / "postings"


async def photos_of(platform: Platform, item: Item, answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The photos among checked answers, cleaned and on disk, in order. Raises InvalidFields for what is no picture."""
    named = list(_named(item, answers))
    known = {str(row.id): row for row in await Attachment.filter(id__in=[identity for _, identity in named])}
    photos, problems = [], []
    for pointer, identity in named:
        row = known[identity.lower()]
        if row.state == HELD:
            problems.append(FieldProblem(f"/answers{pointer}", BEING_EXAMINED, "picture"))
            continue
        try:
            photos.append(await _prepared(platform, row))
        except UnreadablePicture:
            problems.append(FieldProblem(f"/answers{pointer}", UNREADABLE, "picture"))
        except TooLarge as error:
            problems.append(FieldProblem(f"/answers{pointer}", error.texts or error.detail, "picture"))
    if problems:
        raise InvalidFields(problems)
    return photos


def _named(item: Item, answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The answers that name photos, as (pointer, id of the file)."""
    wanted = item.details.photos
    for pointer, identity in attachment_ids(item.form.schema if item.form else {}, answers):
        if wanted and (pointer == wanted or pointer.rpartition("/")[0] == wanted):
            yield pointer, identity


async def _prepared(platform: Platform, row: Attachment) -> dict[str, Any]:
    """A photo's entry, with the cleaned picture on disk."""
    if row.media_type not in READ:
        raise UnreadablePicture()
    original = platform.settings.attachments_folder / str(row.id)
    try:
        content = await asyncio.to_thread(original.read_bytes)
    except FileNotFoundError:
        raise UnreadablePicture() from None
    picture = await cleaned(content, longest=MAX_SIDE_POINTS)
    await asyncio.to_thread(_store, folder(platform), str(row.id), picture)
    return {"file": str(row.id), "media_type": picture.media_type, "width": picture.width, "height": picture.height}


def _store(place: Path, name: str, picture: Picture) -> None:
    """Under its name only when it is whole, whoever else stores it in this moment."""
    part = place / f"{name}.{os.urandom(6).hex()}.part"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with part.open("wb") as stream:
            stream.write(picture.content)
            durable_files.sync(stream)
        durable_files.rename(part, place / name)
    except OSError:
        part.unlink(missing_ok=True)
        raise
