"""`banshi hooks`: what a plugin may hand over, and which of the loaded plugins do."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from banshi.foundation.findings import ConfigurationError, did_you_mean
from banshi.kernel.contract import hookspecs
from banshi.kernel.loading.cli_context import config_of


@click.command("hooks")
@click.argument("hook", required=False)
@click.pass_context
def command(ctx: click.Context, hook: str | None) -> None:
    """List the hooks and who uses each; or show HOOK with its example."""
    known = hooks()
    users = users_of(config_of(ctx))
    if hook is None:
        show_all(known, users)
        return
    if hook not in known:
        from banshi.kernel.loading.importing import farewell

        if retired := hookspecs.RETIRED.get(hook):
            raise click.UsageError(farewell(hook, retired, called=False))
        raise click.UsageError(f"there is no hook {hook}: {did_you_mean(hook, list(known))}")
    show_one(hook, known[hook], users.get(hook, []))


def hooks() -> dict[str, Callable[..., Any]]:
    """Every hook by name, in the order in which hookspecs.py explains them."""
    return {name: spec for name, spec in vars(hookspecs).items() if name.startswith("banshi_")}


def signature_of(name: str, spec: Callable[..., Any]) -> str:
    """A hook as its author writes it: `banshi_handlers(settings: Any) -> Mapping[str, Any]`."""
    return f"{name}{str(inspect.signature(spec)).replace(chr(39), '')}"


def sentence_of(spec: Callable[..., Any]) -> str:
    """The first sentence of a hook's docstring."""
    return re.split(r"\n\s*\n", inspect.getdoc(spec) or "")[0].replace("\n", " ")


def told_of(name: str, spec: Callable[..., Any]) -> str:
    """A hook's sentence, and one more where it is on its way out."""
    retired = hookspecs.RETIRED.get(name)
    return sentence_of(spec) + (f" Retired by version {retired.since}: {retired.instead}." if retired else "")


def users_of(config: Path) -> Mapping[str, list[str]]:
    """Hook → the plugins that use it; none where the configuration can't be read, which `banshi check` explains."""
    from banshi.default_plugins import default_plugins
    from banshi.kernel.loading.configuration import inspect_configuration
    from banshi.kernel.loading.loader import inspect_plugins

    try:
        configuration, _ = inspect_configuration(config)
    except ConfigurationError as error:
        click.secho(f"{error}\nThe hooks, without who uses them:", fg="yellow", err=True)
        return {}
    return inspect_plugins(configuration, default_plugins())[0].hooks


def show_all(known: Mapping[str, Callable[..., Any]], users: Mapping[str, list[str]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        for name, spec in known.items():
            click.echo(f"{name}\n  {told_of(name, spec)}\n  used by: {', '.join(users.get(name, [])) or 'nobody'}")
        return
    table = Table("hook", "what it does", "used by", box=None, pad_edge=False)
    for name, spec in known.items():
        table.add_row(
            f"[bold cyan]{name}", escape(told_of(name, spec)), ", ".join(users.get(name, [])) or "[dim]nobody"
        )
    console.print(table)


def show_one(name: str, spec: Callable[..., Any], users: list[str]) -> None:
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.markup import escape

    console = Console()
    farewell = told_of(name, spec).removeprefix(sentence_of(spec)).strip()
    text = (
        f"{inspect.getdoc(spec)}{farewell and f'{2 * chr(10)}{farewell}'}\n\nUsed by: {', '.join(users) or 'nobody'}."
    )
    if console.is_terminal:
        console.print(f"[bold cyan]{escape(signature_of(name, spec))}", highlight=False)
        console.print(Markdown(text))
    else:
        click.echo(f"{signature_of(name, spec)}\n\n{text}")
