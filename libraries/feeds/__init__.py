"""Atom feeds (RFC 4287) of what is published: entries in, the answer out.

feed_reply(call, [Entry(url="https://…", media_type="text/html", title="…", …)], title="Announcements", author="…")
"""

from feeds.atom import ATOM, MAX_FEED_ENTRIES, Entry, feed_reply, written

__all__ = ["ATOM", "MAX_FEED_ENTRIES", "Entry", "feed_reply", "written"]
