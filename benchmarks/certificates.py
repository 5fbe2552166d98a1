"""How many certificates one process draws, and what requests wait meanwhile.

    python benchmarks/certificates.py
    python benchmarks/certificates.py --short

A certificate is the household police's no-criminal-record certificate: one A4 page with its QR code as PDF/A. Prints a
table: drawn one after the other and all at once through the press, then over HTTP by as many readers as the press
takes, each another certificate, beside a reader of the catalogue who is timed.
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import time

from banshi.builtin.certificates.page import Page, Source, page_of
from banshi.builtin.certificates.press import MAX_PAGES_WAITING, PAGES_AT_ONCE, PRESS
from banshi.builtin.passes import ledger
from banshi.foundation import logs
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.passes import Pass
from banshi.testing import Door, Person, open_door
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.cities import DEPARTMENTS
from benchmarks.shared.figures import Cost, cost, table
from benchmarks.shared.processes import workspace

ITEM = "no-criminal-record-certificate"

#: The example in GB 11643 itself.
NUMBER = "11010519491231002X"


async def certified(door: Door, person: Person) -> str:
    """An approved case: its path."""
    answers = {"resident_id": NUMBER, "use": "employment", "phone": "13800000000"}
    answers["recipient"] = "示例市第一中学有限责任公司"
    case = (await person.post(f"/v1/items/{ITEM}/cases", {"answers": answers})).created()["links"]["self"]
    await door.settled()
    (await door.staff("li", "household:approver").post(f"{case}/actions/approve")).ok()
    return str(case)


async def pages(door: Door, count: int) -> list[Page]:
    """So many pages of one certificate, each with another number."""
    platform, record = door.platform, await Pass.get(number=1)
    item, case = platform.registry.items[ITEM], await Case.get(id=record.case_id)
    credential = await ledger.read(platform, record.text)
    department = platform.registry.departments[item.department]
    fonts, found = await platform[PRESS].fonts(), []
    for number in range(count):
        case.number = f"20261125-{number:04}"
        found.append(
            page_of(Source(item, department, case, record, credential, platform.settings, record.text), "zh-CN", fonts)
        )
    return found


def row(what: str, count: int, took: Cost, rest: str) -> list[str]:
    return [what, f"{count / took.seconds:.0f}/s", f"{1000 * took.cpu / count:.1f} ms", rest]


async def drawn(door: Door, count: int, at_once: int) -> list[str]:
    """A row of the table: so many pages through the press, `at_once` at a time."""
    press, all_pages, sizes = door.platform[PRESS], await pages(door, count), []
    await press.pdf(all_pages[0])
    with cost() as took:
        for first in range(0, count, at_once):
            sizes += [len(pdf) for pdf in await asyncio.gather(*map(press.pdf, all_pages[first : first + at_once]))]
    what = "one after the other" if at_once == 1 else f"{at_once} asked for at once"
    return row(what, count, took, f"{statistics.mean(sizes) / 1000:.0f} kB")


async def served(door: Door, paths: list[str], person: Person) -> list[str]:
    """A row of the table: each certificate once over HTTP, and how long a read of the catalogue takes meanwhile."""
    waits = []
    with cost() as took:
        asking = [asyncio.ensure_future(person.get(f"{path}/certificate.pdf")) for path in paths]
        while not all(one.done() for one in asking):
            before = time.perf_counter()
            (await door.anyone.get(f"/v1/items/{ITEM}")).ok()
            waits.append(1000 * (time.perf_counter() - before))
    if bad := [one.result().status for one in asking if one.result().status != 200]:
        raise SystemExit(f"certificates were answered {bad}")
    rest = f"a read meanwhile {statistics.median(waits):.1f} ms, the longest {max(waits):.0f} ms"
    return row(f"{len(paths)} over HTTP, client included", len(paths), took, rest)


async def main(count: int, readers: int) -> None:
    with workspace() as folder:
        async with open_door(folder, {"household": DEPARTMENTS / "household"}) as door:
            wang = door.citizen("wang", name="王小明", resident_id=NUMBER)
            paths = [await certified(door, wang) for _ in range(readers)]
            rows = [await drawn(door, count, 1), await drawn(door, count, min(count, MAX_PAGES_WAITING))]
            rows.append(await served(door, paths, wang))
    table(["certificates", "rate", "CPU each", ""], rows)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{PAGES_AT_ONCE} drawn at once; {peak:.0f} MiB at most, with the whole platform and the clients")


if __name__ == "__main__":
    given = begun(options(__doc__, count=(400, 20), readers=(100, 10)), "nothing is pinned")
    logs.configure("error")
    asyncio.run(main(given.count, given.readers))
