"""An integrator's program at the door, for tests of the whole API."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from banshi import Write
from banshi.testing import Door, Person

SECRET = "bcs_of-tests"


async def program_at(
    door: Door, client_id: str = "bc_tests", scopes: Sequence[str] | None = None, mode: str = "live"
) -> Person:
    """A program whose client may do all that routes ask of programs, or what `scopes` say."""
    models, tokens = (importlib.import_module(f"banshi_plugins.clients.{name}") for name in ("models", "tokens"))
    now, secret = door.platform.now(), SECRET + client_id
    scopes = sorted(scopes or {route.scope for _, route in door.platform.registry.routes} - {""})
    client = models.ApiClient(id=client_id, name="Program", contact="ops@example.com", mode=mode, created_at=now)
    client.scopes = scopes
    row = models.ClientSecret(digest=tokens.digest_of(secret), client=client.id, created_at=now)
    await door.platform.store.commit(Write(rows=[client, row]))
    return door.bearing(await door.platform[tokens.TOKENS].give(client, secret, scopes))
