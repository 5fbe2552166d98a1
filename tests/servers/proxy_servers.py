"""nginx as deploy/ has it: real, over TLS, on ports of the tests' own, stopped by its process id."""

from __future__ import annotations

import re
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import trustme

from banshi.testing import Person
from tests.places import ROOT
from tests.servers import ports
from tests.waiting import until

CONFIGURATION = ROOT / "deploy" / "nginx" / "banshi.conf"

#: The first nginx that knows `http2 on`.
FIRST = (1, 25, 1)

#: What surrounds our file on a machine, without any of its folders.
AROUND = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log {level};
events {{ }}
http {{
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/unused;
    uwsgi_temp_path {folder}/unused;
    scgi_temp_path {folder}/unused;
    include {folder}/banshi.conf;
}}
"""


def program() -> str:
    """The program, where it is new enough, or a reason to skip."""
    found = ports.program("nginx", "nginx-light")
    said = subprocess.run([found, "-v"], capture_output=True, text=True, check=True).stderr
    version = tuple(map(int, re.findall(r"\d+", said)[:3]))
    if version < FIRST:
        pytest.skip(f"needs nginx {'.'.join(map(str, FIRST))} or newer, and this is {said.strip()}")
    return found


@dataclass(frozen=True)
class Proxy:
    """Where it answers, and what it wrote down."""

    folder: Path
    port: int
    plain_port: int
    authority: trustme.CA

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def trust(self) -> ssl.SSLContext:
        """Trust in its certificate, for one client: each says for itself which HTTP it speaks."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    @property
    def log(self) -> str:
        return (self.folder / "banshi.log").read_text(encoding="utf-8")

    @property
    def errors(self) -> str:
        return (self.folder / "error.log").read_text(encoding="utf-8")

    def person(self, session: aiohttp.ClientSession, like: Person) -> Person:
        """The same person, who comes through the proxy."""
        return Person(session, self.url, like.token)


def written(
    folder: Path,
    urls: Sequence[str] = ("http://127.0.0.1:1",),
    text: str | None = None,
    *,
    limits: str | None = "100000r/s",
    level: str = "info",
) -> Proxy:
    """Our file in a folder of its own, before the servers at `urls`; `limits` in place of its rates, None for these.

    At level `error`, a package's own, nginx says nothing of connections that come and go.
    """
    folder.mkdir(parents=True)
    authority = trustme.CA()
    identity = authority.issue_cert("127.0.0.1")
    identity.private_key_pem.write_to_path(folder / "key.pem")
    for place, pem in enumerate(identity.cert_chain_pems):
        pem.write_to_path(folder / "fullchain.pem", append=bool(place))
    proxy = Proxy(folder, ports.free_port(), ports.free_port(), authority)
    servers = "\n".join(f"    server {url.removeprefix('http://')} max_fails=3 fail_timeout=2s;" for url in urls)
    changed = {
        "    server 127.0.0.1:8080 max_fails=3 fail_timeout=2s;": servers,
        "listen 443 ssl;": f"listen 127.0.0.1:{proxy.port} ssl;",
        "listen 80;": f"listen 127.0.0.1:{proxy.plain_port};",
        "/etc/banshi/tls/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
        # All that tests send comes from one address.
        **({} if limits is None else {f"rate={rate}": f"rate={limits}" for rate in ("50r/s", "6r/m", "60r/m")}),
    }
    told = CONFIGURATION.read_text(encoding="utf-8") if text is None else text
    for ours, here in changed.items():
        assert ours in told, ours
        told = told.replace(ours, here)
    (folder / "banshi.conf").write_text(told, encoding="utf-8")
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, level=level), encoding="utf-8")
    return proxy


def command(proxy: Proxy, *arguments: str) -> list[str]:
    place = proxy.folder
    return [program(), "-p", str(place), "-c", str(place / "nginx.conf"), "-e", str(place / "error.log"), *arguments]


@contextmanager
def running(proxy: Proxy) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command(proxy), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def before(
    folder: Path, *urls: str, text: str | None = None, limits: str | None = "100000r/s", level: str = "info"
) -> AsyncIterator[Proxy]:
    """nginx before these servers, with our file or another `text` of it."""
    proxy = written(folder / "nginx", urls, text, limits=limits, level=level)
    trust = proxy.trust
    with running(proxy) as process:
        async with aiohttp.ClientSession() as session:

            async def answers() -> bool:
                assert process.poll() is None, proxy.errors
                try:
                    async with session.get(f"{proxy.url}/metrics", ssl=trust) as answer:
                        return answer.status == 404
                except aiohttp.ClientConnectionError:
                    return False

            await until(answers)
        yield proxy
