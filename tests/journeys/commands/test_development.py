"""`banshi serve` and `banshi worker` as an operator starts them, without an identity provider."""

from __future__ import annotations

import json
from pathlib import Path

import aiohttp
import pytest

from banshi.testing import Person
from tests.journeys.running import command, configured, serving, started
from tests.town.isolation_office import ITEMS

ADDRESS = 'address = "https://services.city.example"'
PROVIDER = '[platform.identity]\nissuer = "https://id.example.org"\naudience = "banshi"'


@pytest.mark.parametrize(
    ("platform", "arguments", "why"),
    [
        ("", ("serve", "--host", "0.0.0.0"), "it listens on 0.0.0.0"),
        ("", ("serve", "--host", ""), "it listens on every address"),
        (ADDRESS, ("serve",), "platform.address is https://services.city.example"),
        ("development = false", ("serve", "--host", "0.0.0.0"), "it listens on 0.0.0.0"),
    ],
)
def test_a_start_that_others_reach_is_refused_in_a_sentence_before_anything_is_made(
    tmp_path: Path, platform: str, arguments: tuple[str, ...], why: str
) -> None:
    done = command(configured(tmp_path, platform, ""), *arguments, "--port", "0")
    assert done.returncode == 2, done.stderr
    sentence, _ = done.stderr.splitlines()
    assert sentence.startswith(
        "platform: no-identity: plugins.toml: name your identity provider in [platform.identity]"
    )
    assert "platform.development = true" in sentence
    assert why in sentence
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "arguments", [("serve", "--workers", "2"), ("serve", "--no-work", "--host", "0.0.0.0"), ("worker", "--host", "::")]
)
def test_so_are_several_workers_and_whoever_works_beside_them(
    tmp_path: Path, postgres: str, arguments: tuple[str, ...]
) -> None:
    folder = configured(tmp_path, f'database = "{postgres}"', "")
    done = command(folder, *arguments, *(("--port", "0") if arguments[0] == "serve" else ()))
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("platform: no-identity: ") == 1
    assert "Traceback" not in done.stderr
    assert not (folder / "data").exists()


def said_at_start(folder: Path, *arguments: str) -> tuple[str, list[str]]:
    """What a start prints, and what it logs, until it is asked to stop."""
    with (folder / "log").open("wb") as log, started(folder, "serve", "--port", "0", *arguments, stderr=log) as server:
        assert server.process.stdout is not None
        first = server.process.stdout.readline()
        server.process.terminate()
        printed = first + server.process.stdout.read()
    lines = [json.loads(line) for line in (folder / "log").read_text(encoding="utf-8").splitlines()]
    return printed, [line["told"] for line in lines if line["event"] == "this is for development"]


@pytest.mark.parametrize(
    ("platform", "arguments", "words", "times"),
    [
        ("", (), "only tokens of `banshi token` are accepted", 2),
        ('address = "http://127.0.0.1:8080"', ("--host", "localhost"), "only tokens of `banshi token` are accepted", 1),
        ("development = true", ("--host", "0.0.0.0"), "development = true: tracebacks", 1),
        (f"{ADDRESS}\ndevelopment = true", (), "only tokens of `banshi token` are accepted", 1),
        (f"development = true\n{PROVIDER}", ("--host", "0.0.0.0"), "take platform.development out", 1),
    ],
)
def test_a_start_that_is_allowed_says_so_each_time(
    tmp_path: Path, platform: str, arguments: tuple[str, ...], words: str, times: int
) -> None:
    folder = configured(tmp_path, platform, "")
    for _ in range(times):
        printed, logged = said_at_start(folder, *arguments)
        assert len(logged) == 1
        assert words in logged[0]
        assert logged[0] in printed


def test_it_is_said_where_the_log_has_errors_alone(tmp_path: Path) -> None:
    printed, logged = said_at_start(configured(tmp_path, 'log_level = "error"', ""))
    assert logged == []
    assert "only tokens of `banshi token` are accepted" in printed


def test_with_an_identity_provider_a_start_says_nothing_of_development(tmp_path: Path) -> None:
    printed, logged = said_at_start(configured(tmp_path, f"{ADDRESS}\n{PROVIDER}", ""), "--host", "0.0.0.0")
    assert (len(printed.splitlines()), logged) == (1, [])


PUSH = """
[plugins.mobile_push]
package = "mobile_push"
api = 1
[plugins.mobile_push.settings.webpush]
private_key_file = "key.pem"
contact = "mailto:push@example.org"
loopback = true
"""


def test_a_sandbox_in_place_of_a_push_service_is_refused_beyond_this_machine(tmp_path: Path) -> None:
    folder = configured(tmp_path, PROVIDER, PUSH)
    assert command(folder, "webpush-key", "key.pem").returncode == 0
    done = command(folder, "serve", "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 2
    assert done.stderr.startswith("mobile_push: webpush-loopback: take settings.webpush.loopback out")
    with started(configured(tmp_path, f"development = true\n{PROVIDER}", PUSH), "serve", "--port", "0") as running:
        assert running.line()


BUGGY = """
from banshi import Answer, Application, Audience, Route, hookimpl

PRIVATE = "wang lives in Sample Road"


class Bench(Application):
    async def validate(self, submission):
        raise KeyError(PRIVATE)


async def raises(call):
    raise KeyError(PRIVATE)


@hookimpl
def banshi_handlers():
    return {"bench": Bench()}


@hookimpl
def banshi_routes():
    answers = {200: Answer(description="The map.")}
    told = {"operation": "show_map", "summary": "Show the map.", "tag": "parks", "answers": answers}
    return [Route(method="GET", path="/v1/parks/map", audience=Audience.ANYONE, handler=raises, **told)]
"""


@pytest.mark.parametrize("development", [False, True])
async def test_tracebacks_are_in_answers_and_the_log_of_a_server_in_development_alone(
    tmp_path: Path, development: bool
) -> None:
    parks = '[plugins.parks]\npath = "parks"\napi = 1'
    folder = configured(tmp_path, f"development = {str(development).lower()}", parks)
    (folder / "parks").mkdir()
    (folder / "parks" / "items.toml").write_text(ITEMS, encoding="utf-8")
    (folder / "parks" / "__init__.py").write_text(BUGGY, encoding="utf-8")
    token = command(folder, "token", "wang").stdout.strip()
    async with serving(folder) as url, aiohttp.ClientSession() as session:
        wang = Person(session, url, token)
        refused = await wang.post("/v1/items/bench/cases", {"answers": {}})
        answers = [refused.problem(502, "department-failed")]
        answers.append((await wang.get("/v1/parks/map")).problem(500, "internal-error"))
    text = (folder / "everything.log").read_text(encoding="utf-8")
    lines = {line["event"]: line for line in map(json.loads, filter(lambda one: one[:1] == "{", text.splitlines()))}
    for said in (*answers, lines["handler failed"], lines["unexpected error"]):
        assert ("traceback" in said) is development, said
        assert ("raise KeyError(PRIVATE)" in json.dumps(said)) is development
    assert ("wang lives in Sample Road" in text + json.dumps(answers)) is development
    assert (answers[0]["plugin"], answers[0]["item"], answers[0]["method"]) == ("parks", "bench", "validate")
