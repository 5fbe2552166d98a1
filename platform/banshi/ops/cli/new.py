"""`banshi new`: a plugin that works, to be changed into one's own."""

from __future__ import annotations

import importlib.util
import json
import keyword
import os
import re
import sys
from collections.abc import Container, Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from string import Template

import click

from banshi.kernel.loading.cli_context import config_of

#: Each file of a new plugin: its place, and the template that it is made from.
FILES = {
    "__init__.py": "__init__.py.template",
    "items.toml": "items.toml.template",
    "forms/event.json": "forms/event.json.template",
    "test_{plugin}.py": "test_plugin.py.template",
}

#: The same of one that is made into a wheel.
DISTRIBUTION = {
    "pyproject.toml": "pyproject.toml.template",
    "README.md": "README.md.template",
    "src/{package}/__init__.py": "__init__.py.template",
    "src/{package}/py.typed": "py.typed.template",
    "src/{package}/items.toml": "items.toml.template",
    "src/{package}/forms/event.json": "forms/event.json.template",
    "tests/test_{plugin}.py": "test_plugin.py.template",
}

#: What a plugin's test needs beside the platform.
TESTED = "(needs the extra authors: pip install 'banshi[authors]')"

#: How the import package of a wheel is written.
PACKAGE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")


@click.command("new")
@click.argument("name")
@click.option("--dist", is_flag=True, help="Make a distribution that is built into a wheel, in a folder of its own.")
@click.option("--package", help="With --dist: what Python imports.  [default: banshi_NAME]")
@click.option("--into", help="Folder, beside plugins.toml.  [default: plugins/departments; with --dist: .]")
@click.pass_context
def command(ctx: click.Context, name: str, dist: bool, package: str | None, into: str | None) -> None:
    """Make the plugin NAME: one item with a form, behaviour of its own, and a test that passes.

    It becomes a folder of this city's; or, with --dist, a distribution that any city can install.
    """
    if package is not None and not dist:
        raise click.UsageError("--package is for --dist: a plugin in a folder is not imported by a name of its own")
    config = config_of(ctx)
    check_name(name, *names_of(config, needed=not dist))
    if dist:
        package = f"banshi_{name.replace('-', '_')}" if package is None else package
        check_package(package)
        make_distribution(config.parent / (into or "."), config, name, package)
    else:
        make_folder(config.parent / (into or "plugins/departments"), config, name)


def make_folder(into: Path, config: Path, name: str) -> None:
    """A plugin in a folder, for this plugins.toml."""
    folder = into / name.replace("-", "_")
    made = write(folder, FILES, name, place="Path(__file__).parent")
    path, here = Path(os.path.relpath(folder, config.parent)).as_posix(), Path(os.path.relpath(folder)).as_posix()
    click.echo(f"Made {here}: {', '.join(made)}\n")
    click.echo(f"Add this to {config}:\n\n[plugins.{name}]\npath = {json.dumps(path, ensure_ascii=False)}\napi = 1\n")
    click.echo(f"Then hold it to the contract:  banshi check {name} --strict")
    click.echo(f"run its test:                  python -m pytest {here}  {TESTED}")
    click.echo("and make it your own:          docs/plugins explains every file")


def make_distribution(into: Path, config: Path, name: str, package: str) -> None:
    """A project that is built into a wheel, for any plugins.toml."""
    distribution = package.replace("_", "-")
    folder = into / distribution
    platform = ".".join(version("banshi").split(".")[:2])
    known = {"distribution": distribution, "package": package, "platform": platform}
    made = write(folder, DISTRIBUTION, name, place=f'"{package}"', **known)
    here = Path(os.path.relpath(folder)).as_posix()
    here = here if here.startswith(".") else f"./{here}"  # without it, pip would look for it at the package index
    click.echo(f"Made {here}: {', '.join(made)}\n")
    click.echo(f"Run its test:          python -m pytest {here}  {TESTED}")
    click.echo(f"build its wheel:       python -m pip wheel --no-deps --wheel-dir wheels {here}")
    click.echo(f"and install it:        python -m pip install wheels/{package}-0.1.0-py3-none-any.whl\n")
    click.echo(f'Add this to {config}:\n\n[plugins.{name}]\npackage = "{package}"\napi = 1\n')
    click.echo(f"Hold it to the contract:  banshi check {name} --strict")
    click.echo("and make it your own:     docs/plugins explains every file")


def names_of(config: Path, *, needed: bool) -> tuple[frozenset[str], set[str]]:
    """The names of the kinds, and those that plugins have. Raises ConfigurationError where a `needed` file is away."""
    from banshi.default_plugins import kind_names
    from banshi.kernel.loading.configuration import inspect_configuration

    kinds = kind_names()
    if not needed and not config.exists():
        return kinds, set()  # a distribution's home need not be a city's
    configuration, wrong = inspect_configuration(config)
    taken = {*configuration.entries, *(finding.plugin for finding in wrong)} - {"platform"}
    return kinds, {other.replace("-", "_") for other in taken}


def check_name(name: str, kinds: Container[str], taken: Container[str]) -> None:
    """Raise a ClickException that says what to do about a name that a plugin can't have."""
    from banshi.kernel.loading.configuration import PLUGIN_NAME, RESERVED

    why = ""
    if not PLUGIN_NAME.match(name):
        why = "use a-z, 0-9 and single hyphens or underscores, and begin with a letter"
    elif name in RESERVED or name in kinds or keyword.iskeyword(name):
        why = "it has a meaning of its own here; name the department, such as parks"
    elif name.replace("-", "_") in taken:
        why = "plugins.toml has a plugin of that name; take another"
    if why:
        raise click.ClickException(f"{name!r} can't be the plugin's name: {why}")


def check_package(package: str) -> None:
    """Raise a ClickException that says what to do about a name under which Python can't import a new package."""
    from banshi.kernel.loading.configuration import NAMESPACE

    why = ""
    if not PACKAGE.match(package):
        why = "use a-z, 0-9 and single underscores, and begin with a letter"
    elif keyword.iskeyword(package) or package in sys.stdlib_module_names:
        why = "Python has something of that name itself"
    elif package == NAMESPACE:
        why = "the platform loads plugins in folders under it"
    elif importlib.util.find_spec(package) is not None:
        why = "a package of that name is installed here already"
    if why:
        raise click.ClickException(f"{package!r} can't be imported: {why}; say --package city_parks, for example")


def write(folder: Path, templates: Mapping[str, str], name: str, **more: str) -> list[str]:
    """Write the plugin into a new folder; the names of its files. Raises ClickException."""
    if folder.exists():
        raise click.ClickException(f"{folder} exists already: take another name, or move it away")
    words = name.replace("_", "-")
    title = words.replace("-", " ").capitalize()
    known = {"name": name, "plugin": name.replace("-", "_"), "slug": words, "title": title, **more}
    made = []
    try:
        for place, template in templates.items():
            file = folder / place.format_map(known)
            text = files("banshi.ops.cli").joinpath("template", template).read_text(encoding="utf-8")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(Template(text).substitute(known), encoding="utf-8")
            made.append(file.relative_to(folder).as_posix())
    except OSError as error:
        raise click.ClickException(f"{folder} can't be written: {error.strerror}") from None
    return made
