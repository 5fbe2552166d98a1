"""What staff write for all to read: of the API's own schemas what its form asks, with words for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from banshi import Platform, Texts, text_in
from banshi.sdk.toml import REQUIRED_LANGUAGES
from web_site.sentences import word

Node = Mapping[str, Any]

#: What is asked, by the place in what is sent, in the order of the form; of a list's entries without their number.
_LANGUAGES = dict(zip(REQUIRED_LANGUAGES, (word("In Chinese"), word("In English")), strict=True))


def _in_both(at: str, title: Texts) -> dict[str, Texts]:
    return {at: title, **{f"{at}/{tag}": _LANGUAGES[tag] for tag in REQUIRED_LANGUAGES}}


_AUDIENCE = {
    "/audience": word("Whom it is for"),
    "/audience/everyone": word("Everybody"),
    "/audience/topics": word("Who follows these topics"),
    "/audience/departments": word("Who follows these departments"),
    "/audience/divisions": word("Who has said that they live in these divisions (codes of GB/T 2260)"),
}
NOTICE: Mapping[str, Texts] = {
    "/department": word("Department"),
    **_in_both("/title", word("Title: what a lock screen shows first")),
    **_in_both("/body", word("The line below it")),
    **_in_both("/content", word("The page behind it")),
    **_AUDIENCE,
    "/send_at": word("When it goes out; at once if left empty"),
    "/expires_at": word("Until when it holds"),
}
ALERT: Mapping[str, Texts] = {
    "/department": word("Department"),
    "/status": word("Whether it is meant"),
    "/msg_type": word("New, or in place of an earlier one"),
    "/references": word("The earlier alerts (their ids)"),
    "/info": word("Text in one language"),
    "/info/language": word("Language"),
    "/info/event": word("What happens, in a word or two"),
    "/info/category": word("What kind it is"),
    "/info/urgency": word("How soon to act"),
    "/info/severity": word("How bad it is"),
    "/info/certainty": word("How sure it is"),
    "/info/headline": word("The line that a phone shows"),
    "/info/description": word("What is happening"),
    "/info/instruction": word("What to do"),
    "/info/expires": word("Until when it holds"),
    "/info/area": word("Where"),
    "/info/area/area_desc": word("What people call the place"),
    "/info/area/geocode": word("Divisions in it"),
    "/info/area/geocode/value": word("Code (GB/T 2260)"),
    **_AUDIENCE,
    "/audience": word("Whom it is for, if not whoever is there"),
    "/send_at": word("When it goes out; at once if left empty"),
}
ASKED = {"notices": NOTICE, "alerts": ALERT}

#: What codes of OASIS CAP 1.2 are called.
CODES: Mapping[str, Texts] = {
    "Actual": word("Meant"), "Exercise": word("An exercise"), "Test": word("A test"), "Draft": word("Never sent"),
    "System": word("Between systems"),
    "Alert": word("New"), "Update": word("It takes the place of an earlier one"),
    "Cancel": word("It ends an earlier one"),
    "Geo": word("Ground"), "Met": word("Weather"), "Safety": word("Safety"), "Security": word("Public security"),
    "Rescue": word("Rescue"), "Fire": word("Fire"), "Health": word("Health"), "Env": word("Environment"),
    "Transport": word("Traffic"), "Infra": word("Water, power, networks"), "CBRNE": word("Dangerous substances"),
    "Other": word("Other"),
    "Immediate": word("At once, now"), "Expected": word("Within the hour"), "Future": word("Soon"),
    "Past": word("No longer"),
    "Extreme": word("Extreme"), "Severe": word("Severe"), "Moderate": word("Moderate"), "Minor": word("Minor"),
    "Observed": word("Observed"), "Likely": word("Likely"), "Possible": word("Possible"),
    "Unlikely": word("Unlikely"), "Unknown": word("Not known"),
}  # fmt: skip
#: What a page doesn't offer: answers between systems.
_NOT_OFFERED = frozenset({"Ack", "Error", "System"})

#: By what an entry is known again, whose other members the page doesn't ask.
_KEYS = {"/info": "language", "/info/area": "area_desc", "/info/area/geocode": "value"}
#: What every alert of a page's has.
SCOPE, DIVISIONS = "Public", "GB/T 2260"


def schema_of(platform: Platform, noun: str) -> Node:
    """The API's own schema of what is sent to write one."""
    (body,) = [
        route.body for _, route in platform.registry.routes if (route.method, route.path) == ("POST", f"/v1/{noun}")
    ]
    assert body is not None  # noqa: S101 - a notice and an alert have one
    return body.schema


def asked(schema: Node, noun: str, language: str, lists: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, Any]:
    """What a page asks of it: with titles, and with choices where there are any by place."""
    return _asked(schema, "", ASKED[noun], language, lists)


def _asked(node: Node, at: str, titles: Mapping[str, Texts], language: str, lists: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: one for name, one in node.items() if name not in ("description", "enum")}
    own["type"] = next((one for one in ("object", "string") if one in node["type"]), node["type"])
    if at in titles:
        own["title"] = text_in(titles[at], language)
    if "properties" in node:
        names = [one.rpartition("/")[2] for one in titles if one.rpartition("/")[0] == at]
        own["properties"] = {
            name: _asked(node["properties"][name], f"{at}/{name}", titles, language, lists) for name in names
        }
        own["required"] = [name for name in node.get("required", ()) if name in names]
    elif node["type"] == "array":
        own["items"] = _asked(node["items"], at, titles, language, lists)
        own["items"].pop("title", None)
    elif found := [*_choices(node, at, language, lists)]:
        own = {"type": own["type"], "oneOf": found, **({"title": own["title"]} if "title" in own else {})}
    return own


def _choices(node: Node, at: str, language: str, lists: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    listed = lists.get(at)
    if listed is None and node["type"] != "boolean":
        offered = (one for one in node.get("enum", ()) if one not in _NOT_OFFERED)
        listed = [(one, text_in(CODES[one], language)) for one in offered]
    yield from ({"const": code, "title": title} for code, title in listed or ())


def written_in(record: Mapping[str, Any], noun: str) -> dict[str, Any]:
    """What a record says, as its form has it."""
    own = {**record, **(record["alert"] or {}), "references": record["supersedes"]}
    if record["ttl"] is not None:
        own.pop("expires_at")
    names = [one[1:] for one in ASKED[noun] if one.count("/") == 1]
    return {name: own[name] for name in names if own.get(name)}


def sent_with(asked: Node, whole: Mapping[str, Any], noun: str, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """What goes to the API: what the form asks, and what it doesn't ask as it was before."""
    own = {**((before or {}).get("alert") or {}), **(before or {})}
    body: dict[str, Any] = _over(asked, whole, {name: own[name] for name in ("audience", "info") if own.get(name)}, "")
    body = {name: one for name, one in body.items() if name in asked["properties"]}
    audience = {name: one for name, one in body.get("audience", {}).items() if one is not False}
    body = {name: one for name, one in body.items() if name != "audience"} | (
        {"audience": audience} if audience else {}
    )
    for area in (each for one in body.get("info", ()) for each in one.get("area", ())):
        area["geocode"] = [{"value_name": DIVISIONS, **one} for one in area.get("geocode", ())]
    if before is None:
        return {**body, "draft": True, **({"scope": SCOPE} if noun == "alerts" else {})}
    del body["department"]
    return {**body, "send_at": body.get("send_at"), "version": before["version"]}


def _over(node: Node, after: Any, before: Any, at: str) -> Any:
    if isinstance(after, Mapping):
        before = before if isinstance(before, Mapping) else {}
        kept = {name: one for name, one in before.items() if name not in node["properties"]}
        own = node["properties"]
        return kept | {name: _over(own[name], one, before.get(name), f"{at}/{name}") for name, one in after.items()}
    if isinstance(after, list) and at in _KEYS:
        known = {one.get(_KEYS[at]): one for one in before or ()}
        return [_over(node["items"], one, known.get(one.get(_KEYS[at])), at) for one in after]
    return after
