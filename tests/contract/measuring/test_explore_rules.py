"""What benchmarks/explore.py is excused from is about operations and checks that there are."""

from __future__ import annotations

import re
from typing import Any

import pytest

from banshi.app import configure
from benchmarks import explore_rules as rules
from tests.places import ROOT


@pytest.fixture(scope="module")
def operations() -> set[str]:
    return {route.operation for _, route in configure(ROOT / "plugins.toml").routes}


def test_every_rule_is_about_an_operation_that_there_is_and_has_a_reason(operations: set[str]) -> None:
    assert set().union(*rules.REACHED.values()) <= operations
    assert {*rules.SHORT_ITEMS, *rules.STAYS} <= operations
    patterns = [one.operations for one in (*rules.REFUSED, *rules.BESIDE_SCHEMAS)]
    patterns += [pattern for left in rules.LEFT_OUT.values() for pattern in left]
    for pattern in patterns:
        assert any(re.fullmatch(pattern, operation) for operation in operations), pattern
    assert all(one.reason for one in (*rules.REFUSED, *rules.BESIDE_SCHEMAS))
    assert all(reason for left in rules.LEFT_OUT.values() for reason in left.values())


def test_every_check_of_schemathesis_is_made_but_for_the_one_that_is_excused() -> None:
    # Here and not above, where each worker would import it. They are registered by being imported.
    import schemathesis.specs.openapi.checks  # noqa: F401
    from schemathesis.checks import CHECKS

    assert rules.NO_CHECK in CHECKS.get_all_names()


def invalid(*codes: str) -> dict[str, Any]:
    return {"code": "invalid-fields", "problems": [{"pointer": "/a", "code": code} for code in codes]}


def test_a_right_request_may_be_refused_for_what_no_schema_says_and_for_nothing_else() -> None:
    assert rules.is_right("submit_zone_pass", invalid("not-own", "attachment"))
    assert rules.is_right("submit_zone_pass", invalid("x-not-before", "x-in-order", "x-when", "truncated"))
    assert not rules.is_right("submit_zone_pass", invalid("not-own", "required"))
    asked_for = rules.conditional({"properties": {"answers": {"properties": {"a": {"x-when": {"b": ["c"]}}, "b": {}}}}})
    assert asked_for == {"a"}
    assert rules.is_right("submit_zone_pass", invalid("required"), asked_for)
    assert not rules.is_right("submit_zone_pass", invalid("type"), asked_for)
    assert rules.is_right(
        "book_internal", invalid("required") | {"problems": [{"pointer": "/answers/b", "code": "type"}]}
    )
    assert not rules.is_right("book_internal", invalid("required"))
    assert not rules.is_right("submit_zone_pass", {"code": "malformed-body", "detail": "It nests too deep."})
    assert rules.is_right("list_cases", {"code": "invalid-parameter", "parameter": "cursor"})
    assert not rules.is_right("list_cases", {"code": "invalid-parameter", "parameter": "limit"})
    assert rules.is_right("list_slots", {"code": "invalid-parameter", "parameter": "to"})
    assert not rules.is_right("list_closed_days", {"code": "invalid-parameter", "parameter": "to"})
    assert not rules.is_right("list_cases", {"code": "token-not-taken"})
