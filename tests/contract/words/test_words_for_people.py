"""Every text that a person can get is in plain words of their language: problems, steps, messages, items, forms, pages.

Some problems are told to a program and never to the person before it: that a body is no JSON, that a parameter or a
header is wrong, that a token's claims are. They name what the program has to change, in the reader's language too.
`TOLD_TO_PROGRAMS` and `FOR_INTEGRATORS` are all of these. The rest never names a member, a header or a route; what a
program needs of them stands in the problem's other members.

What `banshi check`, the doctor and the log say is read by whoever writes plugins or runs the platform, in English.
"""

from __future__ import annotations

import ast
import dataclasses
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
from chinese_calendar import Holiday

from banshi.app import inspected
from banshi.foundation.errors import Problem
from banshi.kernel.loading.configuration import read_configuration
from banshi.kernel.loading.registry import Registry
from banshi.kernel.outbox.outbox import FromNewer
from banshi.kernel.sentences import say as kernel_says
from banshi.kinds.refusals import OfKinds
from tests.places import ROOT
from tests.readers.plain_words import END, PLACEHOLDER, wrong_with

ROOMS = ("platform/banshi", "libraries", "mobile_push", "plugins")

#: Codes of problems that say what a program has sent wrongly.
TOLD_TO_PROGRAMS = frozenset(
    {
        *("malformed-body", "malformed-request", "invalid-parameter", "unsupported-media-type", "method-not-allowed"),
        *(
            "insufficient-scope",
            "unknown-roles",
            "signature-refused",
            "replayed",
            "not-proven",
            "beyond-the-end",
            "ticket-refused",
        ),
        "logout-refused",
    }
)

#: Rooms whose routes only integrators' programs call; OAuth's and Open311's errors are as those standards have them.
FOR_INTEGRATORS = tuple(
    ROOT / "plugins" / "integrations" / name
    for name in ("clients", "open311", "remote_services", "webhooks", "api_page")
)

#: Files whose sentences authors, operators and programs read.
FOR_OPERATORS = (
    ROOT / "platform/banshi/builtin/passes/keys.py",
    ROOT / "platform/banshi/builtin/monitoring",
    ROOT / "platform/banshi/foundation/database/failover/readiness.py",
    ROOT / "platform/banshi/foundation/files/toml_and_json.py",
)


@cache
def sources() -> Mapping[Path, ast.Module]:
    """Read when the first test asks, and not by every process that collects them all."""
    return {
        file: ast.parse(file.read_text("utf-8"))
        for room in ROOMS
        for file in sorted((ROOT / room).rglob("*.py"))
        if not {"tests", "migrations", "sandbox"} & set(file.parts) and not file.name.startswith("test_")
    }


def name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


@cache
def city() -> Registry:
    return inspected(read_configuration(ROOT / "plugins.toml"))[0]


@cache
def problem_classes() -> Mapping[str, type[Problem]]:
    # Its plugins' problems are there once they are imported.
    city()
    found: dict[str, type[Problem]] = {}
    waiting: list[type[Problem]] = [Problem]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        # Other tests' plugins have problems of their own.
        file = Path(getattr(sys.modules.get(one.__module__), "__file__", None) or "")
        if any(file.is_relative_to(ROOT / room) for room in ROOMS):
            found[one.__name__] = one
    return found


@cache
def told_by() -> frozenset[str]:
    """The names of what is called with a sentence that somebody is told."""
    return frozenset({*problem_classes(), "_wrong"})


def is_programs(problem: str) -> bool:
    return problem == "_wrong" or problem_classes()[problem].code in TOLD_TO_PROGRAMS


def told_to_program(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """Whether a sentence goes into a problem that a program is told, straight or by a name that it is given."""
    named, scope = "", node
    while scope in parents and not (named and isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef)):
        if isinstance(scope, ast.Call) and (name := name_of(scope.func)) in told_by():
            return is_programs(name)
        if isinstance(scope, ast.Assign):
            named = name_of(scope.targets[0])
        scope = parents[scope]
    used = [
        name_of(call.func)
        for call in ast.walk(scope)
        if isinstance(call, ast.Call) and name_of(call.func) in told_by()
        if named in {name_of(one) for argument in call.args for one in ast.walk(argument) if isinstance(one, ast.Name)}
    ]
    return bool(used) and all(map(is_programs, used))


#: What orjson says of what is no JSON: each with something that it says it of.
NO_JSON = {
    "unexpected end of data": b"{",
    "trailing comma is not allowed": b'{"a":1,}',
    "unexpected character, expected a JSON value": b"[NaN]",
    "number is infinity when parsed as double": b"[1e999]",
    "UTF-8 byte order mark (BOM) is not supported": b"\xef\xbb\xbf{}",
    "no low surrogate in string": b'["\\ud800"]',
    "invalid high surrogate in string": b'["\\udc00"]',
    "invalid low surrogate in string": b'["\\ud800\\ud800"]',
    "unexpected control character in string": b'["\1"]',
    "invalid escaped sequence in string": b'["\\x"]',
    "unexpected content after document": b"{} x",
    "unexpected character, expected a string key": b"{a:1}",
    "unexpected character, expected ':' after key": b'{"a" 1}',
    "unexpected character, expected ',' or ']'": b"[1 2]",
    "unexpected character, expected ',' or '}'": b'{"a":1 "b"}',
    "number with leading zero is not allowed": b"01",
    "no digit after decimal point": b"[1.]",
    "no digit after sign": b"[-]",
    "no digit after exponent sign": b"[1e]",
    "invalid literal, expected 'false'": b"[fals]",
    "invalid literal, expected 'true'": b"[trux]",
    "invalid literal, expected 'null'": b"[nulx]",
    "depth limit exceeded": b"[" * 2_000,
}


@pytest.mark.parametrize("said", NO_JSON)
def test_what_the_parser_says_of_what_is_no_json_has_its_chinese(said: str) -> None:
    with pytest.raises(orjson.JSONDecodeError) as error:
        orjson.loads(NO_JSON[said])
    assert error.value.msg == said
    assert not wrong_with(kernel_says(said)["zh-CN"], "zh-CN", program=True)


class Said(NamedTuple):
    """A sentence where the code says it."""

    file: Path
    line: int
    english: str
    program: bool
    #: A whole sentence, and no title, such as a menu's.
    whole: bool = True


#: A sentence in a template of a page.
IN_TEMPLATE = re.compile(r'\b(say|word)\("([^"]+)"')


def in_templates() -> Iterator[Said]:
    for file in sorted(file for room in ROOMS for file in (ROOT / room).rglob("templates/**/*.html")):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            for how, english in IN_TEMPLATE.findall(line.replace("('", '("').replace("')", '")').replace("',", '",')):
                yield Said(file, number, english, program=False, whole=how == "say")


def all_said() -> Iterator[Said]:
    yield from in_templates()
    for file, tree in sources().items():
        if "log" in file.name or file.name == "supervisor.py":
            continue
        parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or name_of(call.func) not in {"say", "word"} or not call.args:
                continue
            text = call.args[0]
            is_word = name_of(call.func) == "word"
            if not (isinstance(text, ast.Constant) and isinstance(text.value, str)):
                continue
            if is_word or re.search("[ {]", text.value):
                integrators = any(file.is_relative_to(one) for one in (*FOR_INTEGRATORS, *FOR_OPERATORS))
                program = integrators or told_to_program(call, parents)
                yield Said(file, call.lineno, text.value, program, whole=not is_word)


@cache
def said() -> list[Said]:
    return list(all_said())


def room_of(file: Path) -> Path:
    """The folder whose `zh-CN.toml` has the Chinese."""
    return next(folder for folder in file.parents if (folder / "zh-CN.toml").exists())


def chinese(room: Path) -> dict[str, str]:
    return tomllib.loads((room / "zh-CN.toml").read_text("utf-8"))


def has_words(text: str) -> bool:
    """Whether there is more than what is filled in and what stands between."""
    return bool(PLACEHOLDER.sub("", text).strip(" .,:;、，：；。（）()–“”《》0123456789"))


def fields_of(text: str) -> set[str]:
    return {re.split("[!:}]", one[1:])[0] for one in PLACEHOLDER.findall(text)}


@pytest.mark.parametrize("room", sorted(one.parent for place in ROOMS for one in (ROOT / place).rglob("zh-CN.toml")))
def test_each_sentence_of_a_room_has_its_chinese_and_none_is_left_over(room: Path) -> None:
    texts = chinese(room)
    english = {one.english for one in said() if one.file.is_relative_to(room)}
    docstrings = {documented(one) for one in problem_classes().values()}
    # By a name, in a table, or for one language alone.
    named = {
        node.value
        for file, tree in sources().items()
        if file.is_relative_to(room)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    } | {one.value for one in Holiday}
    mine = {one.english for one in said() if room_of(one.file) == room}
    assert not sorted(mine - texts.keys())
    titles = {titled(one) for one in problem_classes().values()}
    assert not sorted(texts.keys() - english - docstrings - named - titles - {*NO_JSON})
    assert not [key for key, text in texts.items() if fields_of(key) < fields_of(text)]


def test_each_sentence_is_in_plain_words() -> None:
    found = {}
    for one in said():
        texts = {"en": one.english, "zh-CN": chinese(room_of(one.file)).get(one.english, "")}
        for language, text in texts.items():
            whole = one.whole and not (TOLD_ALONE.search(text) or CHOICE.search(text))
            if has_words(text) and (wrong := wrong_with(text, language, program=one.program, sentence=whole)):
                found[f"{one.file}:{one.line} {language}: {text}"] = wrong
    assert not found


def documented(problem: type[Problem]) -> str:
    return " ".join((problem.__doc__ or "").strip().partition("\n\n")[0].split())


def test_each_problem_has_a_sentence_of_its_own_in_both_languages() -> None:
    found = {}
    for name, problem in problem_classes().items():
        if problem in {OfKinds, FromNewer} or "open311" in problem.__module__.split("."):
            continue
        zh = problem.says.languages["zh-CN"].get(documented(problem), "")
        for language, text in (("en", documented(problem)), ("zh-CN", zh)):
            if wrong := wrong_with(text, language, program=problem.code in TOLD_TO_PROGRAMS):
                found[f"{name} {language}: {text}"] = wrong
    assert not found


def titled(problem: type[Problem]) -> str:
    return problem.code.replace("-", " ").capitalize()


def test_each_problem_has_a_title_in_the_readers_language() -> None:
    """RFC 9457 section 3.1.3: it may be localised; "Invalid fields" stood above Chinese sentences."""
    found = {}
    for name, problem in problem_classes().items():
        if "open311" in problem.__module__.split("."):
            continue
        made = problem.__new__(problem)
        Problem.__init__(made, "x")
        told = {language: Problem.document(made, language)["title"] for language in ("zh-CN", "en")}
        assert told["en"] == titled(problem)
        program = problem.code in TOLD_TO_PROGRAMS
        if wrong := wrong_with(told["zh-CN"], "zh-CN", program=program, sentence=False):
            found[f"{name}: {told['zh-CN']}"] = wrong
    assert not found


def in_english_alone(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str(text)):
            # A vendor's code, as of the kit's `Refused`, is no sentence.
            return " " in text
        case ast.JoinedStr():
            return True
        case ast.BinOp(left=left, right=right):
            return in_english_alone(left) or in_english_alone(right)
        case ast.IfExp(body=body, orelse=orelse):
            return in_english_alone(body) or in_english_alone(orelse)
    return False


def test_no_problem_is_told_in_one_language_alone() -> None:
    found = []
    for file, tree in sources().items():
        if any(file.is_relative_to(one) for one in FOR_INTEGRATORS[:2]):
            continue
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and (name := name_of(call.func)) in {*problem_classes(), "FieldProblem"}:
                detail = call.args[name == "FieldProblem" : (name == "FieldProblem") + 1]
                if detail and in_english_alone(detail[0]):
                    found.append(f"{file.relative_to(ROOT)}:{call.lineno}")
    assert not found


# -- titles, parts of sentences, and what is said by a name -----------------------------------------------------------


class Pair(NamedTuple):
    place: str
    english: str
    chinese: str
    message: bool = False


#: A line of a message that ends in what is filled in, behind its name: "说明：{reason}".
TOLD_ALONE = re.compile(r"[:：,，] ?[^:：]*[}”]$")

#: What a chat offers by numbers: "1 yes, 2 no".
CHOICE = re.compile(r"1 \w+[,，] ?2 \w+$")


def text_of(node: ast.expr | None) -> str:
    """A constant, with "{x}" for what is filled in; "" for what is none."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=values):
            return "".join(one.value if isinstance(one, ast.Constant) else "{x}" for one in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return text_of(left) + text_of(right)
    return ""


def all_pairs() -> Iterator[Pair]:
    for file, tree in sources().items():
        if any(file.is_relative_to(one) for one in FOR_INTEGRATORS) or "catalogue_exports" in file.parts:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name_of(node.func) == "message" and len(node.args) == 2:
                english = text_of(node.args[1].args[0]) if isinstance(node.args[1], ast.Call) else ""
                place = f"{file}:{node.lineno}"
                yield Pair(place, english, chinese(room_of(file)).get(english, ""), message=True)
    sentences = {one.english for one in said()} | {*map(documented, problem_classes().values()), *NO_JSON}
    # Whole ones that are said by a name: whom they are for, the place says that says them.
    sentences |= {
        node.value.value
        for tree in sources().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    rooms = {one.parent for place in ROOMS for one in (ROOT / place).rglob("zh-CN.toml")}
    for room in sorted(one for one in rooms if ROOT / "plugins/integrations" not in one.parents):
        yield from (Pair(str(room), *text) for text in chinese(room).items() if text[0] not in sentences)


@cache
def pairs() -> list[Pair]:
    return list(all_pairs())


def test_there_are_many_of_them() -> None:
    assert len(pairs()) > 250
    assert len(said()) > 180
    assert len(problem_classes()) > 60


def test_each_text_in_the_code_is_in_plain_words() -> None:
    found = {}
    for pair in pairs():
        for language, text in (("en", pair.english), ("zh-CN", pair.chinese)):
            for line in filter(has_words, text.splitlines()):
                if wrong := wrong_with(line, language, sentence=False):
                    found[f"{pair.place} {language}: {line}"] = wrong
    assert not found


def test_each_line_of_a_message_is_a_whole_one() -> None:
    found = []
    for pair in (one for one in pairs() if one.message):
        for text in (pair.english, pair.chinese):
            told = [line for line in text.splitlines() if PLACEHOLDER.sub("", line).strip(" :：")]
            found += [f"{pair.place}: {line}" for line in told if not (END.search(line) or TOLD_ALONE.search(line))]
    assert not found


# -- items and forms --------------------------------------------------------------------------------------------------

#: What of an item is a sentence and no title.
SENTENCES = {"summary", "conditions", "process", "x-shows", "x-pattern-hint"}


def texts_in(value: Any, place: str) -> Iterator[tuple[str, str, str]]:
    """Every text in two languages in a value, with its place: (place, language, text)."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            if field.name not in {"form", "keywords", "handler"}:
                yield from texts_in(getattr(value, field.name), f"{place}.{field.name}")
        return
    if isinstance(value, Mapping):
        if "zh-CN" in value and "en" in value and all(isinstance(one, str) for one in value.values()):
            yield from ((place, language, text) for language, text in value.items() if language in {"zh-CN", "en"})
            return
        for name, one in value.items():
            yield from texts_in(one, f"{place}.{name}")
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts_in(one, place)


def test_each_item_and_its_form_are_in_plain_words() -> None:
    found = []
    for code in city().items:
        item = city().items.of(code)
        assert item is not None
        schema = item.form.schema if item.form else {}
        found += faults_of((*texts_in(item, code), *texts_in(schema, f"{code}:form")))
    assert not found


def faults_of(texts: Iterable[tuple[str, str, str]]) -> list[str]:
    """What is wrong with which line: (place, language, text) each."""
    return [
        f"{place} {language}: {wrong}: {line}"
        for place, language, text in texts
        for line in text.splitlines()
        if PLACEHOLDER.sub("", line).strip(" :：.")
        if (wrong := wrong_with(line, language, sentence=place.rpartition(".")[2] in SENTENCES))
    ]


def test_what_each_kind_calls_its_states_and_steps_is_in_plain_words() -> None:
    found = {}
    for name, kind in city().kinds.items():
        own = [kind.worded(item.details) for item in city().items.unchecked() if item.kind == name]
        words = {"states": kind.states, "actions": kind.actions, "title": kind.title, "own": own}
        wrong = {text: wrong_with(text, language, sentence=False) for _, language, text in texts_in(words, name)}
        found |= {f"{name}: {text}": what for text, what in wrong.items() if what}
    assert not found
