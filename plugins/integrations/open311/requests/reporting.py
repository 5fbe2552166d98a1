"""From a client's arguments to the answers of an item's form, and back from what is wrong with these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any
from urllib.parse import urlsplit

from banshi import FieldProblem

from ..sentences import say
from ..services.attributes import number
from ..services.catalogue import Service
from ..wire.arguments import CONTACT, MAX_LENGTHS, Arguments

#: Decimals of a degree that are kept: a tenth of a metre.
DECIMALS_KEPT = 6

#: What the standard calls what a field takes.
NAMES = {"address": "address_string", "latitude": "lat", "longitude": "long"}


@dataclass(frozen=True, slots=True)
class Report:
    """What was sent for one service, read and found to be in order by itself: the columns of a `ServiceRequest`."""

    contact: dict[str, str]
    address: str
    address_id: str
    description: str
    media_url: str
    latitude: float | None
    longitude: float | None


def read_report(arguments: Arguments) -> Report:
    """What is wrong is among the faults of the arguments."""
    given = {name: arguments.text(name, most) for name, most in MAX_LENGTHS.items()}
    contact = {name: text for name, most in CONTACT.items() if (text := arguments.text(name, most))}
    position = _position(arguments)
    if not (position or given["address_string"] or given["address_id"] or arguments.faults):
        arguments.fault("lat", say("say where: lat and long, or address_string, or address_id."))
    if given["media_url"] and not _is_web(given["media_url"]):
        arguments.fault("media_url", say("it has to be an http:// or https:// address."))
    latitude, longitude = position or (None, None)
    return Report(contact=contact, address=given.pop("address_string"), latitude=latitude, longitude=longitude, **given)


def _position(arguments: Arguments) -> tuple[float, float] | None:
    read: list[float] = []
    texts = {name: arguments.text(name, 40) for name in ("lat", "long")}
    if not any(texts.values()):
        return None
    for (name, text), most in zip(texts.items(), (90, 180), strict=True):
        value = number(text)
        if isinstance(value, str) or abs(value) > most:
            arguments.fault(name, say("it has to be degrees (WGS 84), -{most} to {most}.", most=most))
        else:
            read.append(round(float(value), DECIMALS_KEPT))
    return (read[0], read[1]) if len(read) == 2 else None


def _is_web(text: str) -> bool:
    """Whether it is an address that anybody may be sent to: nothing here ever fetches it."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(one <= " " for one in text)
    except ValueError:
        return False


def answers_of(service: Service, report: Report, arguments: Arguments, zone: tzinfo) -> dict[str, Any]:
    """The answers to the item's form. Attributes that the service doesn't have are among the faults."""
    answers: dict[str, Any] = {}
    for name, value in _own(report):
        if name in service.fields:
            _put(answers, service.fields[name].path, value)
    known = {one.code: one for one in service.attributes}
    for code, values in arguments.attributes().items():
        if code not in known:
            named = ", ".join(known) or "none"
            arguments.fault(f"attribute[{code}]", say("there is none; there are: {named}.", named=named))
        elif len(values) > 1 and known[code].datatype != "multivaluelist":
            arguments.fault(f"attribute[{code}]", say("give it once."))
        elif not arguments.has_control(f"attribute[{code}]", values):
            _put(answers, known[code].path, known[code].value(values, zone))
    return answers


def _own(report: Report) -> Iterator[tuple[str, Any]]:
    """The standard's own arguments, as the fields that take them are named."""
    place = report.address or report.address_id
    if report.latitude is not None:
        yield from (("latitude", report.latitude), ("longitude", report.longitude))
        # Whoever reads the form alone still finds the place.
        place = place or f"{report.latitude}, {report.longitude}"
    for name, value in (("address", place), ("description", report.description), ("media_url", report.media_url)):
        if value:
            yield name, value
    yield from ((name, report.contact[name]) for name in ("phone", "email") if name in report.contact)


def _put(answers: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        answers = answers.setdefault(name, {})
    answers[path[-1]] = value


def problem_lines(service: Service, problems: Iterable[FieldProblem], language: str, prefix: str = "") -> list[str]:
    """What is wrong with the answers, each with the name of the argument that it came in by."""
    names = {one.pointer: f"attribute[{one.code}]" for one in service.attributes}
    names |= {one.pointer: NAMES.get(name, name) for name, one in service.fields.items()}
    faults = []
    for problem in problems:
        pointer = problem.pointer.removeprefix(prefix)
        parent = next((one for one in names if pointer == one or pointer.startswith(f"{one}/")), None)
        name = names[parent] if parent else pointer.lstrip("/") or "request"
        faults.append(f"{name}: {problem.document(language)['detail']}")
    return list(dict.fromkeys(faults))
