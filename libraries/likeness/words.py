"""Whether somebody's words are about a claim: most of its title's terms are in them, or most of theirs in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from banshi.sdk.catalogue import search_terms

#: By what people ask whether something is true, and what else they say around a claim.
TRUTH = re.compile(r"是?真的|假的|真假|属实|网传|谣言|辟谣|\b(?:true|really|rumou?rs?|hoax|fake)\b", re.IGNORECASE)
AROUND = re.compile(
    r"是不是|是否|有没有|听说|网上|群里|请问|想问|[吗么呢吧]|\b(?:is|it|that|the|an?|has|have|of|did|was|does)\b",
    re.IGNORECASE,
)

Terms = frozenset[str]


def terms_in(text: str) -> Terms:
    """What a text says beside asking for it: pairs of Chinese characters, stems of English words."""
    return search_terms(AROUND.sub(" ", TRUTH.sub(" ", text)))


class About(NamedTuple):
    """What a claim is about: the terms of its titles, and those and its claim's together."""

    titles: Sequence[Terms]
    both: Terms


def about(titles: Iterable[str], claim: str) -> About:
    """The terms of what a claim is about, in each language, and of its own words."""
    found = [terms_in(one) for one in titles]
    return About(found, terms_in(claim).union(*found))


def fits(asked: Terms, known: About) -> bool:
    """Whether somebody's words are about a claim: most of its title's are in them, or most of theirs in it."""
    both = asked & known.both
    share = max((len(asked & title) / len(title) for title in known.titles if title), default=0)
    return len(both) > 1 and (share >= 0.6 or (share >= 0.3 and len(both) >= 0.6 * len(asked)))
