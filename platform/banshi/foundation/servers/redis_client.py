"""Redis, where the operator has one: a server, a master that Sentinels know, or a Cluster.

It carries what may be lost: signals between processes. Whatever is true stands in SQL.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from banshi.foundation.extras import lacking
from banshi.foundation.servers.addresses import hosts_of, parts_of

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.cluster import RedisCluster

T = TypeVar("T")

#: What a URL may begin with: a server, with TLS, on a socket of this machine; behind Sentinels; a Cluster.
SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster")

#: Ports where none is said.
PORT, SENTINEL_PORT = 6379, 26379

#: Seconds for connecting, and for an answer.
CONNECT_TIMEOUT_S, ANSWER_TIMEOUT_S = 2.0, 5.0

#: What a deployment may be called in Redis.
NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")

#: Parameters that a Sentinel URL may have.
SENTINEL_PARAMETERS = frozenset({"sentinel_username", "sentinel_password"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSettings:
    """The Redis that all processes share. It may be away at any time: everything goes on, slower."""

    #: A server (redis://cache:6379/0), or one of redis+sentinel://a:26379,b:26379/master/0 and redis+cluster://a,b.
    url: str
    #: What this deployment's channels and keys begin with; each deployment on one Redis has its own.
    name: str = "banshi"

    def __post_init__(self) -> None:
        _check(self.url)
        if not NAME.fullmatch(self.name):
            raise ValueError("name has to be 1 to 32 letters, digits, - and _")
        if told := lacking("redis"):
            raise ValueError(f"it is wanted, and {told}")
        if "+" not in self.url.partition("://")[0]:
            try:
                # It connects to nothing yet, and knows every parameter.
                made: Any = client_of(self.url)
                made.connection_pool.make_connection()
            except (TypeError, ValueError) as error:
                raise ValueError(f"url has a parameter that means nothing to redis-py: {error}") from None


def _check(url: str) -> None:
    """Raise ValueError for a URL that leads nowhere, without the password. What only Redis can say is not asked."""
    scheme, separator, rest = url.partition("://")
    parts = parts_of(url)
    if not separator or scheme not in SCHEMES:
        raise ValueError(f"url has to begin with one of {', '.join(f'{one}://' for one in SCHEMES)}")
    if "+" in scheme:
        hosts_of(url)
    if scheme.endswith("+cluster") and (parts.path.strip("/") or parts.query):
        raise ValueError("url of a Cluster has hosts alone: it has one database, and no parameters are taken")
    if scheme.endswith("+sentinel"):
        _service(parts.path)
        if unknown := {name for name, _ in parse_qsl(parts.query)} - SENTINEL_PARAMETERS:
            raise ValueError(f"url has parameters that mean nothing: {', '.join(sorted(unknown))}")
    elif "+" not in scheme and scheme != "unix" and not urlsplit(url).hostname:
        raise ValueError("url lacks the host, as in redis://cache.example:6379/0")
    elif scheme == "unix" and not rest.strip("/"):
        raise ValueError("url lacks the path of the socket, as in unix:///run/redis/redis.sock")


def client_of(url: str) -> Redis | RedisCluster:
    """A client that isn't connected yet, and fails at once where Redis is away: its caller tries again."""
    from redis.asyncio import Redis, Sentinel
    from redis.asyncio.cluster import ClusterNode, RedisCluster
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    scheme = url.partition("://")[0]
    common: dict[str, Any] = {"socket_connect_timeout": CONNECT_TIMEOUT_S, "socket_timeout": ANSWER_TIMEOUT_S}
    common["retry"] = Retry(NoBackoff(), 0)
    if "+" not in scheme:
        return Redis.from_url(url, **common)
    parts = parts_of(url)
    username, _, password = parts.user.removesuffix("@").partition(":")
    common |= {"username": unquote(username) or None, "password": unquote(password) or None}
    if scheme.startswith("rediss"):
        common["ssl"] = True
    if scheme.endswith("+cluster"):
        nodes = [ClusterNode(host, port or PORT) for host, port in hosts_of(url)]
        # A node that has moved is asked for once more.
        return RedisCluster(startup_nodes=nodes, **{**common, "retry": Retry(NoBackoff(), 1)})
    name, database = _service(parts.path)
    asked = dict(parse_qsl(parts.query))
    own = {**common, "username": asked.get("sentinel_username"), "password": asked.get("sentinel_password")}
    sentinels = [(host, port or SENTINEL_PORT) for host, port in hosts_of(url)]
    sentinel = Sentinel(sentinels, sentinel_kwargs=own, **common)  # type: ignore[no-untyped-call]
    master: Redis = sentinel.master_for(name, db=database)
    return master


async def answered(question: Awaitable[T]) -> T:
    """What a question to Redis gives, for work that is cancelled when the server stops.

    redis-py now and then takes a cancellation that comes with an answer for none: it is asked in a task of its own.
    """
    import asyncio  # here: whoever only reads settings runs no loop

    asking = asyncio.ensure_future(question)
    try:
        await asyncio.wait([asking])
    except asyncio.CancelledError:
        asking.cancel()
        asking.add_done_callback(lambda task: task.cancelled() or task.exception())
        raise
    return asking.result()


def _service(path: str) -> tuple[str, int]:
    """The name under which Sentinels know the master, and the database there. Raises ValueError."""
    match = re.fullmatch(r"/([A-Za-z0-9._-]+)(?:/(\d{1,4}))?", path)
    if match is None:
        raise ValueError("url lacks the master's name, as in redis+sentinel://a:26379,b:26379/mymaster/0")
    return match[1], int(match[2] or 0)
