"""`banshi token`: a bearer token for trying the platform out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from banshi.kernel.loading.cli_context import config_of

if TYPE_CHECKING:
    from banshi.kernel.loading.configuration import Configuration

#: What stands in a role in place of a department, for those who run the platform as a whole.
ELSEWHERE = ("platform",)


@click.command("token")
@click.argument("subject")
@click.option("--name", default="", help="The person's name.")
@click.option("--role", "roles", multiple=True, help="department:role or department/unit:role; may be repeated.")
@click.option("--resident-id", default="", help="The citizen's number that the identity provider would have verified.")
@click.option("--hours", default=24, show_default=True, type=click.IntRange(1, 24 * 365), help="How long it is valid.")
@click.pass_context
def command(ctx: click.Context, subject: str, name: str, roles: tuple[str, ...], resident_id: str, hours: int) -> None:
    """Print a token for SUBJECT: a citizen, or staff where roles are given.

    For development only: it refuses to work once plugins.toml names an identity provider.
    """
    from banshi.builtin.identity.development import development_token
    from banshi.foundation.findings import ConfigurationError
    from banshi.kernel.loading.configuration import make_folders, read_configuration
    from banshi.ops import development

    configuration = read_configuration(config_of(ctx))
    settings = configuration.settings
    if settings.identity is None:
        if refused := [one for one in development.findings(configuration) if not one.warning]:
            # No server begins on it that would take the token.
            raise ConfigurationError(refused)
        make_folders(settings, keys=True)
        if roles:
            _check_roles(configuration, roles)
    try:
        lifetime = hours * 3600
        click.echo(
            development_token(settings, subject, name=name, roles=roles, resident_id=resident_id, lifetime=lifetime)
        )
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def _check_roles(configuration: Configuration, roles: tuple[str, ...]) -> None:
    """Raise ClickException for a role that nothing would ask for: the server refuses it."""
    from banshi.app import inspected
    from banshi.builtin.identity.access import Access
    from banshi.kernel.http.callers import parse_role

    registry, found = inspected(configuration)
    if any(not finding.warning for finding in found):
        return  # what is wrong with the plugins is for `banshi check` to say
    access = Access(registry)
    for role in filter(None, map(parse_role, roles)):
        if not access.knows(role):
            told = f"nothing here asks for the role {role.name}; there are {', '.join(sorted(access.names()))}"
            raise click.ClickException(told)
        if role.department not in {*registry.departments, *ELSEWHERE}:
            known = ", ".join(sorted(registry.departments))
            click.echo(
                f"There is no department {role.department} here, so {role} gets nothing; there are {known}.", err=True
            )
