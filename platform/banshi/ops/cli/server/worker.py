"""`banshi worker`: work off what servers have promised, and answer no requests."""

from __future__ import annotations

import click

from banshi.kernel.runtime.process_role import LANES, ProcessRole
from banshi.ops.cli.server.serve import PORT, serve_alone


@click.command("worker")
@click.option(
    "--lanes",
    default=",".join(LANES),
    show_default=True,
    metavar="LANE[,LANE]",
    help="What to work on: case, all that follows from cases; alert and notice, broadcasts.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, type=PORT, help="Port for /healthz, /readyz and /metrics; 0 takes a free one.")
@click.pass_context
def command(ctx: click.Context, lanes: str, host: str, port: int) -> None:
    """Work beside `banshi serve`, on PostgreSQL: as many as there is work for, on any machine."""
    serve_alone(ctx, host, port, None, ProcessRole(serves=False, lanes=lanes_of(lanes)))


def lanes_of(given: str) -> frozenset[str]:
    """The lanes of a list such as "case,alert"."""
    named = [lane.strip() for lane in given.split(",")]
    if unknown := [lane for lane in named if lane not in LANES]:
        told = f"--lanes: there is no lane {unknown[0]!r}; name one or more of {', '.join(LANES)}, with commas between"
        raise click.ClickException(told)
    return frozenset(named)
