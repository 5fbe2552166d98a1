"""What JPush tells the app's server of a push: that a phone got it, and that somebody has opened it.

Its proof is the pair that we call it with (docs.jiguang.cn/en/jpush/server/push/rest_api_v3_callback). How a receipt's
fields are called isn't public; here they are as in a push and its answer.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple

import aiohttp
import orjson

from sandboxes.deliveries import Deliveries

#: What the platform is set up with here: an app's key and its secret, the same on every machine.
APP_KEY, MASTER_SECRET = (hashlib.sha256(what).hexdigest()[:24] for what in (b"app key", b"master secret"))
#: A receipt's `type`, as bits of a push's `callback.type`.
DELIVERED, CLICKED = 1, 2
#: Receipts in one request; seconds that the app's server has for its answer, and how often one is sent in all.
MAX_RECEIPTS, PATIENCE = 100, (5.0, 3)


def basic(secret: str = MASTER_SECRET) -> str:
    """The Authorization of whoever has that secret."""
    return f"Basic {b64encode(f'{APP_KEY}:{secret}'.encode()).decode()}"


class Batch(NamedTuple):
    """Receipts to one address."""

    url: str
    rows: list[dict[str, Any]]


class Receipts(Deliveries[Batch]):
    """The app's server, as JPush calls it."""

    patience = PATIENCE

    def key(self, message: Batch) -> str:
        return str(message.rows[0]["msg_id"])

    def request(self, message: Batch) -> tuple[Mapping[str, str], bytes]:
        return {"url": message.url, "proof": basic()}, orjson.dumps(message.rows)

    async def post(self, query: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """`query` is where to, and with which proof."""
        headers = {"Authorization": query["proof"], "Content-Type": "application/json"}
        timeout = aiohttp.ClientTimeout(total=self.patience[0])
        async with self.session.post(query["url"], data=body, headers=headers, timeout=timeout) as response:
            return response.status, await response.content.read(1 << 16)

    def show(self, message: Batch, answer: bytes) -> bool:  # noqa: ARG002 - as all providers do
        return True

    def no_service(self, message: Batch) -> None:
        """Nobody waits for it."""
