"""The identity provider: named, and where it may be asked, with keys that sign tokens."""

from __future__ import annotations

from collections.abc import Sequence

from banshi.doctor.verdict import Deployment, Verdict
from banshi.errors import Unavailable
from banshi.token_keys import IssuerKeys

#: Seconds for each of its answers.
PATIENCE = 5


async def examine(deployment: Deployment) -> Sequence[Verdict]:
    identity = deployment.registry.configuration.settings.identity
    if identity is None:
        advice = "none is named in platform.identity: only tokens of `banshi token` are accepted"
        return [Verdict("identity-provider", "warning", advice)]
    if not deployment.online:
        return [Verdict("identity-provider", "ok", f"{identity.issuer} is named; --online asks it")]
    import aiohttp

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session:
        keys = IssuerKeys(identity, session)
        try:
            await keys.get()
        except Unavailable:
            told = f"{identity.issuer} gives no keys that sign tokens, so nobody gets in: the log above says why"
            return [Verdict("identity-provider", "error", told)]
        finally:
            await keys.close()
    return [Verdict("identity-provider", "ok", f"{identity.issuer} gives its keys")]
