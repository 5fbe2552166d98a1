"""What reports need as long as the server runs: who follows them, and figures that are gathered round by round."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from banshi import Key, Platform
from banshi.sdk.operations import working
from mobile_push.delivery.metrics import log
from mobile_push.delivery.service import PUSH
from mobile_push.reports.live import Watches
from mobile_push.reports.metrics import Figures, keep_reading
from mobile_push.reports.streams import add_up

#: Seconds between two rounds.
ROUND = 1.0


@dataclass(slots=True)
class Reports:
    """The running part of the reports."""

    platform: Platform
    watches: Watches

    async def run(self) -> None:
        """Round by round, until cancelled."""
        written = self.platform[PUSH].hub.written
        while True:
            await asyncio.sleep(ROUND)
            try:
                await add_up(self.platform, written)
            except Exception as error:  # the database is away; the figures are kept for the next round
                log.error("figures of a report can't be written", error=type(error).__name__)


REPORTS: Key[Reports] = Key("mobile_push reports")


@asynccontextmanager
async def open_reports(platform: Platform) -> AsyncIterator[Reports]:
    reports = Reports(platform, Watches(platform))
    figures = Figures(platform[PUSH].couriered)
    platform.metrics.register(figures)
    try:
        async with working("mobile-push-reports", reports.run, partial(keep_reading, platform, figures)):
            yield reports
    finally:
        try:
            await add_up(platform, platform[PUSH].hub.written)
        except Exception as error:  # what is lost is a figure of the last second
            log.error("figures of a report can't be written", error=type(error).__name__)
