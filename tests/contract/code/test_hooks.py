"""Every hook says in one sentence what it is for, shows an example, and is used by a plugin of this repository."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from banshi.app import inspected
from banshi.kernel.loading.configuration import read_configuration
from banshi.ops.cli import group
from banshi.ops.cli.hooks import hooks, sentence_of, signature_of
from tests.places import ROOT

HOOKS = hooks()


def example_of(hook: str) -> str:
    found = re.search(r"```python\n(.*?)```", inspect.getdoc(HOOKS[hook]) or "", re.DOTALL)
    assert found, f"{hook} has no example"
    return found[1]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_says_what_it_is_for_in_one_sentence(hook: str) -> None:
    sentence = sentence_of(HOOKS[hook])
    assert sentence.endswith(".")
    assert sentence[0].isupper()
    assert ". " not in sentence


@pytest.mark.parametrize("hook", HOOKS)
def test_the_example_of_a_hook_implements_that_hook_as_it_is_called(hook: str) -> None:
    functions = [node for node in ast.walk(ast.parse(example_of(hook))) if isinstance(node, ast.FunctionDef)]
    assert [node.name for node in functions] == [hook]
    assert [ast.unparse(one) for one in functions[0].decorator_list] == ["hookimpl"]
    assert {one.arg for one in functions[0].args.args} <= set(inspect.signature(HOOKS[hook]).parameters)


def test_every_hook_is_used_by_a_plugin_of_this_repository() -> None:
    registry, _ = inspected(read_configuration(ROOT / "plugins.toml"))
    unused = [hook for hook in HOOKS if not registry.hooks.get(hook)]
    assert not unused, "a hook ships with a plugin that needs it"


def test_every_hook_begins_with_the_same_word() -> None:
    assert all(re.fullmatch(r"banshi_[a-z]+", hook) for hook in HOOKS)


def banshi(*arguments: str, config: Path = ROOT / "plugins.toml") -> Result:
    return CliRunner().invoke(group, ["--config", str(config), *arguments])


def test_the_command_lists_every_hook_with_its_sentence_and_who_uses_it() -> None:
    said = banshi("hooks")
    assert said.exit_code == 0
    for hook, spec in HOOKS.items():
        assert f"{hook}\n  {sentence_of(spec)}\n  used by: " in said.output
    assert re.search(r"banshi_handlers\n.*\n  used by: .*traffic", said.output)


def test_the_command_shows_one_hook_with_its_signature_and_example() -> None:
    said = banshi("hooks", "banshi_handlers")
    assert said.exit_code == 0
    assert said.output.startswith(signature_of("banshi_handlers", HOOKS["banshi_handlers"]))
    assert example_of("banshi_handlers") in said.output
    assert re.search(r"^Used by: .*traffic", said.output, re.MULTILINE)


def test_the_command_helps_with_a_misspelt_hook() -> None:
    said = banshi("hooks", "banshi_handler")
    assert said.exit_code == 2
    assert "did you mean 'banshi_handlers'?" in said.output


def test_the_command_works_where_there_is_no_configuration(tmp_path: Path) -> None:
    said = banshi("hooks", config=tmp_path / "plugins.toml")
    assert said.exit_code == 0
    assert "there is no" in said.output
    assert "banshi_settings" in said.output


def test_on_a_terminal_nothing_in_brackets_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rich takes square brackets for its own marks."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    assert "[plugins.<name>.settings]" in banshi("hooks").output
    assert "Mapping[str, Any]" in banshi("hooks", "banshi_handlers").output
