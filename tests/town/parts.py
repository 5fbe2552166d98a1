"""Parts of the town: what departments offer there. Whoever opens the town says which of them it needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tests.town.departments import ANSWER, FILE, FILES, NOTHING, both, item, table, units_of

#: What departments offer, by their codes, as a piece of an items.toml; an installed plugin by its name.
Part = Mapping[str, str]

PUSH = "mobile_push"

APPEALS = """
sorts = ["consult", "complain"]
days = { complain = 10 }
reopen_below = 3
categories = [
  { code = "roads", title = { zh-CN = "道路", en = "Roads" } },
  { code = "noise", title = { zh-CN = "噪声", en = "Noise" } },
]
"""

#: The same from people who don't say who they are, and only from them.
UNNAMED = APPEALS + 'anonymous = "allowed"\n'
ALWAYS = APPEALS + 'anonymous = "always"\n'


def appeals(rules: str = APPEALS, *departments: str) -> Part:
    """Appeals to parks and works, or to these departments, whose people are told by push."""
    fields = {"text": {"type": "string", "minLength": 1, "maxLength": 200}, "photo": FILE}
    more: dict[str, Any] = {"kind": "appeal", "unit": "east", "promised_days": 5}
    pieces = {
        name: units_of({"east": both("东科", "East Unit"), "west": both("西科", "West Unit")})
        + item(f"ask-{name}", "提问", "Ask", fields=fields, required=["text"], **more)
        + f"[items.appeal]\n{rules}\n"
        for name in departments or ("parks", "works")
    }
    return {**pieces, PUSH: ""}


HOURS = 'workday = ["9:00-12:00"]'


def visits(
    rules: str = "",
    *,
    hours: str = HOURS,
    more: str = "",
    minutes: int = 60,
    days: int = 7,
    asks: Mapping[str, Any] | None = None,
    required: Collection[str] = ("name",),
    department: str = "office",
    **said: Any,
) -> Part:
    """Appointments at an office; `asks` are fields before the name, `said` further keys of the item."""
    halls = [
        {
            "code": code,
            "title": both(zh, en),
            "address": both(f"示例路{number}号", f"{number} Sample Road"),
            "phone": f"000-000000{number}",
        }
        for number, (code, zh, en) in enumerate((("east", "东厅", "East hall"), ("west", "西厅", "West hall")), 1)
    ]
    fields = {**(asks or {}), "name": {"type": "string", "minLength": 1, "maxLength": 40}}
    said |= {"kind": "appointment", "promised_days": 2, "places": halls}
    said["result"] = {**ANSWER, "title": both("确认", "Confirmation")}
    visit = item("visit", "预约", "Visit", fields=fields, required=required, **said)
    visit += f"[items.appointment]\nslot_minutes = {minutes}\ndays_ahead = {days}\nnotice_hours = 24\n{rules}\n"
    visit += f'[[items.appointment.places]]\ncode = "east"\nhours = {{ {hours} }}\n{more}\n'
    return {department: visit}


POSTINGS = """
sorts = ["lost", "found"]
days = 30
sort = "/sort"
title = "/thing"
texts = ["/about"]
day = "/day"
division = "/division"
place = "/place"
photos = "/photos"
category = "/category"
colour = "/colour"
brand = "/brand"

[[items.posting.facts]]
field = "/colour"
title = { zh-CN = "颜色", en = "Colour" }

[[items.posting.facts]]
field = "/brand"
title = { zh-CN = "品牌", en = "Brand" }

[[items.posting.facts]]
field = "/category"
title = { zh-CN = "类别", en = "Category" }
values = { bag = { zh-CN = "箱包", en = "A bag" } }
"""

THINGS = {
    "sort": {"type": "string", "enum": ["lost", "found"]},
    "thing": {"type": "string", "minLength": 1, "maxLength": 60},
    "about": {"type": "string", "minLength": 1, "maxLength": 500},
    "category": {"type": "string", "enum": ["bag", "phone", "pet"]},
    "colour": {
        "type": "string",
        "oneOf": [{"const": "black", "title": both("黑色", "Black")}, {"const": "red", "title": both("红色", "Red")}],
    },
    "brand": {"type": "string", "maxLength": 40},
    "day": {"type": "string", "format": "date"},
    "division": {"type": "string", "format": "cn-division"},
    "place": {"type": "string", "maxLength": 100},
    "phone": {"type": "string", "format": "cn-mobile"},
    "receipt": FILE,
    "photos": {**FILES, "maxItems": 3},
}

BAG = {
    "sort": "lost",
    "thing": "黑色双肩包",
    "about": "内有一本书和一把雨伞，拉链上挂着小熊。",
    "category": "bag",
    "colour": "black",
    "day": "2026-08-30",
    "division": "510703",
    "place": "示例路公交站",
    "phone": "13800000000",
}


def postings(rules: str = POSTINGS, *departments: str) -> Part:
    """What was lost, found and who is missing, published by parks and works, or by these departments."""
    more: dict[str, Any] = {"kind": "posting", "unit": "desk", "promised_days": 2, "result": NOTHING}
    needed = ["sort", "thing", "about", "phone"]
    pieces = {
        name: units_of({"desk": both("失物科", "Lost Property"), "other": both("其他科", "Other Unit")})
        + item(f"things-{name}", "失物招领", "Lost and found", fields=THINGS, required=needed, **more)
        + f"[items.posting]\n{rules}\n"
        for name in departments or ("parks", "works")
    }
    return {**pieces, PUSH: ""}


def material(field: str, zh: str, document: str, **more: Any) -> dict[str, Any]:
    return {"title": both(zh, field), "source": "authority", "field": f"/{field}", "document": document, **more}


IDENTITY = material("identity", "身份证明", "identity-document", concerns="/name")
REGISTRATION = material("registration", "行驶证", "vehicle-registration", concerns="/plate")


def files(least: int = 1, most: int = 4) -> dict[str, Any]:
    return {**FILES, "minItems": least, "maxItems": most}


def asking(code: str, *materials: dict[str, Any], takes: Mapping[str, Any] = FILE, **more: Any) -> str:
    """An item whose materials stand behind its form."""
    fields = {"name": {"type": "string", "maxLength": 300}, "plate": {"type": "string"}}
    fields |= {one["field"][1:]: takes for one in materials if "field" in one}
    usual = {"required": ["name", "plate"], "result": NOTHING, "materials": materials}
    return item(code, f"{code}事项", f"Item {code}", fields=fields, **{**usual, **more})


def documents(east: str | None = None, west: str | None = None) -> Part:
    """Two departments that ask for the same documents: each in these items, or in one that takes both of them."""
    own = table("[[documents]]", code="own-form", title=both("自有证明", "Own certificate"), reuse_days=30)
    return {
        name: own + (asking(f"{name}-permit", IDENTITY, REGISTRATION) if items is None else items)
        for name, items in (("east", east), ("west", west))
    }
