"""Following all, and asking to be told what becomes of one: each by one press, and ended by one."""

from __future__ import annotations

from banshi import Call, Platform
from banshi.sdk.following import Following, NoticeKind
from refutations.reading.published import GONE, TITLE, public
from refutations.sentences import word
from refutations.tables.models import Hearer

#: What whoever follows all names it by in a chat.
NAMES = word("rumours, refutations, rumours checked").values()
_ID = {"type": "string", "pattern": "^(all|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$"}


async def _meant(_: Platform, words: str) -> str | None:
    return "" if words.lower() in {one for names in NAMES for one in names.split(", ")} else None


async def _known(call: Call, name: str) -> str:
    await public(call)
    return name


KIND = NoticeKind(code="refutations", title=TITLE, followers=Hearer, meant=_meant)
FOLLOWING = Following(kind=KIND, known=_known, ends_for_good=True)
ROUTES = FOLLOWING.routes("refutations", "/v1/refutations/followed/{id}", "refutation", _ID, {410: GONE})
