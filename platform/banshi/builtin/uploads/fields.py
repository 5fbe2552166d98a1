"""The field of a form that an upload is for: whether it takes the file, before anything of it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from banshi.builtin.sentences import say
from banshi.forms.days import title_of
from banshi.forms.pointers import escaped
from banshi.forms.pointing import fields_at, same_value
from banshi.forms.vocabulary.fields import ACCEPTS
from banshi.foundation.errors import InvalidParameter, TooLarge, UnsupportedMediaType
from banshi.foundation.files.media_types import ACCEPTED, HEAD_BYTES, sniff
from banshi.foundation.findings import did_you_mean
from banshi.foundation.texts import spoken
from banshi.kernel.cases.attachments import other_type
from banshi.kernel.cases.modes import offered
from banshi.kernel.contract.routes import Call, Parameter
from banshi.kernel.contract.values import Item
from banshi.kernel.http.document_schemas import named

#: What stands around a file in a multipart body, at most.
AROUND_BYTES = 8_192

PARAMETERS = (
    Parameter("item", {"type": "string", "maxLength": 64}, "The code of the item that the file is for."),
    Parameter(
        "field",
        {"type": "string", "maxLength": 1000, "format": "json-pointer"},
        "Of that item's form: the field that takes the file, or the list that does.",
    ),
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field that takes a file."""

    item: Item
    pointer: str
    nodes: Sequence[Mapping[str, Any]]
    types: Sequence[str]

    def members(self, language: str) -> dict[str, Any]:
        """What an upload's answer says of it."""
        titles = [title for one in self.nodes if (title := title_of(one, ""))]
        shown = [one["x-shows"] for one in self.nodes if "x-shows" in one]
        return {
            "item": named(self.item.code, self.item.title, language),
            "field": {
                "pointer": self.pointer,
                "title": spoken(titles[0] if titles else "", language),
                "shows": spoken(shown[0], language) if shown else None,
                "accepts": list(self.types),
            },
        }

    async def checked(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same chunks. Raises UnsupportedMediaType as soon as they show a file of another type."""
        head, known = b"", False
        async for chunk in chunks:
            head += chunk[: HEAD_BYTES - len(head)]
            if not known and len(head) == HEAD_BYTES:
                self._refuse(head)
                known = True
            yield chunk
        if not known:
            self._refuse(head)

    def _refuse(self, head: bytes) -> None:
        if sniff(head) not in self.types:
            raise UnsupportedMediaType(other_type(self.types), accepted=list(self.types), field=self.pointer)


def field_of(call: Call, limit: int) -> Field | None:
    """The field that the request names; None where it names none. Raises InvalidParameter and TooLarge."""
    code, pointer = call.query.get("item"), call.query.get("field")
    if code is None and pointer is None:
        return None
    if code is None or pointer is None:
        missing = "item" if code is None else "field"
        raise InvalidParameter(say("Name both: the item, and the field of its form."), parameter=missing)
    item = offered(call.platform, code, call.principal)
    if item is None or item.form is None:
        told = say("There is no such item with a form; look for it in the list of items.")
        raise InvalidParameter(told, parameter="item")
    schema = item.form.schema
    nodes = fields_at(schema, pointer)
    nodes += same_value(schema, [node["items"] for node in nodes if isinstance(node.get("items"), Mapping)])
    if not any(node.get("x-attachment") for node in nodes):
        meant = did_you_mean(pointer, list(_files_in(schema, schema, "")))
        raise InvalidParameter(say("No file goes into that field: {meant}", meant=meant), parameter="field")
    if (call.request.content_length or 0) > limit + AROUND_BYTES:
        raise TooLarge(say("This file is too large: send at most {mb:.3g} MB.", mb=limit / 1_000_000), limit=limit)
    types = next((node[ACCEPTS] for node in nodes if ACCEPTS in node), ACCEPTED)
    return Field(item, pointer, nodes, types)


def _files_in(schema: Mapping[str, Any], node: Any, pointer: str) -> list[str]:
    """The pointers of a form's fields that take files, and of lists of files."""
    found: list[str] = []
    for same in same_value(schema, [node]):
        inner = [same, *same_value(schema, [same["items"]])] if isinstance(same.get("items"), Mapping) else [same]
        found += [pointer] if any(one.get("x-attachment") for one in inner) else []
        for name, one in same.get("properties", {}).items():
            found += _files_in(schema, one, f"{pointer}/{escaped(name)}")
    return list(dict.fromkeys(found))
