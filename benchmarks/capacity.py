"""docs/capacity.md, checked: its arithmetic anew, and its times by the real scheduler against modelled providers.

    python benchmarks/capacity.py            # every step, about five minutes
    python benchmarks/capacity.py --short    # the steps that matter most, as in continuous integration

mobile_push's own planner, chunks, courier and pace run on a virtual clock and a database in memory's reach; only the
provider is a model. It ends with 1 where a figure on paper isn't what comes out.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.shared.virtual_time import CLOCK, EPOCH, real_monotonic, run  # isort: skip - before any clock is read

from benchmarks.capacity_paper import Step, half, steps, wrong_on_paper
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.cities import OWN, PUSH, city
from benchmarks.shared.figures import table, told_wrong
from benchmarks.shared.processes import ROOT, workspace

PAPER = ROOT / "docs" / "capacity.md"

#: How far a time may be from the paper's.
MAX_DEVIATION = 0.05

#: Phones of an alert beside a notice.
OVERTAKING_PHONES = 16_000

#: The people of the steps that the short form simulates, and the messages a minute of one project.
SHORT_PEOPLE, PROJECT_PER_MINUTE = 4_700_000, 600_000

#: Of a provider that takes half of what is thought: a hundredth of a project's quota, so that minutes take seconds.
SLOW = {"per_second": 100.0, "at_once": 10, "quota": 3_000}
SLOW_PHONES = 9_000

#: How late the first phone may hear of an alert while a notice to all is under way, in seconds.
MAX_FIRST_ALERT_S = 0.5


async def simulated(folder: Path, phones: int, kinds: list[str], **model: Any) -> dict[str, Any]:
    """Broadcasts to so many phones, one a virtual second behind the other: each one's seconds from its publication."""
    from banshi.app import configure, open_platform
    from benchmarks.sending.population import phones as registered
    from benchmarks.sending.population import published

    plugins, settings = {"modelled": OWN / "modelled", **PUSH}, {"modelled": {"latency": 0.08, **model}}
    async with open_platform(configure(city(folder, plugins, settings=settings, log_level="error"))) as platform:
        platform.now = lambda: datetime.fromtimestamp(EPOCH + CLOCK.now, UTC)
        await registered(platform, phones)
        await platform.store.connection.execute_query("UPDATE push_device SET provider = 'modelled'")
        (provider,) = importlib.import_module("banshi_plugins.modelled").OPEN
        begun = {}
        for kind in kinds:
            begun[kind] = CLOCK.now
            await published(platform, kind, everyone=True)
            await asyncio.sleep(1.0 if len(kinds) > 1 else 0.0)
        while len(provider.taken) < phones * len(kinds):  # noqa: ASYNC110 - on virtual time, and nobody tells
            await asyncio.sleep(0.05)
        times = {kind: sorted(at - begun[kind] for at, which in provider.taken if which == kind) for kind in kinds}
        return {"times": times, "refused": provider.refused}


def measured(phones: int, kinds: list[str], **model: Any) -> dict[str, Any]:
    begun = real_monotonic()
    # At the beginning of a minute.
    CLOCK.now += 60.0 - CLOCK.now % 60.0
    with workspace() as folder:
        found = run(simulated(folder, phones, kinds, **model))
    return {**found, "real": real_monotonic() - begun}


def compare(step: Step, most: int) -> tuple[list[list[str]], list[str]]:
    """A step's alert and notice against the paper: rows of a table, and what is wrong."""
    rows, wrong = [], []
    # One project's worth of it: ten times the rate with ten times the sends at once is the same ten times over.
    times = step.per_minute / PROJECT_PER_MINUTE
    phones = min(int(step.phones / times), most)
    latency, part = step.latency / 1000, step.phones / times / phones
    model = {"per_second": PROJECT_PER_MINUTE / 60, "at_once": int(step.at_once / times), "latency": latency}
    for kind, paper in (("alert", step.alert), ("notice", step.notice)):
        found = measured(phones, [kind], **model)
        # Between a tenth and nine tenths: beginning and end come once, however many phones there are.
        tenth = phones // 10
        took = (found["times"][kind][9 * tenth] - found["times"][kind][tenth]) / (8 * tenth) * phones * part
        off = took / paper - 1
        told = [f"{step.people:,}", kind, f"{step.per_minute:,}", f"{step.latency}", f"{phones:,}"]
        rows.append([*told, f"{paper:,.0f}", f"{took:,.0f}", f"{off:+.1%}", f"{found['real']:.0f}"])
        if abs(off) > MAX_DEVIATION:
            wrong.append(f"{step.people:,} people, {kind}: {paper:,.0f} s on paper, {took:,.0f} s simulated")
    return rows, wrong


def overtaking() -> list[str]:
    """An alert that is published a second after a notice: how soon the first phone hears of it, and the last."""
    phones = OVERTAKING_PHONES
    model = {"per_second": 10_000.0, "at_once": 1000}
    found = measured(phones, ["notice", "alert"], **model)["times"]
    alone = phones / model["per_second"]
    first, last = found["alert"][0], found["alert"][-1] - 0.08
    print("## An alert while a notice to all is under way\n")
    print(f"The first phone after {first:.2f} s, all {phones:,} after {last:.2f} s; alone {alone:.2f} s on paper.\n")
    late = (
        [f"the first phone heard of the alert after {first:.2f} s, at most {MAX_FIRST_ALERT_S} on paper"]
        if first > MAX_FIRST_ALERT_S
        else []
    )
    # What goes first takes all of the rate; the notice is what waits.
    return late + ([f"the alert took {last:.2f} s beside a notice, {alone:.2f} alone"] if last > alone * 1.25 else [])


def half_the_quota(paper: float) -> list[str]:
    """A provider that takes half of what it is thought to take, minute by minute, and refuses the rest."""
    from mobile_push.delivery import courier

    # In a hundredth of the rate, what is recorded together takes longer to come together.
    courier.GATHER_FEW_S = courier.GATHER_MANY_S = 0.1
    found = measured(SLOW_PHONES, ["alert"], **SLOW)
    times = found["times"]["alert"]
    usual = SLOW_PHONES / SLOW["per_second"]
    factor, asked = times[-1] / usual, found["refused"] / SLOW_PHONES
    print("## A quota of half of what is thought\n")
    print(
        f"{factor:.2f} times as long as with all of it ({paper:.2f} on paper); {asked:.1%} of messages were refused.\n"
    )
    far = abs(factor / paper - 1) > MAX_DEVIATION
    return [f"half the quota takes {factor:.2f} times as long, {paper:.2f} on paper"] if far else []


def main() -> None:
    # Phones that are simulated of a step; the time on paper is divided by as much.
    given = begun(options(__doc__, phones=(40_000, 16_000)))
    text = PAPER.read_text(encoding="utf-8")
    wrong = wrong_on_paper(text)
    chosen = [step for step in steps(text) if not given.short or step.people == SHORT_PEOPLE]
    rows: list[list[str]] = []
    for step in chosen:
        some, found = compare(step, given.phones)
        rows += some
        wrong += found
    print("## The time until a broadcast is with all phones\n")
    head = ["people", "", "messages a minute", "answer ms", "phones simulated", "s on paper", "s simulated"]
    table([*head, "off", "real s"], rows)
    wrong += overtaking()
    wrong += half_the_quota(half(text))
    holds = told_wrong(wrong)
    print("The paper holds." if holds else f"{len(wrong)} figures of {PAPER.name} are wrong.")
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
