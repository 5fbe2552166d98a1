"""Which public records somebody's words are about: in a search, in a chat, in what they ask an office."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from math import inf
from typing import Any, NamedTuple

from aiohttp import web

from banshi import Answer, Audience, Call, Key, Platform, reply
from banshi.sdk.danger import danger_in
from banshi.sdk.documents import Record, array
from banshi.sdk.http import Routes
from likeness import FINGERPRINT, PICTURES, TRUTH, About, about, are_alike, fingerprint_of, fits, terms_in
from refutations.reading import documents
from refutations.reading.published import with_editions
from refutations.tables.models import Edition, Refutation
from refutations.writing.steps import PUBLIC

#: Records that are looked through, the newest; and how many one answer has.
MAX_KNOWN, MAX_FOUND = 500, 3
#: Seconds until it is looked for changes that nobody told of.
LOOK_S = 2.0


class Known(NamedTuple):
    """A public record, its newest edition and what that is about."""

    row: Refutation
    edition: Edition
    about: About


def about_of(edition: Edition) -> About:
    """What an edition is about."""
    return about(edition.words["about"].values(), edition.words["claim"])


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
        asked = terms_in(text)
        return await self._which(lambda one: fits(asked, one.about))

    async def like(self, picture: str) -> list[tuple[Refutation, Edition]]:
        """Those with whose pictures one is, by its fingerprint, the newest first."""
        return await self._which(lambda one: any(are_alike(picture, p) for p in one.edition.words.get("pictures", ())))

    async def _which(self, is_it: Callable[[Known], bool]) -> list[tuple[Refutation, Edition]]:
        known, now, changes = self._known, asyncio.get_running_loop().time(), self._changes
        if now > self._until:
            known = await self._read()
            # What has changed while it was read is read again by whoever comes next.
            if changes == self._changes:
                self._known, self._until = known, now + LOOK_S
        return [(one.row, one.edition) for one in known if is_it(one)][:MAX_FOUND]

    async def _read(self) -> Sequence[Known]:
        """What is public now; of an edition that is known its terms are too."""
        newest = Refutation.filter(state__in=PUBLIC).order_by("-updated_at").limit(MAX_KNOWN)
        public: Any = await newest.values_list("id", "edition")
        known = {(one.row.id, one.edition.number): one for one in self._known}
        new = [identity for identity, edition in public if (identity, edition) not in known]
        for row, edition in await with_editions(await Refutation.filter(id__in=new)) if new else ():
            known[row.id, edition.number] = Known(row, edition, about_of(edition))
        return [known[one] for one in map(tuple, public) if one in known]


ROUTES = Routes("refutations")
LIKE = Record(picture={"type": "string", "pattern": FINGERPRINT}, items=array(documents.SUMMARY))
SEEN = Answer("Its fingerprint, and the records of pictures like it, the newest first.", LIKE)
BYTES = {one: {"contentMediaType": one} for one in PICTURES}


@ROUTES.post("/v1/refutations/pictures", Audience.PERSON, {200: SEEN}, raw_body=BYTES)
async def ask_about_picture(call: Call) -> web.StreamResponse:
    """Ask what was found of a picture; it is compared in memory and forgotten. Staff write its fingerprint down."""
    picture = await fingerprint_of(call)
    found = await call.platform[FOUND].like(picture)
    items = [documents.summary(call.platform, *one, call.language) for one in found]
    return reply(call, {"picture": picture, "items": items})


FOUND: Key[Found] = Key("refutations by their words")


async def beside(platform: Platform, text: str, language: str) -> list[dict[str, Any]]:
    """What a search shows above its items; to whom danger is heard of, only where they ask whether it is true."""
    if danger_in(text) and not TRUTH.search(text):
        return []
    told = [documents.summary(platform, *one, language) for one in await platform[FOUND].of(text)]
    names = ("title", "summary", "updated_at", "links")
    return [{"kind": "refutation", **{name: one[name] for name in names}} for one in told]
