"""Which public records somebody's words are about: in a search, in a chat, in what they ask an office."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any, NamedTuple

from banshi import LANGUAGES, Key, Platform
from banshi.sdk.catalogue import search_terms
from banshi.sdk.danger import danger_in
from refutations.reading import documents
from refutations.reading.published import with_editions
from refutations.tables.models import Edition, Refutation
from refutations.writing.steps import PUBLIC

#: Records that are looked through, the newest; and how many one answer has.
MAX_KNOWN, MAX_FOUND = 500, 3
#: Seconds until it is looked for changes that nobody told of.
LOOK_S = 2.0

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
    """What an edition is about: the terms of its titles, and those and its claim's together."""

    titles: Sequence[Terms]
    both: Terms


def about(words: Mapping[str, Any]) -> About:
    """The terms of an edition's words."""
    titles = [terms_in(words["about"][tag]) for tag in LANGUAGES]
    return About(titles, terms_in(words["claim"]).union(*titles))


def fits(asked: Terms, edition: About) -> bool:
    """Whether somebody's words are about an edition's: most of its title's are in them, or most of theirs in it."""
    both = asked & edition.both
    share = max((len(asked & title) / len(title) for title in edition.titles if title), default=0)
    return len(both) > 1 and (share >= 0.6 or (share >= 0.3 and len(both) >= 0.6 * len(asked)))


class Known(NamedTuple):
    """A public record, its newest edition and what that is about."""

    row: Refutation
    edition: Edition
    about: About


class Found:
    """The newest public records: whatever this process has heard of is known, and the rest a moment later."""

    def __init__(self, platform: Platform) -> None:
        self._known: Sequence[Known] = ()
        #: Until when it is believed, by the loop's clock; and how often a record has changed.
        self._until, self._changes = -inf, 0
        platform.store.on_rows(Refutation, self._forget)

    def _forget(self) -> None:
        self._until, self._changes = -inf, self._changes + 1

    async def of(self, text: str) -> list[tuple[Refutation, Edition]]:
        """Those that the text is about, the newest first."""
        known, now, changes = self._known, asyncio.get_running_loop().time(), self._changes
        if now > self._until:
            known = await self._read()
            # What has changed while it was read is read again by whoever comes next.
            if changes == self._changes:
                self._known, self._until = known, now + LOOK_S
        asked = terms_in(text)
        return [(one.row, one.edition) for one in known if fits(asked, one.about)][:MAX_FOUND]

    async def _read(self) -> Sequence[Known]:
        """What is public now; of an edition that is known its terms are too."""
        newest = Refutation.filter(state__in=PUBLIC).order_by("-updated_at").limit(MAX_KNOWN)
        public: Any = await newest.values_list("id", "edition")
        known = {(one.row.id, one.edition.number): one for one in self._known}
        new = [identity for identity, edition in public if (identity, edition) not in known]
        for row, edition in await with_editions(await Refutation.filter(id__in=new)) if new else ():
            known[row.id, edition.number] = Known(row, edition, about(edition.words))
        return [known[one] for one in map(tuple, public) if one in known]


FOUND: Key[Found] = Key("refutations by their words")


async def beside(platform: Platform, text: str, language: str) -> list[dict[str, Any]]:
    """What a search shows above its items; to whom danger is heard of, only where they ask whether it is true."""
    if danger_in(text) and not TRUTH.search(text):
        return []
    told = [documents.summary(platform, *one, language) for one in await platform[FOUND].of(text)]
    names = ("title", "summary", "updated_at", "links")
    return [{"kind": "refutation", **{name: one[name] for name in names}} for one in told]
