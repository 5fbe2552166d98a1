"""What programs read of what is published: Atom feeds (RFC 4287), entries in, the answer out; ClaimReview; work zones.

feed_reply(call, [Entry(url="https://…", media_type="text/html", title="…", …)], title="Announcements", author="…")
"""

from feeds.atom import ATOM, MAX_FEED_ENTRIES, Entry, feed_reply, written
from feeds.review import claim_review
from feeds.wzdx import work_zones

__all__ = ["ATOM", "MAX_FEED_ENTRIES", "Entry", "claim_review", "feed_reply", "work_zones", "written"]
