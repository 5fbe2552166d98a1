"""What all tests share: a door to a platform with the real plugins, a good application, and the two databases."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import shutil
import sys
import tempfile
import tomllib
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from zlib import crc32

if os.environ.get("PYTHONDONTWRITEBYTECODE"):
    # What is imported from here on is compiled where all processes of the run look for it.
    sys.pycache_prefix = str(Path(__file__).resolve().parents[1] / ".pytest_cache" / "d" / "bytecode")
    sys.dont_write_bytecode = False

import hypothesis
import pytest
import trustme
from tortoise.apps import Apps

from banshi import app, testing
from banshi.builtin.catalogue import plugin as catalogue
from banshi.builtin.catalogue import search
from banshi.builtin.checks.code import links, routes, sources
from banshi.builtin.checks.declarations import kinds
from banshi.builtin.isolation import process
from banshi.builtin.leading import leader_election
from banshi.foundation import column_comments, logs
from banshi.foundation.database import opening
from banshi.foundation.database.upgrade import upgrade
from banshi.kernel.http import middleware
from banshi.kernel.loading.catalogue import Reader
from banshi.kinds.query.registers import opened
from banshi.ops.cli.server import serve
from banshi.testing import Door, Person, open_door
from tests.harness import documented, encrypted, in_memory, logged
from tests.harness.administered import Administrator
from tests.harness.borrowed import FREE, connected, give_back
from tests.harness.dealing import dealt
from tests.harness.memory import faults, prepared, registered, remembered
from tests.places import ROOT, TRAFFIC
from tests.processes import forked_children
from tests.town.zone_pass import answers_with
from tests.tries import tries

# The command line sends a process's logs to its standard error. pytest closes that behind every test, and a log line
# that can't be written would stop the loops of the next one.
logs.configure = lambda *_: None
logged.configure()

opening.upgrade = prepared.upgrade_from_memory

column_comments.read = prepared.comments_from_memory

leader_election.every = prepared.every_but_at_once

Apps._build_initial_querysets = prepared.build_unless_built  # type: ignore[method-assign]
Apps._discover_models = staticmethod(prepared.discovered_models)  # type: ignore[method-assign]

testing.loaded = remembered.loaded_from_memory  # type: ignore[attr-defined]
app.add_routes = registered.routes_from_memory
# Whoever tests how an index is made takes `tests.harness.memory.remembered.index_of`.
search.index_of = remembered.index_from_memory
catalogue.declared_in = remembered.advice_from_memory
routes.route_faults = faults.faults_from_memory  # type: ignore[assignment]
links.route_faults = faults.links_from_memory  # type: ignore[assignment]
sources.of_plugin = faults.sources_from_memory  # type: ignore[assignment]
kinds.table_faults = faults.tables_from_memory  # type: ignore[assignment]
opened.read_declared = remembered.registers_from_memory
Reader.read = remembered.catalogue_from_memory  # type: ignore[method-assign]
tomllib.loads = remembered.toml_from_memory  # type: ignore[assignment]

# What the first reads of its grammars at its import takes longer than all of `jsonschema`, which imports it. The second
# brings a web framework along, for five files of tests.
for name in ("rfc3987_syntax", "oidc_provider_mock"):
    sys.modules.setdefault(name, remembered.Later(name))

middleware.envelope = documented.watched_envelope

in_memory.write_to_memory()

forked_children.fork_children()

# What a test leaves behind needs to survive no power cut: a door waited for the disk four times, and each upload once.
# tests/banshi/foundation/files/test_disk.py looks at what is brought there.
os.fsync = lambda _: None

# A thousand doors are closed here, one after the other, with nobody at them any more.
app.DRAIN_LOOK_S = 0.002

# A busy machine is no failure: no example has a deadline, and none is drawn too slowly.
hypothesis.settings.register_profile(
    "busy machine",
    max_examples=tries(40, 100),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("busy machine")

if os.environ.get(encrypted.RING):
    # Every database that a test opens without a ring of keys is encrypted with one all the same.
    encrypted.everywhere()


# -- how the tests are run -------------------------------------------------------------------------------------------


def pytest_asyncio_loop_factories() -> dict[str, Any]:
    """Tests run on the loop that `banshi serve` runs on, with its ways."""
    return {"as-served": serve.loop_factory()}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """`-n auto`: two more than cores, since a third of their time is waiting for timers, browsers, processes."""
    return (os.cpu_count() or 1) + 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Whoever has nothing left to do takes tests of another: the last minute belongs to all."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long begins first, so that nobody is left alone with it at the end.

    `BANSHI_TEST_SHARE=2/5` runs the second of five shares of all tests, which together are all of them.
    """
    if share := _share():
        turn, shares = share
        theirs = {item for item in items if crc32(item.nodeid.encode()) % shares != turn - 1}
        config.hook.pytest_deselected(items=list(theirs))
        items[:] = [item for item in items if item not in theirs]
    long = [item for item in items if item.get_closest_marker("long")]
    rest = [item for item in items if not item.get_closest_marker("long")]
    items[:] = dealt(long, rest, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1)))


def _share() -> tuple[int, int] | None:
    if not (told := os.environ.get("BANSHI_TEST_SHARE")):
        return None
    said = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", told)
    if said is None or int(said[1]) > int(said[2]):
        raise pytest.UsageError(f"BANSHI_TEST_SHARE is like 2/5, the second of five shares, and can't be {told!r}")
    return int(said[1]), int(said[2])


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Where nothing may be compiled beside its source, all processes share what each of them compiles elsewhere.

    Otherwise each of them compiles all libraries anew, for a second and more. In continuous integration a test that
    failed is tried once more, and is named as RERUN: look into it all the same.
    """
    # A wrong one is told before any worker begins.
    _share()
    _trust_one_authority(config)
    if os.environ.get("CI") == "true":
        config.option.reruns = 1
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(_compiled(config))
        # What an earlier run's tests had compiled of plugins that they wrote.
        for place in {tempfile.gettempdir(), os.environ.get(in_memory.ROOT) or tempfile.gettempdir()}:
            shutil.rmtree(_compiled(config) / place.lstrip(os.sep), ignore_errors=True)


def _trust_one_authority(config: pytest.Config) -> None:
    """All of a system's are read for each way to a provider or a receiver; none of theirs is spoken to here."""
    if "PYTEST_XDIST_WORKER" not in os.environ and "SSL_CERT_FILE" not in os.environ:
        authority = _of_this_run(config) / "authority.pem"
        trustme.CA().cert_pem.write_to_path(str(authority))
        os.environ["SSL_CERT_FILE"] = str(authority)


def _compiled(config: pytest.Config) -> Path:
    """Beside what else pytest keeps from one run to the next, where it does."""
    cache = getattr(config, "cache", None)
    return Path(cache.mkdir("bytecode")) if cache else _of_this_run(config) / "bytecode"


def _of_this_run(config: pytest.Config) -> Path:
    """A folder that all processes of one run of tests have."""
    folder: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """What is imported and collected stays: nothing of it is looked through for garbage."""
    gc.disable()
    try:
        _import_in_turn(session)
        return (yield)
    finally:
        gc.enable()


def _import_in_turn(session: pytest.Session) -> None:
    """Of several workers each imports the tests from another one on: what one has compiled, the others only read."""
    config, worker = session.config, os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None or config.args_source is not config.ArgsSource.TESTPATHS:
        return
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    first = len(files) * int(worker.removeprefix("gw")) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for file in files[first:] + files[:first]:
        # What is wrong in a file is told when its turn comes.
        with suppress(Exception, pytest.skip.Exception):
            import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


def pytest_collection_finish(session: pytest.Session) -> None:
    """From here on a worker compiles for itself: tests write plugins anew before a file's time can tell."""
    # All modules and tests stay until the end: a million objects that needn't be looked through for garbage.
    gc.freeze()
    # What a test leaves is garbage while it is young, or is kept for the next ones.
    gc.set_threshold(100_000, 50, 1_000)
    if sys.pycache_prefix == str(_compiled(session.config)):
        sys.dont_write_bytecode, sys.pycache_prefix = True, None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """What was forgotten and never awaited is told. Pytest looks for it ten times, and then finds nothing any more."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """No test got an answer that the description of its route doesn't name."""
    if told := ", ".join(sorted(documented.UNDOCUMENTED)):
        documented.UNDOCUMENTED.clear()
        pytest.fail(f"the description names no such answer: {told}", pytrace=False)


# -- doors -----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """A platform with the traffic police and mobile_push."""
    async with open_door(tmp_path, {"traffic": TRAFFIC, "mobile_push": "mobile_push"}) as opened:
        yield opened


@pytest.fixture
async def bare_door(tmp_path: Path) -> AsyncIterator[Door]:
    """A platform with the traffic police alone: the kernel doesn't need mobile_push."""
    async with open_door(tmp_path, {"traffic": TRAFFIC}) as opened:
        yield opened


async def good_answers(person: Person, **changes: Any) -> dict[str, Any]:
    """Answers to the zone pass's form that are right, with freshly uploaded files."""
    files = [(await person.upload()).created()["id"] for _ in range(2)]
    return answers_with(files, **changes)


@pytest.fixture
def answers() -> Any:
    """`await answers(person, plate=…)`: right answers with some changed."""
    return good_answers


# -- databases -------------------------------------------------------------------------------------------------------

#: A server on which the tests may create databases of their own.
SERVER = os.environ.get("BANSHI_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")


def _absent(why: str) -> Any:
    """No PostgreSQL: a reason to skip on somebody's laptop, and to fail where the promise is checked."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI has to run the tests on PostgreSQL too: {why}")
    pytest.skip(f"PostgreSQL: {why}")


async def _administer(statement: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(SERVER, timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Iterator[str]:
    """A database of this process's own, as a URL for Tortoise; dropped afterwards."""
    prepared.SCRIPT[:] = [_of_this_run(pytestconfig) / "schema.sql"]
    try:
        import asyncpg
    except ImportError:
        _absent("asyncpg is not installed (the extra `postgres`)")
    name = f"banshi_test_{uuid.uuid4().hex}"
    try:
        asyncio.run(_administer(f"CREATE DATABASE {name}"))
        # What a test leaves behind needs to survive no power cut.
        asyncio.run(_administer(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        _absent(f"no server at {SERVER}: {error}")
    yield f"{SERVER.replace('postgresql:', 'postgres:').rpartition('/')[0]}/{name}".replace("postgres:", "asyncpg:", 1)
    asyncio.run(_administer(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def administrating(postgres_server: str) -> Iterator[Administrator]:
    """Empties schemas between tests."""
    administrator = Administrator(postgres_server)
    yield administrator
    administrator.end()


@pytest.fixture
async def postgres(postgres_server: str, administrating: Administrator) -> AsyncIterator[str]:
    """A schema on PostgreSQL with all tables and not a row, as a URL for Tortoise."""
    async with schema_on(postgres_server, administrating) as url:
        yield url


@pytest.fixture
async def second_postgres(postgres_server: str, administrating: Administrator) -> AsyncIterator[str]:
    """Another one like it."""
    async with schema_on(postgres_server, administrating) as url:
        yield url


@asynccontextmanager
async def schema_on(postgres_server: str, administrating: Administrator) -> AsyncIterator[str]:
    if FREE:
        schema = FREE.pop()
    else:
        async with connected(postgres_server) as connection:
            schema = await prepared.make_schema(connection, postgres_server)
    name = f"test_{uuid.uuid4().hex}"
    yield f"{postgres_server}?schema={schema}&application_name={name}"
    administrating.do(partial(give_back, application=name, schemas=[schema]))


@pytest.fixture(autouse=True)
def _doors_on_postgres(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """With `BANSHI_TEST_DATABASE=postgres` every door that names no database is on PostgreSQL."""
    wanted = os.environ.get("BANSHI_TEST_DATABASE", "sqlite") == "postgres"
    if not wanted or request.node.get_closest_marker("sqlite"):
        yield
        return
    from tests.harness.borrowed import Borrowed

    borrowed = Borrowed(request.getfixturevalue("postgres_server"), request.getfixturevalue("administrating"))
    monkeypatch.setattr(testing, "database_in", borrowed.database_in)
    yield
    borrowed.give_back()


@pytest.fixture(autouse=True)
def _plain(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `BANSHI_TEST_PERSONAL_KEYS` every database is encrypted, but for tests with the mark `plain`."""
    if request.node.get_closest_marker("plain"):
        monkeypatch.delenv(encrypted.RING, raising=False)


@pytest.fixture
def from_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The children of isolated plugins are begun as `banshi serve` begins them."""
    for name, begin in forked_children.FROM_DISK.items():
        monkeypatch.setattr(process, name, begin)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a row on each of the two."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres"))
    return sqlite_url(tmp_path)


@pytest.fixture
async def empty_postgres(postgres_server: str) -> AsyncIterator[str]:
    """A schema on PostgreSQL without a table, as a URL for Tortoise."""
    schema = f"test_{uuid.uuid4().hex}"
    async with connected(postgres_server) as connection:
        await connection.execute(f"CREATE SCHEMA {schema}")
        yield f"{postgres_server}?schema={schema}&application_name={schema}"
        await connection.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database without a table on each of the two, for tests of what makes the tables."""
    monkeypatch.setattr(opening, "upgrade", upgrade)
    if request.param == "postgres":
        return str(request.getfixturevalue("empty_postgres"))
    return sqlite_url(tmp_path)


def sqlite_url(folder: Path) -> str:
    return f"sqlite://{folder / 'banshi.sqlite3'}?busy_timeout=5000"
