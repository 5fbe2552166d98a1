"""How somebody goes on who doesn't accept a decision: reconsideration or a lawsuit, as decisions and guides say it."""

from __future__ import annotations

from functools import reduce
from typing import Any

from banshi.builtin.sentences import say, word
from banshi.kernel.contract.elements import LegalBasis, Remedy
from banshi.kernel.contract.items import Department, Item
from banshi.kernel.contract.values import LANGUAGES, Texts, text_in
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
        by, alone = "By {laws}, this decision is final.", "This decision is final."
        return say(by, laws=_cited(remedy.basis)) if remedy.basis else say(alone)
    ways: list[Texts] = []
    if authority := remedy.reconsideration:
        told = "apply to {authority} for administrative reconsideration within {days} days of receiving it"
        ways.append(say(told, authority=authority, days=_written(remedy.days)))
    if court := remedy.court:
        told = "file a lawsuit with {court} within {months} months"
        if not ways:
            told = "file a lawsuit with {court} within {months} months of receiving it"
        ways.append(say(told, court=court, months=_written(remedy.months)))
    if not ways:
        return {}
    either = reduce(lambda one, other: say("{one}, or {other}", one=one, other=other), ways)
    return say("If you do not accept this decision, you may {either}.", either=either)


def _cited(basis: tuple[LegalBasis, ...]) -> Texts:
    """The laws as a sentence names them: 《中华人民共和国出境入境管理法》第三十六条."""
    return reduce(lambda one, other: word("{one} and {other}", one=one, other=other), map(_law, basis))


def _law(one: LegalBasis) -> Texts:
    if not one.article:
        return word("the {law}", law=one.title)
    article: str | Texts = one.article
    if one.article.isdigit():
        article = _written(int(one.article), "第{}条")
    return word("article {article} of the {law}", law=one.title, article=article)


def _written(number: int, chinese: str = "{}") -> Texts:
    return {tag: str(number) for tag in LANGUAGES} | {LANGUAGES[0]: chinese.format(in_chinese(number))}


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
