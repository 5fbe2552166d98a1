"""`banshi demo`: the real server on a temporary database, and the story of one vehicle pass."""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click

from banshi.foundation.extras import lacking
from banshi.kernel.loading.cli_context import config_of
from banshi.ops.cli.server.serve import PORT, asked_to_stop, listening, run

#: People of whom a visitor of the demo's site is one by one click.
MADE_UP = ["王小明", "李示例"]
#: The same of staff, with their roles: who decides, who decides alone or after them, who scans in the street, and who
#: warns of what rises.
STAFF = {
    "李警官": ["traffic:reviewer"],
    "赵队长": ["traffic:reviewer", "traffic:approver", "traffic:publisher"],
    "陈警员": ["traffic:officer"],
    "钱警官": ["criminal:analyst", "criminal:publisher"],
}


@click.command("demo")
@click.option("--exit", "leave", is_flag=True, help="End after the story.")
@click.option("--port", default=0, type=PORT, help="Port to listen on; 0 takes a free one.")
@click.pass_context
def command(ctx: click.Context, leave: bool, port: int) -> None:
    """Show a vehicle pass from application to scan, then leave the server up until Ctrl-C."""
    from banshi.ops.cli.demo.story import StoryFailed

    if told := lacking("zxingcpp"):
        raise click.ClickException(f"the demo reads its QR code as a phone does, and {told}")
    try:
        with listening("127.0.0.1", port):
            run(demo(config_of(ctx), leave=leave, port=port))
    except StoryFailed as error:
        click.secho(f"The story stopped: {error}", fg="red", err=True)
        sys.exit(1)


async def demo(config: Path, *, leave: bool, port: int) -> None:
    from rich.console import Console
    from rich.text import Text

    from banshi.ops.cli.demo.story import Story
    from banshi.ops.samples import publish

    console = Console(highlight=False, soft_wrap=True)
    started = time.monotonic()
    steps = 0

    def tell(what: str, result: str) -> None:
        nonlocal steps
        steps += 1
        console.print(Text(f"\n{steps:2}. {what}", style="bold"))
        console.print(Text("\n".join(f"    {line}" for line in result.splitlines())))

    async with stage(config, port) as (door, sandbox):
        console.print(Text(f"Banshi serves on {door.url}, on SQLite in a temporary folder", style="bold"))
        said = await publish(door.platform.registry, door.staff, door.platform.now())
        console.print(Text(f"The departments have something to say: {said}"))
        story = Story(door, sandbox, tell, chat_of(door.platform))
        await story.run()
        console.print(Text(f"\nThe story took {time.monotonic() - started:.1f} s; {steps} steps.", style="bold green"))
        if not leave:
            await _stay(console, story)


@asynccontextmanager
async def stage(config: Path, port: int) -> AsyncIterator[tuple[Any, Any]]:
    """The door of a platform as plugins.toml has it, but on temporary data and with a local push provider."""
    import aiohttp

    from banshi.app import configure, open_platform, serving
    from banshi.foundation import logs
    from banshi.kernel.contract.versions import API_VERSION
    from banshi.testing import Door
    from mobile_push.sandbox import FcmSandbox

    logs.configure("warning")
    with tempfile.TemporaryDirectory(prefix="banshi-demo-") as folder:
        async with FcmSandbox() as sandbox:
            account = sandbox.service_account_file(Path(folder) / "fcm-sandbox.json")
            urls = {"base_url": sandbox.base_url, "topics_url": sandbox.topics_url}
            fcm = {"service_account_file": str(account), **urls, "at_once": 20}
            settings: dict[str, Any] = {
                "conversations": {"division": "510700"},
                "web_site": {"people": MADE_UP, "staff": STAFF},
                "mobile_push": {"fcm": fcm, "alerts": {"sender": "demo.example"}},
                "insights": {"city": "510700"},
            }
            overrides = {
                "platform": {"data": f"{folder}/data", "database": "", "keys": None, "identity": None},
                "plugins": {
                    name: {"package": name, "api": API_VERSION, "settings": own} for name, own in settings.items()
                },
            }
            async with (
                open_platform(configure(config, overrides)) as platform,
                serving(platform, "127.0.0.1", port) as url,
                aiohttp.ClientSession() as session,
            ):
                yield Door(platform, url, session), sandbox


def chat_of(platform: Any) -> Callable[[str], Awaitable[str]]:
    """What a citizen writes in a chat, answered by the conversations."""
    from conversations import CONVERSATIONS, Account, Received, Reply, Text

    class Demo:
        name = "demo:chat"

    account: Account = Demo()
    keys = itertools.count()

    async def say(text: str) -> str:
        received = Received(key=str(next(keys)), contact="wang", content=Text(text), at=platform.now(), language="en")
        reply: Reply = await platform[CONVERSATIONS].take(account, received)
        return reply.text

    return say


async def _stay(console: Any, story: Any) -> None:
    """Keep serving until a signal, with what is needed to try it by hand."""
    from insights import demonstrate

    stop = asked_to_stop()
    url, rose = story.door.url, await demonstrate(story.door.platform)
    console.print(f"\nThe city in your browser: {url}/site")
    console.print(f"Its workbench: {url}/site/staff, as {', '.join(STAFF)} by one click")
    console.print(f"What rises in three years of made-up figures: {rose} series, at {url}/site/staff/findings")
    console.print(f"The server stays up until Ctrl-C. Its description: {url}/openapi.json")
    for who, person in (("citizen", story.citizen), ("staff", story.reviewer), ("officer", story.officer)):
        console.print(f"\n{who.upper()}={person.token}", soft_wrap=True)
    console.print(f'\ncurl -H "Authorization: Bearer $CITIZEN" {url}/v1/cases')
    await stop.wait()
