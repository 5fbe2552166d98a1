"""What a plugin needs is loaded with it, and before it; what is wrong with that is told under its own name."""

from __future__ import annotations

from pathlib import Path

import pytest

from banshi.app import inspected
from banshi.kernel.loading.configuration import read_configuration

PLUGIN = "from banshi import hookimpl\n\n\n@hookimpl\ndef banshi_needs():\n    return {needs}\n"


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages that need each other, and one that needs what isn't there."""
    monkeypatch.syspath_prepend(str(tmp_path))
    needs = {"need_a": '["need_b"]', "need_b": '["need_a"]', "need_c": '["need_none"]', "need_d": "1 / 0"}
    for name, of in needs.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(PLUGIN.format(needs=of))
    return tmp_path


def loaded(city: Path, listed: str) -> tuple[list[str], set[tuple[str, str]]]:
    """The plugins in their order, and what is found."""
    (city / "plugins.toml").write_text(listed)
    registry, findings = inspected(read_configuration(city / "plugins.toml"))
    own = [name for name in registry.plugins if name in registry.configuration.entries]
    return own, {(one.plugin, one.rule) for one in findings}


def table(name: str, package: str) -> str:
    return f'[plugins.{name}]\napi = 1\npackage = "{package}"\n'


def test_what_is_needed_is_loaded_first_and_once_listed_or_not(city: Path) -> None:
    assert loaded(city, table("a", "need_a")) == (["need_b", "a"], set())
    assert loaded(city, table("a", "need_a") + table("other", "need_b")) == (["other", "a"], set())


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        (table("c", "need_c"), ("need_none", "no-package")),
        (table("d", "need_d"), ("d", "hook-failed")),
        (table("a", "need_a") + table("need_b", "need_c"), ("a", "other-package")),
    ],
)
def test_what_can_t_be_loaded_with_it_is_told(city: Path, listed: str, found: tuple[str, str]) -> None:
    assert found in loaded(city, listed)[1]
