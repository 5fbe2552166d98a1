"""Postings: the citizen asks for something to be published.

So far an item of this kind is declared, checked and shown with its whole guide; its verbs are not offered yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from banshi.contract import Kind
from banshi.hookspecs import hookimpl
from banshi.settings import STRICT

__all__ = ["POSTING", "PostingRules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingRules:
    """The table `[items.posting]`."""

    __pydantic_config__ = STRICT

    sorts: tuple[Literal["lost", "found", "missing-person"], ...] = ("lost", "found")
    #: Days after which it leaves the public list.
    days: int = 30


POSTING = Kind(name="posting", title={"zh-CN": "公示", "en": "Posting"}, details=PostingRules)


@hookimpl
def banshi_kinds() -> list[Kind]:
    return [POSTING]
