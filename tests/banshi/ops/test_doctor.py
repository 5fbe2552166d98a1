"""`banshi doctor` finds what is really broken, says what to do, and ends with 1 where there is an error."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis
from aiohttp import web
from click.testing import CliRunner

from banshi.app import configure
from banshi.foundation.database.opening import open_store
from banshi.foundation.database.store import CLOCK
from banshi.kernel.loading.configuration import make_folders
from banshi.kernel.loading.settings import Settings
from banshi.ops.cli import _told, group
from banshi.ops.doctor import machine, sqlite_pages
from mobile_push.sandbox import FcmSandbox
from tests.harness.borrowed import elsewhere
from tests.journeys.running import BANSHI
from tests.servers import poolers
from tests.servers.redis_servers import Server

pytestmark = pytest.mark.sqlite


class Patient:
    """A folder with a configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.written()

    def written(self, platform: str = "", plugins: str = "") -> Patient:
        text = f'[platform]\ndata = "data"\n{platform}\n{plugins}\n'
        (self.folder / "plugins.toml").write_text(text, encoding="utf-8")
        return self

    def founded(self) -> Patient:
        """With its tables and keys, as after a first start."""
        (self.data / "keys").mkdir(parents=True, exist_ok=True)
        (self.data / "keys").chmod(0o700)
        (self.data / "keys" / "sealed.key").write_bytes(b"secret")
        (self.data / "keys" / "sealed.key").chmod(0o600)
        registry = configure(self.folder / "plugins.toml")

        async def first() -> None:
            async with open_store(registry.configuration.settings.database_url, registry.tables):
                pass

        elsewhere(first())
        return self

    def told(self, *options: str) -> tuple[int, dict[str, tuple[str, str]]]:
        """The status, and check → state and words; of several the worst."""
        said = CliRunner().invoke(
            group, ["--config", str(self.folder / "plugins.toml"), "doctor", "--json", *options], obj={}
        )
        worst = ["ok", "warning", "error"]
        found: dict[str, tuple[str, str]] = {}
        # Under test the log goes there too.
        for line in filter(lambda one: one.startswith("{"), said.stdout.splitlines()):
            one = json.loads(line)
            before = found.get(one["check"], ("ok", ""))
            if worst.index(one["state"]) >= worst.index(before[0]):
                found[one["check"]] = (one["state"], one["told"])
        assert found, said.output
        return said.exit_code, found

    def finds(self, check: str, state: str, *words: str, options: tuple[str, ...] = ()) -> None:
        status, found = self.told(*options)
        assert check in found, found
        assert found[check][0] == state, found[check]
        for word in words:
            assert word in found[check][1], found[check]
        assert (status == 1) is any(one[0] == "error" for one in found.values())


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return Patient(tmp_path)


@pytest.mark.plain(why="of a plugins.toml that names no ring")
def test_what_is_right_is_said_to_be_one_line_each_and_the_status_is_0(patient: Patient) -> None:
    patient.founded()
    said = CliRunner().invoke(group, ["--config", str(patient.folder / "plugins.toml"), "doctor"], obj={})
    assert said.exit_code == 0, said.output
    lines = said.stdout.splitlines()
    assert all(line.split()[0] in {"ok", "warning"} for line in lines[:-1])
    assert {line.split()[1] for line in lines[:-1]} >= {"configuration", "database", "schema", "clock", "disk", "keys"}
    assert lines[-1].startswith("nothing to mend")


def spoilt(file: Path, page: int, size: int = 4_096) -> bytes:
    """The file, one page of which was written over by somebody else; gives what it was."""
    was = file.read_bytes()
    begin = (page - 1) * size
    file.write_bytes(was[:begin] + random.Random(page).randbytes(size) + was[begin + size :])
    return was


@pytest.mark.sqlite
def test_a_page_that_sqlite_did_not_write_is_an_error_wherever_it_is(patient: Patient) -> None:
    file = patient.founded().data / "banshi.sqlite3"
    patient.finds("database-file", "ok", "in order")
    pages = file.stat().st_size // 4_096
    assert pages > 40
    for page in range(2, pages + 1):
        was = spoilt(file, page)
        verdict = sqlite_pages.looked_through(file)
        assert (verdict.state, str(file) in verdict.told) == ("error", True), page
        file.write_bytes(was)
    spoilt(file, pages // 2)
    status, found = patient.told()
    assert status == 1
    assert "is damaged" in found["database-file"][1]
    assert "newest backup" in found["database-file"][1]
    assert all("Traceback" not in told for _, told in found.values())


@pytest.mark.sqlite
def test_a_file_too_large_to_be_read_in_time_is_a_warning_and_not_an_error(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient.founded()
    monkeypatch.setattr(sqlite_pages, "LONGEST_LOOK_S", -1.0)
    monkeypatch.setattr(sqlite_pages, "STEPS", 1)
    patient.finds("database-file", "warning", "right so far", "quick_check")


def test_whatever_command_meets_a_damaged_file_tells_it_in_a_sentence() -> None:
    assert "restore the newest backup" in str(_told(sqlite3.DatabaseError("database disk image is malformed")))
    assert _told(sqlite3.ProgrammingError("a fault of ours")) is None


def test_a_configuration_that_is_none_is_one_error_and_nothing_else_is_looked_at(patient: Patient) -> None:
    (patient.folder / "plugins.toml").write_text("[platform\n")
    status, found = patient.told()
    assert (status, list(found)) == (1, ["configuration"])
    (patient.folder / "plugins.toml").unlink()
    patient.finds("configuration", "error", "there is no")


def test_a_wrong_setting_is_an_error(patient: Patient) -> None:
    patient.written("outbox_attempts = 0")
    patient.finds("configuration", "error", "outbox_attempts has to be at least 1")


def test_secrets_that_others_can_read_are_an_error(patient: Patient) -> None:
    patient.founded()
    (patient.data / "keys" / "sealed.key").chmod(0o644)
    patient.finds("keys", "error", "sealed.key", "chmod 600")
    (patient.data / "keys" / "sealed.key").chmod(0o600)
    (patient.data / "keys").chmod(0o777)
    patient.finds("keys", "error", "chmod 700")


def test_a_data_folder_that_others_can_look_into_is_found_and_a_new_one_is_its_owner_s_alone(patient: Patient) -> None:
    patient.data.mkdir()
    # Whatever this account's umask leaves of it.
    patient.data.chmod(0o755)
    patient.finds("data-folder", "warning", "chmod 700")
    patient.data.rmdir()
    make_folders(Settings(data=patient.data), keys=True)
    assert {path.stat().st_mode & 0o777 for path in (patient.data, patient.data / "keys")} == {0o700}
    assert "data-folder" not in patient.told()[1]


def test_a_data_folder_that_is_a_file_is_an_error(patient: Patient) -> None:
    patient.data.write_text("")
    patient.finds("data-folder", "error", "is no folder: mend platform.data")


def test_a_full_disk_is_an_error(patient: Patient) -> None:
    """A disk of a megabyte, where this account may make one."""
    patient.data.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", patient.data], check=False)
    if made.returncode:
        pytest.skip("this account may not mount a small disk")
    try:
        patient.finds("disk", "error", "make room")
    finally:
        subprocess.run(["umount", patient.data], check=True)


def test_a_limit_of_open_files_that_is_too_low_is_found(patient: Patient) -> None:
    line = f'ulimit -n {machine.MIN_OPEN_FILES // 8} && exec "$0" doctor --json'
    said = subprocess.run(
        ["/bin/sh", "-c", line, BANSHI], cwd=patient.folder, capture_output=True, text=True, check=False
    )
    found = [one for one in map(json.loads, said.stdout.splitlines()) if one["check"] == "open-files"]
    assert found[0]["state"] == "warning", said.stdout + said.stderr
    assert "512" in found[0]["told"]


# The database


def test_a_database_that_is_none_yet_is_no_error(patient: Patient) -> None:
    patient.finds("database", "warning", "the first start makes it")
    assert not (patient.data / "banshi.sqlite3").exists()


def test_a_file_that_is_no_database_is_an_error(patient: Patient) -> None:
    patient.data.mkdir()
    (patient.data / "banshi.sqlite3").write_bytes(b"no database" * 1000)
    patient.finds("database", "error", "no-database")


def test_a_database_that_does_not_answer_is_an_error_without_its_password(patient: Patient) -> None:
    patient.written('database = "postgres://wang:hunter2@127.0.0.1:1/none"')
    status, found = patient.told()
    assert status == 1
    assert found["database"][0] == "error"
    assert "hunter2" not in json.dumps(found)


def test_an_old_schema_is_an_error_where_no_start_may_bring_it_up_to_date(
    patient: Patient, empty_database: str
) -> None:
    if empty_database.startswith("sqlite"):
        (patient.folder / "banshi.sqlite3").touch()
    patient.written(f'database = "{empty_database}"')
    patient.finds("schema", "warning", "the next start brings it to this version", "0001_initial")
    patient.written(f'database = "{empty_database}"\nmigrate_at_start = false')
    patient.finds("schema", "error", "run `banshi migrate`")


def test_a_newer_schema_is_an_error(patient: Patient) -> None:
    patient.founded()
    with closing(sqlite3.connect(patient.data / "banshi.sqlite3")) as connection:
        connection.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('banshi', '0999_later', '2099-01-01')"
        )
        connection.commit()
    patient.finds("database", "error", "schema-too-new", "0999_later")


def test_a_database_that_takes_no_write_is_an_error(patient: Patient) -> None:
    patient.founded()
    with closing(sqlite3.connect(patient.data / "banshi.sqlite3")) as connection:
        connection.execute(
            "CREATE TRIGGER no BEFORE INSERT ON banshi_lease BEGIN SELECT RAISE(ABORT, 'read only'); END"
        )
        connection.commit()
    patient.finds("database-write", "error", "read only")


def test_commits_that_are_not_synced_are_warned_of(patient: Patient, database: str) -> None:
    patient.written(f'database = "{database}{"" if "postgres" in database else "&synchronous=NORMAL"}"')
    patient.founded()
    patient.finds("database-write", "warning", "may be lost with the power")


def test_clocks_that_are_apart_are_found(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    patient.founded()
    now = CLOCK["sqlite"]
    monkeypatch.setitem(CLOCK, "sqlite", f"({now} - 10000)")
    patient.finds("clock", "warning", "10.0 s apart", "NTP")
    monkeypatch.setitem(CLOCK, "sqlite", f"({now} + 3600000)")
    patient.finds("clock", "error", "3600.0 s apart")


def test_more_connections_than_the_server_takes_are_an_error(patient: Patient, postgres: str) -> None:
    patient.written(f'database = "{postgres}"')
    patient.finds("connections", "ok", "1 process of 11 connections")
    patient.finds("connections", "error", "400 processes of 11", "max_connections", options=("--workers", "400"))
    patient.finds("postgres-version", "ok", "PostgreSQL 1")
    patient.finds("pooler", "ok", "none between")


def test_a_pooler_in_between_is_found_with_what_it_keeps_from_the_platform(patient: Patient, postgres: str) -> None:
    with poolers.pooled(postgres) as url:
        patient.written(f'database = "{url}"')
        patient.finds("pooler", "warning", "a pooler such as PgBouncer", "session mode", "SET statement_timeout")
        patient.written(f'database = "{url}"\n[platform.redis]\nurl = "redis://127.0.0.1:1/0"')
        verdict, told = patient.told()[1]["pooler"]
        assert (verdict, "session mode" in told) == ("warning", False), "Redis carries the signals"


# Redis


def test_a_redis_that_is_away_is_an_error(patient: Patient) -> None:
    patient.written('[platform.redis]\nurl = "redis://:hunter2@127.0.0.1:1/0"')
    status, found = patient.told()
    assert (status, found["redis"][0]) == (1, "error")
    assert "hunter2" not in json.dumps(found)


def test_a_redis_that_throws_away_is_warned_of(patient: Patient, tmp_path: Path) -> None:
    server = Server(tmp_path / "redis")
    try:
        patient.written(f'[platform.redis]\nurl = "redis://127.0.0.1:{server.port}/0"\nname = "mine"')
        patient.finds("redis", "ok")
        patient.finds("redis-eviction", "ok")
        patient.finds("redis-name", "ok", "0 processes listen under the name 'mine'")
        with redis.Redis(port=server.port) as client:
            client.config_set("maxmemory", "10mb")
            client.config_set("maxmemory-policy", "allkeys-lru")
        patient.finds("redis-eviction", "warning", "allkeys-lru", "noeviction")
    finally:
        server.kill()


# Those outside


async def test_an_identity_provider_is_asked_only_when_told_to_and_one_without_keys_is_an_error(
    patient: Patient,
) -> None:
    asked: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        asked.append(request.path)
        return web.json_response(
            {"issuer": str(request.url.origin()), "jwks_uri": f"{request.url.origin()}/k", "keys": []}
        )

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
        patient.written(f'[platform.identity]\nissuer = "{issuer}"\naudience = "banshi"')
        await asyncio.to_thread(patient.finds, "identity-provider", "ok", "--online asks it")
        assert asked == []
        online: Any = {"options": ("--online",)}
        await asyncio.to_thread(patient.finds, "identity-provider", "error", "gives no keys", **online)
        assert asked
    finally:
        await runner.cleanup()


def test_who_serves_the_public_without_saying_where_is_told(patient: Patient) -> None:
    identity = '[platform.identity]\nissuer = "http://127.0.0.1:1"\naudience = "banshi"'
    patient.written(identity)
    patient.finds("address", "warning", "set platform.address")
    patient.written(f'address = "https://services.city.example"\n{identity}')
    patient.finds("address", "ok", "https://services.city.example")


PUSH = """
[plugins.mobile_push]
package = "mobile_push"
api = 1
[plugins.mobile_push.settings.fcm]
service_account_file = "{key}"
base_url = "{base}"
"""


async def test_a_push_providers_key_is_read_and_only_online_is_a_token_asked_for(
    patient: Patient, tmp_path: Path
) -> None:
    async with FcmSandbox() as sandbox:
        key = sandbox.service_account_file(tmp_path / "key.json")
        patient.written(plugins=PUSH.format(key=key, base=sandbox.base_url))
        await asyncio.to_thread(patient.finds, "fcm", "ok", "--online asks for a token")
        assert sandbox.token_requests == 0
        await asyncio.to_thread(lambda: patient.finds("fcm", "ok", "gets access tokens", options=("--online",)))
        sandbox.behaviour.token_refused = True
        await asyncio.to_thread(lambda: patient.finds("fcm", "error", "no access token", options=("--online",)))
        key.chmod(0o644)
        await asyncio.to_thread(patient.finds, "push-secrets", "error", "key.json", "chmod 600")
        account = json.loads(key.read_text())
        account["private_key"] = account["private_key"].replace("M", "N", 20)
        key.write_text(json.dumps(account))
        await asyncio.to_thread(patient.finds, "fcm", "error", "download the file again")
        os.unlink(key)  # noqa: PTH108
        await asyncio.to_thread(patient.finds, "fcm", "error", "can't be read")
