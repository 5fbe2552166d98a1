"""`banshi client`: integrators' programs and their secrets."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from banshi import configured, database

from .tokens import digest_of

if TYPE_CHECKING:
    from .models import ApiClient

MODES = ("test", "team", "live")

#: Days for which the secret before goes on being good, unless somebody says otherwise, and at most.
OVERLAP, LONGEST_OVERLAP = 7, 90


@click.group("client")
def client() -> None:
    """Let integrators' programs call the API."""


@client.command("add")
@click.argument("name")
@click.option("--contact", required=True, help="Whom to call when the program does harm: an address, a telephone.")
@click.option("--scope", "scopes", multiple=True, help="What it may do: a verb, or a verb within one department.")
@click.option("--mode", type=click.Choice(MODES), default="test", show_default=True)
@click.pass_context
def add(ctx: click.Context, name: str, contact: str, scopes: tuple[str, ...], mode: str) -> None:
    """Add a client called NAME, and show its secret, once."""
    registry = configured(ctx)
    verbs = {route.scope for _, route in registry.routes if route.scope}
    for text, what, most in ((name, "NAME", 100), (contact, "--contact", 255)):
        if not text.strip() or not text.isprintable() or len(text) > most:
            raise click.ClickException(f"{what} has to be one line of 1 to {most} characters")
    if wrong := [fault for scope in scopes if (fault := _fault(scope, verbs, registry.departments))]:
        raise click.ClickException("; ".join(wrong))
    told = asyncio.run(_added(registry, name.strip(), contact.strip(), sorted(set(scopes)), mode))
    _show(*told, note="The secret is shown this once. The program takes its tokens at POST /oauth/token.")


@client.command("rotate")
@click.argument("client_id")
@click.option(
    "--overlap",
    type=click.IntRange(0, LONGEST_OVERLAP),
    default=OVERLAP,
    show_default=True,
    help="Days for which the secret before is still good; with 0 it ends at once, and so does every token.",
)
@click.pass_context
def rotate(ctx: click.Context, client_id: str, overlap: int) -> None:
    """Give CLIENT_ID a new secret, and show it, once."""
    told = asyncio.run(_rotated(configured(ctx), client_id, timedelta(days=overlap)))
    ends = f"The secret before ends in {overlap} days." if overlap else "The secret before has ended, and every token."
    _show(*told, note=f"The secret is shown this once. {ends}")


@client.command("revoke")
@click.argument("client_id")
@click.pass_context
def revoke(ctx: click.Context, client_id: str) -> None:
    """Let CLIENT_ID do nothing any more; running servers know it within 5 seconds."""
    asyncio.run(_revoked(configured(ctx), client_id))
    click.echo(f"{client_id} is revoked")


@client.command("list")
@click.pass_context
def list_(ctx: click.Context) -> None:
    """List the clients, with what they may do and when their secrets were last used."""
    for line in asyncio.run(_listed(configured(ctx))):
        click.echo(line)


def _fault(scope: str, verbs: Iterable[str], departments: Iterable[str]) -> str:
    """What is wrong with a scope; "" for a right one."""
    verb, colon, department = scope.partition(":")
    if verb not in verbs:
        known = ", ".join(sorted(verbs)) or "none: no plugin in plugins.toml has routes for integrators that take one"
        return f"--scope {scope}: there is no verb {verb!r}; there are: {known}"
    if colon and department not in departments:
        return f"--scope {scope}: there is no department {department!r}; there are: {', '.join(sorted(departments))}"
    return ""


def _show(client_id: str, secret: str, *, note: str) -> None:
    click.echo(f"client_id      {client_id}")
    click.echo(f"client_secret  {secret}")
    click.echo(note, err=True)


def _new_secret() -> str:
    return "bcs_" + secrets.token_urlsafe(32)


async def _added(registry: Any, name: str, contact: str, scopes: list[str], mode: str) -> tuple[str, str]:
    from banshi import Write

    from .models import ApiClient, ClientSecret

    now, secret = datetime.now(UTC), _new_secret()
    one = ApiClient(id=f"bc_{secrets.token_hex(8)}", name=name, contact=contact, mode=mode)
    one.scopes, one.created_at = scopes, now
    async with database(registry) as store:
        await store.commit(Write(rows=[one, ClientSecret(digest=digest_of(secret), client=one.id, created_at=now)]))
    return one.id, secret


async def _rotated(registry: Any, client_id: str, overlap: timedelta) -> tuple[str, str]:
    from banshi import Update, Write

    from .models import AccessToken, ApiClient, ClientSecret

    now, secret = datetime.now(UTC), _new_secret()
    ends = now + overlap
    async with database(registry) as store:
        one = await _found(client_id)
        updates = [
            Update(ApiClient, {"id": one.id, "revoked_at__isnull": True}, {"name": one.name}),
            # What ends sooner stays so.
            Update(ClientSecret, {"client": one.id, "expires_at__gt": ends}, {"expires_at": ends}, rows=None),
            Update(ClientSecret, {"client": one.id, "expires_at__isnull": True}, {"expires_at": ends}, rows=None),
        ]
        if not overlap:
            updates.append(Update(AccessToken, {"client": one.id}, {"expires_at": now}, rows=None))
        row = ClientSecret(digest=digest_of(secret), client=one.id, created_at=now)
        await store.commit(Write(updates=updates, rows=[row]))
    return client_id, secret


async def _revoked(registry: Any, client_id: str) -> None:
    from .models import AccessToken, ApiClient

    async with database(registry):
        one = await _found(client_id)
        await ApiClient.filter(id=one.id).update(revoked_at=datetime.now(UTC))
        await AccessToken.filter(client=one.id).delete()


async def _found(client_id: str) -> ApiClient:
    from .models import ApiClient

    one = await ApiClient.get_or_none(id=client_id)
    if one is None:
        raise click.ClickException(f"there is no client {client_id!r}; `banshi client list` shows them all")
    if one.revoked_at is not None:
        raise click.ClickException(f"{client_id} was revoked; add another client")
    return one


async def _listed(registry: Any) -> list[str]:
    from .models import ApiClient, ClientSecret

    zone = registry.configuration.settings.timezone
    async with database(registry):
        clients = await ApiClient.all().order_by("created_at", "id")
        rows = await ClientSecret.all().order_by("created_at")
    lines = []
    for one in clients:
        state = f"revoked {_day(one.revoked_at, zone)}" if one.revoked_at else one.mode
        lines.append(f"{one.id}  {state}  {one.name}  ({one.contact})  may: {', '.join(one.scopes) or 'nothing yet'}")
        for row in rows:
            if row.client == one.id:
                used = f"last used {_day(row.last_used_at, zone)}" if row.last_used_at else "never used"
                ends = f", ends {_day(row.expires_at, zone)}" if row.expires_at else ""
                lines.append(f"    secret of {_day(row.created_at, zone)}  {used}{ends}")
    return lines or ["no clients yet; `banshi client add NAME --contact …` adds one"]


def _day(moment: datetime, zone: Any) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
