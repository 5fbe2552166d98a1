"""Random answers to every form, judged by the kernel and by both clients: do all three find the same problems?

The kernel judges by its own form; the clients have nothing but what `GET /v1/items/{code}` serves, in Chinese and in
English in turn. Forms that are made up at random follow, with conditions, branches and references. What is compared is
the set of places and keywords. Answers are right, wrong or nearly so: days at their limits, check digits that are off,
lists that are too long by one, numbers as people type them.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.forms.at_random import Answers
from benchmarks.forms.invented import invented_forms
from benchmarks.forms.served import LANGUAGES, served_forms
from benchmarks.shared.arguments import lengths_of, options
from benchmarks.shared.processes import ROOT, Running, running
from benchmarks.shared.quiet import quiet

sys.path.insert(0, str(ROOT / "clients" / "python"))

from banshi.forms import MOST_PROBLEMS, Form
from banshi.testing import made_up_resident_id
from banshi_client.form import Form as ClientForm
from tools import npm, typescript

CITY = ZoneInfo("Asia/Shanghai")
#: Moments at which answers are handed in, beside now: leap days, the ends of months, the hours in which it is another
#: day in the city than in Greenwich.
MOMENTS = ("2028-02-29T00:30", "2026-03-31T23:59", "2027-01-01T07:59", "2026-08-31T12:00")
#: Answers that a judge is asked about at once.
BATCH = 500
#: Differences that are shown in full.
SHOWN = 5

Verdict = set[tuple[str, str]]


def main() -> int:
    parser = options(__doc__, answers=(10_000, 200), invented=(500, 60))
    parser.add_argument("--seed", type=int, help="the one that is said of an earlier run; else a new one")
    parser.add_argument("items", nargs="*", metavar="ITEM", help="only these")
    given = lengths_of(parser)
    quiet(logging.WARNING)
    try:
        place = typescript.built()
    except npm.Missing as error:
        print(f"the client in TypeScript is left out: {error}")
        return asyncio.run(compared(given, None))
    with running(
        ["node", str(ROOT / "benchmarks" / "forms" / "judge.mjs"), str(place)], side=None, told=NOTHING
    ) as node:
        return asyncio.run(compared(given, node))


#: What the judge is asked first, to see that it is there.
NOTHING = json.dumps({"schema": {}, "asked": []})


async def compared(given: Any, node: Running | None) -> int:
    """The status to end with."""
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1 << 32)
    begun, began, counted, differences = time.monotonic(), time.process_time(), Counter[str](), []
    forms = [one async for one in served_forms(given.items)]
    forms += [] if given.items else invented_forms(random.Random(seed), given.invented)
    for code, form, faces in forms:
        for language, count in zip(LANGUAGES, shares(given.answers, len(LANGUAGES)), strict=True):
            chance = random.Random(f"{seed} {code} {language}")
            differences += list(judged(code, form, faces[language], chance, count, node, counted))
    print(f"{len(forms)} forms, {counted['answers']:,} answers ({counted['right']:,} of them right), ", end="")
    worked = time.process_time() - began, node.cpu() if node else 0.0
    print(f"{counted['problems']:,} problems; seed {seed}; {time.monotonic() - begun:.0f} s, ", end="")
    print(f"of the processor {worked[0]:.0f} s here and {worked[1]:.0f} s in Node.js")
    for one in differences[:SHOWN]:
        print(one)
    print(f"judged differently: {len(differences)}")
    return bool(differences) or not forms


def shares(count: int, parts: int) -> list[int]:
    return [count // parts + (part < count % parts) for part in range(parts)]


def judged(
    code: str, form: Form, face: Any, chance: random.Random, count: int, node: Running | None, counted: Counter[str]
) -> Iterator[str]:
    """What differs, in words."""
    client = ClientForm(face)
    for begin in range(0, count, BATCH):
        asked = [answers_to(face, chance) for _ in range(min(BATCH, count - begin))]
        if node is not None:
            # Both clients judge at the same time.
            node.tell(json.dumps({"schema": face, "asked": asked}))
        by_python = [judged_here(form, client, one) for one in asked]
        by_node = [None] * len(asked) if node is None else verdicts_of(node.listen())
        for one, (kernel_s, python_s), typescript_s in zip(asked, by_python, by_node, strict=True):
            if len(kernel_s) > MOST_PROBLEMS:
                continue
            counted.update(answers=1, right=not kernel_s, problems=len(kernel_s))
            verdicts = {"kernel": kernel_s, "Python": python_s}
            verdicts |= {} if typescript_s is None else {"TypeScript": typescript_s}
            if any(verdict != kernel_s for verdict in verdicts.values()):
                yield difference(code, one, verdicts)


def judged_here(form: Form, client: ClientForm, one: dict[str, Any]) -> tuple[Verdict, Verdict]:
    """What the kernel finds, and the client in Python."""
    at, verified, answers = datetime.fromisoformat(one["at"]).astimezone(CITY), one["verified"], one["answers"]
    kernel_s = {(p.pointer, p.code) for p in form.problems(answers, "en", verified, at=at)}
    return kernel_s, {(p.pointer, p.code) for p in client.problems(answers, at, verified)}


def answers_to(schema: Any, chance: random.Random) -> dict[str, Any]:
    """Answers, when they are handed in and by whom."""
    at = datetime.fromisoformat(chance.choice(MOMENTS)).replace(tzinfo=CITY)
    at = chance.choice([at, datetime.now(CITY), at + timedelta(days=chance.randint(-900, 900))])
    verified = made_up_resident_id(1) if chance.random() < 0.5 else chance.choice(["", "E12345678"])
    answers = Answers(schema, chance, at).one()
    return {"answers": answers, "at": at.isoformat(timespec="milliseconds"), "verified": verified}


def verdicts_of(said: str) -> list[Verdict]:
    """What the client in TypeScript found in each."""
    return [{(pointer, code) for pointer, code in one} for one in json.loads(said)]


def difference(code: str, one: dict[str, Any], verdicts: dict[str, Verdict]) -> str:
    every = set[tuple[str, str]]().union(*verdicts.values())
    told = [f"\n    {name} misses {sorted(every - verdict)}" for name, verdict in verdicts.items()]
    return f"{code}: {json.dumps(one, ensure_ascii=True)}" + "".join(told)


if __name__ == "__main__":
    sys.exit(main())
