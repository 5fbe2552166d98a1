"""What an appeal's table in items.toml says beside the guide."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Literal, get_args

from banshi.kernel.contract.data_tables import data_table
from banshi.kernel.contract.values import SLUG, Item, Texts
from banshi.kinds.declarations import form_faults
from banshi.kinds.sentences import word

Sort = Literal["consult", "report", "suggest", "complain", "tip"]

#: What people read for each.
SORTS: Mapping[str, Texts] = {
    "consult": word("Question"),
    "report": word("Report"),
    "suggest": word("Suggestion"),
    "complain": word("Complaint"),
    "tip": word("Tip"),
}

#: Formats of answers that say who somebody is.
WHO = ("cn-resident-id", "cn-mobile", "cn-phone", "email", "idn-email")

#: Stars that a citizen can give.
MIN_STARS, MAX_STARS = 1, 5


@data_table
class Category:
    """What an appeal can be about, as staff classify it."""

    code: str
    title: Texts


@data_table
class AppealRules:
    """The table `[items.appeal]`."""

    sorts: tuple[Sort, ...] = ("consult",)
    #: Whether it is taken from people who don't say who they are: never, beside others, or from them alone.
    anonymous: Literal["never", "allowed", "always"] = "never"
    #: A rating below this one, from 1 to 5, reopens it to another reviewer; 1 never does.
    reopen_below: int = 3
    #: How many one person may hand in within an hour; 0 for any number.
    per_hour: int = 0
    #: Working days until the answer, by sort; the item's own where a sort is left out.
    days: Mapping[Sort, int] = field(default_factory=dict)
    #: What staff classify it as. Empty: they give it to a unit and no more.
    categories: tuple[Category, ...] = ()

    def __post_init__(self) -> None:
        if not self.sorts or len(set(self.sorts)) != len(self.sorts):
            raise ValueError(f"sorts has to name each of its sorts once: {', '.join(get_args(Sort))}")
        if not MIN_STARS <= self.reopen_below <= MAX_STARS:
            raise ValueError(f"reopen_below has to be from {MIN_STARS} to {MAX_STARS}")
        if self.per_hour < 0 or any(days < 1 for days in self.days.values()):
            raise ValueError("days has to be at least 1 for each sort, per_hour at least 0")


def is_for_unnamed(item: Item) -> bool:
    """Whether the item takes it from people who don't say who they are."""
    return isinstance(item.details, AppealRules) and item.details.anonymous != "never"


def check(item: Item) -> Iterator[tuple[str, str]]:
    """What is wrong with an appeal's declaration, as (rule, advice)."""
    rules = item.details
    yield from form_faults(item, "an appeal asks what it is about")
    if rules is None:
        return
    codes = [category.code for category in rules.categories]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield "duplicate-category", f"rename one of the categories {code!r}"
    for code in sorted({code for code in codes if not re.fullmatch(SLUG, code)}):
        yield "bad-slug", f"rename the category {code!r}: a-z, 0-9 and single hyphens"
    for sort in sorted(set(rules.days) - set(rules.sorts)):
        yield "unknown-sort", f"take {sort} out of items.appeal.days, or put it into items.appeal.sorts"
    if rules.anonymous != "never":
        for pointer in required_who(item.form.schema if item.form else {}):
            yield "asks-who", f"take {pointer} out of the form's required fields: with it nobody stays unnamed"
    if rules.anonymous != "never" and item.readers:
        yield "tip-readers", "remove readers: what is handed in without a name is read by those alone who work on it"
    if rules.anonymous == "always" and item.messages:
        yield "unsent-message", "remove items.messages: nobody is told anything who doesn't say who they are"
    promised = item.promised_days if item.promised_days is not None else item.legal_days
    if promised is None and set(rules.sorts) - set(rules.days):
        yield "no-deadline", "say promised_days, or items.appeal.days for each sort: an appeal has a day for its answer"


def required_who(schema: Mapping[str, Any], pointer: str = "") -> Iterator[str]:
    """JSON Pointers of the fields that say who somebody is and can't be left out."""
    if schema.get("format") in WHO:
        yield pointer
    for name in schema.get("required", ()):
        yield from required_who(schema.get("properties", {}).get(name, {}), f"{pointer}/{name}")
