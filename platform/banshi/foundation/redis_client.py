"""Redis, where the operator has one: a server, a master that Sentinels know, or a Cluster.

It carries what may be lost: signals between processes. Whatever is true stands in SQL.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import ConfigDict

from banshi.foundation.server_addresses import WrongHosts, hosts_of, parts_of

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.cluster import RedisCluster

T = TypeVar("T")

#: What a URL may begin with: a server, with TLS, on a socket of this machine; behind Sentinels; a Cluster.
SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster")

#: Ports where none is said.
PORT, SENTINEL_PORT = 6379, 26379

#: Seconds for connecting, and for an answer.
CONNECT, PATIENCE = 2.0, 5.0

#: What a deployment may be called in Redis.
NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")

#: Parameters that a Sentinel URL may have.
SENTINEL_PARAMETERS = frozenset({"sentinel_username", "sentinel_password"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSettings:
    """The Redis that all processes share. It may be away at any time: everything goes on, slower."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    #: A server (redis://cache:6379/0), or one of redis+sentinel://a:26379,b:26379/master/0 and redis+cluster://a,b.
    url: str
    #: What this deployment's channels and keys begin with; each deployment on one Redis has its own.
    name: str = "banshi"

    def __post_init__(self) -> None:
        check_url(self.url)
        if not NAME.fullmatch(self.name):
            raise ValueError("name has to be 1 to 32 letters, digits, - and _")
        if find_spec("redis") is None:
            raise ValueError("redis-py is not installed; install banshi with the extra `redis`")
        if "+" not in self.url.partition("://")[0]:
            try:
                # It connects to nothing yet, and knows every parameter.
                made: Any = client_of(self.url)
                made.connection_pool.make_connection()
            except (TypeError, ValueError) as error:
                raise WrongUrl(f"url has a parameter that means nothing to redis-py: {error}") from None


class WrongUrl(ValueError):
    """A Redis URL that leads nowhere; the text says what is wrong, without the password."""


def check_url(url: str) -> None:
    """Raise WrongUrl for a URL that can't be one. What only this machine's Redis can say is not asked."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in SCHEMES:
        raise WrongUrl(f"url has to begin with one of {', '.join(f'{one}://' for one in SCHEMES)}")
    if "+" in scheme:
        try:
            hosts_of(url)
        except WrongHosts as error:
            raise WrongUrl(str(error)) from None
    if scheme.endswith("+cluster") and (parts_of(url).path.strip("/") or parts_of(url).query):
        raise WrongUrl("url of a Cluster has hosts alone: it has one database, and no parameters are taken")
    if scheme.endswith("+sentinel"):
        _service(url)
        if unknown := {name for name, _ in parse_qsl(parts_of(url).query)} - SENTINEL_PARAMETERS:
            raise WrongUrl(f"url has parameters that mean nothing: {', '.join(sorted(unknown))}")
    elif "+" not in scheme and scheme != "unix" and not urlsplit(url).hostname:
        raise WrongUrl("url lacks the host, as in redis://cache.example:6379/0")
    elif scheme == "unix" and not rest.strip("/"):
        raise WrongUrl("url lacks the path of the socket, as in unix:///run/redis/redis.sock")


def client_of(url: str) -> Redis | RedisCluster:
    """A client that isn't connected yet, and fails at once where Redis is away: its caller tries again."""
    from redis.asyncio import Redis, Sentinel
    from redis.asyncio.cluster import ClusterNode, RedisCluster
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    scheme = url.partition("://")[0]
    common: dict[str, Any] = {"socket_connect_timeout": CONNECT, "socket_timeout": PATIENCE}
    common["retry"] = Retry(NoBackoff(), 0)
    if "+" not in scheme:
        return Redis.from_url(url, **common)
    username, password = _credentials(url)
    common |= {"username": username, "password": password}
    if scheme.startswith("rediss"):
        common["ssl"] = True
    if scheme.endswith("+cluster"):
        nodes = [ClusterNode(host, port or PORT) for host, port in hosts_of(url)]
        # A node that has moved is asked for once more.
        return RedisCluster(startup_nodes=nodes, **{**common, "retry": Retry(NoBackoff(), 1)})
    name, database = _service(url)
    asked = dict(parse_qsl(parts_of(url).query))
    own = {**common, "username": asked.get("sentinel_username"), "password": asked.get("sentinel_password")}
    sentinels = [(host, port or SENTINEL_PORT) for host, port in hosts_of(url)]
    sentinel = Sentinel(sentinels, sentinel_kwargs=own, **common)  # type: ignore[no-untyped-call]
    master: Redis = sentinel.master_for(name, db=database)
    return master


async def answered(question: Awaitable[T]) -> T:
    """What a question to Redis gives, for work that is cancelled when the server stops.

    redis-py now and then takes a cancellation that comes with an answer for none, and whoever waits for the end of such
    a task waits for good. So it is asked in a task of its own.
    """
    asking = asyncio.ensure_future(question)
    try:
        await asyncio.wait([asking])
    except asyncio.CancelledError:
        asking.cancel()
        asking.add_done_callback(lambda task: task.cancelled() or task.exception())
        raise
    return asking.result()


def _service(url: str) -> tuple[str, int]:
    """The name under which Sentinels know the master, and the database there. Raises WrongUrl."""
    match = re.fullmatch(r"/([A-Za-z0-9._-]+)(?:/(\d{1,4}))?", parts_of(url).path)
    if match is None:
        raise WrongUrl("url lacks the master's name, as in redis+sentinel://a:26379,b:26379/mymaster/0")
    return match[1], int(match[2] or 0)


def _credentials(url: str) -> tuple[str | None, str | None]:
    given = parts_of(url).user.removesuffix("@")
    username, _, password = given.partition(":")
    return unquote(username) or None, unquote(password) or None
