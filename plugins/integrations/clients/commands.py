"""`banshi client`: integrators' programs and their secrets."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from banshi.sdk.database import configured, database

from .keys import new_key
from .tokens import digest_of

if TYPE_CHECKING:
    from .models import ApiClient, ApiKey

MODES = ("test", "team", "live")

#: Days for which the secret before goes on being good, unless somebody says otherwise, and at most.
OVERLAP, LONGEST_OVERLAP = 7, 90

TEAM = click.option(
    "--team", multiple=True, metavar="SUBJECT", help="With the mode team: a person for whom it may make cases."
)


@click.group("client")
def client() -> None:
    """Let integrators' programs call the API."""


@client.command("add")
@click.argument("name")
@click.option("--contact", required=True, help="Whom to call when the program does harm: an address, a telephone.")
@click.option("--scope", "scopes", multiple=True, help="What it may do: a verb, or a verb within one department.")
@click.option("--mode", type=click.Choice(MODES), default="test", show_default=True)
@TEAM
@click.pass_context
def add(ctx: click.Context, name: str, contact: str, scopes: tuple[str, ...], mode: str, team: tuple[str, ...]) -> None:
    """Add a client called NAME, and show its secret, once."""
    registry = configured(ctx)
    verbs = {route.scope for _, route in registry.routes if route.scope}
    for text, what, most in ((name, "NAME", 100), (contact, "--contact", 255)):
        if not text.strip() or not text.isprintable() or len(text) > most:
            raise click.ClickException(f"{what} has to be one line of 1 to {most} characters")
    if wrong := [fault for scope in scopes if (fault := _fault(scope, verbs, registry.departments))]:
        raise click.ClickException("; ".join(wrong))
    _check_team(mode, team, team)
    given = {"mode": mode, "team": sorted(set(team)) or None}
    told = asyncio.run(_added(registry, name.strip(), contact.strip(), sorted(set(scopes)), given))
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


@client.command("mode")
@click.argument("client_id")
@click.argument("mode", type=click.Choice(MODES))
@TEAM
@click.pass_context
def mode_(ctx: click.Context, client_id: str, mode: str, team: tuple[str, ...]) -> None:
    """Let CLIENT_ID be of another MODE from now on; the cases that it has made stay what they are."""
    asyncio.run(_moved(configured(ctx), client_id, mode, team))
    click.echo(f"{client_id} is {mode}; running servers know it within 5 seconds")
    click.echo("What it has made so far stays what it was; test cases leave by themselves.", err=True)


@client.command("list")
@click.pass_context
def list_(ctx: click.Context) -> None:
    """List the clients, with what they may do and when their secrets and keys were last used."""
    for line in asyncio.run(_listed(configured(ctx))):
        click.echo(line)


@client.group("key")
def key() -> None:
    """Give clients keys for standards that know no tokens, such as Open311."""


@key.command("add")
@click.argument("client_id")
@click.option("--scope", "scopes", multiple=True, help="What the key allows: of the client's scopes; all by default.")
@click.pass_context
def add_key(ctx: click.Context, client_id: str, scopes: tuple[str, ...]) -> None:
    """Give CLIENT_ID a key, and show it, once."""
    name, secret = asyncio.run(_key_added(configured(ctx), client_id, sorted(set(scopes))))
    click.echo(f"key      {name}")
    click.echo(f"api_key  {secret}")
    click.echo(f"The key is shown this once. It is good until `banshi client key revoke {name}`.", err=True)


@key.command("revoke")
@click.argument("name")
@click.pass_context
def revoke_key(ctx: click.Context, name: str) -> None:
    """Let the key NAME be good for nothing any more, at once; `banshi client list` shows the names."""
    asyncio.run(_key_revoked(configured(ctx), name))
    click.echo(f"{name} is revoked")


def _fault(scope: str, verbs: Iterable[str], departments: Iterable[str]) -> str:
    """What is wrong with a scope; "" for a right one."""
    verb, colon, department = scope.partition(":")
    if verb not in verbs:
        known = ", ".join(sorted(verbs)) or "none: no plugin in plugins.toml has routes for integrators that take one"
        return f"--scope {scope}: there is no verb {verb!r}; there are: {known}"
    if colon and department not in departments:
        return f"--scope {scope}: there is no department {department!r}; there are: {', '.join(sorted(departments))}"
    return ""


def _check_team(mode: str, given: Iterable[str], team: Iterable[str]) -> None:
    """Whether `team`, of whom some are `given` now, is one for that mode."""
    for subject in given:
        if not 0 < len(subject) <= 255 or not subject.isprintable() or subject.startswith("client:"):
            raise click.ClickException(f"--team {subject!r}: give a person's subject, as the identity provider says it")
    if given and mode != "team":
        raise click.ClickException(f"--team goes with the mode team, and not with {mode}")
    if mode == "team" and not team:
        raise click.ClickException("say with --team SUBJECT who is on the team; for nobody else it makes cases")


def _show(client_id: str, secret: str, *, note: str) -> None:
    click.echo(f"client_id      {client_id}")
    click.echo(f"client_secret  {secret}")
    click.echo(note, err=True)


def _new_secret() -> str:
    return "bcs_" + secrets.token_urlsafe(32)


async def _added(registry: Any, name: str, contact: str, scopes: list[str], given: dict[str, Any]) -> tuple[str, str]:
    from banshi import Write

    from .models import ApiClient, ClientSecret

    now, secret = datetime.now(UTC), _new_secret()
    one = ApiClient(id=f"bc_{secrets.token_hex(8)}", name=name, contact=contact, **given)
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


async def _moved(registry: Any, client_id: str, mode: str, team: tuple[str, ...]) -> None:
    from .models import ApiClient

    async with database(registry):
        one = await _found(client_id)
        _check_team(mode, team, team or one.team or ())
        # Whoever was on the team stays on it, until another one is given.
        values = {"mode": mode, **({"team": sorted(set(team))} if team else {})}
        await ApiClient.filter(id=one.id, revoked_at=None).update(**values)


async def _revoked(registry: Any, client_id: str) -> None:
    from .models import AccessToken, ApiClient

    async with database(registry):
        one = await _found(client_id)
        await ApiClient.filter(id=one.id).update(revoked_at=datetime.now(UTC))
        await AccessToken.filter(client=one.id).delete()


async def _key_added(registry: Any, client_id: str, scopes: list[str]) -> tuple[str, str]:
    from banshi import Update, Write

    from .models import ApiClient, ApiKey

    secret = new_key()
    async with database(registry) as store:
        one = await _found(client_id)
        may = ", ".join(one.scopes) or "nothing yet"
        if beyond := [scope for scope in scopes if not one.may_have(scope)]:
            raise click.ClickException(f"--scope {beyond[0]}: {client_id} may not have it; it may have: {may}")
        if not one.scopes:
            raise click.ClickException(f"{client_id} may do nothing yet: add a client with --scope")
        row = ApiKey(digest=digest_of(secret), name=f"bk_{secrets.token_hex(6)}", client=one.id)
        row.scopes, row.created_at = scopes or one.scopes, datetime.now(UTC)
        live = Update(ApiClient, {"id": one.id, "revoked_at__isnull": True}, {"name": one.name})
        await store.commit(Write(updates=[live], rows=[row]))
    return row.name, secret


async def _key_revoked(registry: Any, name: str) -> None:
    from .models import ApiKey

    async with database(registry):
        if not await ApiKey.filter(name=name, revoked_at=None).update(revoked_at=datetime.now(UTC)):
            raise click.ClickException(f"there is no key {name!r} that is good; `banshi client list` shows them all")


async def _found(client_id: str) -> ApiClient:
    from .models import ApiClient

    one = await ApiClient.get_or_none(id=client_id)
    if one is None:
        raise click.ClickException(f"there is no client {client_id!r}; `banshi client list` shows them all")
    if one.revoked_at is not None:
        raise click.ClickException(f"{client_id} was revoked; add another client")
    return one


async def _listed(registry: Any) -> list[str]:
    from .models import ApiClient, ApiKey, ClientSecret

    zone = registry.configuration.settings.timezone
    async with database(registry):
        clients = await ApiClient.all().order_by("created_at", "id")
        rows = await ClientSecret.all().order_by("created_at")
        keys = await ApiKey.all().order_by("created_at")
    lines = []
    for one in clients:
        mode = f"team of {', '.join(one.team or ())}" if one.mode == "team" else one.mode
        state = f"revoked {_day(one.revoked_at, zone)}" if one.revoked_at else mode
        lines.append(f"{one.id}  {state}  {one.name}  ({one.contact})  may: {', '.join(one.scopes) or 'nothing yet'}")
        for row in rows:
            if row.client == one.id:
                used = f"last used {_day(row.last_used_at, zone)}" if row.last_used_at else "never used"
                ends = f", ends {_day(row.expires_at, zone)}" if row.expires_at else ""
                lines.append(f"    secret of {_day(row.created_at, zone)}  {used}{ends}")
        lines += [_key_line(row, zone) for row in keys if row.client == one.id]
    return lines or ["no clients yet; `banshi client add NAME --contact …` adds one"]


def _key_line(row: ApiKey, zone: Any) -> str:
    used = f"last used {_day(row.last_used_at, zone)}" if row.last_used_at else "never used"
    ended = f", revoked {_day(row.revoked_at, zone)}" if row.revoked_at else ""
    return f"    key {row.name} of {_day(row.created_at, zone)}  {used}{ended}  may: {', '.join(row.scopes)}"


def _day(moment: datetime, zone: Any) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
