"""Where a start without an identity provider is refused, for every way in which others can reach it."""

from __future__ import annotations

import itertools
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import example, given
from hypothesis import strategies as st

from banshi.foundation.findings import ConfigurationError, Finding
from banshi.kernel.loading.configuration import Configuration, read_configuration
from banshi.kernel.loading.outside_systems import Identity
from banshi.kernel.loading.registry import Registry
from banshi.kernel.loading.settings import Settings
from banshi.ops.cli import group
from banshi.ops.development import findings, is_this_machine, leads_here, refuse_beyond

PROVIDER = Identity(issuer="https://id.example.org", audience="banshi")

#: What `--host` can be, and whether others than this machine's own people reach what listens there.
HOSTS = {
    **dict.fromkeys(["127.0.0.1", "127.8.9.10", "127.1", "localhost", "::1", "::ffff:127.0.0.1"], False),
    **dict.fromkeys(["0.0.0.0", "::", "", "0", "192.0.2.7", "2001:db8::7", "::ffff:0.0.0.0", "::ffff:10.0.0.7"], True),
}

#: What `platform.address` can be, and the same.
ADDRESSES = {
    **dict.fromkeys(["", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080"], False),
    **dict.fromkeys(["https://services.city.example", "http://10.0.0.7:8080", "https://localhost.example"], True),
}

SANDBOX = Finding("push", "a-sandbox", "take the sandbox out", warning=True, development=True)
OTHER = Finding("push", "something", "know of it", warning=True)


def registry(settings: Settings, *warnings: Finding) -> Registry:
    return Registry(Configuration(Path("plugins.toml"), settings, {}), warnings=warnings)


def refused(settings: Settings, host: str, workers: int, *warnings: Finding) -> list[str]:
    """The rules that a start breaks."""
    try:
        refuse_beyond(registry(settings, *warnings), host, workers)
    except ConfigurationError as error:
        return [one.rule for one in error.findings]
    return []


@pytest.mark.parametrize("development", [False, True])
@pytest.mark.parametrize("identity", [None, PROVIDER])
def test_a_start_is_refused_exactly_where_others_reach_what_is_for_development_and_it_is_not_meant(
    identity: Identity | None, development: bool
) -> None:
    for host, workers, address in itertools.product(HOSTS, [1, 2, 512], ADDRESSES):
        settings = Settings(identity=identity, address=address, development=development)
        wrong = (HOSTS[host] or workers > 1 or ADDRESSES[address]) and not development
        nobody = ["no-identity"] if wrong and identity is None else []
        assert refused(settings, host, workers) == nobody, (host, workers, address)
        sandbox = ["a-sandbox"] if wrong else []
        assert refused(settings, host, workers, OTHER, SANDBOX) == nobody + sandbox, (host, workers, address)


@given(st.ip_addresses())
@example("::ffff:127.0.0.1")
def test_every_address_of_this_machine_alone_and_no_other_is_its_own(address: Any) -> None:
    mapped = getattr(address, "ipv4_mapped", None)
    own = str(address).removeprefix("::ffff:").startswith("127.") or str(address) == "::1"
    assert is_this_machine(str(address)) is own or mapped is not None
    host = f"[{address}]" if ":" in str(address) else str(address)
    assert leads_here(f"http://{host}:8080") is own or mapped is not None


def test_a_name_is_what_it_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine's own name may stand for its loopback address alone, or for one more beside it."""
    stands = {"own": ["127.0.1.1"], "both": ["127.0.1.1", "192.0.2.7"], "localhost": ["192.0.2.7"]}

    def looked_up(host: str, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0)) for one in stands[host]]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    assert {name: is_this_machine(name) for name in stands} == {"own": True, "both": False, "localhost": False}


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("::", "it listens on ::"),
        ("", "it listens on every address"),
        ("::ffff:0.0.0.0", "it listens on ::ffff:0.0.0.0"),
    ],
)
def test_a_refusal_says_where_it_would_listen(host: str, why: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        refuse_beyond(registry(Settings()), host, 1)
    assert f": {why}, and only tokens" in str(caught.value.findings[0])


def test_a_refusal_names_file_keys_every_reason_and_what_to_do() -> None:
    with pytest.raises(ConfigurationError) as caught:
        refuse_beyond(registry(Settings(address="https://services.city.example"), SANDBOX), "0.0.0.0", 4)
    no_identity, sandbox = map(str, caught.value.findings)
    assert no_identity == (
        "platform: no-identity: plugins.toml: name your identity provider in [platform.identity], or set "
        "platform.development = true if everybody may try it out: it listens on 0.0.0.0 and it has 4 workers and "
        "platform.address is https://services.city.example, and only tokens of `banshi token` are accepted, and "
        "whoever has one is whoever it names"
    )
    assert sandbox.startswith("push: a-sandbox: take the sandbox out; others reach this start (it listens on 0.0.0.0")
    assert "or set platform.development = true in plugins.toml" in sandbox


# What is written


def written(folder: Path, platform: str) -> Path:
    file = folder / "plugins.toml"
    file.write_text(f"[platform]\n{platform}\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("value", ['"true"', '"yes"', "1", "0", '""', "[]", "{}", '"env:BANSHI_TEST_DEVELOPMENT"'])
def test_nothing_but_a_boolean_is_a_word_on_development(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("BANSHI_TEST_DEVELOPMENT", "true")
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(written(tmp_path, f"development = {value}"))
    assert "platform.development has to be true or false, without quotes" in str(caught.value)


def run(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(group, ["--config", str(file), *arguments])


IDENTITY = '[platform.identity]\nissuer = "https://id.example.org"\naudience = "banshi"'
OUTSIDE, HERE = 'address = "https://services.city.example"', 'address = "http://127.0.0.1:8080"'

#: What [platform] says; the status of `banshi check`, and what it says.
SAID = [
    ("", 0, "platform: for-development: ", "a start that others reach is refused"),
    (HERE, 0, "platform: for-development: ", "name your identity provider in [platform.identity]"),
    (OUTSIDE, 1, "platform: no-identity: ", "platform.address is https://services.city.example"),
    (f"{OUTSIDE}\ndevelopment = true", 0, "platform: for-development: ", "take platform.development out"),
    ("development = true", 0, "platform: for-development: ", "tracebacks of handlers are shown in answers"),
    (f"development = true\n{IDENTITY}", 0, "platform: for-development: ", "take platform.development out"),
]


@pytest.mark.parametrize(("platform", "status", "rule", "words"), SAID)
def test_check_and_doctor_say_it(tmp_path: Path, platform: str, status: int, rule: str, words: str) -> None:
    file = written(tmp_path, platform)
    checked = run(file, "check")
    assert checked.exit_code == status
    (line,) = [line for line in checked.output.splitlines() if line.startswith("platform: ")]
    assert line.startswith(f"{rule}{file}: ")
    assert words in line
    assert line.endswith(" (note)") is (status == 0)
    examined = [line for line in run(file, "doctor").output.splitlines() if words in line]
    (line,) = examined
    state, check, _ = line.split(maxsplit=2)
    assert state == ("error" if status else "warning")
    assert check == ("development" if IDENTITY in platform else "identity-provider")


def test_with_an_identity_provider_alone_nothing_is_said(tmp_path: Path) -> None:
    file = written(tmp_path, f"{OUTSIDE}\n{IDENTITY}")
    assert run(file, "check").output == "nothing to mend, no warnings\n"
    assert list(findings(read_configuration(file))) == []
    assert "`banshi token`" not in run(file, "doctor").output


def test_doctor_counts_several_processes_as_a_start_that_others_reach(tmp_path: Path) -> None:
    said = run(written(tmp_path, ""), "doctor", "--workers", "3")
    (line,) = [line for line in said.output.splitlines() if "identity-provider" in line]
    assert line.startswith("error")
    assert "it has 3 workers" in line


def test_no_token_is_made_for_a_server_that_refuses_to_start(tmp_path: Path) -> None:
    said = run(written(tmp_path, OUTSIDE), "token", "wang")
    assert isinstance(said.exception, ConfigurationError)
    assert [one.rule for one in said.exception.findings] == ["no-identity"]
    assert not (tmp_path / "data").exists()
    assert run(written(tmp_path, f"{OUTSIDE}\ndevelopment = true"), "token", "wang").exit_code == 0
