"""What the subcommands of `banshi` share: what plugins.toml describes, read once for a command, and who runs it."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, TypeVar

if TYPE_CHECKING:
    import click

    from banshi.foundation.findings import Finding
    from banshi.kernel.loading.registry import Registry
    from banshi.kernel.loading.settings import Settings

P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., Any])

#: Characters of the name that operators give.
MAX_NAME = 100

#: Where a command keeps what it has read.
KEPT = "banshi.registry"


def coroutine_command(command: Callable[Concatenate[click.Context, P], Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Let a coroutine be a command. It is given click's context before its arguments and options."""
    import asyncio

    import click

    @click.pass_context
    @wraps(command)
    def run(ctx: click.Context, /, *args: P.args, **options: P.kwargs) -> None:
        asyncio.run(command(ctx, *args, **options))

    return run


class Trace(NamedTuple):
    """What the entry of a command has beside its name and the operator's; a parameter `purpose` is always in it."""

    #: Parameters that say what it does and hold no secret.
    about: tuple[str, ...] = ()
    #: The parameter that names the person whose data it reads or changes.
    whose: str = ""


def audited(*about: str, whose: str = "") -> Callable[[F], F]:
    """Say what stands in the entry of a command. One that says nothing leaves an entry with its name."""

    def mark(command: F) -> F:
        command.trace = Trace(about, whose)  # type: ignore[attr-defined]
        return command

    return mark


def unaudited(command: F) -> F:
    """Let a command that opens the database leave no entry: it changes nothing, and shows nothing of anybody."""
    command.trace = None  # type: ignore[attr-defined]
    return command


def operator_of(ctx: click.Context) -> str:
    """Who runs a command: the account of the system, and before it whom they say they are where that is another."""
    try:
        account = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in a container an account may have no name
        account = f"account {os.getuid()}"
    said = ctx.find_root().params.get("operator") or os.environ.get("SUDO_USER", "")
    said = "".join(sign for sign in said if sign.isprintable())[:MAX_NAME]
    return f"{said} ({account})" if said not in {"", account} else account


def config_of(ctx: click.Context) -> Path:
    """The plugins.toml that the command is about."""
    return Path(ctx.find_root().params.get("config") or "plugins.toml")


def settings_of(ctx: click.Context) -> Settings:
    """The platform's settings in it; no plugin is loaded."""
    from banshi.kernel.loading.configuration import read_configuration

    return read_configuration(config_of(ctx)).settings


def registry_of(ctx: click.Context) -> tuple[Registry, list[Finding]]:
    """The registry of the plugins.toml that `banshi --config` names, as far as it can be read, and every finding.

    Of Banshi's own plugins it has the kinds of item alone, which all others do without.

    Raises ConfigurationError where there is no such file or it is no configuration.
    """
    from banshi.default_plugins import default_kinds
    from banshi.kernel.loading.configuration import read_configuration
    from banshi.kernel.loading.loader import inspect_plugins

    if KEPT not in ctx.meta:
        ctx.meta[KEPT] = inspect_plugins(read_configuration(config_of(ctx)), default_kinds())
    found: tuple[Registry, list[Finding]] = ctx.meta[KEPT]
    return found


def configured(ctx: click.Context) -> Registry:
    """The registry of the plugins.toml that `banshi --config` names. Raises ConfigurationError with every finding."""
    from banshi.foundation.findings import ConfigurationError

    registry, found = registry_of(ctx)
    if errors := [finding for finding in found if not finding.warning]:
        raise ConfigurationError(errors)
    return registry
