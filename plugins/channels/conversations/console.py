"""`banshi chat`: the conversations on a terminal. The smallest adapter, and the example of docs/channels.md."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from banshi import LANGUAGES, Platform
from banshi.sdk.database import coroutine_command
from conversations.contents import File, Place, Received, Text
from conversations.engine.turns import CONVERSATIONS


class Console:
    """Somebody at this terminal."""

    name = "console:here"


def content_of(line: str) -> Text | File | Place:
    """What a line means: `@photo.jpg` sends that file, `@39.9,116.4` that place, anything else itself."""
    if not line.startswith("@"):
        return Text(line)
    latitude, _, longitude = line[1:].partition(",")
    try:
        return Place(float(latitude), float(longitude))
    except ValueError:
        file = Path(line[1:])
        return File(lambda: asyncio.to_thread(file.read_bytes), file.name)


async def talk(platform: Platform, language: str) -> None:
    """Read lines until there are no more; each is one message."""
    count, account = 0, Console()
    while True:
        try:
            line = await asyncio.to_thread(input, "> ")
        except EOFError:
            return
        count += 1
        now = platform.now()
        received = Received(
            key=f"{now.timestamp()}-{count}", contact="terminal", content=content_of(line), at=now, language=language
        )
        click.echo((await platform[CONVERSATIONS].take(account, received)).text)


@click.command()
@click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True)
@coroutine_command
async def chat(ctx: click.Context, language: str) -> None:
    """Talk with the platform as people do on a channel. Ctrl-D ends it.

    It opens the platform of plugins.toml in this process.
    """
    from banshi.sdk.running import opened_by  # the server's own, which no other command needs

    async with opened_by(ctx) as platform:
        await talk(platform, language)
