"""What somebody's words find: items, and what is said beside them; while danger is heard, that alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from banshi.builtin.catalogue.advice.declared import Elsewhere
from banshi.builtin.catalogue.advice.matching import ADVISOR, Advised
from banshi.builtin.catalogue.advice.routes import danger_document, elsewhere_document, help_document
from banshi.builtin.catalogue.search import SEARCH
from banshi.builtin.catalogue.search.index import Found, Hit
from banshi.builtin.sentences import say
from banshi.foundation.errors import InvalidParameter
from banshi.kernel.runtime.running import Platform


@dataclass(frozen=True, slots=True)
class Asked:
    """What a search found, and what is said beside it."""

    found: Found
    advised: Advised
    #: Whom one asks, where nothing is found that is likely meant.
    otherwise: Sequence[Elsewhere] = ()

    def beside(self, platform: Platform, language: str) -> dict[str, Any]:
        """The members that the first page has beside its items."""
        members: dict[str, Any] = {
            "likely": self.found.is_likely,
            "elsewhere": [elsewhere_document(one, language) for one in self.advised.elsewhere],
            "help": [help_document(platform.registry, one, language) for one in self.advised.help],
        }
        if self.otherwise:
            members["otherwise"] = [elsewhere_document(one, language) for one in self.otherwise]
        if self.advised.danger:
            members["danger"] = danger_document(self.advised.danger, language)
        return members

    def places(self, after: str | None) -> Iterator[tuple[str, str]]:
        """Codes that were found behind `after`, the best first, each with its place: the score, then the code."""
        return places_behind(self.found.hits, after)


def places_behind(hits: Sequence[Hit], after: str | None) -> Iterator[tuple[str, str]]:
    """Codes behind `after`, each with its place: the score, then the code. Raises InvalidParameter."""
    if after is not None:
        told, _, last = after.partition(" ")
        if not re.fullmatch("[0-9]{1,9}", told) or not last:
            raise InvalidParameter(say("The search has no such place; begin it anew."), parameter="cursor")
        place = (-int(told), last)
        hits = [hit for hit in hits if (-hit.score, hit.code) > place]
    return ((hit.code, f"{hit.score} {hit.code}") for hit in hits)


async def asked(platform: Platform, words: str) -> Asked:
    """Search for the words, once it is known what else they ask for."""
    index = await platform[SEARCH].index()
    advice = platform[ADVISOR].beside(index)
    advised = advice.search(words)
    if advised.danger:
        return Asked(Found((), is_likely=False), advised)
    found = index.find(advised.left)
    is_known = found.is_likely or advised.elsewhere or advised.help
    return Asked(found, advised, () if is_known else advice.otherwise)
