"""The platform's own settings: the table `[platform]` of plugins.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

from pydantic import Strict

from banshi.default_plugins import OPTIONAL
from banshi.foundation.extras import lacking
from banshi.foundation.servers.addresses import hosts_of, names_several
from banshi.foundation.servers.redis_client import RedisSettings
from banshi.foundation.time.periods import Period
from banshi.kernel.loading.outside_systems import DATABASES, POSTGRES, Identity, OutgoingRules, RegisterSource

#: The file of the keys folder that marks and seals the audit.
AUDIT_KEY_FILE = "audit.key"

#: Scheme, host, and a port.
ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9A-Fa-f:]+\](:[0-9]{1,5})?")

#: More would make the QR code of a full pass larger than a phone reads in the street (V10-M).
MAX_ISSUER_BYTES = 16

#: What fits into a line beside a certificate's QR code.
MAX_ADDRESS_CHARS = 80

#: Connections of one process; PostgreSQL itself takes a hundred of all processes, if nothing is said.
MAX_CONNECTIONS = 500

#: Seconds that a statement may be given.
MAX_STATEMENT_S = 3600

#: What one person could create in a day at most, as far as anybody may set it.
MAX_CREATED = 1_000_000_000

#: How SQLite works: each commit is synced, a writer waits for another, and what is deleted is overwritten with zeros.
PRAGMAS = "synchronous=FULL&wal_autocheckpoint=8000&busy_timeout=5000&secure_delete=ON"

AT_LEAST_ONE = (
    *("body_limit", "attachment_limit", "attachment_quota"),
    *("outbox_attempts", "keep_days", "look_up_days", "breaker_failures"),
    *("tip_days", "tip_quota", "test_case_days", "draft_days"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A process's connections to PostgreSQL. What the database's URL says of them itself stands."""

    #: Connections that stay open, and connections at most.
    least: int = 1
    most: int = 10
    #: Seconds after which PostgreSQL ends a statement, and a transaction that asks nothing more. 0: as the server has
    #: it, for poolers that refuse to pass such settings on.
    statement_seconds: float = 30.0

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most <= MAX_CONNECTIONS:
            raise ValueError(f"least and most have to be 1 <= least <= most <= {MAX_CONNECTIONS}")
        if self.statement_seconds != 0 and not 0.1 <= self.statement_seconds <= MAX_STATEMENT_S:
            raise ValueError(f"statement_seconds has to be 0.1 to {MAX_STATEMENT_S}, or 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what is personal in a case is kept once it is over; then it goes, and what statistics count stays.

    What an item says of itself goes before what a kind says here, and that before what is said for all.
    """

    #: Where nothing else is said.
    default: Period = Period(months=60)  # noqa: RUF009 - it is frozen
    #: By outcome: {"withdrawn" = "P1Y"}.
    outcomes: Mapping[str, Period] = field(default_factory=dict)
    #: The same for one kind of item, by its name, with a `default` of its own.
    kinds: Mapping[str, Mapping[str, Period]] = field(default_factory=dict)
    #: By outcome or `default`: from when on somebody may have a closed case forgotten. Without, not before its end.
    least: Mapping[str, Period] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRates:
    """How much one citizen may create: cases, files, bookings, look-ups, phones, whatever a POST or PUT makes."""

    #: Within a minute, and within a day.
    burst: int = 120
    day: int = 300

    def __post_init__(self) -> None:
        if not 1 <= self.burst <= self.day <= MAX_CREATED:
            raise ValueError(f"burst and day have to be 1 <= burst <= day <= {MAX_CREATED}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The table `[platform]` of plugins.toml."""

    #: Folder of the database file, attachments and keys; relative to plugins.toml.
    data: Path = Path("data")
    #: Tortoise's database URL; the default is a SQLite file in `data`. Of PostgreSQL it may name several servers, a
    #: primary and its standbys: `postgres://user@one:5432,two:5432/name`.
    database: str = ""
    #: The URL of a replica of that PostgreSQL, for what anybody may read.
    replica: str = ""
    pool: Pool = field(default_factory=Pool)
    redis: RedisSettings | None = None
    #: Whether each start brings the tables to its schema; otherwise `banshi migrate` alone does.
    migrate_at_start: bool = True
    #: Folder of the private signing keys; the default is `keys` in `data`. Machines that issue passes share it.
    keys: Path | None = None
    #: File of the keys that what is personal in the database is encrypted with; relative to plugins.toml. Without, it
    #: is plain. Processes of all machines share it.
    personal_keys: Path | None = None
    #: Where others reach the API, `https://services.city.example`: what events, exports and discovery documents name.
    #: Without it those that somebody asks for name the address that was asked, which a proxy may have changed.
    address: str = ""
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    identity: Identity | None = None
    #: Tracebacks are shown, and others may reach what is for development: tokens of `banshi token`, a sandbox in place
    #: of a push service. Nothing but true, without quotes, says that.
    development: Annotated[bool, Strict()] = False
    #: Short name of the authority in every pass; an offline verifier sees it.
    pass_issuer: str = "BANSHI"  # noqa: S105
    #: Folder of fonts for certificates, before ours; relative to plugins.toml.
    certificate_fonts: Path | None = None
    #: Another for the characters of names that neither has, read where there is one alone.
    certificate_name_fonts: Path | None = None
    #: Where a reader verifies a certificate, printed on it; such as an address of the city's app.
    certificate_address: str = ""
    #: Largest JSON body and largest attachment, in bytes.
    body_limit: int = 262_144
    attachment_limit: int = 10_485_760
    #: Bytes of attachments that one person may have uploaded without using them in a case.
    attachment_quota: int = 104_857_600
    rates: PersonRates = field(default_factory=PersonRates)
    #: Seconds that a department's handler may take, people on whom it fails in a row until its breaker opens, and
    #: seconds until it is tried again.
    handler_timeout: float = 5.0
    breaker_failures: int = 5
    breaker_pause: float = 10.0
    #: Attempts after which work that keeps failing is parked for an operator; seconds of a lease; days for which
    #: settled work and idempotency keys are kept.
    outbox_attempts: int = 12
    outbox_lease: float = 30.0
    keep_days: int = 7
    #: Where registers have their data, by code; those that aren't here are tables of the platform's own database.
    registers: Mapping[str, RegisterSource] = field(default_factory=dict)
    outgoing: OutgoingRules = field(default_factory=OutgoingRules)
    #: Days for which it is kept, and shown to the person, who looked them up.
    look_up_days: int = 365
    #: Days after which what is made up, the cases of test items and test clients, leaves with everything it left.
    test_case_days: int = 7
    #: Days for which answers that nobody has handed in are kept after they were saved.
    draft_days: int = 30
    #: How long what is personal in a case is kept after its last step.
    retention: Retention = field(default_factory=Retention)
    #: Days for which what was handed in without a name is kept after its last step; bytes of such people's files, all
    #: together, that no tip uses yet.
    tip_days: int = 365
    tip_quota: int = 1_073_741_824
    #: A year's order of the State Council, before the library knows it: its days off, its working weekends, the year.
    holidays: frozenset[date] = frozenset()
    make_up_days: frozenset[date] = frozenset()
    holiday_years: frozenset[int] = frozenset()
    #: Capabilities that this city does without, of `OPTIONAL`: their routes, work and documents are gone.
    without: frozenset[str] = frozenset()
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def __post_init__(self) -> None:
        if self.database and not self.database.startswith(DATABASES):
            raise ValueError(f"database has to begin with {' or '.join(DATABASES)}")
        if self.database.startswith(POSTGRES) and (told := lacking("asyncpg")):
            raise ValueError(f"database is on PostgreSQL, and {told}")
        for name, address in (("database", self.database), ("replica", self.replica)):
            if address.startswith(POSTGRES) and not _has_port(address):
                told = "has a port that is no number, or a password with a sign that is written as %…"
                if names_several(address):
                    told += "; several servers are named as host:port,host:port"
                raise ValueError(f"{name} {told}")
        if self.replica and not (self.replica.startswith(POSTGRES) and self.database.startswith(POSTGRES)):
            raise ValueError(f"replica has to begin with {' or '.join(POSTGRES)}, and so has database")
        if self.address and not ADDRESS.fullmatch(self.address):
            raise ValueError("address has to be like https://services.city.example, without a path")
        if not 0 < len(self.pass_issuer.encode()) <= MAX_ISSUER_BYTES:
            raise ValueError(f"pass_issuer has to be 1 to {MAX_ISSUER_BYTES} bytes long: every pass bears it")
        if len(self.certificate_address) > MAX_ADDRESS_CHARS or not self.certificate_address.isprintable():
            raise ValueError(f"certificate_address has to be one line of at most {MAX_ADDRESS_CHARS} characters")
        if unknown := sorted(self.without - OPTIONAL):
            raise ValueError(f"without has {unknown[0]!r}: what can be left out is {', '.join(sorted(OPTIONAL))}")
        for name in AT_LEAST_ONE:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} has to be at least 1")
        for name in ("handler_timeout", "breaker_pause", "outbox_lease"):
            if not 0 < getattr(self, name) <= 3600:
                raise ValueError(f"{name} has to be more than 0 and at most 3600 seconds")

    @property
    def items_folder(self) -> Path:
        """Where a large catalogue is kept; whatever is there can be deleted."""
        return self.data / "items"

    @property
    def database_url(self) -> str:
        """What Tortoise connects to. SQLite syncs each commit: what was acknowledged survives a power cut."""
        if self.database and not self.database.startswith("sqlite"):
            return _with_pool(self.database, self.pool)
        if self.database:
            return self.database
        return f"sqlite://{self.data / 'banshi.sqlite3'}?{PRAGMAS}"

    @property
    def patient_url(self) -> str:
        """The same without a limit of ours on how long a statement takes, for whoever goes through all rows."""
        return replace(self, pool=replace(self.pool, statement_seconds=0)).database_url

    @property
    def replica_url(self) -> str:
        """The copy that public reads go to; "" for none."""
        return _with_pool(self.replica, self.pool) if self.replica else ""

    @property
    def keys_folder(self) -> Path:
        return self.keys or self.data / "keys"

    @property
    def attachments_folder(self) -> Path:
        return self.data / "attachments"


def _has_port(address: str) -> bool:
    """Whether what stands where an address has its port is one, or nothing."""
    try:
        return bool(hosts_of(address)) if names_several(address) else urlsplit(address).port != 0
    except ValueError:
        return False


def _with_pool(database: str, pool: Pool) -> str:
    """The URL of a PostgreSQL with what `pool` says, where it doesn't say it itself."""
    address, _, given = database.partition("?")
    ours = {"minsize": pool.least, "maxsize": pool.most}
    if pool.statement_seconds:
        ours["statement_timeout"] = int(pool.statement_seconds * 1000)
    said = dict(parse_qsl(given, keep_blank_values=True))
    if (most := said.get("maxsize", "")).isdecimal():
        ours["minsize"] = min(pool.least, int(most))
    if (least := said.get("minsize", "")).isdecimal():
        ours["maxsize"] = max(pool.most, int(least))
    return f"{address}?{urlencode({**ours, **said})}"
