"""Redis, where the settings name one: there, new enough, and not made to throw away what it was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from banshi.foundation.servers.redis_client import client_of
from banshi.kernel.runtime.examinations import Deployment, Verdict

#: The oldest version that knows all that is asked of it.
MIN_VERSION = (6, 2)


async def examine(deployment: Deployment) -> Sequence[Verdict]:
    settings = deployment.registry.configuration.settings.redis
    if settings is None:
        return []
    client: Any = client_of(settings.url)
    try:
        await client.ping()
        told = _one(await client.info("server"))
        memory = _one(await client.info("memory"))
        heard = await client.execute_command("PUBSUB", "NUMSUB", f"{settings.name}:signals")
    except Exception as error:  # whatever keeps Redis from answering is what is looked for
        advice = f"it can't be used ({type(error).__name__}): mend platform.redis.url or what it names"
        return [Verdict("redis", "error", f"{advice}; until then everything goes on, slower")]
    finally:
        await client.aclose()
    return [_version(str(told.get("redis_version", ""))), _policy(memory), _name(settings.name, heard)]


def _one(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """What one server says; a Cluster tells it by node."""
    first = next(iter(told.values()), None)
    return first if isinstance(first, Mapping) else told


def _version(text: str) -> Verdict:
    numbers = tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())
    if numbers < MIN_VERSION:
        return Verdict("redis", "warning", f"Redis {text or 'of no known version'}: upgrade to 6.2 or newer")
    return Verdict("redis", "ok", f"Redis {text} answers")


def _policy(memory: Mapping[str, Any]) -> Verdict:
    policy, most = str(memory.get("maxmemory_policy", "noeviction")), int(memory.get("maxmemory", 0))
    if most and policy != "noeviction":
        advice = "set it to noeviction: whoever shares this Redis may push out what others need"
        return Verdict("redis-eviction", "warning", f"maxmemory-policy is {policy}; {advice}")
    return Verdict("redis-eviction", "ok", "nothing is thrown away")


def _name(name: str, heard: Any) -> Verdict:
    count = int(heard[1]) if isinstance(heard, list | tuple) and len(heard) > 1 else 0
    told = f"{count} process{'' if count == 1 else 'es'} listen under the name {name!r}"
    return Verdict(
        "redis-name", "ok", f"{told}; if those are more than this deployment's, give it another platform.redis.name"
    )
