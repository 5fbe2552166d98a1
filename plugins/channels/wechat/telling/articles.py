"""Articles: a draft by the API, which a person looks at and sends; how many were sent this month is a row.

Source: developers.weixin.qq.com, "新建草稿" and "事件推送群发结果".
"""

from __future__ import annotations

from html import escape

from banshi import Platform
from banshi.sdk.limits import Limit, used
from wechat.accounts import OpenAccount
from wechat.api.codes import BEIJING

#: Articles that a service account sends to its followers in a month.
SENDS = Limit("articles", 4, period="%Y-%m", day=BEIJING)

#: Characters of a title, and bytes of an article.
MAX_TITLE_CHARS, MAX_CONTENT_BYTES = 64, 1_000_000


async def drafted(account: OpenAccount, text: str) -> str:
    """Make a draft of a text; its id. Raises ValueError where it can't be one, and Refused."""
    title, *rest = text.strip().splitlines()
    content = "".join(f"<p>{escape(line.strip())}</p>" for line in rest if line.strip())
    if not 0 < len(title) <= MAX_TITLE_CHARS or not content or len(content.encode()) > MAX_CONTENT_BYTES:
        raise ValueError(f"it needs a title of at most {MAX_TITLE_CHARS} characters, and paragraphs below it")
    if not account.settings.cover_media_id:
        raise ValueError("set cover_media_id: the media_id of a permanent picture of the account")
    article = {"title": title, "content": content, "thumb_media_id": account.settings.cover_media_id}
    return str((await account.api.post("/cgi-bin/draft/add", {"articles": [article]}))["media_id"])


async def sent_this_month(platform: Platform, account: OpenAccount) -> int:
    """How many articles WeChat has told us of."""
    return await used(platform, account.name, SENDS)
