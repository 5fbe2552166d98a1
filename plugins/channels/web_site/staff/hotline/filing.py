"""Any item filed for whoever calls: its own form without files, what was read out beside it, and the slip code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from banshi import InvalidFields, NotFound, Problem
from questions.answering import body_of
from web_site.filling.form import Filling
from web_site.rooms import HOTLINE
from web_site.staff.hotline.calls import HERE, SAID_THERE
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(HOTLINE)

#: What is said beside the answers, as it was typed; and what was ticked.
TYPED, TICKED = ("call", "slip", "number", "name", "relation", "consent"), ("read_back", "texts", "wait")
BESIDE = (*TYPED, *TICKED, "agreed")


@dataclass
class CallersForm(Filling):
    """All that begins an item, as far as somebody can say it."""

    guide: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    async def of(cls, visit: Visit) -> CallersForm:
        """Raises NotFound for an item that can't be begun."""
        guide = await visit.get(f"/v1/items/{visit.call.path['code']}")
        if guide["begin"] is None:
            raise NotFound
        return cls(visit, without_files(body_of(guide)), None, guide=guide)

    def asked(self) -> dict[str, Any]:
        """The body of a filing."""
        body: dict[str, Any] = {name: text for name in TYPED if (text := self.sent.get(name, "").strip())}
        body |= {name: True for name in TICKED if name in self.sent}
        if "slip" not in body:
            body["item"] = self.guide["code"]
        return {**body, "submission": self.whole}

    async def page(self, status: int = 200, **more: Any) -> web.Response:
        """The form, with what is read out."""
        fields, call = await self.fields(), self.sent.get("call", "")
        kept: dict[str, Any] = {name: self.sent.get(name, "") for name in BESIDE}
        kept["may_wait"] = "wait" in self.sent or bool(self.filled.wrong)
        names: dict[str, Any] = {
            "form": self,
            "guide": self.guide,
            "groups": self.groups(fields),
            "kept": kept,
            "at": HERE,
        }
        names["call"] = await self.visit.get(f"/v1/hotline/calls/{call}") if call else None
        names["mistakes_found"] = self.mistakes(fields)
        return await self.visit.page("hotline/item.html", status=status, here=HOTLINE.at, **names, **more)


def without_files(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema without what can't be said by telephone: the API says that it is lacking, and it waits."""
    if "properties" not in node:
        return {**node, "items": without_files(node["items"])} if isinstance(node.get("items"), Mapping) else node
    kept = {name: one for name, one in node["properties"].items() if not _is_file(one)}
    groups = [{**one, "fields": [name for name in one["fields"] if name in kept]} for one in node.get("x-groups", ())]
    own = {"properties": {name: without_files(one) for name, one in kept.items()}}
    own["required"] = [name for name in node.get("required", ()) if name in kept]  # type: ignore[assignment]
    return {**node, **own, **({"x-groups": groups} if groups else {})}


def _is_file(node: Mapping[str, Any]) -> bool:
    return "x-attachment" in node or "x-attachment" in (node.get("items") or {})


@ROUTES.show("/hotline/items/{code}", {"call": 36})
async def show_callers_form(visit: Visit) -> web.StreamResponse:
    """Show an item's form for a call that one holds."""
    form = await CallersForm.of(visit)
    form.begin({"answers": {}})
    form.sent.add("call", visit.call.query.get("call", ""))
    return await form.page()


@ROUTES.take("/hotline/items/{code}")
async def file_item(visit: Visit) -> web.StreamResponse:
    """File what was filled in; or go on filling it in, also with what waits under a slip code."""
    form = await CallersForm.of(visit)
    form.sent = visit.sent
    if "begin" in visit.sent:
        slip = {name: visit.sent.get(name, "") for name in ("number", "slip")}
        read = await visit.send("POST", "/v1/hotline/slips/read", slip)
        form.begin({"answers": read["answers"] or {}})
        form.sent.extend(slip)
        return await form.page()
    await form.take(())
    if not form.goes_on:
        return await form.page()
    try:
        told = await visit.send("POST", "/v1/hotline/filings", form.asked(), key=form.key)
    except Problem as problem:
        if isinstance(problem, InvalidFields):
            own = [replace(one, pointer=one.pointer.removeprefix("/submission")) for one in problem.problems]
            problem = InvalidFields(own)
        form.refuse(problem, SAID_THERE)
        return await form.page(problem.status)
    # Of files, too, what they are called.
    form.schema = body_of(form.guide)
    lacks = [(form.node_at(one["pointer"].removeprefix("/submission")) or {}, one["detail"]) for one in told["lacks"]]
    names = {"told": told, "lacks": lacks, "guide": form.guide, "call": visit.sent.get("call", ""), "at": HERE}
    return await visit.page("hotline/filed.html", here=HOTLINE.at, **names)
