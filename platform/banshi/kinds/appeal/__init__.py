"""Appeals: the citizen consults, reports, suggests or complains, and rates the answer.

So far an item of this kind is declared, checked and shown with its whole guide; its verbs are not offered yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from banshi.contract import Kind
from banshi.hookspecs import hookimpl
from banshi.settings import STRICT

__all__ = ["APPEAL", "AppealRules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealRules:
    """The table `[items.appeal]`."""

    __pydantic_config__ = STRICT

    sorts: tuple[Literal["consult", "report", "suggest", "complain", "tip"], ...] = ("consult",)
    #: It may be made without saying who one is.
    anonymous: bool = False
    #: A rating below this one, from 1 to 5, reopens it to another reviewer.
    reopen_below: int = 3


APPEAL = Kind(name="appeal", title={"zh-CN": "诉求", "en": "Appeal"}, details=AppealRules)


@hookimpl
def banshi_kinds() -> list[Kind]:
    return [APPEAL]
