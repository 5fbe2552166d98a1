"""A town for the faults of pushing: many phones, a notice to all of them, and citizens whose cases go on beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from banshi.kernel.loading.settings import Settings
from banshi.testing import open_door
from benchmarks.sending.population import phones as register_phones
from benchmarks.sending.population import published, token_of
from benchmarks.sending.provider import tls
from benchmarks.shared.cities import CITY, fcm, project
from benchmarks.shared.databases import postgres_if
from benchmarks.town.ledger import Account, Key, Ledger, count
from benchmarks.town.report import Report
from benchmarks.town.town import ONE, Town, opened
from tests.servers.fault_proxy import FaultProxy

#: Seconds after which what is still not done never will be.
SETTLING_TIMEOUT_S = 240.0


@dataclass(kw_only=True)
class SendingTown(Town):
    """A town whose provider remembers whose message it took how often."""

    ledger: Ledger
    way: FaultProxy
    broadcast: str
    tokens: list[str]

    async def promised(self) -> set[Key]:
        """Whom what was promised: the notice to each phone of the beginning, and each case message to its person."""
        rows = await self.rows("SELECT person, id FROM push_inbox_message WHERE kind = 'case'")
        personal = {(str(row["id"]), self.memory.phones[row["person"]]) for row in rows}
        return personal | {(self.broadcast, token) for token in self.tokens}

    async def end(self, report: Report) -> Account:
        """Wait until all of it is done, end the servers, and tell what became of it."""
        await self.rest()
        try:
            await self.settled(SETTLING_TIMEOUT_S)
        except TimeoutError:
            report.promise(False, "not everything was done in time")
        await self.stop()
        account = self.ledger.account(await self.promised())
        count(report, account)
        report.broken += self.memory.wrong
        return account


@asynccontextmanager
async def town(
    folder: Path,
    phones: int,
    *,
    postgres: bool = False,
    push: Mapping[str, Any] | None = None,
    google: Mapping[str, Any] | None = None,
    workers: int = 0,
    environment: Mapping[str, str] | None = None,
    **platform: Any,
) -> AsyncIterator[SendingTown]:
    """A town with so many phones and a published notice; no server runs yet.

    `platform`, `push` and `google` are settings. With workers the server only answers requests.
    """
    async with Ledger(tls(folder)) as ledger, FaultProxy(to=ledger.port) as way:
        with postgres_if(postgres) as database:
            ledger.service_account_file(folder / "account.json")
            settings = {**(push or {}), "fcm": fcm(folder, f"https://127.0.0.1:{way.port}", **(google or {}))}
            config = project(folder, push=settings, database=database, log_level="warning", **platform)
            broadcast, tokens = await populated(folder, database, phones)
            commands = [("serve", "--no-work"), *[("worker",)] * workers] if workers else ONE
            own = {"ledger": ledger, "way": way, "broadcast": broadcast, "tokens": tokens, "citizens": 3}
            more = {"database": database, "environment": environment, "kind": SendingTown}
            async with opened(config, commands, **more, **own) as found:
                yield found


async def populated(folder: Path, database: str, phones: int) -> tuple[str, list[str]]:
    """Register phones and publish a notice to everyone; its id and the phones' tokens."""
    platform = {"database": database or Settings(data=folder / "data").database_url}
    async with open_door(folder, CITY, platform=platform) as door:
        await register_phones(door.platform, phones)
        # The provider is the server's, which does not run yet.
        one = await published(door.platform, providers=["fcm"], everyone=True)
    return str(one.id), [token_of(number) for number in range(phones)]
