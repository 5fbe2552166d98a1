"""A version of the contract only grows: what was written for it runs on, and what a later one retires is told by name.

`frozen/` has what version 1 was when it was new: the list of what plugins rest on, and a plugin that is never changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import banshi
from banshi import Finding
from banshi.app import configure, inspected, loaded
from banshi.foundation.findings import ConfigurationError
from banshi.kernel.contract import hookspecs, values, versions
from banshi.kernel.contract.hookspecs import RETIRED, Retired
from banshi.kernel.loading.configuration import read_configuration
from banshi.ops.cli import group
from banshi.testing import open_door
from tests.places import ROOT
from tools.list_contract import described

FROZEN = ROOT / "tests" / "contract" / "frozen"
FOUNTAINS = FROZEN / "fountains"
BEFORE: dict[str, Any] = json.loads((FROZEN / "contract.json").read_text(encoding="utf-8"))


# -- what is promised stays --------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", BEFORE)
def test_nothing_that_plugins_rest_on_is_gone_or_asks_for_more(part: str) -> None:
    now = described()[part]
    broken = [f"{name}{what}" for name, before in BEFORE[part].items() for what in broken_of(before, now.get(name))]
    assert not broken, (
        "this breaks installed plugins; retire it with a new version of the contract (docs/plugins/hooks.md)"
    )


def broken_of(before: Mapping[str, Any], now: Mapping[str, Any] | None) -> Iterable[str]:
    """What of one name a plugin could use before and can't now."""
    if now is None:
        yield " is gone"
        return
    for part in ("members", "has", "takes"):
        yield from (f".{one} is gone" for one in before.get(part, ()) if one not in now.get(part, ()))
    calls = {"": (before.get("arguments", {}), now.get("arguments", {}))}
    for method, arguments in before.get("methods", {}).items():
        if method not in now.get("methods", {}):
            yield f".{method} is gone"
        else:
            calls[f".{method}"] = (arguments, now["methods"][method])
    for called, (old, new) in calls.items():
        yield from (f"{called}({why})" for why in narrower(old, new))


def narrower(old: Mapping[str, str], new: Mapping[str, str]) -> Iterable[str]:
    """What somebody who calls it as before meets."""
    for name, how in old.items():
        if name not in new:
            yield f"{name} is gone"
        elif how.startswith("optional") and new[name].startswith("needed"):
            yield f"{name} is needed now"
        elif "positional" in how and "positional" not in new[name]:
            yield f"{name} is given by name alone now"
    yield from (f"{name} is new and needed" for name, how in new.items() if name not in old and how[0] == "n")
    by_place = [name for name, how in new.items() if "positional" in how]
    before = [name for name, how in old.items() if "positional" in how and name in by_place]
    if by_place[: len(before)] != before:
        yield "the order has changed"


#: A name as it was: two fields, of which one may be left out, and a method.
NAME: dict[str, Any] = {"has": ["a", "b"], "arguments": {"a": "needed, x", "b": "optional, x"}, "methods": {"f": {}}}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, []),
        ({"has": ["a", "b", "c"], "arguments": {**NAME["arguments"], "c": "optional, x"}}, []),
        ({"methods": {"f": {"x": "optional, x"}, "g": {"y": "needed, x"}}}, []),
        ({"has": ["a"], "arguments": {"a": "needed, x"}}, [".b is gone", "(b is gone)"]),
        ({"arguments": {"a": "needed, x", "b": "needed, x"}}, ["(b is needed now)"]),
        ({"arguments": {**NAME["arguments"], "c": "needed, x"}}, ["(c is new and needed)"]),
        ({"methods": {"f": {"x": "needed, x"}}}, [".f(x is new and needed)"]),
        ({"methods": {}}, [".f is gone"]),
    ],
)
def test_the_guard_tells_growth_from_breakage(change: Mapping[str, Any], told: list[str]) -> None:
    assert list(broken_of(NAME, {**NAME, **change})) == told
    assert list(broken_of(NAME, None)) == [" is gone"]


def test_the_guard_sees_arguments_that_change_their_places() -> None:
    old = {"a": "needed, positional or keyword", "b": "optional, positional or keyword"}
    new = {"a": "needed, positional or keyword", "c": "optional, positional or keyword", **old}
    assert list(narrower(old, {**old, "c": "optional, positional or keyword"})) == []
    assert list(narrower({"a": "needed, keyword-only"}, {"a": "needed, positional or keyword"})) == []
    assert list(narrower(old, dict(sorted(new.items(), key=lambda one: one[0] != "c")))) == ["the order has changed"]
    assert list(narrower(old, {**old, "b": "optional, keyword-only"})) == ["b is given by name alone now"]


# -- an old plugin runs on what was added ------------------------------------------------------------------------


@pytest.fixture
def grown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel of version 1 with more: an argument of a hook, a hook, and a field with a default in four values."""

    @hookspecs.hookspec
    def banshi_handlers(settings: Any, calendar: Any) -> Mapping[str, Any]:  # type: ignore[empty-body]
        """With an argument more."""

    @hookspecs.hookspec
    def banshi_ponds(settings: Any) -> Iterable[Any]:  # type: ignore[empty-body]
        """A hook more."""

    monkeypatch.setattr(hookspecs, "banshi_handlers", banshi_handlers)
    monkeypatch.setattr(hookspecs, "banshi_ponds", banshi_ponds, raising=False)
    monkeypatch.setattr("banshi.kernel.cases.submission.Submission", more(values.Submission))
    monkeypatch.setattr("banshi.kernel.cases.lifecycle.Message", more(values.Message))
    monkeypatch.setattr("banshi.kernel.outbox.outbox.Message", more(values.Message))
    monkeypatch.setattr("banshi.kernel.loading.catalogue.Item", more(values.Item))
    monkeypatch.setattr(banshi, "Decision", more(values.Decision))


def more(cls: type) -> type:
    """The same value with a field more, which has a default."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class More(cls):  # type: ignore[misc]
        colour: str = "blue"

    More.__name__ = More.__qualname__ = cls.__name__
    return More


@pytest.mark.parametrize("kernel", ["as it is", "grown"])
async def test_an_old_plugin_runs_as_it_was_written(
    kernel: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two kernels read the same files here.
    monkeypatch.setattr("banshi.testing.loaded", loaded)
    if kernel == "grown":
        request.getfixturevalue("grown")
    settings = {"fountains": {"largest": 20}}
    async with open_door(tmp_path, {"fountains": FOUNTAINS}, settings=settings) as door:
        wang, li = door.citizen("wang"), door.staff("li", "fountains:approver")
        cases = "/v1/items/fountain/cases"
        (await wang.post(cases, {"answers": {"metres": 21}})).problem(422, "invalid-fields")
        small, large = [(await wang.post(cases, {"answers": {"metres": size}})).created()["id"] for size in (2, 20)]
        await door.settled()
        assert (await wang.get(f"/v1/cases/{small}")).ok()["state"] == "refused"
        assert (await wang.get(f"/v1/cases/{large}")).ok()["state"] == "accepted"
        assert (await li.post(f"/v1/cases/{large}/actions/approve")).ok()["state"] == "approved"
        assert (await wang.get(f"/v1/cases/{large}/pass.svg")).status == 200
        await door.settled()
        links = (await door.anyone.get("/v1/fountains/water")).ok()["water"]
        assert {f"/v1/cases/{small}", f"/v1/cases/{large}"} <= set(links)
        item = door.platform.registry.items["fountain"]
        assert getattr(item, "colour", "none") == ("blue" if kernel == "grown" else "none")
        assert door.platform.registry.warnings == ()
        assert "fountains-count" in door.platform.registry.commands


# -- versions ----------------------------------------------------------------------------------------------------


def kernel_speaks(version: int, monkeypatch: pytest.MonkeyPatch, **retired: Retired) -> None:
    """As if this were the kernel of a later version, with some hooks retired."""
    monkeypatch.setattr(versions, "API_VERSION", version)
    monkeypatch.setattr(hookspecs, "RETIRED", retired)


def city(folder: Path, api: int | str | None, plugin: Path = FOUNTAINS) -> Path:
    file = folder / "plugins.toml"
    version = "" if api is None else f"api = {api}\n"
    file.write_text(f'[plugins.fountains]\npath = "{plugin.as_posix()}"\n{version}', encoding="utf-8")
    return file


def check(file: Path) -> Result:
    return CliRunner().invoke(group, ["--config", str(file), "check", "fountains"])


def test_a_kernel_speaks_its_own_version_and_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    for version, spoken in ((1, [1]), (2, [1, 2]), (3, [2, 3])):
        monkeypatch.setattr(versions, "API_VERSION", version)
        assert list(versions.spoken()) == spoken


@pytest.mark.parametrize(
    ("kernel", "api", "advice"),
    [
        (1, 2, "api is 2; this kernel speaks 1: upgrade the platform, or install an older version of the plugin"),
        (3, 4, "api is 4; this kernel speaks 2 and 3: upgrade the platform, or install an older version of the plugin"),
        (3, 1, "api is 1; this kernel speaks 2 and 3: install a newer version of the plugin"),
        (1, 0, "api is 0; this kernel speaks 1: install a newer version of the plugin"),
        (1, -1, "api is -1; this kernel speaks 1: install a newer version of the plugin"),
        (1, None, "api is missing: write api = 1, the version of the contract that the plugin is written for"),
        (2, None, "api is missing: write api = 2, the version of the contract that the plugin is written for"),
        (1, '"1"', "api input should be a valid integer: write api = 1"),
        (1, "true", "api input should be a valid integer: write api = 1"),
        (1, "1.0", "api input should be a valid integer: write api = 1"),
        (1, '"env:API"', "api needs the environment variable API, which is not set: write api = 1"),
    ],
)
def test_a_version_that_the_kernel_does_not_speak_is_refused_with_what_to_do(
    kernel: int, api: int | str | None, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel_speaks(kernel, monkeypatch)
    with pytest.raises(ConfigurationError) as refused:
        read_configuration(city(tmp_path, api))
    (finding,) = refused.value.findings
    assert finding.plugin == "fountains"
    assert f"plugins.toml: plugins.fountains.{advice}" in finding.advice


def test_a_plugin_for_the_version_before_runs_with_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel_speaks(2, monkeypatch)
    said = check(city(tmp_path, 1))
    assert said.exit_code == 0
    advice = "this kernel speaks 2, and the next one no longer 1: test it, and write plugins.fountains.api = 2"
    assert said.output.endswith(f"{advice} (warning)\nnothing to mend, 1 warning\n")
    assert check(city(tmp_path, 2)).output == "nothing to mend, no warnings\n"


# -- retired hooks -----------------------------------------------------------------------------------------------

INSTEAD = Retired(since=2, instead="give the channels with banshi_offers")


def test_a_retired_hook_is_called_for_one_more_version_and_told_by_name_at_start_and_by_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel_speaks(2, monkeypatch, banshi_channels=INSTEAD)
    file = city(tmp_path, 1)
    registry = configure(file)
    assert "fountains" in registry.channels
    (told,) = [finding for finding in registry.warnings if finding.rule == "retired-hook"]
    line = f"{FOUNTAINS / '__init__.py'}:"
    assert told.plugin == "fountains"
    assert told.advice.startswith(line)
    assert "banshi_channels is still called, and no longer from version 3 on: give the channels with" in told.advice
    said = check(file)
    assert said.exit_code == 0
    assert f"fountains: retired-hook: {line}" in said.output


def test_a_plugin_that_says_it_is_written_for_the_new_version_may_not_use_what_that_retired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel_speaks(2, monkeypatch, banshi_channels=INSTEAD)
    said = check(city(tmp_path, 2))
    assert said.exit_code == 1
    advice = "banshi_channels is gone since version 2 of the contract: give the channels with banshi_offers"
    assert advice in said.output
    assert said.output.endswith("1 to mend, no warnings\n")


def test_a_hook_that_is_gone_is_refused_with_what_to_do_and_hides_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel_speaks(3, monkeypatch, banshi_posters=INSTEAD)
    found = posters(tmp_path, api=2)
    assert [(one.rule, one.warning) for one in found] == [
        ("retired-hook", False),
        ("unknown-hook", False),
        ("old-api", True),
    ]
    assert "banshi_posters is gone since version 2 of the contract: give the channels with banshi_offers" in str(
        found[0]
    )
    assert "there is no hook banshi_poster: did you mean 'banshi_routes'?" in str(found[1])


def test_a_misspelt_hook_is_never_mended_into_a_retired_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hookspecs, "banshi_posters", lambda: (), raising=False)
    assert "did you mean 'banshi_posters'?" in str(posters(tmp_path / "one", api=1)[-1])
    kernel_speaks(2, monkeypatch, banshi_posters=INSTEAD)
    assert (
        "banshi_posters" not in str(posters(tmp_path / "two", api=1)[1]).partition("there is no hook banshi_poster:")[2]
    )


def posters(folder: Path, api: int) -> list[Finding]:
    """What is found about a plugin with a hook `banshi_posters`, and a misspelt one."""
    plugin = folder / "fountains"
    plugin.mkdir(parents=True)
    hooks = "".join(f"@hookimpl\ndef {name}():\n    return []\n" for name in ("banshi_posters", "banshi_poster"))
    (plugin / "__init__.py").write_text(f"from banshi import hookimpl\n{hooks}", encoding="utf-8")
    return inspected(read_configuration(city(folder, api, plugin)))[1]


def test_the_command_that_shows_hooks_says_which_are_retired(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kernel_speaks(2, monkeypatch, banshi_channels=INSTEAD, banshi_posters=INSTEAD)
    config = ["--config", str(city(tmp_path, 1)), "hooks"]
    listed = CliRunner().invoke(group, config).output
    assert "Add ways to reach people. Retired by version 2: give the channels with banshi_offers." in listed
    assert "Retired by version 2" in CliRunner().invoke(group, [*config, "banshi_channels"]).output
    gone = CliRunner().invoke(group, [*config, "banshi_posters"])
    assert gone.exit_code == 2
    assert "banshi_posters is gone since version 2 of the contract: give the channels with" in gone.output


def test_every_retired_hook_is_there_for_the_version_that_retires_it_and_no_longer() -> None:
    for hook, retired in RETIRED.items():
        assert 1 < retired.since <= versions.API_VERSION, hook
        assert hasattr(hookspecs, hook) == (retired.since == versions.API_VERSION), hook
        assert retired.instead == retired.instead.strip(" ."), hook
