"""The form of an item: with its draft, and with what is known of whoever fills it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from banshi import InvalidFields, NotFound, Problem
from questions.answering import body_of
from web_site.filling.form import Filling
from web_site.filling.sent import Unread
from web_site.filling.typed import sent_of
from web_site.visit import Visit


@dataclass
class ItemForm(Filling):
    """All that begins an item."""

    guide: Mapping[str, Any] = field(default_factory=dict)
    draft: Mapping[str, Any] | None = None

    @classmethod
    async def of(cls, visit: Visit) -> ItemForm:
        """Raises NotFound for an item that can't be begun."""
        guide = await visit.get(f"/v1/items/{visit.call.path['code']}")
        if guide["begin"] is None:
            raise NotFound
        if guide["begin"]["unnamed"] == "always":
            # Whoever has signed in says no name here either.
            visit.session = None
        unnamed = is_unnamed(visit, guide)
        # Also of whoever has to sign in anew before they see anything: what they have typed is kept.
        owner = None if unnamed or visit.session is None else visit.session.person
        form = cls(
            visit, body_of(guide), owner, guide["links"].get("upload_of_tip", "") if unnamed else "", guide=guide
        )
        if visit.known is not None and not unnamed and "draft" in guide["links"]:
            form.draft = await visit.find(guide["links"]["draft"])
        return form

    @property
    def is_unnamed(self) -> bool:
        """Whether nobody says who they are here."""
        return is_unnamed(self.visit, self.guide)

    def carried(self) -> Any:
        """What the page on which all is read once more has carried along. Raises Unread."""
        try:
            whole = orjson.loads(self.visit.sent.get("whole", ""))
        except orjson.JSONDecodeError:
            raise Unread from None
        if not isinstance(whole, dict):
            raise Unread
        return whole

    async def keep(self) -> None:
        """Keep it as a draft, right or wrong, where somebody has said who they are."""
        answers = self.whole.get("answers")
        if self.owner is None or self.guide["form"] is None or not answers:
            return
        try:
            address, body = self.guide["links"]["draft"], {"answers": answers}
            self.draft = await self.visit.send("PUT", address, body, person=self.owner)
        except Problem as problem:
            # It goes on without a draft; whoever fills it in is told.
            self.filled.wrong.setdefault("", str(problem.document(self.visit.language)["detail"]))

    async def prefill(self, consent: str) -> None:
        """Lay what is known of the person over the answers, at their word."""
        try:
            told = await self.visit.send("POST", self.guide["links"]["prefill"], {"consent": consent})
        except InvalidFields:
            # Something else is known by now: the page asks anew.
            return
        own = sent_of(self.schema, {"answers": told["answers"]})
        for pointer in {*own}:
            self.sent.popall(pointer, None)
        self.sent.extend(own)
        self.read()

    async def page(self, status: int = 200, stale: int = 0) -> web.Response:
        """The form; `stale` says why nothing was done with it, as a status."""
        fields, consent = await self.fields(), None
        if self.visit.known is not None and "prefill" in self.guide["links"] and "prefill" not in self.sent:
            consent = (await self.visit.get(self.guide["links"]["prefill"]))["consent"]
        return await self.visit.page(
            "filling/form.html",
            status=status,
            stale=stale,
            form=self,
            guide=self.guide,
            groups=self.groups(fields),
            consent=consent,
            mistakes_found=self.mistakes(fields),
            more_asked=self.more_asked(fields) if "next" in self.sent else (),
        )

    async def checked(self) -> web.Response:
        """All answers, to be read once more."""
        fields = await self.fields()
        return await self.visit.page(
            "filling/check.html",
            form=self,
            guide=self.guide,
            groups=self.answered(fields),
            names=self.carried_along(),
            whole=orjson.dumps(self.whole).decode(),
        )


def is_unnamed(visit: Visit, guide: Mapping[str, Any]) -> bool:
    """Whether somebody begins an item without saying who they are: where they have to, or where they may and do."""
    unnamed = guide["begin"]["unnamed"]
    return bool(unnamed == "always" or (unnamed == "allowed" and visit.session is None))
