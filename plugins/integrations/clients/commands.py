"""`banshi client`: integrators' programs and their secrets."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

import click

from banshi.sdk.database import audited, configured, coroutine_command, database

from .keys import new_key
from .tokens import digest_of

if TYPE_CHECKING:
    from .models import ApiClient, ApiKey, ClientSecret

MODES = ("test", "team", "live")

#: Days for which the secret before goes on being good, unless somebody says otherwise, and at most.
OVERLAP_DAYS, MAX_OVERLAP_DAYS = 7, 90

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
@coroutine_command
@audited("name", "scopes", "mode")
async def add(
    ctx: click.Context, name: str, contact: str, scopes: tuple[str, ...], mode: str, team: tuple[str, ...]
) -> None:
    """Add a client called NAME, and show its secret, once."""
    from banshi import Write

    from .models import ApiClient

    registry = configured(ctx)
    verbs = {route.scope for _, route in registry.routes if route.scope}
    for text, what, most in ((name, "NAME", 100), (contact, "--contact", 255)):
        if not text.strip() or not text.isprintable() or len(text) > most:
            raise click.ClickException(f"{what} has to be one line of 1 to {most} characters")
    if wrong := [fault for scope in scopes if (fault := _fault(scope, verbs, registry.departments))]:
        raise click.ClickException("; ".join(wrong))
    _check_team(mode, team, team)
    one = ApiClient(id=f"bc_{secrets.token_hex(8)}", name=name.strip(), contact=contact.strip(), mode=mode)
    one.team, one.scopes, one.created_at = sorted(set(team)) or None, sorted(set(scopes)), datetime.now(UTC)
    secret, row = _new_secret(one)
    async with database(registry) as store:
        await store.commit(Write(rows=[one, row]))
    _show(one.id, secret, note="The secret is shown this once. The program takes its tokens at POST /oauth/token.")


@client.command("rotate")
@click.argument("client_id")
@click.option(
    "--overlap",
    type=click.IntRange(0, MAX_OVERLAP_DAYS),
    default=OVERLAP_DAYS,
    show_default=True,
    help="Days for which the secret before is still good; with 0 it ends at once, and so does every token.",
)
@coroutine_command
@audited("client_id", "overlap")
async def rotate(ctx: click.Context, client_id: str, overlap: int) -> None:
    """Give CLIENT_ID a new secret, and show it, once."""
    from banshi import Update, Write

    from .models import AccessToken, ApiClient, ClientSecret

    async with database(configured(ctx)) as store:
        one = await _found(client_id)
        secret, row = _new_secret(one)
        ends = row.created_at + timedelta(days=overlap)
        updates = [
            Update(ApiClient, {"id": one.id, "revoked_at__isnull": True}, {"name": one.name}),
            # What ends sooner stays so.
            Update(ClientSecret, {"client": one.id, "expires_at__gt": ends}, {"expires_at": ends}, rows=None),
            Update(ClientSecret, {"client": one.id, "expires_at__isnull": True}, {"expires_at": ends}, rows=None),
        ]
        if not overlap:
            updates.append(Update(AccessToken, {"client": one.id}, {"expires_at": ends}, rows=None))
        await store.commit(Write(updates=updates, rows=[row]))
    told = f"The secret before ends in {overlap} days." if overlap else "The secret before has ended, and every token."
    _show(client_id, secret, note=f"The secret is shown this once. {told}")


@client.command("revoke")
@click.argument("client_id")
@coroutine_command
@audited("client_id")
async def revoke(ctx: click.Context, client_id: str) -> None:
    """Let CLIENT_ID do nothing any more; running servers know it within 5 seconds."""
    from .models import AccessToken, ApiClient

    async with database(configured(ctx)):
        one = await _found(client_id)
        await ApiClient.filter(id=one.id).update(revoked_at=datetime.now(UTC))
        await AccessToken.filter(client=one.id).delete()
    click.echo(f"{client_id} is revoked")


@client.command("mode")
@click.argument("client_id")
@click.argument("mode", type=click.Choice(MODES))
@TEAM
@coroutine_command
@audited("client_id", "mode")
async def mode_(ctx: click.Context, client_id: str, mode: str, team: tuple[str, ...]) -> None:
    """Let CLIENT_ID be of another MODE from now on; the cases that it has made stay what they are."""
    from .models import ApiClient

    async with database(configured(ctx)):
        one = await _found(client_id)
        _check_team(mode, team, team or one.team or ())
        # Whoever was on the team stays on it, until another one is given.
        values = {"mode": mode, **({"team": sorted(set(team))} if team else {})}
        await ApiClient.filter(id=one.id, revoked_at=None).update(**values)
    click.echo(f"{client_id} is {mode}; running servers know it within 5 seconds")
    click.echo("What it has made so far stays what it was; test cases leave by themselves.", err=True)


@client.command("list")
@coroutine_command
async def list_(ctx: click.Context) -> None:
    """List the clients, with what they may do and when their secrets and keys were last used."""
    from .models import ApiClient, ApiKey, ClientSecret

    registry = configured(ctx)
    zone = registry.configuration.settings.timezone
    async with database(registry):
        clients = await ApiClient.all().order_by("created_at", "id")
        held_secrets = await ClientSecret.all().order_by("created_at")
        keys = await ApiKey.all().order_by("created_at")
    if not clients:
        click.echo("no clients yet; `banshi client add NAME --contact …` adds one")
    for one in clients:
        mode = f"team of {', '.join(one.team or ())}" if one.mode == "team" else one.mode
        state = f"revoked {_day(one.revoked_at, zone)}" if one.revoked_at else mode
        click.echo(f"{one.id}  {state}  {one.name}  ({one.contact})  may: {', '.join(one.scopes) or 'nothing yet'}")
        for held in held_secrets:
            if held.client == one.id:
                ends = f", ends {_day(held.expires_at, zone)}" if held.expires_at else ""
                click.echo(f"    secret of {_day(held.created_at, zone)}  {_used(held, zone)}{ends}")
        for row in keys:
            if row.client == one.id:
                ended = f", revoked {_day(row.revoked_at, zone)}" if row.revoked_at else ""
                said = f"{_day(row.created_at, zone)}  {_used(row, zone)}{ended}  may: {', '.join(row.scopes)}"
                click.echo(f"    key {row.name} of {said}")


@client.group("key")
def key() -> None:
    """Give clients keys for standards that know no tokens, such as Open311."""


@key.command("add")
@click.argument("client_id")
@click.option("--scope", "scopes", multiple=True, help="What the key allows: of the client's scopes; all by default.")
@coroutine_command
@audited("client_id", "scopes")
async def add_key(ctx: click.Context, client_id: str, scopes: tuple[str, ...]) -> None:
    """Give CLIENT_ID a key, and show it, once."""
    from banshi import Update, Write

    from .models import ApiClient, ApiKey

    secret = new_key()
    async with database(configured(ctx)) as store:
        one = await _found(client_id)
        may = ", ".join(one.scopes) or "nothing yet"
        wanted = sorted(set(scopes))
        if beyond := [scope for scope in wanted if not one.may_have(scope)]:
            raise click.ClickException(f"--scope {beyond[0]}: {client_id} may not have it; it may have: {may}")
        if not one.scopes:
            raise click.ClickException(f"{client_id} may do nothing yet: add a client with --scope")
        row = ApiKey(digest=digest_of(secret), name=f"bk_{secrets.token_hex(6)}", client=one.id)
        row.scopes, row.created_at = wanted or one.scopes, datetime.now(UTC)
        live = Update(ApiClient, {"id": one.id, "revoked_at__isnull": True}, {"name": one.name})
        await store.commit(Write(updates=[live], rows=[row]))
    click.echo(f"key      {row.name}")
    click.echo(f"api_key  {secret}")
    click.echo(f"The key is shown this once. It is good until `banshi client key revoke {row.name}`.", err=True)


@key.command("revoke")
@click.argument("name")
@coroutine_command
@audited("name")
async def revoke_key(ctx: click.Context, name: str) -> None:
    """Let the key NAME be good for nothing any more, at once; `banshi client list` shows the names."""
    from .models import ApiKey

    async with database(configured(ctx)):
        if not await ApiKey.filter(name=name, revoked_at=None).update(revoked_at=datetime.now(UTC)):
            raise click.ClickException(f"there is no key {name!r} that is good; `banshi client list` shows them all")
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


def _new_secret(client: ApiClient) -> tuple[str, ClientSecret]:
    """A secret, and its row."""
    from .models import ClientSecret

    secret = "bcs_" + secrets.token_urlsafe(32)
    return secret, ClientSecret(digest=digest_of(secret), client=client.id, created_at=datetime.now(UTC))


async def _found(client_id: str) -> ApiClient:
    from .models import ApiClient

    one = await ApiClient.get_or_none(id=client_id)
    if one is None:
        raise click.ClickException(f"there is no client {client_id!r}; `banshi client list` shows them all")
    if one.revoked_at is not None:
        raise click.ClickException(f"{client_id} was revoked; add another client")
    return one


def _used(row: ClientSecret | ApiKey, zone: tzinfo) -> str:
    return f"last used {_day(row.last_used_at, zone)}" if row.last_used_at else "never used"


def _day(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
