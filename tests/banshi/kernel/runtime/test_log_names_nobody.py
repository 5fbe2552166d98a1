"""The log of a real server, at its most talkative, after everything that people do with it."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from banshi.builtin.identity.development import development_token
from banshi.kernel.loading.settings import Settings
from banshi.testing import TINY_PNG, Person
from tests.conftest import good_answers
from tests.places import TRAFFIC
from tests.processes import commands
from tests.readers import certificate_reader
from tests.town.api_world import write_archive


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, Settings, commands.Process]]:
    """`banshi serve` in a process of its own, with its log on a pipe."""
    archive = write_archive(folder)
    (folder / "plugins.toml").write_text(
        f'[platform]\nlog_level = "debug"\n\n[plugins.traffic]\npath = "{TRAFFIC}"\napi = 1\n\n'
        f'[plugins.archive]\npath = "{archive}"\napi = 1\n',
        encoding="utf-8",
    )
    settings = Settings(data=folder / "data")
    settings.keys_folder.mkdir(parents=True)
    development_token(settings, "first")
    log = (folder / "log").open("wb")
    process = commands.begin(folder, "serve", "--port", "0", stderr=log)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        address = re.search(r"http://\S+", line)
        assert address is not None, line
        yield address[0], settings, process
    finally:
        process.terminate()
        process.wait(30)
        log.close()


async def a_whole_journey(url: str, settings: Settings) -> list[str]:
    """Everything that people do, right and wrong; gives the words that no log may hold."""
    private = [
        *("王小明-personal", "subject-wang-0815", "subject-li-0816", "subject-p-0817", "川BD98765", "13912345678"),
        *("Passfoto_privat.png", "Lieferung an meine Tante", "Ihr Fahrzeug ist zu alt", "Platz vor meinem Haus"),
        *("meine-geheime-suche", "mein-schluessel-4711", "stolen-token-0818", "mein-cookie"),
        *("\U00020bb7田-personal", "subject-sun-0819"),
    ]
    tokens = {
        "wang": development_token(settings, private[1], name=private[0]),
        "li": development_token(
            settings, private[2], roles=["traffic:reviewer", "traffic:approver", "archive:approver"]
        ),
        "p": development_token(settings, private[3], roles=["traffic:officer"]),
        "sun": development_token(settings, private[15], name=private[14]),
    }
    async with aiohttp.ClientSession(headers={"Cookie": f"session={private[13]}"}) as session:
        wang, li, p, sun = (Person(session, url, token) for token in tokens.values())
        files = [(await wang.upload(name=private[6])).created()["id"] for _ in range(2)]
        answers = {
            **(await good_answers(wang)),
            "plate": private[4],
            "driver": {"name": private[0], "phone": private[5]},
            "purpose": private[7],
            "licence": files[0],
            "registration": files[1],
        }
        path = "/v1/items/zone-pass/cases"
        case = (await wang.post(path, {"answers": answers}, key=private[11])).created()
        await wang.post(path, {"answers": answers}, key=private[11])
        await wang.post(path, {"answers": {**answers, "plate": private[7]}})
        await wang.call("POST", path, data=f'{{"answers": "{private[7]}'.encode(), headers={"Content-Type": "text/x"})
        one = f"/v1/cases/{case['id']}"
        while (await wang.get(one)).ok()["state"] != "accepted":  # noqa: ASYNC110 - another process knows
            await asyncio.sleep(0.01)
        (await li.post(f"{one}/actions/return", {"reason": private[8]})).ok()
        (await wang.post(f"{one}/actions/supplement", {"answers": {**answers, "hours": "22-6"}})).ok()
        while (await wang.get(one)).ok()["state"] != "accepted":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        (await li.post(f"{one}/actions/approve", {"reason": private[8]})).ok()
        text = (await wang.get(f"{one}/pass.txt")).body.decode()
        (await p.post("/v1/passes/verify", {"text": text, "place": private[9]})).ok()
        await p.post("/v1/passes/verify", {"text": private[4], "place": private[9]})
        (await wang.get(f"/v1/attachments/{files[0]}")).body  # noqa: B018
        await wang.get("/v1/items", params={"q": private[10]})
        await wang.get("/v1/cases", params={private[10]: "1"})
        await wang.get(f"/{private[10]}")
        await Person(session, url, private[12]).get("/v1/cases")
        await wang.get("/v1/cases", headers={"X-Request-ID": f"{private[10]} {private[0]}"})
        private += await taken_over(wang, path, answers)
        private += await certified(sun, li)
        # A department whose exceptions quote the citizen, in the request and in the engine.
        for why in (private[7] + " crash", private[7]):
            await wang.post("/v1/items/record-001/cases", {"answers": {"why": why}})
        await not_http(url, tokens["wang"], private[10])
        await wang.upload(b"MZ", private[6])
        await wang.call("POST", "/v1/attachments", data=odd_upload(private[6]), headers=FORM)
        await asyncio.sleep(0.3)
    return [*private, *tokens.values(), *(token.split(".")[1] for token in tokens.values()), case["number"], text]


async def taken_over(wang: Person, path: str, answers: dict[str, Any]) -> list[str]:
    """A submission with a file out of an earlier case, and one whose consent is no good; the consent's id and words."""
    listed = (await wang.get("/v1/items/zone-pass/materials")).ok()["materials"]
    (offer,) = next(one["offers"] for one in listed if one["field"] == "/licence")
    again = {**answers, "licence": offer["files"][0]["id"]}
    again["registration"] = (await wang.upload(name="again.png")).created()["id"]
    consent = offer["consent"]
    await wang.post(path, {"answers": again, "reuse": [{"field": "/licence", "consent": consent["id"][::-1]}]})
    wishes = [{"field": "/licence", "consent": consent["id"]}]
    made = (await wang.post(path, {"answers": again, "reuse": wishes})).created()
    assert made["timeline"][0]["reused"]
    return [consent["id"], consent["text"]["en"], consent["text"]["zh-CN"], made["number"]]


async def certified(holder: Person, clerk: Person) -> list[str]:
    """A certificate of somebody whose name the font lacks: shown, verified, and verified with a sign changed."""
    case = (await holder.post("/v1/items/record-000/cases", {"answers": {}})).created()
    one = case["links"]["self"]
    while (await holder.get(one)).ok()["state"] != "accepted":  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    (await clerk.post(f"{one}/actions/approve")).ok()
    for language in ("zh-CN", "en"):
        shown = await holder.get(f"{one}/certificate.pdf", params={"language": language})
        assert shown.status == 200, shown.body
    code = certificate_reader.read(shown.body).code
    assert (await holder.post("/v1/certificates/verify", {"text": code})).ok()["verdict"] == "valid"
    for wrong in (code[:-1], code + "A", case["number"]):
        assert (await holder.post("/v1/certificates/verify", {"text": wrong})).ok()["verdict"] != "valid"
    return [code, case["number"], "\U00020bb7"]


FORM = {"Content-Type": "multipart/form-data; boundary=XX"}


def odd_upload(name: str) -> bytes:
    """A part whose header makes aiohttp warn, with the name in its text."""
    head = f"--XX\r\nContent-Disposition: form-data; name=\"file\"; filename*=utf-9''%ff{name}\r\n\r\n"
    return head.encode() + TINY_PNG + b"\r\n--XX--\r\n"


async def not_http(url: str, token: str, word: str) -> None:
    """Requests that the HTTP parser refuses, and one whose sender hangs up."""
    port = int(url.rpartition(":")[2])
    requests = (
        f"GET /{word} HTTP/9\r\nAuthorization: Bearer {token}\r\n\r\n",
        f"GET /v1/cases HTTP/1.1\r\nHost: x\r\n{word}\0: {token}\r\n\r\n",
        f"GET /v1/cases HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}{'x' * 40_000}\r\n\r\n",
        (
            f"POST /v1/attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 9999\r\n"
            f"Content-Type: multipart/form-data; boundary=XX\r\n\r\n--XX\r\nX-{word}: {word}"
        ),
    )
    for request in requests:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request.encode())
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.close()
        del reader


async def test_no_log_line_says_anything_about_anybody(tmp_path: Path) -> None:
    """A whole journey on a real server at its most talkative: no plate, name, phone, subject, token, file name, reason,
    place or query is in its log; each line is JSON, and those of a request bear its id."""
    with served(tmp_path) as (url, settings, process):
        private = await a_whole_journey(url, settings)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 30) == 0
    text = (tmp_path / "log").read_text(encoding="utf-8")
    for secret in private:
        for form in {secret, json.dumps(secret)[1:-1]}:
            assert form not in text, next(line for line in text.splitlines() if form in line)
    # What `banshi check` warns of is said to whoever starts the server, before the log begins.
    lines = [json.loads(line) for line in text.splitlines() if ": guide-only: " not in line]
    assert len(lines) > 30
    requests = [line for line in lines if line["event"] == "request"]
    assert all(line["request"] and line["operation"] and line["status"] for line in requests)
    told = {line["event"] for line in lines}
    assert {"request", "handler failed", "outbox row will be tried again", "serving", "stopping"} <= told
    assert "a certificate has characters that no font has" in told
    assert {line["error"] for line in lines if line["event"] == "handler failed"} == {"ValueError", "RuntimeError"}
