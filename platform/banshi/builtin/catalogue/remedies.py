"""How somebody goes on who doesn't accept a decision: reconsideration or a lawsuit, as decisions and guides say it."""

from __future__ import annotations

from typing import Any

from banshi.kernel.contract.items import Item, Remedy
from banshi.kernel.contract.values import Texts, text_in
from banshi.kernel.loading.registry import Registry

#: The placeholder of a message that tells it.
REMEDY = "remedy"

_DIGITS = "零一二三四五六七八九"


def decided(item: Item) -> bool:
    """Whether there are decisions on its cases that somebody may not accept: their messages can say what to do then."""
    return any(REMEDY in step.mentions for step in item.steps or ())


def remedy_of(registry: Registry, item: Item, department: str = "") -> Remedy | None:
    """The remedy against a decision on a case of the item, which may be with another department by now."""
    with_whom = registry.departments.get(department or item.department)
    return item.remedy or (with_whom.remedy if with_whom else None)


def remedy_text(remedy: Remedy) -> Texts:
    """What a decision says of it."""
    authority, court = remedy.reconsideration, remedy.court
    days, months = in_chinese(remedy.days), in_chinese(remedy.months)
    return {
        "zh-CN": f"如不服本决定，可自收到本决定之日起{days}日内向{authority['zh-CN']}申请行政复议，"
        f"或者{months}个月内向{court['zh-CN']}提起行政诉讼。",
        "en": f"If you do not accept this decision, you may apply to {authority['en']} for administrative"
        f" reconsideration within {remedy.days} days of receiving it, or file a lawsuit with {court['en']} within"
        f" {remedy.months} months.",
    }


def remedy_document(remedy: Remedy | None, language: str) -> dict[str, Any] | None:
    """A remedy as the API shows it."""
    if remedy is None:
        return None
    return {
        "reconsideration": text_in(remedy.reconsideration, language),
        "days": remedy.days,
        "court": text_in(remedy.court, language),
        "months": remedy.months,
        "text": text_in(remedy_text(remedy), language),
    }


def in_chinese(number: int) -> str:
    """A number from 1 to 999 as decisions write it: 六十, 十五, 一百零五."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else _DIGITS[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (_DIGITS[ones] if ones else "")
