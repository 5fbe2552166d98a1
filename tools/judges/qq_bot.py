"""Judge `banshi channel-sandbox qq` as somebody else's bot does: `nonebot-adapter-qq`, in webhook mode and by its API.

Run it with `uv` on the path: `python tools/judges/qq_bot.py`. The bot is checked, hears each kind of event as the
sandbox signs it, answers each by its own client, and its answers are on the phones. An event of another bot it doesn't
hear. It lies in a folder of its own, since what it needs would change our own pins.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
JUDGE = ("nonebot-adapter-qq==1.7.3", "nonebot2[aiohttp,fastapi]==2.5.0")
FOLDER = ROOT / "build" / "nonebot-adapter-qq-1.7.3"
# Behind ours: what both have is ours.
sys.path[:] = [str(ROOT), *sys.path[1:], str(FOLDER)]


from qq.sandbox.people import Limits  # noqa: E402
from qq.sandbox.server import QqSandbox  # noqa: E402
from tests.waiting import until  # noqa: E402

HEARD: defaultdict[str, list[str]] = defaultdict(list)


def bot_of(sandbox: QqSandbox) -> Any:
    """Their bot: it says what it has heard to whoever has said it."""
    bot = {"id": sandbox.account.appid, "secret": sandbox.account.secret, "use_websocket": False}
    told = {"qq_bots": [bot], "qq_api_base": sandbox.url, "qq_auth_base": f"{sandbox.url}/app/getAppAccessToken"}
    os.environ |= {"DRIVER": "~fastapi+~aiohttp", "LOG_LEVEL": "ERROR"}
    os.environ |= {name.upper(): value if isinstance(value, str) else json.dumps(value) for name, value in told.items()}
    import nonebot
    from nonebot.adapters.qq import Adapter, Bot, QQMessageEvent

    nonebot.init()
    nonebot.get_driver().register_adapter(Adapter)

    async def heard(bot: Any, event: Any) -> None:
        HEARD[type(event).__name__].append(str(event.get_message()))
        await bot.send(event, f"heard: {event.get_plaintext().strip()}")

    # What it is handed is chosen by these.
    heard.__annotations__ |= {"bot": Bot, "event": QQMessageEvent}
    nonebot.on_message().handle()(heard)
    return nonebot.get_asgi()


async def judged() -> list[str]:
    """What it has against the sandbox."""
    import uvicorn

    wrong: list[str] = []
    async with QqSandbox("") as sandbox:
        server = uvicorn.Server(uvicorn.Config(bot_of(sandbox), port=0, log_level="error"))
        serving = asyncio.create_task(server.serve())
        await until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        sandbox.callbacks.to = f"http://127.0.0.1:{port}/qq/webhook"
        if not (await sandbox._check(None))["ok"]:  # type: ignore[arg-type]
            wrong.append("their answer to the check of the address is not ours")
        sandbox.account.limits = Limits(whole="on")
        for name in ("zhang", "一@群"):
            phone = sandbox.phone(name)
            await phone.says("你好 <b>&", mentions=True)
            wrong += await shown(phone, "heard: 你好 <b>&")
            await phone.sends("image", b"\xff\xd8\xff\xe0")
            wrong += await shown(phone, "heard:")
        sandbox.account.limits.whole = "off"
        await sandbox.phone("一@群").says("在吗")
        wrong += await shown(sandbox.phone("一@群"), "heard: 在吗")
        before = sum(map(len, HEARD.values()))
        sandbox.callbacks.account.secret, own = "another-bot-s", sandbox.account.secret
        await sandbox.phone("li").says("你好")
        sandbox.account.secret = own
        if sum(map(len, HEARD.values())) != before:
            wrong.append("they take what another bot's secret has signed")
        kinds = {"C2CMessageCreateEvent", "GroupMessageCreateEvent", "GroupAtMessageCreateEvent"}
        if {*HEARD} != kinds:
            wrong.append(f"they hear {sorted(HEARD)}, not {sorted(kinds)}")
        server.should_exit = True
        await serving
    return wrong


async def shown(phone: Any, text: str) -> list[str]:
    """What is wrong, where that isn't the last answer on a phone."""
    await until(lambda: phone.seen and phone.seen[-1].via == "reply")
    found = phone.seen[-1].text.strip()
    return [] if found == text else [f"{phone.name} reads {found!r}, not {text!r}"]


def main() -> None:
    if not FOLDER.is_dir():
        subprocess.run(["uv", "pip", "install", "-q", "--no-config", "--target", str(FOLDER), *JUDGE], check=True)
        importlib.invalidate_caches()
    wrong = asyncio.run(judged())
    print("\n".join(wrong) or f"nonebot-adapter-qq: {sum(map(len, HEARD.values()))} messages heard and answered")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
