"""What an integrator's service answers wrongly is told with service, item and call, and with what would be right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from banshi.kernel.tables.outbox import OutboxRow
from banshi.testing import PromiseFailed
from tests.plugins.services_office import open_office

ELSE = "call review was answered by the service with something else: "

#: What it answers to `review` → what is told.
WRONG: list[tuple[Any, str]] = [
    ({"action": "acept"}, "review() returned the action 'acept'; actions here, in the state 'submitted': accept, "),
    ({"action": "refsue"}, "return, refuse; did you mean 'refuse'?"),
    ({"action": "return"}, "review() returned the action 'return' without a reason, which the citizen reads"),
    ({"action": 7}, ELSE + "action is a text"),
    ([], ELSE + "the answer is not one JSON object"),
    ("text", ELSE + "the answer is not one JSON object"),
    ({"action": ""}, ELSE + "action is a text"),
    (
        {"action": "accept", "reason": 7},
        ELSE + "reason is a text",
    ),
    (500, ELSE + "it answers 500"),
    (404, ELSE + "it answers 404"),
]


@pytest.mark.parametrize("development", [False, True], ids=["production", "development"])
async def test_a_wrong_review_of_a_service_is_told_in_log_row_and_test_and_staff_go_on(
    tmp_path: Path, development: bool
) -> None:
    async with open_office(tmp_path, platform={"development": development, "breaker_failures": 100}) as office:
        await office.run()
        for answer, told in WRONG:
            office.endpoint.answers["review"] = answer
            wang = office.door.citizen(f"wang-{told}"[:60])
            with capture_logs() as lines:
                case = (await wang.post("/v1/items/tree-felling/cases", {"answers": {"trees": 2}})).created()
                with pytest.raises(PromiseFailed) as caught:
                    await office.door.settled()
            said = str(caught.value).partition("\n")[0]
            assert ": tree-felling: " in said
            assert "parks-trees" in said
            assert told in said
            row = await OutboxRow.filter(consumer="intake", state="due").get()
            assert told in row.last_error
            (line, *_) = [line for line in lines if line["event"] == "handler failed"]
            assert told in line["mistake"]
            assert (line["department"], line["item"]) == ("parks", "tree-felling")
            assert ("traceback" in line) is development
            await OutboxRow.filter(id=row.id).update(state="done")
            assert (await wang.get(case["links"]["self"])).ok()["state"] == "submitted"
            accepted = await office.door.staff("li", "parks:reviewer").post(f"{case['links']['self']}/actions/accept")
            assert accepted.ok()["state"] == "accepted"
