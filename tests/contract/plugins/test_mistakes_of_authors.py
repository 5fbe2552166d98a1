"""Mistakes of authors, each with the whole sentence that `banshi check` says of it.

Each names the plugin, and the item, file, line or key, and says what to do; none ends in a traceback or in silence.
What a handler does wrong while it runs: tests/banshi/kernel/runtime/test_mistakes.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from banshi.ops.cli import group

#: A file of the plugin, what of it is replaced once ("" of a new file), and by what.
Edit = tuple[str, str, str]


class Mistake(NamedTuple):
    what: str
    edits: Sequence[Edit]
    #: The finding without the plugin's name; {at} is the folder of the plugin, or of plugins.toml.
    told: str


CODE, ITEMS, FORM, ENTRY = "__init__.py", "items.toml", "forms/event.json", "plugins.toml"
#: Lines of the plugin that `banshi new parks` makes, before which others are put.
TEXTS, HANDLER, HOOK = "\nTOO_LONG", "class Event(Application)", "@hookimpl\ndef banshi_handlers"

#: What every finding in the form begins with, and in a plugins.toml that is no TOML.
OF_FORM = "wrong-schema: {at}/items.toml: items.parks-event.form (forms/event.json): "
OF_ENTRY = "platform: no-configuration: {at}/plugins.toml can't be read: "


def edited(place: str, before: str = "", *, rows: Mapping[str, tuple[str, str, str]]) -> list[Mistake]:
    """One edit of a file each: what is wrong → what is replaced, by what, and what is told behind `before`."""
    return [Mistake(what, [(place, old, new)], before + told) for what, (old, new, told) in rows.items()]


def imported(before: str, lines: Mapping[str, tuple[str, str]]) -> list[Mistake]:
    """One more import each: what is wrong → the line, and what is told behind `before`."""
    return [Mistake(what, [(CODE, TEXTS, line + TEXTS)], before + told) for what, (line, told) in lines.items()]


#: Of a plugin: all of them are looked at together, each under a name of its own.
OF_PLUGINS = [
    *imported(
        "import-failed: {at}/__init__.py:9: ",
        {
            "a library that is not installed": (
                "import shapely_no",
                (
                    "there is no module shapely_no: install what has it beside the platform, and name that in the "
                    "plugin's dependencies; or remove the import"
                ),
            ),
            "a misspelt module of the sdk": (
                "from banshi.sdk.case import Case",
                "there is no module banshi.sdk.case: did you mean 'banshi.sdk.cases'?",
            ),
            "a name that the sdk has not": (
                "from banshi.sdk.events import Evnt",
                "banshi.sdk.events has no Evnt: did you mean 'Event'?",
            ),
        },
    ),
    Mistake(
        "a circular import",
        [
            (CODE, TEXTS, "from .first import FIRST\nTOO_LONG"),
            ("first.py", "", "from .second import SECOND\nFIRST = 1\n"),
            ("second.py", "", "from .first import FIRST\nSECOND = 2\n"),
        ],
        (
            "import-failed: {at}/second.py:1: a circular import: it needs FIRST of banshi_plugins.parks.first, "
            "whose import leads here and isn't over: move FIRST to a module that imports neither of the two"
        ),
    ),
    *edited(
        CODE,
        rows={
            "a misspelt name of banshi": (
                "import Application,",
                "import Aplication,",
                "import-failed: {at}/__init__.py:8: banshi has no Aplication: did you mean 'Application'?",
            ),
            "full-width brackets in Python": (
                "(Application):",
                "（Application）:",
                "import-failed: {at}/__init__.py:19: write ( in place of （ (U+FF08, fullwidth left parenthesis)",
            ),
            "tabs among spaces": (
                "        first, last",
                "\tfirst, last",
                (
                    "import-failed: mend what its import raises: TabError: inconsistent use of tabs and spaces in "
                    "indentation (__init__.py, line 23) ({at}/__init__.py:23)"
                ),
            ),
            "a pointer to no field": (
                '"/last_day", TOO',
                '"/last_dy", TOO',
                (
                    "wrong-pointer: parks-event: Event.validate has FieldProblem('/last_dy', …): name a field of the "
                    'form ("/place", "/first_day", "/last_day", "/people", "/purpose", "/phone", "/plan"), or "" for '
                    'all of it; what is told stands at "" now'
                ),
            ),
            "SQL into the platform's table": (
                "        return []",
                "        text = 'UPDATE banshi_case SET state = 1'\n        return []",
                (
                    "anothers-table: {at}/__init__.py:26: write nothing into banshi_case, which is the platform's: use "
                    "what banshi.sdk has for it, such as move_case"
                ),
            ),
            "another plugin's module": (
                TEXTS,
                "from banshi_plugins.parks_good import LONGEST as THEIRS\nTOO_LONG",
                (
                    "import-failed: mend what its import raises: ModuleNotFoundError: No module named "
                    "'banshi_plugins.parks_good' ({at}/__init__.py:9)"
                ),
            ),
        },
    ),
    *imported(
        "inside-import: {at}/__init__.py:9: ",
        {
            "an import of the kernel's inside": (
                "from banshi.kernel.contract.values import Department",
                ("write `from banshi import Department`: banshi.kernel.contract.values is Banshi's own and may change"),
            ),
            "something inside that is public under another name": (
                "from banshi.kernel.cases.actors import find",
                (
                    "write `from banshi.sdk.cases import find_case`: banshi.kernel.cases.actors is Banshi's own and "
                    "may change"
                ),
            ),
            "a private name": (
                "from banshi.kernel.loading.catalogue import _fields_of",
                (
                    "do without _fields_of of banshi.kernel.loading.catalogue, which is Banshi's own and may change: "
                    "docs/reference.md has what a plugin may import"
                ),
            ),
            "a module inside": (
                "import banshi.builtin.audit.chain",
                (
                    "do without banshi.builtin.audit.chain, which is Banshi's own and may change: docs/reference.md "
                    "has what a plugin may import"
                ),
            ),
        },
    ),
    Mistake(
        "settings that can change",
        [
            (
                CODE,
                HANDLER,
                (
                    "import dataclasses\n\n\n@dataclasses.dataclass\nclass Own:\n    days: int = 3\n\n\nclass "
                    "Event(Application)"
                ),
            ),
            (CODE, HOOK, "@hookimpl\ndef banshi_settings():\n    return Own\n\n\n@hookimpl\ndef banshi_handlers"),
        ],
        ("thawed-settings: {at}/__init__.py:22: write @dataclass(frozen=True) above Own: settings stay as they are"),
    ),
    Mistake(
        "a row written into the platform's table",
        [
            (CODE, TEXTS, "from banshi import Case\nTOO_LONG"),
            (CODE, "        return []", "        await Case.filter(id=1).update(state='approved')\n        return []"),
        ],
        (
            "anothers-table: {at}/__init__.py:26: write nothing into banshi_case, which is the platform's: use "
            "what banshi.sdk has for it, such as move_case"
        ),
    ),
    *edited(
        ITEMS,
        rows={
            "a list with a full-width comma": (
                '["person", "organisation"]',
                '["person"， "organisation"]',
                ("unreadable: {at}/items.toml: line 19, column 21: write , in place of ， (U+FF0C, fullwidth comma)"),
            ),
            "a code in full-width quotes": (
                '"parks-event"',
                "“parks-event”",
                (
                    'unreadable: {at}/items.toml: line 14, column 8: write " in place of “ (U+201C, left double '
                    "quotation mark)"
                ),
            ),
            "a text without quotes": (
                'phone = "000-0000000"',
                "phone = 000-0000000",
                (
                    "unreadable: {at}/items.toml: Expected newline or end of document after a statement (at line 7, "
                    'column 10); give each key a line of its own, and write texts in quotes, as in key = "text"'
                ),
            ),
            "an item without a kind": (
                'kind = "application"\n',
                "",
                (
                    "unknown-kind: {at}/items.toml: items.parks-event.kind is missing; write one of appeal, "
                    "application, appointment, posting, query"
                ),
            ),
            "a misspelt role": (
                "visits = 0",
                'visits = 0\nreaders = ["aprover"]',
                (
                    "misspelt-role: items.parks-event: mend readers: no step asks for the role 'aprover': did you mean "
                    "'approver'?"
                ),
            ),
            "a text without languages": (
                'title = { zh-CN = "示例部门", en = "Parks" }',
                'title = "Parks"',
                (
                    "wrong-value: {at}/items.toml: department.title has to be a table with a text in each language: "
                    '{ zh-CN = "…", en = "…" }'
                ),
            ),
            "a form that is not there": (
                FORM,
                "forms/evnt.json",
                (
                    "wrong-schema: {at}/items.toml: items.parks-event.form (forms/evnt.json): there is no such file; "
                    "did you mean 'forms/event.json'?"
                ),
            ),
        },
    ),
    Mistake(
        "an item without a code",
        [(ITEMS, 'code = "parks-event"\n', ""), (CODE, HOOK, "def banshi")],
        "wrong-value: {at}/items.toml: items.0.code is missing",
    ),
    *edited(
        FORM,
        OF_FORM,
        rows={
            "a misspelt x-attachment": (
                "x-attachment",
                "x-attachement",
                (
                    "#/properties/plan: 'x-attachement' is no keyword; did you mean 'x-attachment'? (a word of your "
                    "own begins with x-)"
                ),
            ),
            "an x-attachment in quotes": (
                '"x-attachment": true',
                '"x-attachment": "yes"',
                "#/properties/plan: write x-attachment as true, without quotes",
            ),
            "a misspelt limit of days": (
                "x-not-before",
                "x-not-befor",
                "#/properties/first_day: 'x-not-befor' is no keyword; did you mean 'x-not-before'?",
            ),
            "a misspelt keyword": (
                '"minimum"',
                '"minimun"',
                (
                    "#/properties/people: 'minimun' is no keyword; did you mean 'minimum'? (a word of your own begins "
                    "with x-)"
                ),
            ),
            "a misspelt field in required": (
                '["place"',
                '["plaec"',
                ("#: no answer could be right: 'plaec' is in required and not in properties; did you mean 'place'?"),
            ),
            "a full-width colon in JSON": (
                '"type": "object"',
                '"type"： "object"',
                "line 3, column 9: write : in place of ： (U+FF1A, fullwidth colon)",
            ),
            "a comment in JSON": (
                '"type": "object",',
                '"type": "object", // all',
                "line 3, column 21: remove the comment, which JSON has none of",
            ),
            "a comma too few in JSON": (
                '"minimum": 1,',
                '"minimum": 1',
                "Expecting ',' delimiter: line 27 column 20 (char 1112)",
            ),
            "a form that is no object": (
                '"type": "object"',
                '"type": "string"',
                '#/type: answers are an object: write "type": "object"',
            ),
            "a comma too many in JSON": (
                'safety measures." }',
                'safety measures." },',
                "line 43, column 5: remove the comma before }",
            ),
            "a key twice in JSON": (
                '"type": "object",',
                '"type": "object", "type": "object",',
                "write the key 'type' once: all but the last of them would be lost",
            ),
            "a pattern that looks ahead": (
                "^1[3-9]",
                "^(?=1)1[3-9]",
                (
                    "#/properties/phone: pattern '^(?=1)1[3-9][0-9]{9}$': look-around is refused: it can't be matched "
                    "in linear time; use several patterns in `allOf`, or `not`"
                ),
            ),
            "a form that refers to itself": (
                '"properties": {',
                (
                    '"$defs": { "a": { "items": { "$ref": "#/$defs/a" } } },\n  "properties": {\n    "more": { "$ref": '
                    '"#/$defs/a" },'
                ),
                "#: $ref '#/$defs/a' leads back to itself: remove it, or answers could be nested without end",
            ),
        },
    ),
]

#: Of plugins.toml, which has one plugin.
OF_ENTRIES = [
    *edited(
        ENTRY,
        OF_ENTRY,
        rows={
            "a path in full-width quotes": (
                '"parks"',
                "“parks”",
                'line 6, column 8: write " in place of “ (U+201C, left double quotation mark)',
            ),
            "a full-width equals sign": (
                "api = 1",
                "api ＝ 1",
                "line 7, column 5: write = in place of ＝ (U+FF1D, fullwidth equals sign)",
            ),
            "a full-width digit": (
                "api = 1",
                "api = １",
                "line 7, column 7: write 1 in place of １ (U+FF11, fullwidth digit one)",
            ),
            "a table in brackets of a text": (
                "[plugins.parks]",
                "【plugins.parks】",
                "line 5, column 1: write [ in place of 【 (U+3010, left black lenticular bracket)",
            ),
            "a space that does not break": (
                "api = 1",
                "api\xa0= 1",
                "line 7, column 4: write a space in place of \xa0 (U+00A0, no-break space)",
            ),
            "a key twice": (
                "api = 1",
                "api = 1\napi = 1",
                "Cannot overwrite a value (at line 8, column 8); remove one of the two: the key stands twice",
            ),
            "a table twice": (
                "api = 1",
                "api = 1\n[plugins.parks]",
                (
                    "Cannot declare ('plugins', 'parks') twice (at line 8, column 15); remove one of the two: the "
                    "table stands twice"
                ),
            ),
            "a path with backslashes": (
                '"parks"',
                '"C:\\parks"',
                "Unescaped '\\' in a string (at line 6, column 13); write / in paths, or two backslashes",
            ),
            "a path without quotes": (
                '"parks"',
                "parks",
                'Invalid value (at line 6, column 8); write texts in quotes, as in key = "text"',
            ),
        },
    ),
]

FIRST = "migrations/0001_initial.py"
#: Of a plugin with a table.
OF_TABLES = [
    *edited(
        "models.py",
        rows={
            "a table that was renamed": (
                'table = "parks_day"',
                'table = "parks_days"',
                (
                    "renamed-table: {at}/models.py:5: call the table of Day 'parks_day', as its migrations do, and not "
                    "'parks_days'; or copy its rows into a table of that name, by a model of its own and a migration"
                ),
            ),
            "a column that was changed": (
                "max_length=8",
                "max_length=9",
                (
                    "unmigrated: run `python tools/make_migrations.py`: the models differ from the migrations by "
                    "Day.code"
                ),
            ),
        },
    ),
    *edited(
        FIRST,
        "broken-migration: ",
        rows={
            "a misspelt operation": (
                "ops.CreateModel",
                "ops.CreateModle",
                ("{at}/migrations/0001_initial.py:8: there is no operation CreateModle: did you mean 'CreateModel'?"),
            ),
            "a migration that does not compile": (
                "operations = [",
                "operations = (",
                (
                    "mend what its import raises: SyntaxError: closing parenthesis ']' does not match opening "
                    "parenthesis '(' on line 7 (0001_initial.py, line 17) ({at}/migrations/0001_initial.py:17)"
                ),
            ),
            "a module that is no migration": (
                "class Migration",
                "class Migrations",
                (
                    "{at}/migrations/0001_initial.py: write `class Migration(migrations.Migration)` with its "
                    "operations, or remove it"
                ),
            ),
            "migrations of a plugin under another name": (
                '"app": "parks"',
                '"app": "gardens"',
                (
                    '{at}/migrations/0001_initial.py:14: Day is made for the plugin gardens: write "app": "parks", or '
                    "go on calling the plugin gardens in plugins.toml, under which its tables were made"
                ),
            ),
            "a migration after one that is not there": (
                "initial = True",
                'dependencies = [("parks", "0000_first")]',
                (
                    "mend its migrations, which can't be applied one after the other: ValueError: Migration "
                    "parks.0001_initial references nonexistent parent parks.0000_first"
                ),
            ),
        },
    ),
    *edited(
        CODE,
        rows={
            "a package of migrations that is not there": (
                '.migrations"',
                '.migration"',
                (
                    "no-migration: write the first migration of banshi_plugins.parks.models: run `python "
                    "tools/make_migrations.py`"
                ),
            ),
            "models that are not there": (
                '.models"',
                '.model"',
                (
                    "no-tables: mend what banshi_tables names: ModuleNotFoundError: No module named "
                    "'banshi_plugins.parks.model'"
                ),
            ),
        },
    ),
    Mistake(
        "a migration that takes a column away",
        [
            (
                "migrations/0002_less.py",
                "",
                (
                    "from tortoise import migrations\nfrom tortoise.migrations import operations as ops\n\n\nclass "
                    'Migration(migrations.Migration):\n    dependencies = [("parks", "0001_initial")]\n    operations '
                    '= [ops.RemoveField("Day", "note")]\n'
                ),
            ),
            ("models.py", "    note = fields.TextField(null=True)\n", ""),
        ],
        (
            "not-beside: 0002_less: RemoveField Day.note: do so one version after the last one that uses it, "
            'and say in the migration `beside = "why that is so"`'
        ),
    ),
]

DECLARED = f"""@hookimpl
def banshi_tables() -> Tables:
    return Tables(models=f"{{__name__}}.models", migrations=f"{{__name__}}.migrations")


{HOOK}"""

MODELS = """from tortoise import fields
from tortoise.models import Model


class Day(Model):
    code = fields.CharField(max_length=8, primary_key=True)
    note = fields.TextField(null=True)

    class Meta:
        table = "parks_day"
"""

MIGRATION = """from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    initial = True
    operations = [
        ops.CreateModel(
            name="Day",
            fields=[
                ("code", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=8)),
                ("note", fields.TextField(null=True, unique=False)),
            ],
            options={"table": "parks_day", "app": "parks", "pk_attr": "code"},
            bases=["Model"],
        ),
    ]
"""

#: Makes of the plugin one with a table that its migration agrees with.
WITH_TABLE: Sequence[Edit] = [
    (CODE, "import Application,", "import Application, Tables,"),
    (CODE, HOOK, DECLARED),
    ("models.py", "", MODELS),
    ("migrations/__init__.py", "", ""),
    (FIRST, "", MIGRATION),
]

#: Without a provider, each check would say so.
PLATFORM = '[platform.identity]\nissuer = "https://id.example.org"\naudience = "banshi"\n\n'

#: What to do is said by one of these.
DO = re.compile(
    r"\b(write|remove|rename|mend|add|install|put|move|call|give|say|name|declare|do without|did you mean|has to|run"
    r"|do so|promise|Expecting|is missing|input should|there are|use)\b"
)


def checked(config: Path) -> list[str]:
    """What `banshi check` prints of each finding."""
    done = CliRunner().invoke(group, ["--config", str(config), "check"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return [line.removesuffix(" (warning)") for line in done.output.splitlines()[:-1]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The files of a plugin that is right, by their places."""
    folder = tmp_path_factory.mktemp("made")
    (folder / ENTRY).write_text("")
    CliRunner().invoke(group, ["--config", str(folder / ENTRY), "new", "parks", "--into", "."])
    plugin = folder / "parks"
    return {place: (plugin / place).read_text(encoding="utf-8") for place in (CODE, ITEMS, FORM)}


def written(folder: Path, made: Mapping[str, str], edits: Sequence[Edit]) -> None:
    """A plugin in a folder, under the folder's name, with changes."""
    files = dict(made)
    for place, old, new in edits:
        assert old in files.setdefault(place, ""), f"{old!r} is not in {place}"
        files[place] = files[place].replace(old, new, 1)
    for place, text in files.items():
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(re.sub(r"parks(?!_good)", folder.name, text), encoding="utf-8")


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory, made: Mapping[str, str]) -> Mapping[str, list[str]]:
    """What is found of each of the plugins, in one check of them all; of the one that is right, too."""
    folder = tmp_path_factory.mktemp("plugins")
    names = {mistake.what: f"parks{place}" for place, mistake in enumerate(OF_PLUGINS)} | {"nothing": "parks_good"}
    edits = {mistake.what: mistake.edits for mistake in OF_PLUGINS}
    for what, name in names.items():
        files = made if what != "nothing" else {CODE: "LONGEST = 1\n"}
        written(folder / name, files, edits.get(what, []))
    entries = [f'[plugins.{name}]\npath = "{name}"\napi = 1\n' for name in names.values()]
    (folder / ENTRY).write_text(PLATFORM + "\n".join(entries), encoding="utf-8")
    found: dict[str, list[str]] = {what: [] for what in names}
    by_name = {name: what for what, name in names.items()}
    for line in checked(folder / ENTRY):
        name, _, told = line.partition(": ")
        what = by_name[name]
        found[what].append(told.replace(str(folder / name), "{at}").replace(name, "parks"))
    return found


@pytest.mark.parametrize("mistake", OF_PLUGINS, ids=lambda one: one.what)
def test_a_mistake_in_a_plugin_is_told_and_nothing_that_follows_from_it(
    mistake: Mistake, together: Mapping[str, list[str]]
) -> None:
    assert together[mistake.what] == [mistake.told]


@pytest.mark.parametrize("mistake", OF_ENTRIES, ids=lambda one: one.what)
def test_a_mistake_in_plugins_toml_is_told_with_its_place(
    mistake: Mistake, tmp_path: Path, made: Mapping[str, str]
) -> None:
    written(tmp_path / "parks", made, [])
    text = PLATFORM + '[plugins.parks]\npath = "parks"\napi = 1\n'
    (((_, old, new),),) = (mistake.edits,)
    assert old in text
    (tmp_path / ENTRY).write_text(text.replace(old, new, 1), encoding="utf-8")
    (told,) = checked(tmp_path / ENTRY)
    assert told.replace(str(tmp_path), "{at}") == mistake.told


@pytest.mark.parametrize("mistake", [Mistake("nothing", [], ""), *OF_TABLES], ids=lambda one: one.what)
def test_a_mistake_in_tables_and_migrations_is_told_with_its_place(
    mistake: Mistake, tmp_path: Path, made: Mapping[str, str]
) -> None:
    written(tmp_path / "parks", made, [*WITH_TABLE, *mistake.edits])
    (tmp_path / ENTRY).write_text(PLATFORM + '[plugins.parks]\npath = "parks"\napi = 1\n', encoding="utf-8")
    told = [line.removeprefix("parks: ").replace(str(tmp_path / "parks"), "{at}") for line in checked(tmp_path / ENTRY)]
    assert told == [mistake.told] * bool(mistake.told)


ALL = [*OF_PLUGINS, *OF_ENTRIES, *OF_TABLES]


def test_there_are_forty_mistakes_of_authors_and_none_twice() -> None:
    assert len({one.what for one in ALL}) == len(ALL) >= 40


def test_each_sentence_names_an_item_a_file_or_a_key_and_says_what_to_do() -> None:
    named = re.compile(r"\{at\}|items\.parks|banshi_|parks-event|plugins\.parks|\.models|migration")
    assert not [one for one in ALL if not named.search(one.told) or not DO.search(one.told)]
    assert not [one for one in ALL if "Traceback" in one.told or "\n" in one.told]
