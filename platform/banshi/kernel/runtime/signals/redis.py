"""Signals by Redis's PUBLISH and SUBSCRIBE."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from banshi.foundation.servers.redis_client import answered, client_of
from banshi.kernel.runtime.signals.carrier import Carrier

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.cluster import RedisCluster

#: Seconds without a word after which Redis is asked whether it is there, and as many until it has to have answered.
KEEPALIVE_INTERVAL_S = 5.0


class RedisCarrier(Carrier):
    """A channel of this deployment's own."""

    longest = 400_000

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._channel = f"{name}:signals"
        self._client: Redis | RedisCluster | None = None

    async def listen(self, heard: Callable[[str], None], connected: Callable[[], None]) -> None:
        """Until the connection breaks. Raises what redis-py and the network raise."""
        client = client_of(self._url)
        try:
            await answered(client.initialize())
            async with client.pubsub() as following:
                await answered(following.subscribe(self._channel))
                asked = False
                while True:
                    message = await answered(following.get_message(timeout=KEEPALIVE_INTERVAL_S))
                    if message is None:
                        if asked:
                            raise ConnectionError("Redis is silent")
                        await answered(following.ping())
                    elif message["type"] == "subscribe":
                        self._client = client
                        connected()
                    elif message["type"] == "message":
                        heard(message["data"].decode("utf-8", "replace"))
                    asked = message is None
        finally:
            self._client = None
            await client.aclose()

    async def send(self, text: str) -> None:
        """Raises ConnectionError where there is no connection."""
        if self._client is None:
            raise ConnectionError("not connected")
        await answered(self._client.publish(self._channel, text))
