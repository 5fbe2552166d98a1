"""How somebody goes on who doesn't accept a decision: reconsideration or a lawsuit, as decisions and guides say it."""

from __future__ import annotations

from typing import Any

from banshi.kernel.contract.elements import LegalBasis, Remedy
from banshi.kernel.contract.items import Department, Item
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
    return remedy_with(item, registry.departments.get(department or item.department))


def remedy_with(item: Item, department: Department | None) -> Remedy | None:
    """The item's own remedy, or else the department's; None where there is none."""
    for found in (item.remedy, department.remedy if department else None):
        if found and (found.kind != "ordinary" or found.reconsideration or found.court or found.text):
            return found if found.kind != "none" else None
    return None


def remedy_text(remedy: Remedy) -> Texts:
    """What a decision says of it."""
    if remedy.text:
        return remedy.text
    if remedy.kind == "final":
        return {
            "zh-CN": f"依照{_cited(remedy.basis, 'zh-CN')}，本决定为最终决定。",
            "en": f"By {_cited(remedy.basis, 'en')}, this decision is final.",
        }
    zh, en = [], []
    if authority := remedy.reconsideration:
        zh.append(f"{in_chinese(remedy.days)}日内向{authority['zh-CN']}申请行政复议")
        en.append(
            f"apply to {authority['en']} for administrative reconsideration within {remedy.days} days of receiving it"
        )
    if court := remedy.court:
        zh.append(f"{in_chinese(remedy.months)}个月内向{court['zh-CN']}提起行政诉讼")
        since = "" if authority else " of receiving it"
        en.append(f"file a lawsuit with {court['en']} within {remedy.months} months{since}")
    return {
        "zh-CN": f"如不服本决定，可自收到本决定之日起{'，或者'.join(zh)}。",
        "en": f"If you do not accept this decision, you may {', or '.join(en)}.",
    }


def _cited(basis: tuple[LegalBasis, ...], language: str) -> str:
    """The laws as a sentence names them: 《中华人民共和国出境入境管理法》第三十六条."""
    if language == "zh-CN":
        laws = (
            f"《{one.title['zh-CN']}》"
            + (f"第{in_chinese(int(one.article))}条" if one.article.isdigit() else one.article)
            for one in basis
        )
        return "、".join(laws)
    return " and ".join(
        f"article {one.article} of the {one.title['en']}" if one.article else f"the {one.title['en']}" for one in basis
    )


def remedy_document(remedy: Remedy | None, language: str) -> dict[str, Any] | None:
    """A remedy as the API shows it: members that it has no authority or court for are null."""
    if remedy is None:
        return None
    authority, court = remedy.reconsideration, remedy.court
    return {
        "kind": remedy.kind,
        "reconsideration": text_in(authority, language) if authority else None,
        "days": remedy.days if authority else None,
        "court": text_in(court, language) if court else None,
        "months": remedy.months if court else None,
        "text": text_in(remedy_text(remedy), language),
        "basis": [{"title": text_in(one.title, language), "article": one.article} for one in remedy.basis],
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
