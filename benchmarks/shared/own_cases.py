"""People with cases and an inbox, and rounds in which they look at them, for `api.py own`.

As a script it fills the database of the plugins.toml that it is given, and prints `[[person, [case, …]], …]` as JSON:
each person's cases, of which half are there to be withdrawn.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from banshi import Message
from banshi.app import configure, open_platform
from banshi.builtin.identity.development import development_token
from banshi.foundation import logs
from banshi.foundation.database.writes import Write
from banshi.kernel.cases.submission import new_case
from banshi.kernel.contract.principals import Principal
from banshi.kernel.loading.settings import Settings
from benchmarks.shared.api_load import ANSWERS, WRITES, each_of, load
from benchmarks.shared.figures import Column
from mobile_push.inbox import messages

#: People; what is in the inbox of each.
PEOPLE, TOLD = 100, 20

#: Requests under way at once.
READS = 32

#: Withdrawals in a round.
ACTS = 1_500

STAFF = "permits/desk:reviewer"

#: What is measured: by path, whoever asks, and whether each case is asked for.
LOOKS = {"GET /v1/cases/{id}": "{case}", "GET /v1/cases": "", "GET /v1/inbox": "", "GET /v1/worklist": ""}

COLUMNS = (Column("requests/s", "per_second"), Column("server's CPU µs", "cpu"), Column("p99 ms", "p99", ".1f"))


async def filled(file: Path, each: int) -> list[tuple[str, list[str]]]:
    """So many cases of each person, in processing; and messages to them."""
    found = []
    async with open_platform(configure(file)) as platform:
        item = platform.registry.items["fast-pass"]
        for number in range(PEOPLE):
            person, cases = Principal(subject=f"citizen-{number}", name="王小明"), []
            rows: list[Any] = []
            for _ in range(each):
                case, event = new_case(platform, item, person, ANSWERS)
                rows += [case, event]
                cases.append(case)
            await platform.store.commit(Write(rows=rows))
            await messages.store(platform, [_message(case, at) for at, case in enumerate(cases[:TOLD])], 3600)
            found.append((person.subject, [str(case.id) for case in cases]))
    return found


def _message(case: Any, number: int) -> Message:
    return Message(
        id=str(case.id),
        kind="case",
        person=case.person,
        title={"zh-CN": "您的申请已受理", "en": "Your application was accepted"},
        body={"zh-CN": f"编号{case.number}，第{number}条", "en": f"No. {case.number}, message {number}"},
        link=f"/v1/cases/{case.id}",
        case_id=str(case.id),
        item=case.item,
        number=case.number,
        state="accepted",
        created_at=case.created_at,
    )


class Everybody:
    """Those people with their tokens, and what they ask of a server."""

    def __init__(self, data: Path, filled: list[tuple[str, list[str]]], length: argparse.Namespace) -> None:
        settings = Settings(data=data)
        self._length = length
        self._people = [(development_token(settings, person), cases) for person, cases in filled]
        self._staff = development_token(settings, "staff-1", roles=[STAFF])
        #: Those that are still to be withdrawn: nobody looks at them.
        self._left = iter([(case, token) for token, cases in self._people for case in cases[TOLD:]])

    def looks(self, server: Any, what: str) -> Callable[[], dict[str, Any]]:
        """A round of one of `LOOKS`."""
        path = what.removeprefix("GET ").replace("{id}", LOOKS[what])
        pairs = [(case, token) for token, cases in self._people for case in cases[: TOLD if LOOKS[what] else 1]]
        if what.endswith("worklist"):
            pairs = [("", self._staff)]
        plan = each_of(f"GET {path}", pairs)
        return lambda: load(server, self._length, READS, "200", **plan)

    def acts(self, server: Any) -> Callable[[], dict[str, Any]]:
        """A round of withdrawals, each of another case."""

        def go() -> dict[str, Any]:
            pairs = [pair for pair, _ in zip(self._left, range(ACTS // (8 if self._length.short else 1)), strict=False)]
            plan = each_of("POST /v1/cases/{case}/actions/withdraw", pairs)
            return load(server, self._length, WRITES, "200", **plan, body="{}", once=True, warm_up=0)

        return go


def cases_each(rounds: int, short: bool) -> int:
    """Cases that each person has: a page of them, and what two sides withdraw in all rounds."""
    return TOLD + 1 + -(-2 * rounds * (ACTS // (8 if short else 1)) // PEOPLE)


if __name__ == "__main__":
    logs.configure("error")
    print(json.dumps(asyncio.run(filled(Path(sys.argv[1]), int(sys.argv[2])))))
