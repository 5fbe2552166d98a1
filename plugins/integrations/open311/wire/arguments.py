"""What a client sends: a form, or the same in the query, as other servers take it too."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from banshi import Call, Texts

from ..sentences import say
from .errors import BadRequest, bad

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"

#: Bytes of a form at most, and parameters in it: 4,000 Chinese characters are 36,000 bytes once they are encoded.
MAX_FORM_BYTES, MAX_FIELDS = 98_304, 200

#: Characters of each argument at most; 4,000 is the standard's own.
MAX_LENGTHS = {"address_string": 500, "address_id": 200, "description": 4000, "media_url": 2000}
CONTACT = {"first_name": 100, "last_name": 100, "email": 254, "phone": 40, "device_id": 200, "account_id": 200}

#: Seconds within which it has to be there.
FORM_TIMEOUT_S = 15.0

#: What aiohttp raises for a form that isn't what it says.
UNREADABLE = (
    web.HTTPException,
    HttpProcessingError,
    TimeoutError,
    ValueError,
    LookupError,
    AssertionError,
    RuntimeError,
)

#: `attribute[code]=…`, or `attribute[code][]=…` for several.
ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,200})\](\[[0-9]{0,3}\])?")

#: Signs that no text needs, but for the ends of lines.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

#: What no text in UTF-8 has, and a charset that a client names may yet give.
NO_TEXT = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class Arguments:
    """The arguments by name. Empty ones are none, as the standard has it."""

    values: Mapping[str, list[str]]
    language: str
    faults: list[str] = field(default_factory=list)

    def text(self, name: str, most: int) -> str:
        """One line or text; "" where it was not sent. What is wrong is noted among the faults."""
        given = self.values.get(name, [])
        if len(set(given)) > 1:
            self.fault(name, say("give it once."))
        value = given[0] if given else ""
        if len(value) > most:
            self.fault(name, say("it has at most {most} characters.", most=most))
        elif not self.has_control(name, [value]):
            return value
        return ""

    def has_control(self, name: str, values: Sequence[str]) -> bool:
        """Whether control characters are in it, which is noted among the faults: no database keeps them all."""
        found = any(CONTROL.search(value) for value in values)
        if found:
            self.fault(name, say("it has control characters; take them out."))
        return found

    def attributes(self) -> Mapping[str, list[str]]:
        """Code and values of each attribute that was sent."""
        found: dict[str, list[str]] = {}
        for name, given in self.values.items():
            if match := ATTRIBUTE.fullmatch(name):
                found.setdefault(match[1], []).extend(given)
        return found

    def fault(self, name: str, said: Texts) -> None:
        self.faults.append(say.text(self.language, "{name}: {said}", name=name, said=said))


async def read_arguments(call: Call) -> Arguments:
    """The arguments of form and query; the form's go first. Raises BadRequest."""
    values: dict[str, list[str]] = {}
    for name, value in [*await _form(call.request, call.language), *call.request.query.items()]:
        if NO_TEXT.search(name + value):
            raise _unreadable(call.language)
        text = value.replace("\r\n", "\n").strip()
        if text:
            values.setdefault(name, []).append(text)
    return Arguments(values, call.language)


async def _form(request: web.Request, language: str) -> list[tuple[str, str]]:
    if request.content_type not in {FORM, MULTIPART} or request.headers.get("Content-Encoding"):
        raise bad(language, say("Send the arguments as {form}.", form=FORM))
    try:
        async with asyncio.timeout(FORM_TIMEOUT_S):
            form = await request.clone(client_max_size=MAX_FORM_BYTES, client_max_fields=MAX_FIELDS).post()
    except UNREADABLE:
        raise _unreadable(language) from None
    if any(not isinstance(value, str) for value in form.values()):
        raise bad(language, say("No files are taken: name them by media_url."))
    return [(name, value) for name, value in form.items() if isinstance(value, str)]


def _unreadable(language: str) -> BadRequest:
    told = say(
        "The arguments can't be read. They are UTF-8, {most} bytes and {fields} of them at most, within {seconds} s.",
        most=MAX_FORM_BYTES,
        fields=MAX_FIELDS,
        seconds=f"{FORM_TIMEOUT_S:g}",
    )
    return bad(language, told)
