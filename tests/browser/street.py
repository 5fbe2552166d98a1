"""The scanner's page in Chromium, with a film in place of what its camera sees."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageFilter

from banshi import Principal
from banshi.builtin.passes.wire import picture
from banshi.kernel.contract.principals import Role
from banshi.testing import Door
from tests.browser import chromium
from tests.browser.conftest import chromium_tabs, until
from tests.browser.firefox import Firefox, Page
from tests.channels.site.browsing import kept_of
from tests.servers.fault_proxy import FaultProxy
from web_site.session import COOKIE, STAFF, STAFF_COOKIE

CHEN = Principal("chen", name="陈警官", roles=(Role("officer", "traffic"),))
SCANNER = f"{STAFF}/scan"
#: A film in place of a device, and nobody is asked whether a page may have it.
FILMED = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", "--use-file-for-fake-video-capture=")
SHOWN = """() => { const one = document.querySelector("[data-found] .verdict"); return one && {
  kind: one.classList[1], title: one.querySelector("h1").textContent, under: one.querySelector("p").textContent,
  note: [...document.querySelectorAll("[data-found] .note p")].map((one) => one.textContent).join(" "),
  small: document.querySelector("[data-found] .small").textContent,
  claims: [...document.querySelectorAll("[data-found] dd")].map((one) => one.textContent) }; }"""
NEXT = "() => document.querySelector('[data-found] button').click()"
TYPE = """(text) => {
  const form = document.querySelector("main form");
  form.elements.text.value = text;
  form.requestSubmit();
}"""
TOLD = """() => [...document.querySelectorAll("[data-told]:not([hidden])")]
  .map((one) => `${one.dataset.told}: ${one.textContent.trim()}`)"""
READY = "() => document.querySelector('[data-scan]').dataset.ready === ''"
WAITING = """() => document.querySelector("[data-held]").hidden ? 0
  : Number(document.querySelector("#held").textContent.match(/[0-9]+/)[0])"""


def filmed(folder: Path, *texts: str, side: int = 420, blur: float = 0.8) -> tuple[str, ...]:
    """Arguments for a camera that sees five seconds of codes on grey ground: they move a little."""
    frames = []
    for step in range(15):
        ground = Image.new("L", (1280, 720), 128)
        for number, text in enumerate(texts):
            code = Image.open(BytesIO(picture.png(text))).convert("L").resize((side, side))
            turned = code.rotate(step - 7, expand=True, fillcolor=128, resample=Image.Resampling.BICUBIC)
            ground.paste(turned, (1280 * (number + 1) // (len(texts) + 1) - turned.width // 2, 100 + 3 * step))
        out = BytesIO()
        ground.filter(ImageFilter.GaussianBlur(blur)).convert("RGB").save(out, "JPEG", quality=70)
        frames.append(out.getvalue())
    file = folder / "film.mjpeg"
    file.write_bytes(b"".join(frames))
    return (*FILMED[:-1], f"{FILMED[-1]}{file}")


async def signed_in(browser: Firefox, page: Page, door: Door, person: Principal) -> None:
    """Have the tab be somebody's, as a citizen or as staff."""
    own, value = STAFF_COOKIE if person.is_staff else COOKIE, {"type": "string", "value": kept_of(door, person)}
    where = {"type": "context", "context": page._context}
    cookie = {"name": own.name, "value": value, "domain": "127.0.0.1", "path": own.path, "httpOnly": True}
    await browser.command("storage.deleteCookies", filter={"name": own.name}, partition=where)
    await browser.command("storage.setCookie", cookie=cookie, partition=where)


@dataclass
class Phone:
    """An officer's: a browser with the scanner open, and a network that can go away."""

    door: Door
    browser: Firefox
    network: FaultProxy
    page: Page = field(init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.network.port}"

    async def sign_in(self, officer: Principal = CHEN) -> None:
        await signed_in(self.browser, self.page, self.door, officer)

    async def open(self) -> None:
        await self.page.go(self.url + SCANNER)
        await until(lambda: self.page.run(READY))

    def leave_network(self) -> None:
        self.network.absent = True
        self.network.reset()

    async def verdict(self) -> dict[str, Any]:
        """What is shown, once something is."""
        await until(lambda: self.page.run(SHOWN))
        return dict(await self.page.run(SHOWN))

    async def type(self, text: str, by: str = "") -> dict[str, Any]:
        """What is shown for a typed code, where `by` stands below it."""
        await self.page.run(TYPE, text)

        async def shown() -> bool:
            return by in (await self.verdict())["small"]

        await until(shown)
        found = await self.verdict()
        await self.page.run(NEXT)
        return found

    async def told(self) -> str:
        return "\n".join(await self.page.run(TOLD))

    async def tells(self, words: str) -> None:
        """Wait until that is said beside what was scanned."""

        async def told() -> bool:
            return words in await self.told()

        await until(told)

    async def waiting(self) -> int:
        return int(await self.page.run(WAITING))


@asynccontextmanager
async def open_phone(
    door: Door, folder: Path, *arguments: str, scripts: Sequence[str] = (), network: FaultProxy | None = None
) -> AsyncIterator[Phone]:
    """A phone whose officer is signed in and has the scanner open, ready to go on without a network."""
    async with (
        FaultProxy(to=int(door.url.rpartition(":")[2])) as proxy,
        chromium.open_chromium(folder / "chromium", *arguments) if arguments else chromium_tabs() as browser,
    ):
        phone = Phone(door, browser, proxy)
        phone.page = await browser.page(f"{phone.url}/site/help")
        for script in scripts:
            declared = {"functionDeclaration": script, "contexts": [phone.page._context]}
            await browser.command("script.addPreloadScript", **declared)
        await phone.sign_in()
        await phone.open()
        yield phone
