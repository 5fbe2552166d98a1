"""What is said of plugins in processes of their own when the platform starts, and what may come from such a process."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_type_hints
from unittest.mock import Mock

import pytest

from banshi import Appeal, Application, Appointment, Decision, FieldProblem, Item, Opening, Posting, Submission
from banshi.app import inspected
from banshi.builtin.isolation import process as processes
from banshi.builtin.isolation.child import Child, kinds
from banshi.builtin.isolation.declaring import Lone, Looked
from banshi.builtin.isolation.process import Process
from banshi.builtin.isolation.protocol.frames import HEAD, MAX_ANSWER_BYTES, Splitter, WrongFrame, packed
from banshi.builtin.isolation.protocol.values import Uncrossable, as_returned, problem_of, received, sent
from banshi.foundation.errors import Conflict
from banshi.foundation.findings import Finding
from banshi.kernel.contract.items import Result
from banshi.kernel.loading.configuration import Configuration, Entry
from banshi.kernel.loading.importing import import_plugin
from banshi.kernel.loading.settings import Settings
from tests.town.isolation_office import PLUGIN, written

# -- what is refused at start ----------------------------------------------------------------------------------------

HOOKS = {
    "banshi_kinds": "[]",
    "banshi_tables": "None",
    "banshi_resources": "[]",
    "banshi_channels": "[]",
    "banshi_offers": "[]",
    "banshi_routes": "[]",
    "banshi_commands": "[]",
}

EVERY_HOOK = "from banshi import Application, hookimpl\n" + "".join(
    f"\n\n@hookimpl\ndef {hook}():\n    return {value}\n" for hook, value in HOOKS.items()
)


def findings(folder: Path, code: str, **rest: Any) -> list[Finding]:
    """What `banshi check` says of a plugin with that code."""
    entry = Entry(api=1, path=written(folder, code), isolation="process", **rest)
    return inspected(Configuration(folder / "plugins.toml", Settings(), {"parks": entry}))[1]


def test_what_can_t_cross_is_refused_with_plugin_thing_and_what_to_do(tmp_path: Path) -> None:
    found = [one for one in findings(tmp_path, EVERY_HOOK) if one.rule == "not-isolable"]
    assert {one.plugin for one in found} == {"parks"}
    for hook in HOOKS:
        (advice,) = [one.advice for one in found if f"({hook})" in one.advice]
        assert advice.startswith(str(tmp_path / "plugins.toml"))
        assert "or remove the entry's isolation" in advice


@pytest.mark.parametrize(
    ("code", "rule", "told"),
    [
        ("import nothing_of_the_kind", "import-failed", "there is no module nothing_of_the_kind: install what has it"),
        ("raise SystemExit(3)", "import-failed", "SystemExit"),
        ("import os\nos._exit(3)", "no-process", "it ends before that"),
    ],
)
def test_a_plugin_that_can_t_be_imported_is_told_of_with_what_it_raises(
    tmp_path: Path, code: str, rule: str, told: str
) -> None:
    (advice,) = [one.advice for one in findings(tmp_path, code) if one.rule == rule]
    assert told in advice


@pytest.mark.parametrize(
    ("code", "rule", "told"),
    [
        (PLUGIN.replace("most: int = 3", "most: int"), "wrong-setting", "plugins.parks.settings.most is missing"),
        (PLUGIN.replace('{"bench": Bench', '{"bank": Bench'), "unknown-item", "'bank'"),
        (PLUGIN.replace('{"bench": Bench(settings)}', '{"bench": 7}'), "wrong-type", "Application, not int"),
        (PLUGIN.replace("    async def review", "    def review"), "not-async", "async def review"),
        (PLUGIN.replace("async def review(self, submission)", "async def review(self)"), "handler-arguments", "review"),
        (
            PLUGIN.replace("    async def validate", "    form = dict\n\n    async def validate"),
            "not-isolable",
            "Schema",
        ),
        (PLUGIN.replace("banshi_handlers(settings)", "banshi_handlres(settings)"), "unknown-hook", "banshi_handlers"),
        (f"{PLUGIN}\n\n@hookimpl\ndef banshi_checks(registry):\n    return []\n", "not-isolable", "registry"),
        (PLUGIN.replace("return ParksSettings", "raise OSError"), "hook-failed", "banshi_settings"),
    ],
)
def test_what_is_wrong_with_its_code_is_found_as_in_the_platform_s_process(
    tmp_path: Path, code: str, rule: str, told: str
) -> None:
    place = written(tmp_path, code)
    entry = Entry(api=1, path=place)
    module, folder = import_plugin("parks", entry)
    del sys.modules["banshi_plugins.parks"]
    looked = Lone(Configuration(tmp_path / "plugins.toml", Settings(), {"parks": entry})).look(
        "parks", module, folder, kinds()
    )
    (advice,) = [one.advice for one in looked.findings if one.rule == rule]
    assert told in advice


def test_a_check_of_its_own_is_told_under_its_name_whatever_it_says(tmp_path: Path) -> None:
    code = f"{PLUGIN}\nfrom banshi import Finding\n\n@hookimpl\ndef banshi_checks(settings):\n"
    code += '    yield Finding("platform", "no-key", f"set most, which is {settings.most}", warning=True)\n'
    (found,) = [one for one in findings(tmp_path, code) if one.rule == "no-key"]
    assert (found.plugin, found.warning) == ("parks", True)
    assert "set most, which is 3" in found.advice


# -- what arrives from a child ---------------------------------------------------------------------------------------


def test_frames_are_found_however_they_are_cut() -> None:
    stream = b"".join(packed({"id": number, "text": "长" * number}) for number in range(40))
    for size in (1, 3, 7, 1000):
        splitter = Splitter(1000)
        parts = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert [one["id"] for part in parts for one in splitter.fed(part)] == list(range(40))


@pytest.mark.parametrize(
    "data", [HEAD.pack(1001), HEAD.pack(2) + b"[]", HEAD.pack(1) + b"{", HEAD.pack(0), HEAD.pack(9000) + b"[" * 9000]
)
def test_what_is_no_frame_ends_the_reading(data: bytes) -> None:
    with pytest.raises(WrongFrame):
        list(Splitter(1000 if len(data) < 1000 else 10_000).fed(data))


@pytest.mark.parametrize(
    "wrong",
    [
        *(None, [], {}, {"status": 409}, {"status": 200, "code": "fine", "detail": "x"}),
        {"status": 409, "code": "Not A Code\r\n", "detail": "x"},
        {"status": 409, "code": "conflict", "detail": {"en": 7}},
        {"status": 503, "code": "unavailable", "detail": "x", "retry_after": "soon"},
        {"status": 422, "code": "invalid-fields", "detail": "x", "members": {"problems": [{"pointer": 1}]}},
        {"status": 409, "code": "conflict", "detail": "x", "headers": {"Set-Cookie": "a=b"}},
    ],
)
def test_a_problem_that_is_none_is_not_taken(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        problem_of(wrong)


def test_a_problem_can_t_say_otherwise_what_it_is() -> None:
    told = {"status": 409, "code": "no-bench", "detail": "None.", "retry_after": 7, "members": {"status": 200, "a": 1}}
    problem = problem_of(told)
    assert problem.headers == {"Retry-After": "7"}
    assert problem.document()["status"] == 409
    assert problem.document()["a"] == 1
    assert isinstance(problem_of({"status": 409, "code": "conflict", "detail": "x"}), Conflict)


# -- what a handler is given, and what it returns --------------------------------------------------------------------


def item() -> Item:
    texts = {"zh-CN": "长椅", "en": "A bench"}
    result = Result(kind="none", title=texts)
    told = {"title": texts, "summary": texts, "audience": ("person",), "result": result}
    return Item(code="bench", department="parks", plugin="parks", kind="application", **told)  # type: ignore[arg-type]


def test_what_a_handler_is_given_arrives_as_it_was() -> None:
    bench = item()
    submission = Submission(
        case_id="1",
        number="20260101-AAAA-BBBB",
        item=bench,
        answers={"park": "东园", "benches": [1, 2.5, None, True], "deep": {"a": []}},
        person="wang",
        name="王小明",
        received_at=datetime(2026, 11, 26, 8, 30, 15, 250_000, UTC),
        renews=None,
        version=3,
        mode="test",
    )
    given = [submission, bench, date(2026, 11, 26), datetime(2026, 1, 1, tzinfo=UTC), "text", 7, None, ["a"], {"b": 1}]
    (over,) = Splitter(100_000).fed(packed({"arguments": sent(given)}))
    assert received(over["arguments"], {"bench": bench}) == given
    with pytest.raises(Uncrossable):
        sent([object()])


@pytest.mark.parametrize(
    ("handler", "method", "returned"),
    [
        (Application, "validate", [FieldProblem("/park", "No such park.", "unknown")]),
        (Application, "review", Decision(action="return", reason={"zh-CN": "不行", "en": "No."})),
        (Application, "claims", {"holder": "王*明", "zones": ["2", "5"], "number": 7}),
        (Appointment, "openings", None),
        (
            Appointment,
            "openings",
            [
                Opening(
                    place="east",
                    begins=datetime(2026, 1, 1, 8, tzinfo=UTC),
                    ends=datetime(2026, 1, 1, 9, tzinfo=UTC),
                    capacity=3,
                )
            ],
        ),
        *((one, "validate", []) for one in (Appeal, Appointment, Posting)),
    ],
)
def test_what_a_handler_returns_arrives_as_it_was(handler: Any, method: str, returned: Any) -> None:
    kind = get_type_hints(getattr(handler, method))["return"]
    (over,) = Splitter(100_000).fed(packed({"value": returned}))
    assert as_returned(kind, over["value"]) == returned


@pytest.mark.parametrize("wrong", [7, "secret", {"action": ["secret"]}, {"action": "a", "reason": "secret"}, [], None])
def test_an_answer_of_the_wrong_type_is_told_without_what_was_answered(wrong: Any) -> None:
    with pytest.raises(ValueError, match="wrong type") as caught:
        as_returned(Decision, wrong)
    assert "secret" not in str(caught.value)


async def test_a_child_that_sends_more_in_a_second_than_anybody_reads_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # However little the reading takes.
    monkeypatch.setattr(processes, "MAX_COST_AHEAD_S", 60.0)
    monkeypatch.setattr(processes, "MAX_LINES_PER_S", 10_000)
    line = packed({"is": "log", "level": "info", "event": "x" * 16_000, "fields": {}})
    for count, ended in ((10, False), (2_200, True)):
        child = Process()
        child.connection_made(Mock())
        child.data_received(line * count)
        assert child.ended.done() is ended


async def test_a_call_that_is_broken_off_before_it_began_is_answered_so_that_its_process_lives_on() -> None:
    said = bytearray()
    child = Child(Looked())
    child.connection_made(SimpleNamespace(write=said.extend))
    call = {"id": 1, "is": "call", "item": "bench", "method": "validate", "arguments": []}
    child.data_received(packed(call) + packed({"id": 1, "is": "cancel"}))
    await asyncio.sleep(0.01)
    assert list(Splitter(MAX_ANSWER_BYTES).fed(bytes(said))) == [{"id": 1, "is": "cancelled"}]
