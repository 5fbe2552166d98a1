"""What surrounds every request: its id, its log line, its metrics, and whatever went wrong as a problem document."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import re
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from itertools import accumulate

import structlog
from aiohttp import web
from prometheus_client import Histogram
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from banshi.foundation import errors
from banshi.foundation.database.failover.fates import code_of, is_outage, problem_of
from banshi.foundation.errors import Problem
from banshi.foundation.keys import Key
from banshi.foundation.logs import REQUEST_ID, place_of, request_log
from banshi.kernel.contract.routes import Route
from banshi.kernel.http.dispatch import ROUTE, SUBJECT, Handler
from banshi.kernel.http.ready import GUARDED, REQUEST_ID_HEADER, ReadyResponse
from banshi.kernel.http.responses import language_of, problem_reply
from banshi.kernel.runtime.mistakes import shown_of
from banshi.kernel.runtime.running import Platform

#: Upper bounds of the histogram's buckets in seconds; the last one is infinite.
BOUNDS = Histogram.DEFAULT_BUCKETS


class Requests(Collector):
    """All requests; register it with a `CollectorRegistry`."""

    def __init__(self) -> None:
        #: By operation, method and status: requests per bucket, and their seconds together.
        self._counts: defaultdict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0] * len(BOUNDS))
        self._seconds: defaultdict[tuple[str, str, int], float] = defaultdict(float)

    def add(self, operation: str, method: str, status: int, seconds: float) -> None:
        self._counts[operation, method, status][bisect_left(BOUNDS, seconds)] += 1
        self._seconds[operation, method, status] += seconds

    def collect(self) -> Iterator[Metric]:
        names = ("operation", "method", "status")
        requests = CounterMetricFamily("banshi_http_requests", "Requests by operation and status", labels=names)
        counts: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(BOUNDS))
        seconds: defaultdict[str, float] = defaultdict(float)
        for (operation, method, status), tally in sorted(self._counts.items()):
            requests.add_metric((operation, method, str(status)), sum(tally))
            counts[operation] = [sum(pair) for pair in zip(counts[operation], tally, strict=True)]
            seconds[operation] += self._seconds[operation, method, status]
        took = HistogramMetricFamily("banshi_http_seconds", "Seconds to answer", labels=("operation",))
        for operation, by_bucket in counts.items():
            buckets = zip(map(floatToGoString, BOUNDS), accumulate(by_bucket), strict=True)
            took.add_metric((operation,), list(buckets), seconds[operation])
        yield requests
        yield took


log = structlog.get_logger("banshi.web")

#: Who hears of refusals: (platform, subject, operation, problem). It waits for nothing.
REFUSED: Key[Callable[[Platform, str, str, Problem], None]] = Key("refused")

#: A caller's own request id is kept if it looks like one.
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")

#: What the log and the metrics say where nobody is there any more to be answered.
CALLER_LEFT = 499

#: What aiohttp's own refusals mean in ours.
REFUSALS: dict[int, type[Problem]] = {
    400: errors.MalformedBody,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    413: errors.TooLarge,
    415: errors.UnsupportedMediaType,
}


def answering(platform: Platform, app: web.Application) -> Handler:
    """What answers every request, unknown paths too, in place of aiohttp's `Application._handle`.

    It does the same but for middlewares, which aiohttp looks up and wraps twice for each request.
    """
    resolve, surround = app.router.resolve, envelope(platform)

    async def answer(request: web.Request) -> web.StreamResponse:
        request._match_info = match = await resolve(request)
        match.add_app(app)
        match.freeze()
        if request.headers.get("Expect"):
            early = await match.expect_handler(request)
            await request.writer.drain()
            if early is not None:
                return early
        return await surround(request, match.handler)

    return answer


def envelope(platform: Platform) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
    """What surrounds a handler."""
    requests, say = Requests(), request_log()
    platform.metrics.register(requests)
    # Unique between processes and restarts, and cheap: a random part for the process and a count.
    process, count = os.urandom(4).hex(), itertools.count(1)

    async def surround(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        given = request.headers.get(REQUEST_ID_HEADER)
        identity = given if given and GIVEN_ID.match(given) else f"{process}-{next(count):x}"
        REQUEST_ID.set(identity)
        try:
            response = await handler(request)
            # Our own is asked for first: aiohttp's class is abstract, and slow to ask for.
            if type(response) is not ReadyResponse and not isinstance(response, web.StreamResponse):
                raise TypeError(f"a handler gave {type(response).__name__} in place of a response")
        except BaseException as error:  # a plugin's sys.exit would end the server; only a cancellation goes on
            if _cancelled(error):
                raise
            response = _failed(request, error, development=platform.settings.development)
            _note_refusal(platform, request, error)
        took = time.perf_counter() - started
        if platform.closing.is_set():
            response.force_close()  # or the client sends its next request into a connection that ends
        if type(response) is not ReadyResponse and not response.prepared:
            for name, text in GUARDED.items():
                response.headers.setdefault(name, text)
            response.headers[REQUEST_ID_HEADER] = REQUEST_ID.get()
        route, status = request.get(ROUTE), response.status
        operation, method = (route.operation, request.method) if route else ("unknown", "")
        requests.add(operation, method, status, took)
        if route is None or not route.is_unnamed(request):
            say(operation, status, took)
        return response

    return surround


def _note_refusal(platform: Platform, request: web.Request, error: BaseException) -> None:
    """Keep on record that somebody asked for what they may not; of whoever has no name, nothing."""
    subject = error.subject if isinstance(error, errors.UnknownRoles) else request.get(SUBJECT)
    route = request.get(ROUTE)
    if subject and route is not None and isinstance(error, Problem):
        for _, note in platform.offered(REFUSED):
            note(platform, subject, route.operation, error)


def _failed(request: web.Request, error: BaseException, *, development: bool) -> web.StreamResponse:
    """The answer in place of the one that the handler did not give."""
    caller = request.transport
    gone = isinstance(error, ConnectionError) and (caller is None or caller.is_closing())
    response = web.Response(status=CALLER_LEFT) if gone else _told(request, error, development=development)
    if request.writer.output_size and caller is not None:
        # The answer has begun; a second one inside it would be read as more of the first.
        caller.abort()
    return response


def _cancelled(error: BaseException) -> bool:
    """Whether this very task was cancelled. A plugin can raise CancelledError just so: that is its own failure."""
    task = asyncio.current_task()
    cancelled = isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0
    return cancelled or isinstance(error, GeneratorExit)


def _told(request: web.Request, error: BaseException, *, development: bool) -> web.StreamResponse:
    """What the caller gets for whatever went wrong."""
    if isinstance(error, web.HTTPException):
        if error.status < 400:
            return error
        if cls := REFUSALS.get(error.status):
            headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
            return _worded(request, cls(headers=headers))
    if isinstance(error, Problem):
        try:
            return _worded(request, error)
        except TypeError as wrong:  # a plugin's problem has a member that is no JSON
            error = wrong
    return _worded(request, _unexpected(error, development=development))


def _worded(request: web.Request, problem: Problem) -> web.Response:
    """A problem document, or what the route's standard has in its place."""
    route: Route | None = request.get(ROUTE)
    language = language_of(request.headers.get("Accept-Language"))
    if route is None or route.errors is None:
        return problem_reply(problem, language)
    try:
        return route.errors.told(problem, language)
    except Exception as error:  # a plugin's own mistake: the caller still learns what went wrong
        where = place_of(error)
        log.error("errors can't be told as the route's standard has it", error=type(error).__name__, where=where)
        return problem_reply(problem, language)


def _unexpected(error: BaseException, *, development: bool) -> Problem:
    """What the caller is told of an error that nobody foresaw; the log has its place, nobody gets its text.

    In development log and answer have the traceback: it may be a plugin's route.
    """
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return errors.StorageFull()
    where = place_of(error)
    if is_outage(error):
        log.error("the database failed", error=type(error).__name__, code=code_of(error), where=where)
        return problem_of(error)
    if isinstance(error, ConnectionError | asyncio.TimeoutError):
        log.error("the database failed", error=type(error).__name__, where=where)
        return errors.Unavailable(headers={"Retry-After": "5"})
    shown = {"traceback": shown_of(error)} if development else {}
    log.error("unexpected error", error=type(error).__name__, where=where, **shown)
    problem = Problem()
    problem.members |= shown
    return problem
