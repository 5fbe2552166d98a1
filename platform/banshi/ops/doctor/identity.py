"""Whom others know: the identity provider, named, and with keys where it may be asked; and the public's own address."""

from __future__ import annotations

from collections.abc import Sequence

from banshi.builtin.identity.jwks import IssuerKeys
from banshi.foundation.errors import Unavailable
from banshi.kernel.loading.outside_systems import Identity
from banshi.kernel.runtime.examinations import Deployment, Verdict
from banshi.ops import development

#: Seconds for each of its answers.
ANSWER_TIMEOUT_S = 5


async def examine(deployment: Deployment) -> Sequence[Verdict]:
    settings = deployment.registry.configuration.settings
    check = "identity-provider" if settings.identity is None else "development"
    said = [
        Verdict(check, "warning" if one.warning else "error", one.advice)
        for one in development.findings(deployment.registry.configuration, deployment.workers)
    ]
    if settings.identity is None:
        return said
    named = Verdict("identity-provider", "ok", f"{settings.identity.issuer} is named; --online asks it")
    said.append(await _asked(settings.identity) if deployment.online else named)
    if settings.address:
        return [*said, Verdict("address", "ok", f"others are told of {settings.address}")]
    advice = "set platform.address to what the public calls: events, exports and discovery documents name it"
    return [*said, Verdict("address", "warning", advice)]


async def _asked(identity: Identity) -> Verdict:
    import aiohttp

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)) as session:
        keys = IssuerKeys(identity, session)
        try:
            found = (await keys.get()).keys
        except Unavailable:
            found = []
        finally:
            await keys.close()
    if not found:
        told = f"{identity.issuer} gives no keys that sign tokens, so nobody gets in: the log above says why"
        return Verdict("identity-provider", "error", told)
    return Verdict("identity-provider", "ok", f"{identity.issuer} gives its keys")
