"""Which public records somebody's words are about: in a search, in a chat, in what they ask an office."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from banshi import LANGUAGES, Key, Platform
from banshi.sdk.catalogue import search_terms
from banshi.sdk.danger import danger_in
from refutations.reading import documents
from refutations.reading.published import with_editions
from refutations.tables.models import Edition, Refutation
from refutations.writing.steps import PUBLIC

#: Records that are looked through, the newest; and how many one answer has.
MAX_KNOWN, MAX_FOUND = 500, 3

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


def fits(asked: Terms, words: Mapping[str, Any]) -> bool:
    """Whether somebody's words are about an edition's: most of its title's are in them, or most of theirs in it."""
    titles = [terms_in(words["about"][tag]) for tag in LANGUAGES]
    both = asked & terms_in(words["claim"]).union(*titles)
    share = max((len(asked & title) / len(title) for title in titles if title), default=0)
    return len(both) > 1 and (share >= 0.6 or (share >= 0.3 and len(both) >= 0.6 * len(asked)))


class Found:
    """The newest public records, read once and again when one has changed."""

    def __init__(self, platform: Platform) -> None:
        self._known: Sequence[tuple[Refutation, Edition]] | None = None
        platform.store.on_rows(Refutation, self._forget)

    def _forget(self) -> None:
        self._known = None

    async def of(self, text: str) -> list[tuple[Refutation, Edition]]:
        """Those that the text is about, the newest first."""
        if (known := self._known) is None:
            rows = await Refutation.filter(state__in=PUBLIC).order_by("-updated_at").limit(MAX_KNOWN)
            known = self._known = await with_editions(rows)
        asked = terms_in(text)
        return [one for one in known if fits(asked, one[1].words)][:MAX_FOUND]


FOUND: Key[Found] = Key("refutations by their words")


async def beside(platform: Platform, text: str, language: str) -> list[dict[str, Any]]:
    """What a search shows above its items; to whom danger is heard of, only where they ask whether it is true."""
    if danger_in(text) and not TRUTH.search(text):
        return []
    told = [documents.summary(platform, *one, language) for one in await platform[FOUND].of(text)]
    names = ("title", "summary", "updated_at", "links")
    return [{"kind": "refutation", **{name: one[name] for name in names}} for one in told]
