"""An integrator's program at the door, for tests of the whole API."""

from __future__ import annotations

import importlib

from banshi import Write
from banshi.testing import Door, Person

SECRET = "bcs_of-tests"


async def program_at(door: Door) -> Person:
    """A program whose client may do all that routes ask of programs."""
    models, tokens = (importlib.import_module(f"banshi_plugins.clients.{name}") for name in ("models", "tokens"))
    now, scopes = door.platform.now(), sorted({route.scope for _, route in door.platform.registry.routes} - {""})
    client = models.ApiClient(id="bc_tests", name="Program", contact="ops@example.com", mode="live", created_at=now)
    client.scopes = scopes
    secret = models.ClientSecret(digest=tokens.digest_of(SECRET), client=client.id, created_at=now)
    await door.platform.store.commit(Write(rows=[client, secret]))
    return door.bearing(await door.platform[tokens.TOKENS].give(client, SECRET, scopes))
