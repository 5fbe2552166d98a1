"""Let a citizen get a pass on the site in Firefox and in Chromium, signed in at a real OpenID provider of npm's.

Run it with the group `test` installed: `python tools/judges/site_story.py`; `--turn 7` takes one browser, with each
commit another. A form with a mistake and photos; the server is killed while it is filled in, and again before it is
handed in; a decision, which an open inbox hears of; the pass.
"""

from __future__ import annotations

import asyncio
import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tools.judges import frame  # isort: skip - before what it makes be found

import aiohttp
from joserfc import jwt
from joserfc.jwk import RSAKey

from banshi.testing import Person
from benchmarks.shared.cities import project
from benchmarks.shared.processes import running, workspace
from benchmarks.shared.quiet import quiet
from benchmarks.shared.servers import Server
from tests.browser.firefox import Page
from tests.servers.ports import free_port
from tools import npm
from tools.judges.frame import ROOT, pressed, require, there
from tools.judges.site_items import TYPE

PROVIDER = {"oidc-provider": "9.13.3"}
#: Seconds for the whole story.
PATIENCE_S = 240.0

PHOTO = """async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 400 });
  canvas.getContext("2d").fillRect(0, 0, 320, 200);
  return canvas.toDataURL("image/png").split(",")[1];
}"""
LOGIN = """() => { document.querySelector("[name=login]").value = "wang";
  document.querySelector("[name=password]").value = "x"; }"""
VALUE = "(name) => document.querySelector(`[name='${name}']:not([type=hidden])`).value"


async def signed_in(page: Page) -> None:
    """From the page that asks who one is over the provider's to the form."""
    await pressed(page, "main form .btn", "[name=login]")
    await page.run(LOGIN)
    await pressed(page, "[type=submit]", "input[name=prompt][value=consent]")
    await pressed(page, "[type=submit]", "form[data-form]")


async def told(page: Page, server: Server, session: aiohttp.ClientSession, staff: Person) -> str:
    """The story; the number of its case. Raises SystemExit and TimeoutError."""
    url = server.url
    await page.go(f"{url}/site/items/zone-pass/form")
    await signed_in(page)
    day = datetime.now(ZoneInfo("Asia/Shanghai")).date().isoformat()
    answers = {
        "plate": "川B1234", "vehicle_class": "light-truck", "driver/name": "王小明", "driver/phone": "13800000000",
        "zones": "1", "hours": "9-17", "valid_from": day, "valid_until": day, "purpose": "为城区超市配送生鲜",
    }  # fmt: skip
    photo = await page.run(PHOTO)
    for name, value in answers.items():
        require(await page.run(TYPE, f"/answers/{name}", [value], ""), name)
    for name in ("licence", "registration"):
        require(await page.run(TYPE, f"/answers/{name}", ["one"], photo), name)
    await pressed(page, "main .btns [name=next]", ".errors")
    mistakes = await page.run("() => [...document.querySelectorAll('.errors li')].map((one) => one.textContent)")
    require(len(mistakes) == 1, f"one mistake and not {mistakes}")
    for name, value in {"plate": "川B12345", "purpose": "为城区超市配送生鲜，每日两次"}.items():
        await page.run(TYPE, f"/answers/{name}", [value], "")
    server.kill()
    await pressed(page, "main .btns [name=next]", "[data-away]:not([hidden])")
    require(await page.run(VALUE, "/answers/plate") == "川B12345", "what was typed while the server was away")
    server.start()
    await server.ready(session)
    await pressed(page, "main .btns [name=next]", "[name=whole]")
    require("每日两次" in await page.run("() => document.body.textContent"), "what was typed last")
    server.kill()
    server.start()
    await server.ready(session)
    await pressed(page, "main .btns .btn", ".stamp")
    number = str(await page.run("() => document.querySelector('.stamp .num').textContent"))
    await page.go(f"{url}/site/inbox")
    (case,) = [one for one in (await staff.get("/v1/worklist")).ok()["items"] if one["number"] in number]
    (await staff.post(f"/v1/cases/{case['id']}/actions/approve")).ok()
    await there(page, "[data-new]:not([hidden])")
    await page.go(f"{url}/site/cases/{case['id']}/pass")
    require(await page.run("() => document.querySelector('.qr img').naturalWidth > 0"), "the pass's code")
    return number


async def judged(modules: Path, folder: Path, name: str, opening: Any) -> None:
    """The story in one browser, in a city of its own."""
    begun, port, key = (
        time.monotonic(),
        free_port(),
        RSAKey.generate_key(2048, {"kid": "a", "use": "sig", "alg": "RS256"}),
    )
    issuer = f"http://127.0.0.1:{port}"
    identity = {"issuer": issuer, "audience": "banshi", "client_id": "banshi", "client_secret": "made-up"}
    config = project(folder, identity=identity, outgoing={"networks": ["127.0.0.0/8"]})
    now, roles = int(time.time()), ["traffic:reviewer", "traffic:approver"]
    whose: dict[str, Any] = {"iss": issuer, "aud": "banshi", "sub": "li", "iat": now, "exp": now + 3600}
    token = jwt.encode({"alg": "RS256", "kid": "a"}, {**whose, "banshi_roles": roles}, key)
    server = Server(config, folder / "log")
    provider = ["node", str(ROOT / "tools/judges/oidc.mjs"), str(modules), str(port), f"{server.url}/site/signed-in"]
    with running([*provider, json.dumps(key.as_dict(private=True))], side=None):
        async with aiohttp.ClientSession() as session, opening(folder / "browser") as browser, server.up(session):
            page = await browser.page(f"{server.url}/site/help")
            number = await told(page, server, session, Person(session, server.url, token))
    print(f"{name}: signed in at oidc-provider, {number.strip()} approved and shown; the server died twice: "
          f"{time.monotonic() - begun:.1f} s", flush=True)  # fmt: skip


def main() -> None:
    turn = frame.options(__doc__).parse_args().turn
    quiet()
    if modules := npm.found(PROVIDER, "the site's story is not told"):
        for name, opening in frame.browsers(turn, "the site's story is left out"):
            with workspace() as folder:
                asyncio.run(asyncio.wait_for(judged(modules, folder, name, opening), PATIENCE_S))


if __name__ == "__main__":
    main()
