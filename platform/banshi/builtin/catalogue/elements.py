"""What people read for the national list's elements, and the part of a guide that has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from banshi.builtin.catalogue.remedies import decided
from banshi.kernel.contract.elements import Elements
from banshi.kernel.contract.values import Department, Item, Texts, text_in

#: The elements by their names in items.toml, in the list's own order.
TITLES: Mapping[str, Texts] = {
    "item_type": {"zh-CN": "事项类型", "en": "Type of item"},
    "basic_code": {"zh-CN": "基本编码", "en": "Basic code"},
    "implementation_code": {"zh-CN": "实施编码", "en": "Implementation code"},
    "exercise_level": {"zh-CN": "行使层级", "en": "Level of government"},
    "power_source": {"zh-CN": "权力来源", "en": "Source of the power"},
    "handling_type": {"zh-CN": "办件类型", "en": "Type of handling"},
    "service_area": {"zh-CN": "通办范围", "en": "Where it can be handed in"},
    "result_type": {"zh-CN": "审批结果类型", "en": "Type of result"},
    "complaints": {"zh-CN": "监督投诉方式", "en": "Complaints about the handling"},
}

#: What each code of an element is called.
WORDS: Mapping[str, Mapping[str, Texts]] = {
    "item_type": {
        "permit": {"zh-CN": "行政许可", "en": "Administrative permit"},
        "confirmation": {"zh-CN": "行政确认", "en": "Administrative confirmation"},
        "benefit": {"zh-CN": "行政给付", "en": "Administrative benefit"},
        "award": {"zh-CN": "行政奖励", "en": "Administrative award"},
        "ruling": {"zh-CN": "行政裁决", "en": "Administrative ruling"},
        "levy": {"zh-CN": "行政征收", "en": "Administrative levy"},
        "penalty": {"zh-CN": "行政处罚", "en": "Administrative penalty"},
        "coercion": {"zh-CN": "行政强制", "en": "Administrative coercion"},
        "inspection": {"zh-CN": "行政检查", "en": "Administrative inspection"},
        "other-power": {"zh-CN": "其他行政权力", "en": "Other administrative power"},
        "public-service": {"zh-CN": "公共服务", "en": "Public service"},
    },
    "exercise_level": {
        "national": {"zh-CN": "国家级", "en": "National"},
        "province": {"zh-CN": "省级", "en": "Province"},
        "city": {"zh-CN": "市级", "en": "City"},
        "county": {"zh-CN": "县级", "en": "County"},
        "township": {"zh-CN": "镇（乡、街道）级", "en": "Township or street"},
    },
    "power_source": {
        "own-level": {"zh-CN": "法定本级行使", "en": "Given to this level by law"},
        "devolved-from-above": {"zh-CN": "上级下放", "en": "Devolved from above"},
        "authorised-from-above": {"zh-CN": "上级授权", "en": "Authorised from above"},
        "authorised-at-level": {"zh-CN": "同级授权", "en": "Authorised at the same level"},
        "entrusted-from-above": {"zh-CN": "上级委托", "en": "Entrusted from above"},
        "entrusted-at-level": {"zh-CN": "同级委托", "en": "Entrusted at the same level"},
    },
    "handling_type": {
        "immediate": {"zh-CN": "即办件", "en": "Done at once"},
        "promised": {"zh-CN": "承诺件", "en": "Done within the promised time"},
    },
    "service_area": {
        "national": {"zh-CN": "全国通办", "en": "Anywhere in the country"},
        "province": {"zh-CN": "全省通办", "en": "Anywhere in the province"},
        "city": {"zh-CN": "全市通办", "en": "Anywhere in the city"},
        "county": {"zh-CN": "全县（区）通办", "en": "Anywhere in the county"},
        "township": {"zh-CN": "全镇（乡、街道）通办", "en": "Anywhere in the township"},
    },
    "result_type": {
        "licence": {"zh-CN": "证照", "en": "Licence or certificate"},
        "document": {"zh-CN": "批文", "en": "Approval document"},
        "other": {"zh-CN": "其他", "en": "Other"},
    },
}

#: What a department says once for all of its items.
OF_DEPARTMENTS = ("exercise_level", "complaints")


def elements_of(item: Item, department: Department | None = None) -> Elements:
    """What an item says of its elements, and what follows: from its department, and from the rest of its declaration.
    A permit is one, and what is promised in no days at all is done at once. What the item says comes first.
    """
    follows: dict[str, Any] = {name: getattr(department, name, None) for name in OF_DEPARTMENTS}
    if getattr(item.details, "permit", False):
        follows["item_type"] = "permit"
    # Something is decided, or answered: of a complaint or a booking the list has no such type.
    if item.promised_days is not None and (not item.steps or decided(item)):
        follows["handling_type"] = "promised" if item.promised_days else "immediate"
    return replace(item.elements, **{name: one for name, one in follows.items() if not getattr(item.elements, name)})


def known_elements(elements: Elements, language: str) -> Iterator[tuple[str, str | None, str]]:
    """What is known of them: the element's name, the code that its value has, and the value as people read it."""
    for name in TITLES:
        value = getattr(elements, name)
        if not value:
            continue
        if name in WORDS:
            yield name, value, text_in(WORDS[name][value], language)
        else:
            yield name, None, value if isinstance(value, str) else text_in(value, language)


def elements_document(elements: Elements, language: str) -> list[dict[str, Any]]:
    """The elements as a guide shows them."""
    return [
        {"name": name, "title": text_in(TITLES[name], language), "code": code, "value": value}
        for name, code, value in known_elements(elements, language)
    ]
