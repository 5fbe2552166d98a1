"""docs/plugins is true: its examples are run as they stand, its tables hold every key, hook and rule."""

from __future__ import annotations

import ast
import dataclasses
import os
import re
import shlex
import subprocess
import sys
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import banshi
from banshi.builtin.catalogue.advice.declared import Elsewhere, HelpPage
from banshi.builtin.checks.words.messages import known, telling_steps
from banshi.default_plugins import default_kinds
from banshi.foundation.time.periods import Period
from banshi.kernel.contract import hookspecs, message_templates
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.values import Department, Document, Item, Step, Unit
from banshi.kernel.loading.catalogue import NOT_DECLARED
from banshi.kernel.loading.configuration import Entry
from banshi.kinds.appeal.steps import WITH_LETTERS
from banshi.kinds.application import APPLICATION, ApplicationRules
from banshi.kinds.appointment.steps import CONFIRMED_TABLE
from banshi.kinds.query.registers.declared import Register
from banshi.ops.cli.hooks import hooks, signature_of
from tests.contract.plugins.test_new import WITHOUT_PLUGINS
from tests.places import ROOT
from tests.processes import commands

FOLDER = ROOT / "docs" / "plugins"
INDEX = (FOLDER / "README.md").read_text(encoding="utf-8")

#: The pages in the order in which a newcomer reads them, which is that of the index.
PAGES = {
    name: (FOLDER / name).read_text(encoding="utf-8")
    for name in re.findall(r"^\d+\. \[[^]]*\]\(([\w/-]+\.md)\)", INDEX, re.MULTILINE)
}
KERNEL = Path(banshi.__file__).parent


# -- the examples ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """One fenced block: what it is, and what its info string says to do with it."""

    language: str
    options: dict[str, str]
    text: str
    #: Page and line.
    place: str


def blocks() -> Iterator[Block]:
    """Those of all pages, in their order."""
    for name, page in PAGES.items():
        for found in re.finditer(r"^```(\w+)([^\n]*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
            options = dict(re.findall(r'(\w+)="([^"]*)"', found[2]))
            yield Block(found[1], options, found[3], f"docs/plugins/{name}:{page.count(chr(10), 0, found.start()) + 1}")


def run_block(block: Block, folder: Path) -> None:
    """Do what a reader does with it."""
    if place := block.options.get("title") or block.options.get("add"):
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text(encoding="utf-8") + "\n\n" if "add" in block.options else ""
        file.write_text(before + block.text, encoding="utf-8")
    elif block.language == "python":
        exec(compile(block.text, block.place, "exec", dont_inherit=True), {})  # noqa: S102
    elif tree := block.options.get("tree"):
        for line in block.text.splitlines():
            assert (folder / tree / line.split()[0]).is_file(), line
    else:
        assert block.language == "console", f"{block.place}: nothing runs a block of {block.language}"
        run_console(block, folder)


def run_console(block: Block, folder: Path) -> None:
    """Each command succeeds, and says every line that the page shows below it."""
    said = ""
    for line in block.text.splitlines():
        if line.startswith("$ "):
            said = run(line[2:], folder)
        else:
            assert line in said, f"{block.place}: {line!r} is not in:\n{said}"


def run(line: str, folder: Path) -> str:
    program, *arguments = shlex.split(line)
    # The repository's own tools are shown as they are called from its root.
    arguments = [str(ROOT / one) if one.startswith("tools/") else one for one in arguments]
    # What is installed stays in the reader's folder, and nothing is fetched for it.
    if arguments[:3] == ["-m", "pip", "install"]:
        arguments += ["--no-index", "--no-deps", "--target", "installed"]
    if arguments[:3] == ["-m", "pip", "wheel"]:
        arguments += ["--no-index", "--no-build-isolation"]
    # No cached bytecode: files are rewritten within the second that its timestamps can tell apart.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": WITHOUT_PLUGINS}
    environment["PYTHONPATH"] = str(folder / "installed")
    if program == "banshi":
        done = commands.run(folder, *arguments, environment=environment)
    else:
        whole = [{"python": sys.executable}[program], *arguments]
        done = subprocess.run(whole, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"$ {line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.long
@pytest.mark.timeout(400)
def test_every_example_works_page_by_page_in_the_order_of_the_index(tmp_path: Path) -> None:
    (tmp_path / "plugins.toml").touch()
    for block in blocks():
        run_block(block, tmp_path)


def test_the_index_names_every_page_once() -> None:
    there = {file.relative_to(FOLDER).as_posix() for file in FOLDER.rglob("*.md")} - {"README.md"}
    assert set(PAGES) == there
    assert len(re.findall(r"^\d+\. ", INDEX, re.MULTILINE)) == len(there)


def test_the_pages_have_no_block_that_the_extractor_misses() -> None:
    fences = sum(len(re.findall(r"^ *```", page, re.MULTILINE)) for page in (INDEX, *PAGES.values()))
    assert fences == 2 * len(list(blocks()))


# -- the tables --------------------------------------------------------------------------------------------------


def rows(page: str, first: str) -> list[list[str]]:
    """The rows of the tables on a page whose first column is called `first`."""
    tables = re.findall(rf"^\| {first} \|.*\n\|[ -|]*\n((?:\|.*\n)*)", PAGES[page], re.MULTILINE)
    assert tables, f"there is no table of {first} in {page}"
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for one in tables for line in one.splitlines()]


def declared_keys(cls: type, prefix: str, *, skip: frozenset[str] = frozenset()) -> dict[str, bool]:
    """Every key below a table of items.toml → whether it has to be there."""
    found: dict[str, bool] = {}
    hints = typing.get_type_hints(cls)
    for one in dataclasses.fields(cls):
        if one.name in skip:
            continue
        inner = table_type(hints[one.name])
        needed = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
        found |= declared_keys(inner, f"{prefix}.{one.name}") if inner else {f"{prefix}.{one.name}": needed}
    return found


def table_type(hint: Any) -> type | None:
    """The dataclass that a field's type is, or is a list of, or may be; texts, forms and periods are no tables."""
    for one in (hint, *typing.get_args(hint)):
        if isinstance(one, type) and dataclasses.is_dataclass(one) and one is not Period:
            return one
    return None


def kinds() -> list[Kind]:
    return [kind for module in default_kinds().values() for kind in module.banshi_kinds()]


def test_the_table_of_keys_is_the_dataclasses() -> None:
    expected = declared_keys(Department, "department", skip=frozenset({"units", "documents"}))
    expected |= declared_keys(Unit, "units") | declared_keys(Document, "documents")
    expected |= declared_keys(Item, "items", skip=NOT_DECLARED)
    for kind in kinds():
        expected |= declared_keys(kind.details, f"items.{kind.name}")
    told = {row[0].strip("`"): row[1] == "yes" for row in rows("items.md", "key")}
    assert told == expected


def test_the_table_of_a_register_s_keys_is_the_dataclasses() -> None:
    told = {row[0].strip("`"): row[1] == "yes" for row in rows("kinds/queries.md", "key")}
    assert told == declared_keys(Register, "registers")


def test_the_table_of_the_keys_of_advice_is_the_dataclasses() -> None:
    told = {row[0].strip("`"): row[1] == "yes" for row in rows("advice.md", "key")}
    assert told == declared_keys(Elsewhere, "elsewhere") | declared_keys(HelpPage, "help")


def test_the_table_of_an_entry_is_the_dataclass() -> None:
    told = {row[0].strip("`") for row in rows("first-plugin.md", "key")}
    assert told == {one.name for one in dataclasses.fields(Entry)}


def test_every_hook_is_documented_with_its_exact_signature() -> None:
    told = [row[0].strip("`") for row in rows("hooks.md", "hook")]
    assert told == [signature_of(name, spec) for name, spec in hooks().items()]
    assert len(told) == sum(name.startswith("banshi_") for name in vars(hookspecs))


def test_every_rule_is_explained() -> None:
    told = [rule for row in rows("rules.md", "rule") for rule in re.findall(r"`([a-z-]+)`", row[0])]
    assert sorted(told) == sorted(rules_in_the_code())


#: What makes a finding; the rule is one of its first two arguments.
MAKERS = {"Finding", "_find", "_of", "of_each_route", "refused", "wrong"}
SLUG = re.compile(r"[a-z]+(-[a-z]+)+|unmigrated|unreadable")
#: Where a rule is also the first of what is yielded: folders, and files in others.
CHECKED = {"kinds", "checks", "checks.py"}


def rules_in_the_code() -> set[str]:
    """Every rule that the kernel's code can report, read from its source."""
    found: set[str] = set()
    for file in KERNEL.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=arguments) if name in MAKERS:
                    texts = [one.value for one in arguments if isinstance(one, ast.Constant)]
                    found |= {text for text in texts[:2] if isinstance(text, str) and SLUG.fullmatch(text)}
                case ast.Call(func=ast.Attribute(attr="unique"), args=[*_, ast.Constant(value=noun), _]):
                    found.add(f"duplicate-{noun}")
                case ast.Yield(value=ast.Tuple(elts=[ast.Constant(value=str(rule)), *_])) if CHECKED & {*file.parts}:
                    found |= {rule} if SLUG.fullmatch(rule) else set()
    return found


def test_the_table_of_placeholders_is_what_the_kinds_steps_can_mention() -> None:
    told = {row[0].strip("`{}"): row[2] for row in rows("messages.md", "placeholder")}
    actions = telling()
    everywhere = {name for name, where in told.items() if where == "everywhere"}
    assert everywhere == message_templates.ALWAYS
    possible = {action: known(steps) for action, steps in actions.items()}
    assert told.keys() == set[str]().union(*(some.certain | some.possible for some in possible.values()))
    for name in told.keys() - everywhere:
        # A row that names actions, before it says more, names all of them.
        named = set(re.findall(r"`([a-z-]+)`", told[name].split(";")[0]))
        having = {action for action, some in possible.items() if name in some.certain | some.possible}
        assert named == having if named else having == actions.keys(), name
    always = set(re.findall(r"`([a-z-]+)`", told["reason"]))
    assert always == {action for action, some in possible.items() if "reason" in some.certain}


def test_the_table_of_messages_is_the_steps_that_tell() -> None:
    told = [action for row in rows("messages.md", "action") for action in re.findall(r"`([a-z-]+)`", row[0])]
    assert len(told) == len(set(told))
    assert set(told) == telling().keys()


def telling() -> dict[str, list[Step]]:
    """The steps of the kernel's kinds that tell the citizen something, by action."""
    tables = [kind.steps(kind.details()) for kind in kinds() if kind.handler is not None]
    tables += [CONFIRMED_TABLE, WITH_LETTERS, APPLICATION.steps(ApplicationRules(permit=True))]
    return telling_steps([step for table in tables for step in table])


def test_every_public_name_that_the_pages_import_is_public() -> None:
    text = "\n".join(PAGES.values())
    names = set(re.findall(r"^from banshi import (.+)$", text, re.MULTILINE))
    imported = {name.split()[0] for line in names for name in line.split("#")[0].split(",")}
    assert imported <= set(banshi.__all__)
    modules = set(re.findall(r"^from (banshi\.[\w.]+)", text, re.MULTILINE))
    assert {one for one in modules if not one.startswith("banshi.sdk.")} == {"banshi.testing"}


def test_field_types_of_items_are_read_as_tables() -> None:
    """A guard of the guard: `tuple[Material, ...]` and `Renewal | None` count as tables, `Texts` does not."""
    hints = typing.get_type_hints(Item)
    assert table_type(hints["materials"]) is not None
    assert table_type(hints["title"]) is None
    assert isinstance(table_type(hints["online_depth"]), type)


# -- benchmarks --------------------------------------------------------------------------------------------------


def test_continuous_integration_runs_every_benchmark_that_has_a_short_form() -> None:
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    scripts = (ROOT / "benchmarks").glob("*.py")
    short = [file.name for file in scripts if "options(__doc__" in file.read_text(encoding="utf-8")]
    # It wants an earlier commit's environment.
    short.remove("before.py")
    assert len(short) > 20
    assert not [name for name in short if f"benchmarks/{name} --short" not in run]
