"""What else an author says of fields: groups and their order, masks, units, what may be filled in, lists of the API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from banshi.forms.vocabulary.texts import text_faults
from banshi.foundation.files.media_types import ACCEPTED
from banshi.foundation.findings import did_you_mean

GROUPS, MASK, PREFILL, CHOICES, MATERIAL = "x-groups", "x-mask", "x-prefill", "x-choices", "x-material"
ACCEPTS = "x-accepts"

#: What is known of a person: the name and the ID number from their sign-in, the others from what they told before.
KNOWN = ("name", "resident-id", "phone", "email", "address", "postcode", "organisation", "uscc", "plate", "vin")
#: Format → its mask: `9` a digit, `A` a letter, `*` either. A format with numbers of several shapes has none.
MASKS = {"cn-mobile": "9" * 11, "cn-uscc": "*" * 18, "cn-division": "9" * 6}
MAX_MASK_CHARS = 64
_LIST = re.compile(r"/v1/[a-z0-9/._-]+(\?[A-Za-z0-9=&._-]+)?", re.ASCII)
_POINTER = re.compile(r"(/[^/]{1,100}){1,10}")


def field_faults(node: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with these words in one subschema."""
    types = node.get("type", [])
    types = {types} if isinstance(types, str) else {*types}
    if "x-unit" in node and not types & {"string", "number", "integer"}:
        yield "x-unit is for a number or a text: write its type beside it"
    if "x-shows" in node and not node.get("x-attachment") and not _takes_files(node.get("items")):
        yield 'x-shows is for a file: write "x-attachment": true beside it'
    if ACCEPTS in node and not (node.get("x-attachment") and _are_types(node[ACCEPTS])):
        yield f'{ACCEPTS} is for a file: some of {list(ACCEPTED)}, beside "x-attachment": true'
    mask = node.get(MASK, "*")
    if not isinstance(mask, str) or not 0 < len(mask) <= MAX_MASK_CHARS or (MASK in node and "string" not in types):
        yield f"{MASK} is for a text, of at most {MAX_MASK_CHARS} signs: 9 a digit, A a letter, * either, others as is"
    if PREFILL in node and node[PREFILL] not in KNOWN:
        yield f"{PREFILL} is {node[PREFILL]!r}: {did_you_mean(str(node[PREFILL]), KNOWN)}"
    if CHOICES in node and not _is_list(node[CHOICES]):
        shape = '{"list": "/v1/…", "value": "/code", "title": "/title"}'
        yield f"{CHOICES} is {shape}: a list of this API, and JSON Pointers into each of its items"
    if MATERIAL in node:
        yield f"{MATERIAL} is the platform's own word; name the field in items.materials"
    if GROUPS in node:
        yield from _group_faults(node)


#: Words of a list of choices, each with one without which it says nothing.
_TOGETHER = {"within": "divided", "divided": "within", "begins": "from", "from": "to", "to": "begins"}


def _are_types(told: Any) -> bool:
    return isinstance(told, list) and bool(told) and all(one in ACCEPTED for one in told)


def _takes_files(items: Any) -> bool:
    return isinstance(items, Mapping) and bool(items.get("x-attachment"))


def _is_list(told: Any) -> bool:
    # Besides, the parameters that search, that take a choice's value for what is in it where `divided` says so, and
    # that take the days from and to which choices begin; and a list of those days.
    right = isinstance(told, Mapping) and told.keys() - {"search", "days", *_TOGETHER} == {"list", "value", "title"}
    if not right or not all(isinstance(one, str) for one in told.values()):
        return False
    if any((one in told) != (other in told) for one, other in _TOGETHER.items()):
        return False
    pointers = all(_POINTER.fullmatch(told[key]) for key in ("value", "title", "divided", "begins") if key in told)
    lists = [told["list"], *([told["days"]] if "days" in told else [])]
    is_told = "begins" in told or "days" not in told
    return pointers and is_told and all(_LIST.fullmatch(one) and ".." not in one for one in lists)


def _group_faults(node: Mapping[str, Any]) -> Iterator[str]:
    groups, known = node[GROUPS], list(node.get("properties", {}))
    right = isinstance(groups, list) and groups and all(_is_group(one) for one in groups)
    if not right:
        yield f'{GROUPS} is a list of {{"title": {{…}}, "fields": ["…"]}}, each with at least one field'
        return
    named = [name for one in groups for name in one["fields"]]
    for position, one in enumerate(groups):
        yield from (f"{GROUPS}[{position}]: {fault}" for fault in text_faults(one))
    for name in dict.fromkeys(named):
        if name not in known:
            yield f"{GROUPS} names {name!r}, which is no field beside it: {did_you_mean(name, known)}"
        elif named.count(name) > 1:
            yield f"{GROUPS} names {name!r} more than once: each field stands in one group"
    if missing := [name for name in known if name not in named]:
        yield f"{GROUPS} leaves out {', '.join(missing)}: each field stands in one group"


def _is_group(group: Any) -> bool:
    if not isinstance(group, Mapping) or not {"fields"} <= group.keys() <= {"title", "description", "fields"}:
        return False
    fields, texts = group["fields"], (group.get("title", ""), group.get("description", ""))
    told = all(isinstance(one, str | Mapping) for one in texts)
    return told and isinstance(fields, list) and bool(fields) and all(isinstance(one, str) for one in fields)
