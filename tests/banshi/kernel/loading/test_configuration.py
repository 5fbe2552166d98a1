"""plugins.toml is right, or the start is refused with every wrong key at once: the file, the key, the reason, and never
the value, since it may be a secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from banshi.foundation.findings import ConfigurationError, Finding
from banshi.kernel.loading.configuration import Configuration, read_configuration
from banshi.kernel.loading.outside_systems import Identity
from banshi.kernel.loading.settings import Settings
from banshi.kernel.loading.typed_tables import SettingsError, typed

SECRET = "open-sesame"


def written(folder: Path, content: str) -> Path:
    file = folder / "plugins.toml"
    file.write_text(content, encoding="utf-8")
    return file


def findings(file: Path, overrides: Mapping[str, Any] | None = None) -> list[Finding]:
    with pytest.raises(ConfigurationError) as refused:
        read_configuration(file, overrides)
    return list(refused.value.findings)


def read(folder: Path, content: str, overrides: Mapping[str, Any] | None = None) -> Configuration:
    return read_configuration(written(folder, content), overrides)


# Every setting wrong in turn

#: Setting → values that it can't have, as TOML, each with what the reason says.
WRONG: dict[str, list[tuple[str, str]]] = {
    "data": [("7", "path"), ("[]", "path")],
    "database": [
        ("7", "string"),
        ('"hello"', "sqlite:// or"),
        ('"mysql://u@h/d"', "sqlite:// or"),
        ('"postgres://u:p/s@h/d"', "a port"),
    ],
    "development": [('"true"', "true or false"), ("1", "true or false"), ("[]", "true or false")],
    "without": [
        ("7", "has to be a list"),
        ('["passes"]', "what can be left out is certificates"),
        ('"tracing"', "has to be a list"),
    ],
    "address": [
        ("7", "string"),
        ('"services.city.example"', "address has to be like https://services.city.example, without a path"),
        ('"https://city.example/api"', "without a path"),
        ("'https://city.example\">'", "without a path"),
    ],
    "replica": [
        ("7", "string"),
        ('"sqlite://x"', "begin with"),
        ('"postgres://u@h/d"', "so has database"),
        ('"postgres://u@h:a/d"', "a port"),
    ],
    "pool": [("7", "has to be a table"), ("{ most = 0 }", "least <= most"), ("{ statement_seconds = nan }", "0.1 to")],
    "redis": [
        ('"redis://a"', "has to be a table"),
        ('{ url = "http://a" }', "begin with"),
        ('{ name = "a" }', "missing"),
    ],
    "migrate_at_start": [('"sometimes"', "boolean")],
    "keys": [("7", "path")],
    "personal_keys": [("7", "path"), ("[]", "path")],
    "timezone": [('"Mars/Olympus"', "timezone"), ("8", "timezone")],
    "identity": [('"https://id.example.org"', "has to be a table"), ("[]", "has to be a table")],
    "pass_issuer": [("7", "string"), ('""', "1 to 16 bytes"), ('"德阳市公安局交警"', "1 to 16 bytes")],
    "certificate_fonts": [("7", "path")],
    "certificate_name_fonts": [("7", "path")],
    "certificate_address": [("7", "string"), (f'"{"x" * 81}"', "at most 80"), ('"a\\nb"', "one line")],
    "body_limit": [('"much"', "integer"), ("0", "at least 1"), ("-1", "at least 1"), ("1.5", "integer")],
    "attachment_limit": [('"much"', "integer"), ("0", "at least 1")],
    "attachment_quota": [('"much"', "integer"), ("0", "at least 1")],
    "handler_timeout": [('"long"', "number"), ("0", "more than 0"), ("3601", "at most 3600"), ("nan", "more than 0")],
    "breaker_failures": [('"some"', "integer"), ("0", "at least 1")],
    "breaker_pause": [('"long"', "number"), ("0", "more than 0"), ("inf", "at most 3600")],
    "outbox_attempts": [('"many"', "integer"), ("0", "at least 1")],
    "outbox_lease": [('"long"', "number"), ("-0.5", "more than 0"), ("4000", "at most 3600")],
    "keep_days": [('"some"', "integer"), ("0", "at least 1")],
    "rates": [
        ("5", "has to be a table"),
        ('{ burst = "many" }', "integer"),
        ("{ burst = 0 }", "1 <= burst <= day"),
        ("{ day = 119 }", "1 <= burst <= day"),
        ("{ day = -1 }", "1 <= burst <= day"),
        ("{ day = 1_000_000_001 }", "<= 1000000000"),
        ("{ hour = 60 }", "not a known key"),
    ],
    "registers": [('"all"', "has to be a table"), ("{ vehicles = {} }", "has to say where the data are")],
    "draft_days": [('"some"', "integer"), ("0", "at least 1")],
    "look_up_days": [('"some"', "integer"), ("0", "at least 1")],
    "outgoing": [
        ('"all"', "has to be a table"),
        ('{ networks = "all" }', "has to be a list"),
        ("{ nets = [] }", "not a known"),
    ],
    "retention": [
        ("5", "has to be a table"),
        ("{ default = 0 }", "at least 1 day"),
        ("{ default = -1 }", "at least 1 day"),
        ("{ default = true }", "number of days"),
        ('{ default = "5 years" }', "ISO 8601"),
        ('{ default = "P101Y" }', "100 years"),
        ("{ outcomes = { refused = 1.5 } }", "number of days"),
        ('{ kinds = { application = "P1Y" } }', "has to be a table"),
        ('{ kinds = { application = { refused = "P0D" } } }', "at least 1 day"),
        ("{ least = { default = 0 } }", "at least 1 day"),
        ("{ years = 5 }", "not a known key"),
    ],
    "test_case_days": [('"some"', "integer"), ("0", "at least 1")],
    "tip_days": [('"some"', "integer"), ("0", "at least 1")],
    "tip_quota": [('"much"', "integer"), ("0", "at least 1")],
    "holidays": [('"2027-01-01"', "has to be a list"), ('["New Year"]', "date")],
    "make_up_days": [('["2027-13-01"]', "date"), ("[1.5]", "date")],
    "holiday_years": [('["next"]', "integer"), ("2027", "has to be a list")],
    "log_level": [('"loud"', "'debug', 'info', 'warning' or 'error'"), ("1", "'debug'")],
}

GOOD_IDENTITY = {"issuer": '"https://id.example.org"', "audience": '"banshi"'}

WRONG_IDENTITY: dict[str, list[tuple[str, str]]] = {
    "issuer": [("7", "string"), ('"http://id.example.org"', "https://"), ('"id.example.org"', "https://")],
    "audience": [("[]", "string"), ('""', "can't be empty")],
    "jwks_uri": [
        ("7", "string"),
        ('"http://id.example.org/keys"', "https://"),
        ('"http://127.0.0.1/keys"', "https://"),
        ('"keys"', "https://"),
        ('"https://"', "https://"),
    ],
    "client_id": [("[]", "string"), ("7", "string")],
    "client_secret": [("[]", "string"), ("7", "string")],
    "logout_audiences": [('"app"', "list"), ("[7]", "string")],
    "roles_claim": [("[]", "string")],
    "name_claim": [("[]", "string")],
    "resident_id_claim": [("[]", "string")],
    "role_map": [('"approver"', "has to be a table"), ("{ a = 1 }", "string")],
    "keys_ttl": [('"long"', "number"), ("0", "more than 0"), ("90000", "at most keys_max_age"), ("nan", "more than 0")],
    "keys_max_age": [('"long"', "number"), ("1", "at most keys_max_age"), ("nan", "keys_max_age")],
    "token_max_life": [('"long"', "number"), ("0", "more than 0"), ("-1", "more than 0"), ("nan", "more than 0")],
    "token_types": [('"jwt"', "has to be a list"), ("[]", "some of"), ('["logout+jwt"]', "some of"), ("[1]", "string")],
    "staff_acr": [('"mfa"', "has to be a list"), ('[""]', "in ASCII"), ('["a b"]', "in ASCII"), ('["两"]', "in ASCII")],
}


def cases(wrong: Mapping[str, list[tuple[str, str]]]) -> list[tuple[str, str, str]]:
    return [(key, value, why) for key, values in wrong.items() for value, why in values]


def test_every_setting_of_the_platform_is_wrong_in_turn_here() -> None:
    assert set(WRONG) == {one.name for one in fields(Settings)}
    assert set(WRONG_IDENTITY) == {one.name for one in fields(Identity)}


@pytest.mark.parametrize(("key", "value", "why"), cases(WRONG))
def test_a_wrong_setting_is_told_with_file_key_and_reason(tmp_path: Path, key: str, value: str, why: str) -> None:
    file = written(tmp_path, f"[platform]\n{key} = {value}\n")
    (finding,) = findings(file)
    assert (finding.plugin, finding.rule) == ("platform", "wrong-setting")
    assert finding.advice.startswith(f"{file}: platform")
    assert key in finding.advice
    assert why in finding.advice


@pytest.mark.parametrize(("key", "value", "why"), cases(WRONG_IDENTITY))
def test_a_wrong_setting_of_the_identity_provider_is_told_alike(tmp_path: Path, key: str, value: str, why: str) -> None:
    table = "\n".join(f"{name} = {text}" for name, text in {**GOOD_IDENTITY, key: value}.items())
    file = written(tmp_path, f"[platform.identity]\n{table}\n")
    (finding,) = findings(file)
    assert finding.advice.startswith(f"{file}: platform.identity")
    assert key in finding.advice
    assert why in finding.advice


@pytest.mark.parametrize("missing", ["issuer", "audience"])
def test_what_an_identity_provider_needs_is_told_when_it_is_missing(tmp_path: Path, missing: str) -> None:
    table = "\n".join(f"{name} = {text}" for name, text in GOOD_IDENTITY.items() if name != missing)
    (finding,) = findings(written(tmp_path, f"[platform.identity]\n{table}\n"))
    assert finding.advice.endswith(f": platform.identity.{missing} is missing")


def test_a_provider_on_this_machine_may_be_without_tls(tmp_path: Path) -> None:
    for issuer in ("http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"):
        settings = read(tmp_path, f'[platform.identity]\nissuer = "{issuer}"\naudience = "banshi"\n').settings
        assert settings.identity is not None
        assert settings.identity.issuer == issuer


def test_no_wrong_value_is_told_since_it_may_be_a_secret(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        f"""
        [platform]
        database = "{SECRET}://u:{SECRET}@host/d"
        body_limit = "{SECRET}"
        log_level = "{SECRET}"
        """,
    )
    assert SECRET not in str(ConfigurationError(findings(file)))


# Entries of plugins


@pytest.mark.parametrize(
    ("table", "rule", "why"),
    [
        ("[plugins.fire]\napi = 1\n", "wrong-entry", 'either path = "…" or package = "…"'),
        ('[plugins.fire]\napi = 1\npath = ["a"]\n', "wrong-entry", "plugins.fire.path"),
        ('[plugins.fire]\napi = 0\npath = "a"\n', "wrong-api", "plugins.fire.api is 0"),
        ('[plugins.fire]\napi = 1\npath = "a"\nsettings = 1\n', "wrong-entry", "write [plugins.fire.settings]"),
        ('[plugins]\nfire = "fire"\n', "wrong-entry", "plugins.fire"),
        ('[plugins.platform]\napi = 1\npath = "a"\n', "bad-name", "rename [plugins.platform]"),
        ('[plugins."fire brigade"]\napi = 1\npath = "a"\n', "bad-name", "rename [plugins.fire brigade]"),
        ('[plugins."../fire"]\napi = 1\npath = "a"\n', "bad-name", "rename [plugins.../fire]"),
    ],
)
def test_a_wrong_entry_is_told_with_file_key_and_reason(tmp_path: Path, table: str, rule: str, why: str) -> None:
    file = written(tmp_path, table)
    (finding,) = findings(file)
    assert finding.rule == rule
    assert finding.advice.startswith(f"{file}: ")
    assert why in finding.advice


# What is right


def test_an_empty_file_is_a_platform_with_defaults_and_no_plugin(tmp_path: Path) -> None:
    configuration = read(tmp_path, "")
    assert configuration.entries == {}
    settings = configuration.settings
    assert settings.timezone == ZoneInfo("Asia/Shanghai")
    assert settings.identity is None
    assert settings.data == tmp_path / "data"
    assert settings.keys_folder == tmp_path / "data" / "keys"
    assert settings.attachments_folder == tmp_path / "data" / "attachments"
    assert settings.database_url.startswith(f"sqlite://{tmp_path}/data/banshi.sqlite3?synchronous=FULL")


def test_every_setting_is_taken_with_its_type(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        """
        [platform]
        data = "/srv/banshi"
        keys = "secret/keys"
        database = "asyncpg://banshi@db/banshi"
        timezone = "Asia/Urumqi"
        pass_issuer = "510600"
        handler_timeout = 2
        holidays = [2027-02-06, "2027-02-07"]
        holiday_years = [2027]
        """,
    ).settings
    assert settings.data == Path("/srv/banshi")
    assert settings.keys_folder == tmp_path / "secret" / "keys"
    assert settings.database_url.partition("?")[0] == "asyncpg://banshi@db/banshi"
    assert (settings.timezone.key, settings.pass_issuer, settings.handler_timeout) == ("Asia/Urumqi", "510600", 2.0)
    assert settings.holidays == {date(2027, 2, 6), date(2027, 2, 7)}
    assert settings.holiday_years == {2027}


def test_paths_are_relative_to_the_file_and_not_to_where_the_command_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "city").mkdir()
    written(tmp_path / "city", '[platform]\ndata = "../data"\n[plugins.fire]\npath = "plugins/fire"\napi = 1\n')
    monkeypatch.chdir(tmp_path)
    configuration = read_configuration(Path("city/plugins.toml"))
    assert configuration.settings.data.resolve() == tmp_path / "data"
    assert configuration.entries["fire"].path == tmp_path / "city" / "plugins" / "fire"


# Secrets from the environment


def test_a_secret_is_read_from_the_environment_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANSHI_DATABASE", f"asyncpg://u:{SECRET}@host/d")
    monkeypatch.setenv("BANSHI_ISSUER", "https://id.example.org")
    monkeypatch.setenv("BANSHI_BODY", "1000")
    settings = read(
        tmp_path,
        """
        [platform]
        database = "env:BANSHI_DATABASE"
        body_limit = "env:BANSHI_BODY"
        [platform.identity]
        issuer = "env:BANSHI_ISSUER"
        audience = "banshi"
        """,
    ).settings
    assert settings.database == f"asyncpg://u:{SECRET}@host/d"
    assert settings.body_limit == 1000
    assert settings.identity is not None
    assert settings.identity.issuer == "https://id.example.org"


def test_every_variable_that_is_not_set_is_told_with_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BANSHI_A", "BANSHI_B"):
        monkeypatch.delenv(name, raising=False)
    file = written(
        tmp_path,
        """
        [platform]
        database = "env:BANSHI_A"
        keep_days = 0.5
        [platform.identity]
        issuer = "env:BANSHI_B"
        audience = "banshi"
        """,
    )
    told = "\n".join(one.advice for one in findings(file))
    assert "platform.database needs the environment variable BANSHI_A, which is not set" in told
    assert "platform.identity.issuer needs the environment variable BANSHI_B, which is not set" in told
    assert "platform.keep_days" in told
    assert told.count("\n") == 2, "what follows from a value that isn't there is nothing to mend"


def test_a_wrong_value_from_the_environment_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANSHI_BODY", SECRET)
    (finding,) = findings(written(tmp_path, '[platform]\nbody_limit = "env:BANSHI_BODY"\n'))
    assert "platform.body_limit" in finding.advice
    assert SECRET not in finding.advice


def test_a_plugins_own_settings_are_read_when_the_plugin_is_loaded_and_kept_as_they_are_until_then(
    tmp_path: Path,
) -> None:
    configuration = read(
        tmp_path, '[plugins.fire]\npath = "fire"\napi = 1\n[plugins.fire.settings]\ntoken = "env:BANSHI_NOT_SET"\n'
    )
    assert configuration.entries["fire"].settings == {"token": "env:BANSHI_NOT_SET"}


# Overrides


def test_an_override_wins_key_by_key_and_leaves_the_rest(tmp_path: Path) -> None:
    content = """
    [platform]
    pass_issuer = "CITY"
    body_limit = 1000
    [platform.identity]
    issuer = "https://id.example.org"
    audience = "banshi"
    [plugins.fire]
    path = "fire"
    api = 1
    [plugins.fire.settings]
    a = 1
    b = { c = 2, d = 3 }
    """
    over = {"platform": {"body_limit": 2000, "identity": None}, "plugins": {"fire": {"settings": {"b": {"c": 4}}}}}
    configuration = read(tmp_path, content, over)
    settings = configuration.settings
    assert (settings.pass_issuer, settings.body_limit, settings.identity) == ("CITY", 2000, None)
    assert configuration.entries["fire"].settings == {"a": 1, "b": {"c": 4, "d": 3}}


def test_a_wrong_override_is_told_as_a_wrong_setting(tmp_path: Path) -> None:
    (finding,) = findings(written(tmp_path, ""), {"platform": {"body_limit": "much"}})
    assert "platform.body_limit" in finding.advice


# Files that are none


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[platform\n", "Expected ']'"),
        (b"a = \n", "Invalid value"),
        (b"[platform]\n[platform]\n", "Cannot declare"),
        ("[platform]\npass_issuer = '市'\n".encode("gbk"), "is not in UTF-8"),
        (b"\xff\xfe", "is not in UTF-8"),
    ],
)
def test_a_file_that_is_no_toml_is_told_with_its_place(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "plugins.toml"
    file.write_bytes(content)
    (finding,) = findings(file)
    assert finding.rule == "no-configuration"
    assert f"{file} can't be read" in finding.advice
    assert why in finding.advice


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (finding,) = findings(tmp_path)
    assert "can't be read" in finding.advice


@pytest.mark.parametrize("content", ["plugins = 1\n", "plugins = []\n", "platform = 1\n", "platform = []\n"])
def test_a_table_that_is_none_is_told(tmp_path: Path, content: str) -> None:
    (finding,) = findings(written(tmp_path, content))
    assert content.split()[0] in finding.advice


def test_a_table_by_itself_is_typed_or_says_every_wrong_key() -> None:
    with pytest.raises(SettingsError) as refused:
        typed(Settings, {"body_limit": "x", "colour": 1}, where="platform")
    assert {key for key, _ in refused.value.problems} == {"platform.body_limit", "platform.colour"}
    assert "platform.colour: is not a known key" in str(refused.value)


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ('isolation = "thread"', "'none' or 'process'"),
        ('grant = ["network"]', 'for isolation = "process"'),
        ("limits = { cpu = 2 }", 'for isolation = "process"'),
        ('isolation = "process"\ngrant = "network"', "has to be a list"),
        ('isolation = "process"\ngrant = ["http:example.org"]', "the grant 'http:example.org'"),
        ('isolation = "process"\ngrant = ["read:"]', "the grant 'read:'"),
        ('isolation = "process"\nlimits = { memory = 1000 }', "at least 134217728 bytes"),
        ('isolation = "process"\nlimits = { cpu = 0 }', "0.01 to 64 cores"),
        ('isolation = "process"\nlimits = { cpu = nan }', "0.01 to 64 cores"),
        ('isolation = "process"\nlimits = { threads = 2 }', "8 to 4096"),
        ('isolation = "process"\nlimits = { log = 100 }', "4096 bytes to 1 GiB"),
        ('isolation = "process"\nlimits = { disk = 1 }', "not a known key"),
    ],
)
def test_a_wrong_key_about_a_process_of_its_own_is_told(tmp_path: Path, keys: str, why: str) -> None:
    (finding,) = findings(written(tmp_path, f'[plugins.fire]\napi = 1\npath = "a"\n{keys}\n'))
    assert (finding.plugin, finding.rule) == ("fire", "wrong-entry")
    assert why in finding.advice


def test_what_an_isolated_plugin_may_read_is_relative_to_plugins_toml(tmp_path: Path) -> None:
    table = '[plugins.fire]\napi = 1\npath = "a"\nisolation = "process"\ngrant = ["network", "read:maps"]\n'
    entry = read(tmp_path, table).entries["fire"]
    assert (entry.network, entry.readable) == (True, [str(tmp_path.resolve() / "maps")])
