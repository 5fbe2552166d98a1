"""An item as a public service of CPSV-AP 3.2: every element of its guide, and nothing that the guide doesn't say.

Not there, because no guide says it: thematic area, sector, function of government, life and business events.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from banshi import Department, Item, Texts
from banshi.sdk.catalogue import decided, elements_of, known_elements, remedy_text, remedy_with
from banshi.sdk.kinds import Kind

from .sentences import say, word
from .shared import LABELS, Shared, texts

Node = dict[str, Any]

#: Where a material comes from.
SOURCES: dict[str, Texts] = {
    "authority": word("issued by an authority"),
    "applicant": word("provided by the applicant"),
    "platform": word("held by the platform already"),
}

UNITS: dict[str, Texts] = {
    "working-day": word("working days"),
    "calendar-day": word("days"),
}


def service(item: Item, department: Department, kind: Kind, shared: Shared) -> Node:
    """The item as a node; what it shares with others is named in `shared`."""
    here = f"/v1/exports/cpsv-ap/{item.code}.jsonld"
    authority = shared.department(department)
    classes = [shared.kind(item.kind, kind.title)]
    if item.online_depth is not None:
        classes.append(shared.depth(item.online_depth.code, item.online_depth.code_list))
    elements = [
        (name, code) for name, code, _ in known_elements(elements_of(item, department), "en") if code is not None
    ]
    classes += [shared.element(name, code) for name, code in elements]
    node: Node = {
        "id": f"{here}#service",
        "type": "PublicService",
        "identifier": item.code,
        "title": texts(item.title),
        "description": texts(item.summary),
        "competentAuthority": authority,
        "status": shared.code("status-active"),
        "language": shared.languages(),
        "audience": [shared.code(f"audience-{one}") for one in item.audience],
        "classifiedBy": classes,
        "processingTime": processing_time(item),
        "legalResource": laws(item),
        "follows": rules(item, department, here, shared),
        "requirement": list(numbered(item, here, "condition", item.conditions)),
        "input": materials(item, here, shared),
        "inputType": sorted({shared.document(one.document) for one in item.materials if one.document}),
        "produces": output(item, here, shared),
        "cost": cost(item, here, shared),
        "channel": channels(item, here, authority, shared),
        "contactPoint": contacts(item, here),
        "participation": participation(item, department, here, shared),
        "keyword": {language: list(words) for language, words in item.keywords.items() if words},
    }
    return {name: value for name, value in node.items() if value not in (None, [], {})}


def part(item: Item, here: str, name: str, sort: str) -> Node:
    """A node that belongs to the item alone, with its identifier."""
    return {"id": f"{here}#{name}", "type": sort, "identifier": f"{item.code}/{name}"}


def numbered(item: Item, here: str, name: str, given: tuple[Texts, ...]) -> Iterator[Node]:
    """Requirements, each by its text."""
    for number, text in enumerate(given, 1):
        yield {**part(item, here, f"{name}-{number}", "Requirement"), "title": texts(text)}


def processing_time(item: Item) -> str | None:
    """The promised days, or else the legal ones, as an ISO 8601 duration.

    That knows no working days: five are taken for a week, and the rule of time limits has them as they are.
    """
    days, unit = item.allowance
    if days is None:
        return None
    return f"P{days // 5 * 7 + days % 5}D" if unit == "working-day" else f"P{days}D"


def laws(item: Item) -> list[Node]:
    """The laws that the item rests on: the same article is the same resource in every item."""
    found = []
    for basis in item.legal_basis:
        title = texts(basis.title)
        if basis.article:
            title = word("{law}, Article {article}", law=title, article=basis.article)
        digest = blake2b("\0".join(f"{language} {text}" for language, text in title.items()).encode(), digest_size=8)
        found.append({"id": f"urn:banshi:law:{digest.hexdigest()}", "type": "LegalResource", "title": title})
    return found


def rules(item: Item, department: Department, here: str, shared: Shared) -> list[Node]:
    """The procedure, step by step, the time limits, and whom to turn to with a decision that one doesn't accept."""
    found, said = [], []
    if item.process:
        steps = [texts(step) for step in item.process]
        lines = {
            language: "\n".join(
                f"{number}. {step[language]}" for number, step in enumerate(steps, 1) if language in step
            )
            for language in steps[0]
        }
        found.append(_rule(item, here, "procedure", lines, shared))
    for days, unit, sentence in (
        (item.legal_days, item.legal_days_unit, "The law allows {days} {counted}."),
        (item.promised_days, item.promised_days_unit, "The department promises {days} {counted}."),
    ):
        if days is not None:
            said.append(say(sentence, days=days, counted=UNITS[unit]))
    if said:
        lines = {language: "\n".join(one[language] for one in said) for language in said[0]}
        found.append(_rule(item, here, "time", lines, shared))
    if decided(item) and (remedy := remedy_with(item, department)):
        found.append(_rule(item, here, "remedy", remedy_text(remedy), shared))
    return found


def _rule(item: Item, here: str, name: str, lines: Texts, shared: Shared) -> Node:
    category = f"rule-{name}"
    rule = part(item, here, category, "Rule")
    rule |= {"title": dict(LABELS[category]), "description": dict(lines)}
    rule |= {"category": shared.code(category), "language": shared.languages()}
    based = [law["id"] for law in laws(item)]
    return {**rule, "implements": based} if based else rule


def materials(item: Item, here: str, shared: Shared) -> list[Node]:
    """What is handed in, each with whether it has to be, and where it comes from."""
    found = []
    for number, material in enumerate(item.materials, 1):
        source = SOURCES[material.source]
        needed = word("Required") if material.required else word("Not required")
        evidence = part(item, here, f"material-{number}", "Evidence")
        evidence["title"] = texts(material.title)
        evidence["description"] = say("{needed}; {source}.", needed=needed, source=source)
        if material.document:
            evidence["conformsTo"] = shared.document(material.document)
        found.append(evidence)
    return found


def output(item: Item, here: str, shared: Shared) -> Node | None:
    """What the citizen holds in the end."""
    if item.result.kind == "none":
        return None
    category = shared.code(f"result-{item.result.kind}")
    return {**part(item, here, "result", "Output"), "title": texts(item.result.title), "category": category}


def cost(item: Item, here: str, shared: Shared) -> Node | None:
    """The fee in yuan. Where the amount is nothing and a note says more, the note alone is known."""
    found = part(item, here, "cost", "Cost")
    if item.fee.amount or item.fee.note is None:
        found |= {"value": f"{item.fee.amount // 100}.{item.fee.amount % 100:02}", "currency": shared.currency()}
    if item.fee.note is not None:
        found["description"] = texts(item.fee.note)
    return found


def channels(item: Item, here: str, authority: str, shared: Shared) -> list[Node]:
    """Online, where the item has a form or nobody has to come; and each of its places."""
    found = []
    if item.form is not None or item.fully_online:
        online = part(item, here, "channel-online", "Channel")
        found.append({**online, "category": shared.code("channel-online"), "ownedBy": authority})
    for number, place in enumerate(item.places, 1):
        office = part(item, here, f"channel-{number}", "Channel")
        office |= {"category": shared.code("channel-office"), "ownedBy": authority, "description": texts(place.title)}
        address = {"id": f"{here}#address-{number}", "type": "Address", "fullAddress": texts(place.address)}
        found.append({**office, "address": address, **_hours(here, number, place.hours)})
    return found


def _hours(here: str, number: int, hours: Texts | None) -> Node:
    if hours is None:
        return {}
    return {"openingHours": {"id": f"{here}#hours-{number}", "type": "TemporalEntity", "description": texts(hours)}}


def contacts(item: Item, here: str) -> list[Node]:
    """Where each place is called."""
    return [
        {
            "id": f"{here}#contact-{number}",
            "type": "ContactPoint",
            "telephone": place.phone,
            **_hours(here, number, place.hours),
        }
        for number, place in enumerate(item.places, 1)
        if place.phone
    ]


def participation(item: Item, department: Department, here: str, shared: Shared) -> Node | None:
    """The unit that works on its cases."""
    unit = shared.unit(department, item.unit) if item.unit else None
    if unit is None:
        return None
    found = part(item, here, "unit", "Participation")
    found |= {"role": shared.code("role-unit"), "participant": unit}
    return {**found, "description": dict(LABELS["role-unit"])}
