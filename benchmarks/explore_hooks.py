"""What schemathesis has to know of this API beside its description; it loads this as its hooks.

A client takes a new Idempotency-Key for each intention and uploads a file before it names it, and a form's own formats
are numbers with check digits. Without that, most of what is sent would end at the same three refusals.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import strategies as st

from banshi.testing import TINY_PNG
from benchmarks.explore_rules import PAGES, STAYS, conditional, is_right
from tests.town.registers import made_up_person

#: Seconds that an upload may take.
UPLOAD_TIMEOUT_S = 20

KEYS = itertools.count(1)
GIVEN: set[str] = set()

#: Members that a body may have by its schema, and mostly may not by what it is about: an action, a provider.
SPARE = {"act": ("answers", "details"), "register_device": ("subscription",)}

FORMATS = {
    "cn-resident-id": [made_up_person(number) for number in range(1, 9)],
    "cn-mobile": ["13800000000", "19900000001"],
    "cn-phone": ["13800000000", "0816-2000000"],
    "cn-plate": ["川BD12345", "川B12345"],
    "cn-division": ["510703", "110105"],
    "cn-uscc": ["91110000600037341L"],
}
for name, values in FORMATS.items():
    schemathesis.openapi.format(name, st.sampled_from(values))


def bodies() -> dict[str, Any]:
    """The schemas of JSON bodies by operation, as the description beside this process has them."""
    told = [one for verbs in json.loads(Path("openapi.json").read_bytes())["paths"].values() for one in verbs.values()]
    found = {one["operationId"]: one.get("requestBody", {}).get("content", {}).get("application/json") for one in told}
    return {operation: content["schema"] for operation, content in found.items() if content}


BODIES = bodies()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:  # noqa: ARG001 - schemathesis calls it so
    """Where the request is meant to be right, let its key be new and its files be there."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.meta.phase.name.value == "stateful" and case.query and case.query.get("cursor") not in GIVEN:
        # In a scenario a place in a list comes from the list.
        case.query.pop("cursor", None)
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f"explored-{os.getpid()}-{next(KEYS)}"
    operation = case.operation.definition.raw.get("operationId")
    schema = BODIES.get(operation)
    if schema and os.environ["EXPLORE_TOKEN"]:
        case.body = with_files(schema, case.body)
    if operation in SPARE and isinstance(case.body, dict) and next(KEYS) % 2:
        case.body = {name: value for name, value in case.body.items() if name not in SPARE[operation]}
        if operation == "register_device":
            case.body.setdefault("token", f"explored-{next(KEYS)}")


def with_files(schema: Mapping[str, Any], value: Any) -> Any:
    """A body whose files are uploaded, as far as the caller may upload any."""
    if schema.get("x-attachment") and isinstance(value, str):
        return uploaded() or value
    if isinstance(value, dict):
        fields = schema.get("properties", {})
        return {name: with_files(fields.get(name, {}), part) for name, part in value.items()}
    if isinstance(value, list):
        items = schema.get("items")
        return [with_files(items if isinstance(items, dict) else {}, part) for part in value]
    return value


def uploaded() -> str:
    """The id of a new file of the caller's; empty where they may have none."""
    answer = requests.post(
        f"{os.environ['EXPLORE_URL']}/v1/attachments",
        files={"file": ("picture.png", TINY_PNG)},
        headers={"Authorization": f"Bearer {os.environ['EXPLORE_TOKEN']}"},
        timeout=UPLOAD_TIMEOUT_S,
    )
    return str(answer.json()["id"]) if answer.status_code == 201 else ""


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:  # noqa: ARG001 - the same
    """Remember the places in lists that the server gives."""
    if response.status_code == 200 and b'"next":"' in response.content[-400:]:
        GIVEN.add(json.loads(response.content)["next"])


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:  # noqa: ARG001 - the same
    """Whether a failure is one: not where a right request was rightly refused, or came too long to be anybody's."""
    if type(failure).__name__ == "ServerError" and b'"department-unavailable"' in response.content:
        # A register that this city has no sample of says so to whoever looks something up.
        return False
    if type(failure).__name__ == "UndefinedContentType":
        return b'"malformed-request"' not in response.content
    if type(failure).__name__ == "UseAfterFree":
        return case.operation.definition.raw["operationId"] not in STAYS
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    operation = case.operation.definition.raw["operationId"]
    if operation in PAGES and response.status_code == 400:
        return False
    if b"<errors>" in response.content and response.status_code == 400:
        # Open311's own, which say in JSON the same.
        return False
    try:
        problem = json.loads(response.content)
    except ValueError:
        return True
    return not is_right(operation, problem, conditional(BODIES.get(operation)))
