"""Commands of operators leave a trace: a sealed entry before anything is read or changed, also without a server."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from banshi.app import configure
from banshi.builtin.audit.commands import note_command
from banshi.builtin.audit.leaving import forget_old_readings
from banshi.builtin.audit.models import OperatorCommand
from banshi.foundation.database.opening import open_store
from banshi.foundation.encryption.ring import read_keys
from banshi.ops.cli import COMMANDS, Commands, group
from banshi.ops.cli.data import personal_keys
from banshi.testing import Door, open_door
from tests.banshi.builtin.audit.chain_reading import found_after, verified
from tests.banshi.builtin.paging import rows_of
from tests.harness.borrowed import elsewhere
from tests.places import ROOT, TRAFFIC

ACCOUNT = pwd.getpwuid(os.getuid()).pw_name

#: Commands that read nobody's data and change nothing of a city's, each with the reason why they leave no entry.
UNTRACED = {
    "audit seal": "prints a number and a hash",
    "audit verify": "prints ids and numbers of cases, and changes nothing",
    "check": "reads configuration and plugins alone",
    "commands": "prints names of commands",
    "demo": "makes a city of its own in a folder that goes with it",
    "doctor": "counts, and looks at files and servers",
    "fcm-sandbox": "a server for development, without the database",
    "form": "writes a page with an item's form",
    "hooks": "prints names of hooks",
    "keys list": "prints names of keys",
    "keys personal list": "prints names of keys, and counts",
    "keys personal make": "makes a file before any database is opened with it; `encrypt` brings it into use",
    "migrate": "changes tables and no row of people's; the table of migrations has what was applied, and when",
    "new": "writes a plugin for its author",
    "publish": "asks a server over HTTP, which keeps who published what",
    "outbox list": "prints ids and consumers, never what is in a row",
    "push dead-letters": "asks a server by the operator's token, which logs whose it is and what was done",
    "push report": "asks a server by the operator's token, which counts phones",
    "register list": "prints names of registers, and counts",
    "restore": "makes the database; what holds its outbox says who restored it, and releasing it leaves an entry",
    "serve": "serves; what people do there is recorded as theirs",
    "token": "for development: it makes none where an identity provider is named, and opens no database",
    "webhooks list": "prints programs and addresses of theirs",
    "webpush-key": "writes a file that is in use once plugins.toml names it",
    "push-sandbox": "a server for development, without the database",
    "webpush-sandbox": "a server for development, without the database",
    "channel-sandbox": "a server for development, without the database",
    "sms-sandbox": "a server for development, without the database",
    "wechat-sandbox": "a server for development, without the database",
    "worker": "works; what it does is recorded as the platform's",
}

NOBODY = "0192f0c1-0000-7000-8000-000000000000"

#: Every other one, as it is typed, with what its entry says of it, and how it ends: also one that fails was asked for.
TRACED: dict[str, tuple[list[str], str, int]] = {
    "audit commands": ([], "days=7", 0),
    "audit refusals": (["--subject", "wang-4711"], "days=7", 0),
    "backup": (["FOLDER/backup"], "folder=FOLDER/backup without_keys=False", 0),
    "chat": ([], "", 0),
    "client add": (["Buses", "--contact", "0100", "--team", "li", "--mode", "team"], "name=Buses mode=team", 0),
    "client key add": (["bc_1"], "client_id=bc_1", 1),
    "client key revoke": (["bk_1"], "name=bk_1", 1),
    "client list": ([], "", 0),
    "client mode": (["bc_1", "live"], "client_id=bc_1 mode=live", 1),
    "client revoke": (["bc_1"], "client_id=bc_1", 1),
    "client rotate": (["bc_1", "--overlap", "0"], "client_id=bc_1 overlap=0", 1),
    "encrypt": (["--look-ups", "--yes"], "look_ups=True", 0),
    "insights import": (["FOLDER/plugins.toml"], "files=FOLDER/plugins.toml samples=False", 1),
    "insights judge": ([], "", 0),
    "keys personal remove": (["OLD"], "key=OLD", 0),
    "keys personal rotate": (["--lead", "0"], "lead=0 look_ups=False", 0),
    "keys revoke": (["KID", "--yes"], "kid=KID", 0),
    "keys rotate": (["--now"], "lead=48 at_once=True", 0),
    "outbox drop": ([NOBODY, "--yes"], f"identity={NOBODY}", 1),
    "outbox hold": (["--reason", "a trial"], "restored=False reason=a trial", 0),
    "outbox release": (["--yes"], "", 0),
    "outbox retry": (["--all"], "everything=True", 0),
    "person end-sessions": (["wang-4711"], "everybody=False", 0),
    "person export": (["wang-4711", "-o", "FOLDER/wang.zip", "--purpose", "he asked at the desk"], "", 0),
    "person forget": (["wang-4711", "--yes"], "", 0),
    "register import": (["--samples"], "samples=True", 0),
    "webhooks disable": ([NOBODY, "--reason", "harm"], f"webhook_id={NOBODY}", 1),
    "wechat-article": (["nobody", "FOLDER/plugins.toml"], "account=nobody", 2),
    "wechat-menu": (["nobody"], "account=nobody show=False", 2),
}


def leaves(ctx: click.Context, command: click.Command | None, *path: str) -> Iterator[str]:
    """Every command below one, as it is typed."""
    if not isinstance(command, click.Group):
        yield " ".join(path)
        return
    own = [*COMMANDS, *command.of_plugins(ctx)] if isinstance(command, Commands) else command.list_commands(ctx)
    for name in own:
        yield from leaves(ctx, command.get_command(ctx, name), *path, name)


def test_every_command_leaves_an_entry_or_says_why_it_needs_none() -> None:
    """Of the whole list of plugins: who adds a command tries it below, or gives the reason."""
    ctx = click.Context(group, info_name="banshi")
    ctx.params = {"config": str(ROOT / "plugins.toml")}
    assert sorted(leaves(ctx, group)) == sorted([*UNTRACED, *TRACED])


PLUGINS = {
    "household": ROOT / "plugins" / "departments" / "household",
    "insights": ROOT / "plugins" / "insights",
    "clients": ROOT / "plugins" / "integrations" / "clients",
    "webhooks": ROOT / "plugins" / "integrations" / "webhooks",
    "conversations": ROOT / "plugins" / "channels" / "conversations",
    "wechat": ROOT / "plugins" / "channels" / "wechat",
}


class City:
    """A folder with a configuration, whose database nobody serves."""

    def __init__(self, folder: Path, plugins: dict[str, Path], platform: str = "") -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        tables = "".join(f'[plugins.{name}]\napi = 1\npath = "{path}"\n' for name, path in plugins.items())
        (folder / "plugins.toml").write_text(f"[platform]\n{platform}\n{tables}")

    def banshi(self, *arguments: str, told: str = "") -> Result:
        return CliRunner().invoke(
            group, ["--config", str(self.folder / "plugins.toml"), *arguments], input=told, obj={}
        )

    def entries(self) -> list[OperatorCommand]:
        async def read() -> list[OperatorCommand]:
            registry = configure(self.folder / "plugins.toml")
            settings = registry.configuration.settings
            async with open_store(settings.database_url, registry.tables, personal=settings.personal_keys):
                return await OperatorCommand.all().order_by("id")

        found: list[OperatorCommand] = elsewhere(read())
        return found


@pytest.mark.sqlite
@pytest.mark.timeout(120)
def test_each_command_that_reads_or_changes_leaves_its_entry_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them, in a city whose personal columns are encrypted: by whom, what, and not for whom the server knows."""
    monkeypatch.setattr(personal_keys, "SETTLED_AFTER_S", -1.0)
    city = City(tmp_path, PLUGINS, 'personal_keys = "ring"')
    assert city.banshi("keys", "personal", "make").exit_code == 0
    given = {"FOLDER": str(tmp_path), "OLD": next(iter(read_keys(tmp_path / "ring").names - {"i1"}))}
    first = ("client list", "register import", "keys personal rotate", "encrypt", "keys personal remove", "keys rotate")
    order = [*first, "keys revoke", "outbox hold", *(one for one in TRACED if one not in {*first, "keys revoke"})]
    order = list(dict.fromkeys(order))
    expected, outputs = [], ""

    def filled(text: str) -> str:
        for name, value in given.items():
            text = text.replace(name, value)
        return text

    for name in order:
        arguments, about, code = TRACED[name]
        if name == "keys revoke":
            given["KID"] = outputs.split(" signs from")[0].split()[-1]
        result = city.banshi("--as", "li", *name.split(), *(filled(one) for one in arguments))
        assert result.exit_code == code, f"{name}: {result.output}"
        outputs += result.output
        expected.append((name, filled(about)))
    entries = city.entries()
    assert [(one.command, one.about) for one in entries] == expected
    assert {one.operator for one in entries} == {f"li ({ACCOUNT})"}
    whose = {"person export", "person forget", "person end-sessions"}
    assert {one.command for one in entries if one.whose} == whose
    assert [one.purpose for one in entries if one.purpose] == ["he asked at the desk"]
    # Each was sealed in the moment in which it was made.
    assert [one.seal for one in entries] == list(range(1, len(entries) + 1))
    kept = str([vars(one) for one in entries])
    secret = outputs.split("client_secret  ")[1].split()[0]
    assert secret not in kept
    assert "wang-4711" not in kept
    told = city.banshi("audit", "verify")
    assert told.exit_code == 0, told.output


# -- whose, by whom and what for ---------------------------------------------------------------------------------------


@pytest.fixture
def city(tmp_path: Path, database: str) -> City:
    return City(tmp_path, {"traffic": TRAFFIC}, f'database = "{database}"')


def exported(city: City, *more: str, told: str = "") -> Result:
    output = city.folder / f"{len(list(city.folder.glob('*.zip')))}.zip"
    return city.banshi("person", "export", "wang", "-o", str(output), *more, told=told)


def test_who_was_exported_or_forgotten_sees_it_with_its_purpose_and_nobody_s_name(city: City, database: str) -> None:
    assert exported(city, "--purpose", "he asked at the desk").exit_code == 0
    told = exported(city)
    assert told.exit_code == 0
    assert "say --purpose TEXT" in told.output
    assert city.banshi("--as", "li-4711", "person", "forget", "wang", "--yes").exit_code == 0

    async def shown() -> None:
        async with open_door(city.folder, {"traffic": TRAFFIC}, platform={"database": database}) as door:
            wang = door.citizen("wang")
            items = await rows_of(wang, "/v1/me/commands", limit="2")
            assert [(one["command"], one["purpose"]) for one in items] == [
                ("person forget", None),
                ("person export", None),
                ("person export", "he asked at the desk"),
            ]
            assert {one["by"]["who"] for one in items} == {"operator"}
            data = (await wang.get("/v1/me/data")).ok()
            held = data["held"]["banshi"]["banshi_operator_command"]
            assert [one["command"] for one in held] == ["person export", "person export", "person forget"]
            for said in (str(items), str(data)):
                assert "li-4711" not in said
                assert ACCOUNT not in said
            assert (await door.citizen("zhao").get("/v1/me/commands")).ok()["items"] == []
            assert (await door.staff("chen", "traffic:reviewer").get("/v1/me/commands")).status == 403
            assert (await door.anyone.get("/v1/me/commands")).status == 401

    elsewhere(shown())
    lines = city.banshi("audit", "commands", "--subject", "wang", "--json").output.splitlines()
    assert [json.loads(line)["operator"] for line in lines] == [ACCOUNT, ACCOUNT, f"li-4711 ({ACCOUNT})"]
    assert city.banshi("audit", "commands", "--subject", "zhao").output == ""
    assert "for: he asked at the desk" in city.banshi("audit", "commands").output
    assert city.banshi("audit", "verify").exit_code == 0


@pytest.mark.sqlite
def test_an_operator_is_the_account_of_the_system_and_whoever_else_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the environment says of the account is not believed."""
    city, expected = City(tmp_path, {}), []
    said: list[tuple[dict[str, str], list[str], str]] = [
        ({}, [], ACCOUNT),
        ({"LOGNAME": "somebody-else", "USER": "somebody-else"}, [], ACCOUNT),
        ({"SUDO_USER": "li"}, [], f"li ({ACCOUNT})"),
        ({"SUDO_USER": "li", "BANSHI_OPERATOR": "wei"}, [], f"wei ({ACCOUNT})"),
        ({"BANSHI_OPERATOR": "wei"}, ["--as", "chen"], f"chen ({ACCOUNT})"),
        ({}, ["--as", ACCOUNT], ACCOUNT),
        ({}, ["--as", "a\nb\x1b[1m" + "c" * 300], f"ab[1m{'c' * 95} ({ACCOUNT})"),
    ]
    for environment, options, operator in said:
        with monkeypatch.context() as patch:
            for name in ("SUDO_USER", "BANSHI_OPERATOR"):
                patch.delenv(name, raising=False)
            for name, value in environment.items():
                patch.setenv(name, value)
            assert city.banshi(*options, "keys", "rotate").exit_code == 0
        expected.append(operator)
    assert [one.operator for one in city.entries()] == expected


@pytest.mark.sqlite
@pytest.mark.parametrize("purpose", ["x" * 201, "two\nlines", " ", "a\x00b"])
def test_a_purpose_that_nobody_could_read_is_refused_and_nothing_is_exported(tmp_path: Path, purpose: str) -> None:
    city = City(tmp_path, {})
    told = exported(city, "--purpose", purpose)
    assert told.exit_code == 2
    assert "1 to 200 characters" in told.output
    assert not (tmp_path / "data").exists()


@pytest.mark.sqlite
def test_without_the_key_that_sealed_what_is_there_nothing_is_read_or_changed(tmp_path: Path) -> None:
    """Nor is another key made, which would be in the way of the one that comes back."""
    city = City(tmp_path, {})
    assert city.banshi("keys", "rotate").exit_code == 0
    key = tmp_path / "data" / "keys" / "audit.key"
    key.rename(tmp_path / "kept")
    told = exported(city, "--purpose", "he asked")
    assert isinstance(told.exception, FileNotFoundError)
    assert "bring it back from a backup" in str(told.exception)
    assert not key.exists()
    assert not list(tmp_path.glob("*.zip"))
    (tmp_path / "kept").rename(key)
    assert exported(city, "--purpose", "he asked").exit_code == 0


@pytest.mark.sqlite
def test_a_backup_is_made_also_where_it_can_not_be_noted_and_a_restore_says_by_whom(tmp_path: Path) -> None:
    city = City(tmp_path / "old", {})
    assert exported(city, "--purpose", "so that there is a database").exit_code == 0
    (city.folder / "data" / "keys" / "audit.key").unlink()
    told = city.banshi("backup", str(tmp_path / "backup"))
    assert told.exit_code == 0
    assert "could not be noted in the audit" in told.output
    new = City(tmp_path / "new", {})
    assert new.banshi("--as", "li", "restore", str(tmp_path / "backup")).exit_code == 0
    assert f"by li ({ACCOUNT})" in new.banshi("outbox", "list").output


@pytest.mark.sqlite
def test_a_ring_that_no_database_is_sealed_with_yet_is_changed_without_an_entry(tmp_path: Path) -> None:
    city = City(tmp_path, {}, 'personal_keys = "ring"')
    for command in ("make", "rotate"):
        assert city.banshi("keys", "personal", command).exit_code == 0
    assert exported(city, "--purpose", "so that there is a database").exit_code == 0
    for _ in range(2):
        assert city.banshi("keys", "personal", "rotate", "--look-ups").exit_code == 0
    assert city.banshi("encrypt", "--look-ups", "--yes").exit_code == 0
    assert [one.command for one in city.entries()] == ["person export", "keys personal rotate", "encrypt"]


# -- the chain ---------------------------------------------------------------------------------------------------------

#: What somebody may do to an entry in the tables, each with what is then said of it.
CHANGES = {
    "UPDATE banshi_operator_command SET operator = 'somebody-else'": "it is not what was written",
    "UPDATE banshi_operator_command SET command = 'keys rotate'": "it is not what was written",
    "UPDATE banshi_operator_command SET about = 'x'": "it is not what was written",
    "UPDATE banshi_operator_command SET whose = ''": "it is not what was written",
    "UPDATE banshi_operator_command SET purpose = 'he asked'": "it is not what was written",
    "UPDATE banshi_operator_command SET at = '2020-01-01 00:00:00+00:00'": "it is not what was written",
    "DELETE FROM banshi_operator_command": "it was deleted",
    "UPDATE banshi_operator_command SET seal = NULL": "its row names another seal, or none",
    "UPDATE banshi_operator_command SET seal = 7": "it names this seal, which is not there",
}


async def test_an_entry_that_was_changed_or_removed_is_found(office: Door) -> None:
    platform = office.platform
    about = {"operator": "li", "command": "person export", "subject": "wang", "purpose": "an inspection"}
    await note_command(platform.store, platform.settings.keys_folder, **about)
    assert (await verified(office))[0] == []
    (entry,) = await OperatorCommand.all()
    for change, told in (await found_after(office, "banshi_operator_command", CHANGES)).items():
        assert any(CHANGES[change] in one and str(entry.id) in one for one in told), (change, told)
        assert not any("which is gone" in one for one in told), change


async def test_entries_leave_after_their_time_as_readings_do(bare_door: Door) -> None:
    platform = bare_door.platform
    folder, now = platform.settings.keys_folder, platform.now()
    await note_command(platform.store, folder, operator="li", command="person export", subject="wang")
    await forget_old_readings(platform)
    assert await OperatorCommand.all().count() == 1
    platform.now = lambda: now + timedelta(days=platform.settings.look_up_days, hours=1)
    await forget_old_readings(platform)
    assert await OperatorCommand.all().count() == 0
    found, tally = await verified(bare_door)
    assert (found, tally.left["age"]) == ([], 1)
