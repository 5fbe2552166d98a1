"""Judge the served forms as others' programs do: Ajv compiles them, and @rjsf/core draws them in a real browser.

Run it with the group `test` installed: `python tools/judges/forms.py`, or with the codes of some items. Every form of
the plugins of plugins.toml is judged in every language, with the formats that docs/forms.md hands out, as an app's
team would: right answers are taken, wrong ones refused, and all that is shown are words. What the browser hands in is
held against the kernel.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from aiohttp import web

from benchmarks.forms.at_random import Answers
from benchmarks.forms.served import Served, served_forms
from benchmarks.peers.serving import answering
from benchmarks.shared.processes import workspace
from benchmarks.shared.quiet import quiet
from tests.browser.firefox import Page, open_firefox
from tools import npm
from tools.judges import frame

#: What of npm judges the forms.
JUDGES = {
    "@rjsf/core": "6.11.1",
    "@rjsf/utils": "6.11.1",
    "@rjsf/validator-ajv8": "6.11.1",
    "ajv": "8.20.0",
    "ajv-formats": "3.0.1",
    "esbuild": "0.28.2",
    "react": "19.3.1",
    "react-dom": "19.3.1",
}

HERE = Path(__file__).resolve().parent
PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Forms</title><body><script src="/page.js"></script>'

#: Right answers to each form that are tried, and tries in which one has to be found.
RIGHT, TRIES = 3, 400
#: Seconds that a program may take.
PATIENCE = 240.0


class Case(NamedTuple):
    """One form in one language, with answers that the kernel takes and some that it doesn't."""

    served: Served
    language: str
    right: list[Any]
    wrong: list[Any]

    @property
    def face(self) -> Any:
        return self.served.faces[self.language]

    @property
    def name(self) -> str:
        return f"{self.served.code} ({self.language})"


def main() -> None:
    quiet(logging.WARNING)
    if (modules := npm.found(JUDGES, "the forms are not judged")) is None:
        return
    begun = time.monotonic()
    cases = list(asyncio.run(prepared(sys.argv[1:])))
    print(f"{len(cases)} forms, each in its language, with answers: {time.monotonic() - begun:.1f} s", flush=True)
    with workspace() as folder:
        (folder / "formats.mjs").write_text(formats(), encoding="utf-8")
        wrong = [*by_ajv(cases, folder, modules)]
        for _ in frame.browsers(0, "rjsf is left out"):
            wrong += asyncio.run(by_rjsf(cases, folder, modules))
    frame.end(wrong)


def formats() -> str:
    """The formats as docs/forms.md has them, each with its regular expression."""
    page = (frame.ROOT / "docs" / "forms.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(cn-[a-z-]+)` \| `(.+)` \|$", page, re.MULTILINE)
    if not rows:
        raise SystemExit("docs/forms.md has no formats")
    made = {name: pattern.replace("\\|", "|") for name, pattern in rows}
    return f"export const FORMATS = {json.dumps(made, ensure_ascii=False)};\n"


def city_time() -> datetime:
    """Now, in the zone whose day limits count from: another day than this machine's for some hours."""
    return datetime.now(ZoneInfo("Asia/Shanghai"))


async def prepared(items: list[str]) -> list[Case]:
    """Every form in every language, with answers."""
    cases = []
    async for served in served_forms(items):
        cases += [Case(served, language, *answers(served, face)) for language, face in served.faces.items()]
    return cases


def answers(served: Served, face: Any) -> tuple[list[Any], list[Any]]:
    """Some that the kernel takes, spelled as it stores them, and one from which what is required is gone."""
    at = city_time()
    making, right = Answers(face, random.Random(served.code), at), []  # noqa: S311 - no secret
    for _ in range(TRIES):
        one = making.one()
        if not served.form.problems(one, at=at):
            right.append(served.form.spelled(one))
            if len(right) == RIGHT:
                break
    # Of a choice that has to be made rjsf takes the first by itself: what asks for nothing else refuses nothing.
    typed = [name for name in face.get("required", ()) if "oneOf" not in face["properties"][name]]
    return right, [{}] if typed and served.form.problems({}, at=at) else []


def by_ajv(cases: list[Case], folder: Path, modules: Path) -> Iterator[str]:
    """What Ajv says against them."""
    begun = time.monotonic()
    lines = "".join(json.dumps({"schema": one.face, "right": one.right, "wrong": one.wrong}) + "\n" for one in cases)
    command = ["node", str(HERE / "ajv.mjs"), str(modules), str(folder / "formats.mjs")]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=PATIENCE, check=False)
    said = done.stdout.splitlines()
    if len(said) != len(cases):
        raise SystemExit(f"Ajv ended with {done.returncode}: {done.stderr}")
    compiled = sum("does not compile" not in one for one in said)
    print(f"Ajv compiles {compiled} of {len(cases)}: {time.monotonic() - begun:.1f} s", flush=True)
    for case, one in zip(cases, said, strict=True):
        yield from (f"Ajv, {case.name}: {line}" for line in json.loads(one))


async def by_rjsf(cases: list[Case], folder: Path, modules: Path) -> list[str]:
    """What goes wrong where a browser draws them and hands them in."""
    begun = time.monotonic()
    bundle(folder, modules)
    wrong: list[str] = []
    async with drawn(folder) as page:
        for case in cases:
            wrong += [f"rjsf, {case.name}: {one}" async for one in faults(page, case)]
    fields = f"{len(cases)} forms drawn and handed in"
    print(f"rjsf: {fields}, {len(wrong)} faults: {time.monotonic() - begun:.1f} s", flush=True)
    return wrong


def bundle(folder: Path, modules: Path) -> None:
    """The page's script, in one file."""
    (folder / "node_modules").symlink_to(modules)
    (folder / "rjsf.mjs").write_bytes((HERE / "rjsf.mjs").read_bytes())
    options = ["--bundle", "--format=iife", "--define:process.env.NODE_ENV='production'", "--log-level=error"]
    command = [str(modules / "esbuild" / "bin" / "esbuild"), "rjsf.mjs", *options, "--outfile=page.js"]
    subprocess.run(command, cwd=folder, check=True, timeout=PATIENCE)


@asynccontextmanager
async def drawn(folder: Path) -> AsyncIterator[Page]:
    """The page in a browser."""
    (folder / "page.html").write_text(PAGE, encoding="utf-8")
    async with answering(web.static("/", folder)) as url, open_firefox(folder / "firefox") as firefox:
        yield await firefox.page(f"{url}/page.html")


async def faults(page: Page, case: Case) -> AsyncIterator[str]:
    """What goes wrong with one form."""
    if not case.right:
        yield f"no right answers were found in {TRIES} tries"
    for one in case.right:
        told = await page.run("(schema, answers) => judge(schema, answers)", case.face, one)
        if "submitted" not in told:
            yield f"right answers are refused: {told.get('refused')}"
            continue
        if problems := case.served.form.problems(told["submitted"], case.language, at=city_time()):
            yield f"what it hands in is refused here: {problems}"
        shown = " ".join(told["words"])
        if missing := [word for word in words_of(case.face, one) if word not in shown]:
            yield f"it does not show {missing}"
    for one in case.wrong:
        told = await page.run("(schema, answers) => judge(schema, answers)", case.face, one)
        if "refused" not in told:
            yield f"wrong answers are handed in: {told.get('submitted')}"


def words_of(schema: Any, answers: Any) -> Iterator[str]:
    """The titles of the fields that are answered, and of their choices."""
    for name, field in schema.get("properties", {}).items():
        if name in answers and isinstance(field, dict):
            yield field["title"]
            yield from (str(one["title"]) for one in field.get("oneOf", ()) if "title" in one)
            if isinstance(answers[name], dict):
                yield from words_of(field, answers[name])


if __name__ == "__main__":
    main()
