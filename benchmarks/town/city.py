"""A town whose every answer is held at the end against the database, the API and what the phones got."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.shared.cities import project
from benchmarks.shared.figures import spread
from benchmarks.town import checks
from benchmarks.town.report import Report
from benchmarks.town.town import ONE, Town, opened
from mobile_push.sandbox import FcmSandbox

#: Seconds until all promises are kept.
SETTLING_TIMEOUT_S = 60.0


@dataclass(kw_only=True)
class City(Town):
    """A town whose pushes go to a sandbox that keeps them all."""

    sandbox: FcmSandbox

    async def end(self, report: Report) -> None:
        """Wait until all promises are kept, end the servers, and hold what there is against what was acknowledged."""
        await self.rest()
        memory = self.memory
        try:
            waited = f"{await self.settled(SETTLING_TIMEOUT_S):.1f}"
        except TimeoutError:
            waited = "not in time"
        report.say("seconds until all promises were kept at the end", waited)
        await self._read_again()
        await self.stop()
        received = Counter((one.token, one.message["data"]["message_id"]) for one in self.sandbox.received)
        files = self.settings.attachments_folder
        findings = await asyncio.to_thread(checks.all_findings, self.database, memory, received, files)
        figures = await asyncio.to_thread(checks.figures, self.database, files)
        again = sum(times - 1 for times in received.values())
        report.lost += sum(map(len, findings.values()))
        report.duplicated += again
        report.say("requests acknowledged (distinct keys)", len(memory.keys))
        report.say("sent more than once; answered from what was stored", f"{memory.repeated}; {memory.replayed}")
        report.say("answers of 503, each with a Retry-After", memory.unavailable)
        for name, count in figures.items():
            report.say(name, count)
        report.say("pushes that arrived; of which a second time", f"{received.total()}; {again}")
        if report.recovery:
            report.say("seconds until the next answer, min / median / max", spread(report.recovery))
        report.broken += [f"{promise}: {one}" for promise, found in findings.items() for one in found]

    async def _read_again(self) -> None:
        """Every citizen reads the whole inbox and every case once more, as the app would."""
        memory = self.memory
        for name in self.names if self._lives else ():
            caller = self.caller(name)
            after: int | None = 0
            seqs: list[int] = []
            while after is not None:
                page = await caller.get(f"/v1/inbox?after={after}&limit=200")
                seqs += [item["seq"] for item in page["items"]]
                after = page["next"]
            if seqs != list(range(1, len(seqs) + 1)):
                memory.wrong.append(f"GET /v1/inbox gives {name} the numbers {seqs}")
            for case in [case for case, person in memory.person.items() if person == name]:
                state = (await caller.get(f"/v1/cases/{case}"))["state"]
                if state != memory.state[case]:
                    memory.wrong.append(f"GET case {case} says {state}; {memory.state[case]} was acknowledged")


@asynccontextmanager
async def city(
    folder: Path, *, database: str = "", seen_at: str = "", commands: Sequence[Sequence[str]] = ONE
) -> AsyncIterator[City]:
    """A city on the project's plugins.toml, with short leases, whose servers do not run yet.

    `seen_at` is where its database is read, where not through `database`.
    """
    async with FcmSandbox() as sandbox:
        sandbox.behaviour.latency = 0.02
        key = sandbox.service_account_file(folder / "key.json")
        fcm = {"service_account_file": key, "base_url": sandbox.base_url, "timeout": 1.0, "at_once": 20}
        own = {"database": database, "outbox_lease": 2.0, "log_level": "warning"}
        config = project(folder, push={"lease": 4.5, "fcm": fcm}, **own)
        async with opened(config, commands, kind=City, database=seen_at or database, sandbox=sandbox) as found:
            yield found
