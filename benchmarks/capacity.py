"""docs/capacity.md, checked: its arithmetic anew, and its times by the real scheduler against modelled providers.

    python benchmarks/capacity.py            # every step, about five minutes
    python benchmarks/capacity.py --short    # the steps that matter most, as in continuous integration

mobile_push's own planner, chunks, courier and pace run on a virtual clock and a database in memory's reach; only the
provider is a model. It ends with 1 where a figure on paper isn't what comes out.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from capacity_paper import Step, half, steps, wrong_on_paper
from processes import HERE, ROOT, machine, table
from virtual_time import CLOCK, EPOCH, real_monotonic, run

sys.path.insert(0, str(HERE / "peers"))

PAPER = ROOT / "docs" / "capacity.md"

#: How far a time may be from the paper's.
TOLERANCE = 0.05

#: Phones that are simulated of a step; the time on paper is divided by as much.
PHONES, SHORT = 40_000, 16_000

#: The people of the steps that the short form simulates, and the messages a minute of one project.
MATTER, PROJECT = 4_700_000, 600_000

#: Of a provider that takes half of what is thought: a hundredth of a project's quota, so that minutes take seconds.
SLOW = {"per_second": 100.0, "at_once": 10, "quota": 3_000}
SLOW_PHONES = 9_000

#: How late the first phone may hear of an alert while a notice to all is under way, in seconds.
FIRST = 0.5

SETTINGS = """
[platform]
data = "data"
log_level = "error"
[plugins.modelled]
api = 1
path = "{path}"
settings = {{ per_second = {per_second}, at_once = {at_once}, latency = {latency}, quota = {quota} }}
[plugins.mobile_push]
api = 1
package = "mobile_push"
"""


async def simulated(folder: Path, phones: int, kinds: list[str], **model: Any) -> dict[str, Any]:
    """Broadcasts to so many phones, one a virtual second behind the other: each one's seconds from its publication."""
    from population import phones as registered
    from population import published

    from banshi.app import loaded, open_platform
    from banshi.kernel.loading.configuration import read_configuration

    told = {"latency": 0.08, "quota": 10**9, **model, "path": HERE / "plugins" / "modelled"}
    (folder / "plugins.toml").write_text(SETTINGS.format(**told), encoding="utf-8")
    async with open_platform(loaded(read_configuration(folder / "plugins.toml"))) as platform:
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
    with tempfile.TemporaryDirectory(prefix="banshi-capacity-") as name:
        found = run(simulated(Path(name), phones, kinds, **model))
    return {**found, "real": real_monotonic() - begun}


def compare(step: Step, most: int) -> tuple[list[list[str]], list[str]]:
    """A step's alert and notice against the paper: rows of a table, and what is wrong."""
    rows, wrong = [], []
    # One project's worth of it: ten times the rate with ten times the sends at once is the same ten times over.
    times = step.per_minute / PROJECT
    phones = min(int(step.phones / times), most)
    latency, part = step.latency / 1000, step.phones / times / phones
    model = {"per_second": PROJECT / 60, "at_once": int(step.at_once / times), "latency": latency}
    for kind, paper in (("alert", step.alert), ("notice", step.notice)):
        found = measured(phones, [kind], **model)
        # Between a tenth and nine tenths: beginning and end come once, however many phones there are.
        tenth = phones // 10
        took = (found["times"][kind][9 * tenth] - found["times"][kind][tenth]) / (8 * tenth) * phones * part
        off = took / paper - 1
        told = [f"{step.people:,}", kind, f"{step.per_minute:,}", f"{step.latency}", f"{phones:,}"]
        rows.append([*told, f"{paper:,.0f}", f"{took:,.0f}", f"{off:+.1%}", f"{found['real']:.0f}"])
        if abs(off) > TOLERANCE:
            wrong.append(f"{step.people:,} people, {kind}: {paper:,.0f} s on paper, {took:,.0f} s simulated")
    return rows, wrong


def overtaking() -> list[str]:
    """An alert that is published a second after a notice: how soon the first phone hears of it, and the last."""
    phones = SHORT
    model = {"per_second": 10_000.0, "at_once": 1000}
    found = measured(phones, ["notice", "alert"], **model)["times"]
    alone = phones / model["per_second"]
    first, last = found["alert"][0], found["alert"][-1] - 0.08
    print("## An alert while a notice to all is under way\n")
    print(f"The first phone after {first:.2f} s, all {phones:,} after {last:.2f} s; alone {alone:.2f} s on paper.\n")
    late = (
        [f"the first phone heard of the alert after {first:.2f} s, at most {FIRST} on paper"] if first > FIRST else []
    )
    # What goes first takes all of the rate; the notice is what waits.
    return late + ([f"the alert took {last:.2f} s beside a notice, {alone:.2f} alone"] if last > alone * 1.25 else [])


def half_the_quota(paper: float) -> list[str]:
    """A provider that takes half of what it is thought to take, minute by minute, and refuses the rest."""
    from mobile_push.delivery import courier

    # In a hundredth of the rate, what is recorded together takes longer to come together.
    courier.GATHER_FEW = courier.GATHER = 0.1
    found = measured(SLOW_PHONES, ["alert"], **SLOW)
    times = found["times"]["alert"]
    usual = SLOW_PHONES / SLOW["per_second"]
    factor, asked = times[-1] / usual, found["refused"] / SLOW_PHONES
    print("## A quota of half of what is thought\n")
    print(
        f"{factor:.2f} times as long as with all of it ({paper:.2f} on paper); {asked:.1%} of messages were refused.\n"
    )
    far = abs(factor / paper - 1) > TOLERANCE
    return [f"half the quota takes {factor:.2f} times as long, {paper:.2f} on paper"] if far else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer steps with fewer phones")
    short = parser.parse_args().short
    text = PAPER.read_text(encoding="utf-8")
    wrong = wrong_on_paper(text)
    print(f"# Capacity\n\n{machine()}\n")
    chosen = [step for step in steps(text) if not short or step.people == MATTER]
    rows: list[list[str]] = []
    for step in chosen:
        some, found = compare(step, SHORT if short else PHONES)
        rows += some
        wrong += found
    print("## The time until a broadcast is with all phones\n")
    table(
        [
            "people",
            "",
            "messages a minute",
            "answer ms",
            "phones simulated",
            "s on paper",
            "s simulated",
            "off",
            "real s",
        ],
        rows,
    )
    wrong += overtaking()
    wrong += half_the_quota(half(text))
    for one in wrong:
        print(f"WRONG: {one}")
    print("The paper holds." if not wrong else f"{len(wrong)} figures of {PAPER.name} are wrong.")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
