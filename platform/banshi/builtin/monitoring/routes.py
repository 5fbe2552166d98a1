"""What machines ask: health, readiness, metrics."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from banshi.builtin.monitoring.fleet import ALONE, all_metrics
from banshi.builtin.monitoring.folders import FOLDERS
from banshi.builtin.monitoring.worker_process import WORKER
from banshi.builtin.sentences import say
from banshi.foundation.errors import Unavailable
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call
from banshi.kernel.http.document_schemas import TEXT, Record, optional
from banshi.kernel.http.responses import JSON, encode
from banshi.kernel.outbox import outbox
from banshi.kernel.outbox.consumers import ENGINE
from banshi.kernel.outbox.pause import paused
from banshi.kernel.runtime.running import Platform

ROUTES = Routes("operations")

STATUS = Record(status=TEXT)

READY = Record(
    status=TEXT,
    disk=optional({"type": "string", "description": "`full`: what is stored is read, and no file is taken."}),
    outbox=optional({"type": "string", "description": "`held`: nothing goes out until an operator releases it."}),
)


@ROUTES.get("/healthz", Audience.ANYONE, {200: Answer("It lives.", STATUS)})
async def healthz(_: Call) -> web.StreamResponse:
    """Say that the process lives."""
    return web.Response(body=encode({"status": "ok"}), content_type=JSON)


@ROUTES.get("/readyz", Audience.ANYONE, {200: Answer("It can.", READY), 503: Answer("Not now.")})
async def readyz(call: Call) -> web.StreamResponse:
    """Say that the process can serve.

    The database takes writes, the folders of files and keys are there, and the server isn't shutting down.
    """
    if call.platform.closing.is_set():
        raise Unavailable(say("The service is starting anew; try again in a moment."), headers={"Retry-After": "5"})
    await call.platform.store.readiness.require()
    disk = {} if await call.platform[FOLDERS].require() else {"disk": "full"}
    # Read by the watch, so that a probe costs nothing more: held, it serves all the same.
    outbox_is = {"outbox": "held"} if call.platform[ENGINE].held else {}
    return web.Response(body=encode({"status": "ready", **disk, **outbox_is}), content_type=JSON)


@ROUTES.get("/metrics", Audience.ANYONE, {200: Answer("Metrics.", media_type="text/plain")})
async def metrics(call: Call) -> web.StreamResponse:
    """Show Prometheus metrics.

    They name no person; a proxy should keep them inside all the same.
    """
    body = await _outbox_lines(call.platform) + generate_latest(call.platform.metrics)
    worker = call.platform.get(WORKER)
    if worker is not None and ALONE not in call.request.headers:
        body = await all_metrics(worker, body)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _outbox_lines(platform: Platform) -> bytes:
    lines = ["# HELP banshi_outbox_waiting Outbox rows not yet done.", "# TYPE banshi_outbox_waiting gauge"]
    for (consumer, state), count in sorted((await outbox.counts(platform.store)).items()):
        lines.append(f'banshi_outbox_waiting{{consumer="{consumer}",state="{state}"}} {count}')
    lines += [
        "# HELP banshi_outbox_held Whether nothing goes out until an operator releases it.",
        "# TYPE banshi_outbox_held gauge",
    ]
    lines.append(f"banshi_outbox_held {int(await paused(platform.store) is not None)}")
    lines += ["# HELP banshi_breaker_open Plugins that are left alone at present.", "# TYPE banshi_breaker_open gauge"]
    lines += [f'banshi_breaker_open{{plugin="{plugin}"}} 1' for plugin in platform.breakers.open_plugins()]
    return ("\n".join(lines) + "\n").encode()
