"""`python -m hotline_asterisk`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import aiohttp
import click

from hotline_asterisk.journal import Journal
from hotline_asterisk.program import Program

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--asterisk", required=True, help="Asterisk's HTTP server, such as http://127.0.0.1:8088.")
@click.option("--user", required=True, help="A user of ari.conf: `read_only = yes` is enough.")
@click.option("--password-file", required=True, type=FILE, help="The user's password.")
@click.option(
    "--application", default="banshi-hotline", show_default=True, help="Of two by one name one hears nothing."
)
@click.option("--line", "lines", required=True, multiple=True, help="A number that people dial: an extension.")
@click.option("--name", default="asterisk", show_default=True, help="Stands before its calls' ids; one a switch.")
@click.option("--platform", required=True, help="The platform's address.")
@click.option("--secret-file", required=True, type=FILE, help="The hotline's secret: the first line counts.")
@click.option("--journal", required=True, type=FILE, help="What isn't handed over yet; it has numbers for as long.")
def main(password_file: Path, secret_file: Path, journal: Path, **given: Any) -> None:
    """Tell the hotline of an Asterisk's calls until Ctrl-C."""
    try:
        given["password"], given["secret"] = (one.read_text("utf-8").split()[0] for one in (password_file, secret_file))
        with suppress(KeyboardInterrupt):
            asyncio.run(run(journal, given))
    except (ValueError, OSError, IndexError) as error:
        raise click.ClickException(f"a file can't be used: {error}") from None


async def run(journal: Path, given: Mapping[str, Any]) -> None:
    """Until cancelled."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        with closing(Journal(journal)) as kept:
            await Program(session=session, journal=kept, **given).run()


if __name__ == "__main__":
    main()
