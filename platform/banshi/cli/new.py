"""`banshi new`: a plugin that works, to be changed into one's own."""

from __future__ import annotations

import json
import keyword
import os
from collections.abc import Container
from importlib.resources import files
from pathlib import Path
from string import Template

import click

from banshi.cli import config_of

#: Each file of a new plugin: its place, and the template that it is made from.
FILES = {
    "__init__.py": "__init__.py.template",
    "items.toml": "items.toml.template",
    "forms/event.json": "forms/event.json.template",
    "test_{package}.py": "test_plugin.py.template",
}


@click.command("new")
@click.argument("name")
@click.option("--into", default="plugins/departments", show_default=True, help="Folder, beside plugins.toml.")
@click.pass_context
def command(ctx: click.Context, name: str, into: str) -> None:
    """Make the plugin NAME: one item with a form, behaviour of its own, and a test that passes."""
    from banshi.configuration import inspect_configuration
    from banshi.kinds import KINDS

    config = config_of(ctx)
    configuration, wrong = inspect_configuration(config)
    taken = {*configuration.entries, *(finding.plugin for finding in wrong)} - {"platform"}
    kinds = {module.__name__.rpartition(".")[2] for module in KINDS}
    check_name(name, kinds, {other.replace("-", "_") for other in taken})
    package = name.replace("-", "_")
    folder = config.parent / into / package
    if folder.exists():
        raise click.ClickException(f"{folder} exists already: take another name, or move it away")
    try:
        made = write(folder, name)
    except OSError as error:
        raise click.ClickException(f"{folder} can't be written: {error.strerror}") from None
    path = Path(os.path.relpath(folder, config.parent)).as_posix()
    here = Path(os.path.relpath(folder)).as_posix()
    click.echo(f"Made {here}: {', '.join(made)}\n")
    click.echo(f"Add this to {config}:\n\n[plugins.{name}]\npath = {json.dumps(path, ensure_ascii=False)}\napi = 1\n")
    click.echo(f"Then hold it to the contract:  banshi check {name} --strict")
    click.echo(f"run its test:                  python -m pytest {here}")
    click.echo("and make it your own:          docs/plugins.md explains every file")


def check_name(name: str, kinds: Container[str], taken: Container[str]) -> None:
    """Raise a ClickException that says what to do about a name that a plugin can't have."""
    from banshi.configuration import PLUGIN_NAME, RESERVED

    why = ""
    if not PLUGIN_NAME.match(name):
        why = "use a-z, 0-9 and single hyphens or underscores, and begin with a letter"
    elif name in RESERVED or name in kinds or keyword.iskeyword(name):
        why = "it has a meaning of its own here; name the department, such as parks"
    elif name.replace("-", "_") in taken:
        why = "plugins.toml has a plugin of that name; take another"
    if why:
        raise click.ClickException(f"{name!r} can't be the plugin's name: {why}")


def write(folder: Path, name: str) -> list[str]:
    """Write the plugin; the names of its files."""
    words = name.replace("_", "-")
    known = {"name": name, "slug": words, "title": words.replace("-", " ").capitalize()}
    made = []
    for place, template in FILES.items():
        file = folder / place.format(package=name.replace("-", "_"))
        text = files("banshi").joinpath("template", template).read_text(encoding="utf-8")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(Template(text).substitute(known), encoding="utf-8")
        made.append(file.relative_to(folder).as_posix())
    return made
