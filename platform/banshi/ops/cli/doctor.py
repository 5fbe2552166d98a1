"""`banshi doctor`: whether everything that a deployment stands on is as it has to be."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from banshi.foundation.findings import ConfigurationError
from banshi.kernel.loading.cli_context import config_of
from banshi.ops.cli.check import findings

if TYPE_CHECKING:
    from banshi.kernel.runtime.examinations import Examination, Verdict

COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}

#: Seconds for one examination.
ANSWER_TIMEOUT_S = 30.0


@click.command("doctor")
@click.option("--online", is_flag=True, help="Ask services outside as well: the identity provider, push providers.")
@click.option(
    "--workers",
    default=1,
    type=click.IntRange(1, 10_000),
    show_default=True,
    help="Server processes on all machines together, which share the database's connections.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON, one document a line.")
@click.pass_context
def command(ctx: click.Context, online: bool, workers: int, as_json: bool) -> None:
    """Look at configuration, database, Redis, credentials, clock and machine: one line each, and what to do.

    The status is 1 where there is an error.
    """
    from banshi.foundation import logs

    logs.configure("warning")
    verdicts = asyncio.run(examine(config_of(ctx), online=online, workers=workers))
    for one in verdicts:
        if as_json:
            click.echo(json.dumps(asdict(one), ensure_ascii=False))
        else:
            click.secho(f"{one.state:<7}  {one.check:<18}  {one.told}", fg=COLOURS[one.state])
    counted = Counter(one.state for one in verdicts)
    if not as_json:
        errors, warnings = (counted[one] or "nothing" for one in ("error", "warning"))
        click.echo(f"{errors} to mend, {warnings} to know of, {counted['ok']} right")
    sys.exit(1 if counted["error"] else 0)


async def examine(config: Path, *, online: bool, workers: int) -> list[Verdict]:
    """Every verdict. What one examination raises is an error of it alone."""
    from banshi.kernel.runtime.examinations import EXAMINATIONS, Deployment, Verdict
    from banshi.ops.doctor import caches, database, identity, machine, personal, sqlite_pages

    try:
        registry, found = await asyncio.to_thread(findings, config, strict=False)
    except ConfigurationError as error:
        return [Verdict("configuration", "error", str(finding)) for finding in error.findings]
    verdicts = [Verdict("configuration", "warning" if one.warning else "error", str(one)) for one in found]
    if not verdicts:
        verdicts = [Verdict("configuration", "ok", f"{len(registry.configuration.entries)} plugins are right")]
    deployment = Deployment(registry, online, workers)
    own: list[tuple[str, Examination]] = [
        ("machine", machine.examine),
        ("database", database.examine),
        ("database-file", sqlite_pages.examine),
        ("personal-keys", personal.examine),
        ("redis", caches.examine),
        ("identity-provider", identity.examine),
    ]
    for name, one in [*own, *registry.offered(EXAMINATIONS)]:
        verdicts += await _examined(name, one, deployment)
    return verdicts


async def _examined(name: str, one: Examination, deployment: object) -> Sequence[Verdict]:
    from banshi.kernel.runtime.examinations import Verdict

    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            return await one(deployment)  # type: ignore[arg-type]
    except TimeoutError:
        told = f"there was no answer for {ANSWER_TIMEOUT_S:.0f} s: look whether it can be reached"
        return [Verdict(name, "error", told)]
    except Exception as error:  # an examination of a plugin's that fails keeps no other from being made
        return [Verdict(name, "error", f"could not be looked at: {type(error).__name__}: {error}")]
