"""Queries: the citizen asks a register and gets the answer at once.

So far an item of this kind is declared, checked and shown with its whole guide; its verbs are not offered yet.
"""

from __future__ import annotations

from dataclasses import dataclass

from banshi.contract import Kind
from banshi.hookspecs import hookimpl
from banshi.settings import STRICT

__all__ = ["QUERY", "QueryRules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRules:
    """The table `[items.query]`."""

    __pydantic_config__ = STRICT

    #: The register that is asked.
    register: str
    #: The answer is about a person: the asker states a purpose, and the look-up is recorded.
    personal: bool = True
    #: Look-ups that one person may make in an hour.
    per_hour: int = 20


QUERY = Kind(name="query", title={"zh-CN": "查询", "en": "Query"}, details=QueryRules)


@hookimpl
def banshi_kinds() -> list[Kind]:
    return [QUERY]
