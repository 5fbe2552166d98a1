"""An item as an entry of the national item list (政务服务事项实施清单), by the names that its exchange uses.

The names are those of the exchange tables of the national platform, as public code shows them; docs/integrators.md says
what could be verified. What the department hasn't said is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from banshi import LANGUAGES, Department, Item, text_in
from banshi.sdk.catalogue import ELEMENTS, elements_of, known_elements
from banshi.sdk.documents import array

#: The list is Chinese.
LANGUAGE = LANGUAGES[0]

Entry = dict[str, Any]

UNIT = {"working-day": "工作日", "calendar-day": "自然日"}
AUDIENCE = {"person": "自然人", "organisation": "法人和其他组织"}
SOURCE = {"authority": "政府部门核发", "applicant": "申请人自备", "platform": "平台已有"}
YES, NO = "是", "否"

#: Every field in its order, with its JSON Schema. Not all are known of every item.
TEXT: dict[str, Any] = {"type": "string"}
TEXTS: dict[str, Any] = array(TEXT)
DAYS: dict[str, Any] = {"type": "integer", "minimum": 0}


def members(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """An object with these members. As patterns: of Chinese names generators make no names that compile."""
    patterns = {f"^{name}$": schema for name, schema in fields.items()}
    return {"type": "object", "patternProperties": patterns, "additionalProperties": False}


def _rows(*names: str) -> dict[str, Any]:
    return array(members(dict.fromkeys(names, TEXT)))


FIELDS: dict[str, dict[str, Any]] = {
    "事项名称": TEXT,
    "事项编码": TEXT,
    "事项版本": DAYS,
    **{title[LANGUAGE]: TEXT for title in ELEMENTS.values()},
    "实施主体": TEXT,
    "承办机构": TEXT,
    "服务对象": TEXTS,
    "设定依据": _rows("法律法规名称", "条款号"),
    "受理条件": TEXTS,
    "申请材料": _rows("材料名称", "材料必要性", "来源渠道"),
    "办理流程": TEXTS,
    "法定办结时限": DAYS,
    "法定办结时限单位": TEXT,
    "承诺办结时限": DAYS,
    "承诺办结时限单位": TEXT,
    "是否收费": TEXT,
    "收费标准": TEXT,
    "办理形式": TEXTS,
    "到办事现场次数": DAYS,
    "网上办理深度": TEXT,
    "网上办理深度代码表": TEXT,
    "办理地点": _rows("名称", "地址", "联系电话", "办理时间"),
    "咨询方式": TEXTS,
    "审批结果名称": TEXT,
}

#: What each entry has.
REQUIRED = ["事项名称", "事项编码", "事项版本", "实施主体", "服务对象", "到办事现场次数"]


def entry(item: Item, department: Department) -> Entry:
    """The item's fields; those that are not known are left out."""
    unit = next((one.title for one in department.units if one.code == item.unit), None)
    found: Entry = {
        "事项名称": _text(item.title),
        "事项编码": item.code,
        "事项版本": item.version,
        **{
            ELEMENTS[name][LANGUAGE]: value
            for name, _, value in known_elements(elements_of(item, department), LANGUAGE)
        },
        "实施主体": _text(department.title),
        "承办机构": _text(unit) if unit else None,
        "服务对象": [AUDIENCE[one] for one in item.audience],
        "设定依据": [_known({"法律法规名称": _text(one.title), "条款号": one.article}) for one in item.legal_basis],
        "受理条件": [_text(one) for one in item.conditions],
        "申请材料": _materials(item),
        "办理流程": [_text(one) for one in item.process],
        "法定办结时限": item.legal_days,
        "法定办结时限单位": None if item.legal_days is None else UNIT[item.legal_days_unit],
        "承诺办结时限": item.promised_days,
        "承诺办结时限单位": None if item.promised_days is None else UNIT[item.promised_days_unit],
        **_fee(item),
        "办理形式": [
            *(["网上办理"] if item.form is not None or item.fully_online else []),
            *(["窗口办理"] if item.places and item.visits else []),
        ],
        "到办事现场次数": item.visits,
        "网上办理深度": item.online_depth.code if item.online_depth else None,
        "网上办理深度代码表": item.online_depth.code_list if item.online_depth else None,
        "办理地点": _places(item),
        "咨询方式": list(dict.fromkeys(one for one in (department.phone, *(p.phone for p in item.places)) if one)),
        "审批结果名称": None if item.result.kind == "none" else _text(item.result.title),
    }
    return _known(found)


def _text(given: Any) -> str:
    return text_in(given, LANGUAGE)


def _known(given: Entry) -> Entry:
    """Without what is not known. Nothing at all to hand in or to fulfil is not known either."""
    return {name: value for name, value in given.items() if value not in (None, "", [])}


def _materials(item: Item) -> list[Entry]:
    return [
        {
            "材料名称": _text(one.title),
            "材料必要性": "必要" if one.required else "非必要",
            "来源渠道": SOURCE[one.source],
        }
        for one in item.materials
    ]


def _fee(item: Item) -> Entry:
    """Whether there is a fee, and which. Where the amount is nothing and a note says more, only the note is known."""
    amount, note = item.fee.amount, _text(item.fee.note) if item.fee.note else ""
    if not amount:
        return {"收费标准": note} if note else {"是否收费": NO}
    sum_of_it = f"{amount // 100}.{amount % 100:02}元"
    return {"是否收费": YES, "收费标准": f"{sum_of_it}；{note}" if note else sum_of_it}


def _places(item: Item) -> list[Entry]:
    return [
        _known(
            {
                "名称": _text(one.title),
                "地址": _text(one.address),
                "联系电话": one.phone,
                "办理时间": _text(one.hours) if one.hours else None,
            }
        )
        for one in item.places
    ]


# -- as cells of a table ---------------------------------------------------------------------------------------------


def cells(given: Entry) -> list[str]:
    """An entry as one row of the table: a list has a line for each of its values."""
    return [_cell(name, given.get(name)) for name in FIELDS]


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        lines = [LINES[name](one) if name in LINES else str(one) for one in value]
        return "\n".join(lines)
    return str(value)


def _material(one: Entry) -> str:
    return f"{one['材料名称']}（{one['材料必要性']}，{one['来源渠道']}）"


def _law(one: Entry) -> str:
    article = one.get("条款号", "")
    return f"{one['法律法规名称']}第{article}条" if article else str(one["法律法规名称"])


def _place(one: Entry) -> str:
    return "，".join(one[name] for name in ("名称", "地址", "联系电话", "办理时间") if name in one)


LINES: dict[str, Callable[[Entry], str]] = {"申请材料": _material, "设定依据": _law, "办理地点": _place}
