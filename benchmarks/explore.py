"""Explores the whole API by its description, as each role: no 5xx, no undocumented status, no schema violation.

    python benchmarks/explore.py                    # every item's verbs, 50 examples an operation: about an hour
    python benchmarks/explore.py --short            # one item of each verb: a minute and a half
    python benchmarks/explore.py --role citizen --examples 200 --seed 7 --postgres

schemathesis with its checks and phases, the stateful one along the links of the description too, against a platform
with all plugins of plugins.toml at which something of everything exists (`explore_city.py`). What it isn't held to
stands in `explore_rules.py`, with reasons. It prints a curl command for whatever is found, and ends with 1 then.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.explore_rules import LEFT_OUT, LONGEST_ANSWER_S, NO_CHECK, REACHED, REFUSALS, SHORT_ITEMS
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.fetching import fetched
from benchmarks.shared.figures import table
from benchmarks.shared.processes import HERE, python, running, workspace
from tests.banshi.builtin.openapi.link_bodies import with_bodies

#: In the short form, each operation is explored as the first of them for whom it is; the others follow links to it.
ROLES = ("nobody", "citizen", "staff", "officer", "integrator")

#: How many scenarios along the links there are for each example of an operation, of how many steps.
SCENARIOS, STEPS = 10, 20

#: Examples, in the short form too, of what has to have been answered well: two may both be rightly refused.
EXAMPLES_OF_REACHED = 12
PHASES = "examples,coverage,fuzzing,stateful"

#: Seconds that one answer may take, and one role at most.
ANSWER_TIMEOUT_S, ROLE_TIMEOUT_S = 20, 3600.0

#: Characters that are shown of what schemathesis says of one role.
MAX_CHARACTERS_SHOWN = 40_000

#: How often a parameter gets a value that leads somewhere. What remains leads nowhere.
KNOWN_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Explored:
    """What one role's exploration came to."""

    role: str
    operations: int
    #: Links along which something was asked, and those that there are to follow.
    followed: int
    links: int
    cases: int
    #: Operations that are meant for the role and were answered well, and how many there are of them.
    answered: int
    own: int
    #: Those of `REACHED` that weren't.
    missed: Sequence[str]
    #: Findings by check.
    failures: Mapping[str, int]
    seconds: float
    cpu: float
    told: str
    is_right: bool


def main() -> int:
    given = arguments()
    found = []
    with workspace() as folder:
        command = python("explore_city.py", *(["--postgres"] if given.postgres else []))
        with running(command, side=None, told="", errors=folder / "errors.txt") as platform:
            there = json.loads(platform.said)
            for role in given.role or ROLES:
                (folder / role).mkdir()
                found.append(explored(there, role, folder / role, given))
                print(f"{role}: {found[-1].cases:,} cases, {found[-1].seconds:.0f} s", flush=True)
        print((folder / "errors.txt").read_text()[-4000:], file=sys.stderr)
    show(found)
    return 0 if all(one.is_right and not one.missed for one in found) else 1


def arguments() -> argparse.Namespace:
    # Examples of each operation in each phase.
    parser = options(__doc__, examples=(50, 2))
    parser.add_argument("--role", choices=ROLES, action="append", help="as whom; as everybody where none is named")
    parser.add_argument("--seconds", type=int, help="of each role; fuzzing and links go on until then")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="a regular expression of operations")
    words = "on PostgreSQL on this machine, in a database of its own"
    parser.add_argument("--postgres", action="store_true", help=words)
    return begun(parser)


def explored(there: Mapping[str, Any], role: str, folder: Path, given: argparse.Namespace) -> Explored:
    """Everything that schemathesis does as one role."""
    description, _ = fetched(f"{there['url']}/openapi.json")
    (folder / "openapi.json").write_bytes(with_bodies(description))
    (folder / "schemathesis.toml").write_text(
        settings(there, role, operations_of(description), given), encoding="utf-8"
    )
    environment = {"EXPLORE_URL": there["url"], "EXPLORE_TOKEN": there["tokens"][role] or ""}
    answers = answered(there)
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command_of(there, role, given),
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=ROLE_TIMEOUT_S,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    well = {operation for operation, count in answered(there).items() if count > answers[operation]}
    file = folder / "report.json"
    report = json.loads(file.read_bytes()) if file.exists() and file.stat().st_size else {}
    links = re.search(r"API Links: +(\d+) covered / (\d+) selected", done.stdout)
    return Explored(
        role=role,
        operations=report.get("operations", {}).get("tested", 0),
        followed=int(links[1]) if links else 0,
        links=int(links[2]) if links else 0,
        cases=report.get("test_cases", {}).get("generated", 0),
        answered=len(well & set(there["for"][role])),
        own=len(there["for"][role]),
        missed=() if given.only else sorted(set(REACHED[role]) - well),
        failures={one["title"]: one["count"] for one in report.get("failures", ())},
        seconds=time.monotonic() - begun,
        cpu=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        told=done.stdout,
        is_right=done.returncode == 0 and bool(report.get("operations", {}).get("tested")),
    )


def answered(there: Mapping[str, Any]) -> Counter[str]:
    """How often each operation was answered well so far, as the platform's metrics count."""
    text = fetched(f"{there['url']}/metrics")[0].decode()
    found = Counter[str]()
    for labels, count in re.findall(r"^banshi_http_requests_total{(.+)} (\S+)$", text, re.MULTILINE):
        told = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        if told["status"].startswith("2"):
            found[told["operation"]] += int(float(count))
    return found


def command_of(there: Mapping[str, Any], role: str, given: argparse.Namespace) -> list[str]:
    token = there["tokens"][role]
    left_out = "|".join([*LEFT_OUT.get(role, ()), *(other_items() if given.short else ())])
    return [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", "schemathesis.toml"),
        *("run", "openapi.json", "--url", there["url"]),
        *(("-H", f"Authorization: Bearer {token}") if token else ()),
        *("--checks", "all", "--exclude-checks", NO_CHECK),
        *("--max-response-time", str(LONGEST_ANSWER_S)),
        *("--phases", phases_of(role, given), "--max-examples", str(given.examples)),
        *(("--exclude-operation-id-regex", f"^({left_out})$") if left_out else ()),
        *(("--include-operation-id-regex", given.only) if given.only else ()),
        *(("--max-time", str(given.seconds)) if given.seconds else ()),
        *("--seed", str(given.seed), "--continue-on-failure", "--no-shrink", "--generation-database", "none"),
        *("--request-timeout", str(ANSWER_TIMEOUT_S), "--no-color", "--warnings", "off"),
        *("--report", "json", "--report-json-path", "report.json"),
    ]


def other_items() -> Iterator[str]:
    """The operations that the short form leaves to the long one: those of all items but one for each verb."""
    for verb, items in SHORT_ITEMS.items():
        yield f"{verb}_(?!({'|'.join(items)})$).*"


def operations_of(description: bytes) -> list[str]:
    return [one["operationId"] for verbs in json.loads(description)["paths"].values() for one in verbs.values()]


def settings(there: Mapping[str, Any], role: str, operations: Sequence[str], given: argparse.Namespace) -> str:
    """A schemathesis.toml: what leads somewhere, what may be refused, and how much of each operation as this role."""
    lines = [
        f"hooks = {json.dumps(str(HERE / 'explore_hooks.py'))}",
        # No database stores a NUL, and no schema says so of each text; some are sent by
        # tests/banshi/kernel/http/test_bad_input.py.
        "generation.allow-x00 = false",
        # What a link gives is there to be used. Wrong data are the other phases' part.
        "phases.stateful.generation.mode = 'positive'",
        f"phases.stateful.max-steps = {STEPS}",
        # The declared links are what is looked at, and not those that might be guessed.
        "phases.stateful.inference.algorithms = []",
        f"phases.stateful.generation.max-examples = {SCENARIOS * given.examples}",
        f"checks.positive_data_acceptance.expected-statuses = {json.dumps(REFUSALS)}",
    ]
    tables = []
    for operation in operations:
        shared = shared_of(there, operation)
        own, inside = amount(there, role, shared, short=given.short), []
        for name, value in there["known"].get(shared, {}).items():
            words = f"{operation}-{name}".replace(".", "-")
            lines.append(f"dictionaries.{words}.values = [{json.dumps(value)}]")
            inside.append(f'"{name}" = {{ dictionary = "{words}", probability = {KNOWN_SHARE} }}')
        if inside:
            own.append(f"parameters = {{ {', '.join(inside)} }}")
        if own:
            tables += ["[[operations]]", f'include-operation-id = "{operation}"', *own]
    return "\n".join([*lines, *tables])


def shared_of(there: Mapping[str, Any], operation: str) -> str:
    """The operation of all items of which this is one item's, or the operation itself."""
    return next((one for one in there["per_item"] if operation.startswith(f"{one}_")), operation)


def amount(there: Mapping[str, Any], role: str, shared: str, *, short: bool) -> list[str]:
    """Which phases an operation has as that role; all where nothing is said."""
    if shared not in there["for"][role]:
        # Whoever isn't meant is refused before anything is read.
        phases = ("examples", "coverage", "stateful", *(("fuzzing",) if short else ()))
        return [*(f"phases.{phase}.enabled = false" for phase in phases), "phases.fuzzing.generation.max-examples = 1"]
    if short and role != next(one for one in ROLES if shared in there["for"][one]):
        return [f"phases.{phase}.enabled = false" for phase in ("examples", "coverage", "fuzzing")]
    if not short:
        return []
    own = [f"phases.fuzzing.generation.max-examples = {EXAMPLES_OF_REACHED}"] if shared in REACHED[role] else []
    if role in {"citizen", "staff"}:
        # To go through every rule of every body takes most of the time, and is the long form's.
        own.append("phases.coverage.enabled = false")
    return own


def phases_of(role: str, given: argparse.Namespace) -> str:
    """The short form follows links as those who can make something; the others have nothing of their own to lead on."""
    if given.short and role in {"officer", "integrator"}:
        return PHASES.removesuffix(",stateful")
    return PHASES


def show(found: Sequence[Explored]) -> None:
    for one in found:
        if not one.is_right:
            print(f"\n## {one.role}\n{one.told[:MAX_CHARACTERS_SHOWN]}")
        if one.missed:
            print(f"\nas {one.role} never answered well: {', '.join(one.missed)}")
    print()
    head = ["as", "operations", "answered well", "links followed", "cases", "failures", "seconds", "CPU s"]
    rows = []
    for one in found:
        failures = ", ".join(f"{name}: {count}" for name, count in one.failures.items())
        figures = [f"{one.answered} of {one.own}", f"{one.followed} of {one.links}", f"{one.cases:,}"]
        figures.append(failures or ("0" if one.is_right else "see above"))
        rows.append([one.role, str(one.operations), *figures, f"{one.seconds:.0f}", f"{one.cpu:.0f}"])
    table(head, rows)


if __name__ == "__main__":
    sys.exit(main())
