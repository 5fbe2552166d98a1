"""An Atom feed (RFC 4287): its entries, its bytes, and the answer that has them. The first one imports lxml."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import web

from banshi import Call
from banshi.sdk.http import etag_of, reply_bytes

if TYPE_CHECKING:
    from lxml import etree

NAMESPACE = "http://www.w3.org/2005/Atom"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
ATOM = "application/atom+xml"

#: Entries of a feed, and seconds for which a copy of it may be shown.
MAX_FEED_ENTRIES, FEED_CACHE_S = 100, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. Its address is also its id, and so must never change."""

    url: str
    #: Of what is at the address.
    media_type: str
    title: str
    summary: str
    #: Since when it says this.
    at: datetime
    author: str
    #: When it first was there; None where it never changes.
    published: datetime | None = None
    #: Where people read it, if not at its own address.
    page: str = ""
    #: The language of its texts; "" for the feed's.
    language: str = ""
    #: Term and scheme of each category.
    categories: Sequence[tuple[str, str]] = ()
    #: Markdown, "" for none.
    content: str = ""
    #: Elements of another namespace by their names.
    more: Mapping[str, str] = field(default_factory=dict)


def feed_reply(call: Call, entries: Sequence[Entry], title: str, author: str, **how: Any) -> web.Response:
    """A feed as anybody, and any cache on the way, may have it; `more` and `timespec` as in `written`."""
    url = f"{call.address}{call.request.rel_url}"
    body = written(entries, url=url, title=title, author=author, language=call.language, **how)
    headers = {
        "Cache-Control": f"public, max-age={FEED_CACHE_S}",
        "Content-Language": call.language,
        "Vary": "Accept-Language",
    }
    return reply_bytes(call, body, ATOM, etag_of(body), headers)


def written(
    entries: Sequence[Entry],
    *,
    url: str,
    title: str,
    author: str,
    language: str,
    more: tuple[str, str] | None = None,
    timespec: str = "seconds",
) -> bytes:
    """The feed in UTF-8, with its entries in the order in which they are given: the newest first.

    `url` is the feed's own address, and the newest entry's time is the feed's. `more` has prefix and namespace of the
    entries' other elements; `timespec` how fine its times are, as `datetime.isoformat` takes it.
    """
    from lxml import etree

    # RFC 3339; unlike CAP it takes -00:00 for "the local time is not known", so UTC is +00:00.
    moment = partial(datetime.isoformat, timespec=timespec)

    newest = max((entry.at for entry in entries), default=datetime(1970, 1, 1, tzinfo=UTC))
    names: dict[str | None, str] = {None: NAMESPACE, **({more[0]: more[1]} if more else {})}
    root = etree.Element(f"{{{NAMESPACE}}}feed", nsmap=names)  # type: ignore[arg-type]
    root.set(LANGUAGE, language)
    _add(root, "id", url)
    _add(root, "title", title)
    _add(root, "updated", moment(newest))
    _add(_add(root, "author"), "name", author)
    _add(root, "link", rel="self", type=ATOM, href=url)
    for entry in entries:
        _entry(_add(root, "entry"), entry, moment, more[1] if more else "")
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _entry(node: etree._Element, entry: Entry, moment: Callable[[datetime], str], namespace: str) -> None:
    if entry.language:
        node.set(LANGUAGE, entry.language)
    _add(node, "id", entry.url)
    _add(node, "title", entry.title)
    _add(node, "updated", moment(entry.at))
    _add(node, "published", moment(entry.published or entry.at))
    _add(_add(node, "author"), "name", entry.author)
    _add(node, "link", rel="alternate", type=entry.media_type, href=entry.page or entry.url)
    for term, scheme in entry.categories:
        _add(node, "category", term=term, scheme=scheme)
    _add(node, "summary", entry.summary)
    if entry.content:
        _add(node, "content", entry.content, type="text/markdown")
    for name, text in entry.more.items():
        _add(node, name, text, namespace)


def _add(
    parent: etree._Element, name: str, text: str | None = None, namespace: str = NAMESPACE, **attributes: str
) -> etree._Element:
    node = parent.makeelement(f"{{{namespace}}}{name}", attributes)
    parent.append(node)
    node.text = text
    return node
