"""What follows from an error of the database: a total function of SQLSTATEs, asyncpg's own errors and SQLite's.

Source: PostgreSQL's documentation, appendix A (error codes); SQLite's result codes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from enum import Enum

from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError, TransactionManagementError

from banshi.foundation.errors import Problem, StorageFull, Unavailable

#: Seconds after which whoever met an outage, or another transaction, is asked to come again.
AWAY_RETRY_AFTER_S, CONFLICT_RETRY_AFTER_S = 5, 1


class Fate(Enum):
    """What follows from an error."""

    #: The server, or the way to it, can't do this now.
    AWAY = "away"
    #: The same, and connections that were good lead astray: to a server that takes no writes any more, or that never
    #: heard of what this session had prepared. All of the pool are made anew.
    RECONNECT = "reconnect"
    #: There is no room.
    FULL = "full"
    #: Another transaction was in the way; the same again will do.
    AGAIN = "again"
    #: A row that is there forbids it.
    TAKEN = "taken"
    #: The statement or its values are wrong, and stay wrong.
    MISTAKE = "mistake"


#: Classes of mistakes, by the first two characters: 00 successful completion, which is no error; 01 a warning; 02 no
#: data; 03 SQL statement not yet complete; 09 triggered action; 0A feature not supported; 0B invalid transaction
#: initiation; 0F locator; 0L invalid grantor; 0P invalid role specification; 0Z diagnostics; 10 XQuery; 20 case not
#: found; 21 cardinality; 22 data exception; 24 invalid cursor state; 25 invalid transaction state; 27 triggered data
#: change; 2B dependent objects; 2D invalid transaction termination; 2F SQL routine; 34 invalid cursor name; 38 external
#: routine; 39 external routine invocation; 3B savepoint; 42 syntax, access rule; 44 WITH CHECK OPTION; 54 program limit
#: exceeded; HV foreign data wrapper; P0 PL/pgSQL; XX internal error: the same again breaks again.
MISTAKES = "00 01 02 03 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 24 25 27 2B 2D 2F 34 38 39 3B 42 44 54 HV P0 XX"

#: What follows from each class. One that isn't here is one that nobody has thought about: a mistake.
BY_CLASS: Mapping[str, Fate] = {
    **dict.fromkeys(MISTAKES.split(), Fate.MISTAKE),
    "08": Fate.AWAY,  # connection exception; what PgBouncer says of itself is 08P01
    "23": Fate.TAKEN,  # integrity constraint violation
    "26": Fate.RECONNECT,  # the prepared statement isn't known: a pooler has changed the server behind this session
    "28": Fate.AWAY,  # it doesn't let us in: pg_hba.conf, a password that the new server has otherwise
    "3D": Fate.AWAY,  # there is no such database (yet): a server that is being set up
    "3F": Fate.AGAIN,  # there is no such schema (yet)
    "40": Fate.AGAIN,  # transaction rollback: serialization, deadlock, a standby that had to go on
    "53": Fate.AWAY,  # insufficient resources
    "55": Fate.AWAY,  # object not in prerequisite state
    "57": Fate.AWAY,  # operator intervention
    "58": Fate.AWAY,  # system error
    "72": Fate.AGAIN,  # snapshot too old
    "F0": Fate.AWAY,  # configuration file
}

#: Codes that fare otherwise than their class.
BY_CODE: Mapping[str, Fate] = {
    "25006": Fate.RECONNECT,  # read only: a standby, or default_transaction_read_only
    "25P03": Fate.AWAY,  # idle in transaction for too long: this process stood still, and the connection is gone
    "25P04": Fate.AWAY,  # transaction_timeout, of PostgreSQL 17
    "40003": Fate.AWAY,  # nobody knows whether the statement was completed
    "42501": Fate.AWAY,  # no right to it: a grant that is missing, a data folder that is mounted read-only
    "42P05": Fate.RECONNECT,  # a prepared statement of that name is there: another session's, behind a pooler
    "53100": Fate.FULL,  # disk full
    "55006": Fate.AGAIN,  # object in use
    "55P02": Fate.MISTAKE,  # a parameter can't be changed now
    "55P03": Fate.AGAIN,  # lock not available
    "55P04": Fate.MISTAKE,  # unsafe new enum value
}

#: What asyncpg itself says, by the names of its classes, the nearest first. It is an extra: nothing here imports it.
BY_NAME: Mapping[str, Fate] = {
    "InvalidCachedStatementError": Fate.AGAIN,  # a migration has changed a table, in the middle of a transaction
    "OutdatedSchemaCacheError": Fate.AGAIN,  # the same of a type
    "ClientConfigurationError": Fate.MISTAKE,
    "DataError": Fate.MISTAKE,  # an argument that is none of the column's type
    "UnsupportedClientFeatureError": Fate.MISTAKE,
    "UnsupportedServerFeatureError": Fate.MISTAKE,
    "InterfaceError": Fate.AWAY,  # the connection, or the pool, is closed
    "InternalClientError": Fate.AWAY,  # what came over the connection made no sense
}

#: SQLite's primary result codes; all others are mistakes.
BY_RESULT: Mapping[int, Fate] = {
    5: Fate.AWAY,  # BUSY: another process writes, for longer than we wait
    6: Fate.AGAIN,  # LOCKED
    7: Fate.AWAY,  # NOMEM
    8: Fate.AWAY,  # READONLY
    10: Fate.AWAY,  # IOERR
    13: Fate.FULL,
    14: Fate.AWAY,  # CANTOPEN
    15: Fate.AWAY,  # PROTOCOL: locking
    19: Fate.TAKEN,  # CONSTRAINT
    23: Fate.AWAY,  # AUTH
}

#: What Tortoise raises of the platform's own database; what a plugin has connected itself raises other things.
OURS = (DBConnectionError, OperationalError, IntegrityError, TransactionManagementError)

OUTAGES = frozenset({Fate.AWAY, Fate.RECONNECT, Fate.FULL, Fate.AGAIN})

#: What PostgreSQL says where another transaction keeps a lock for longer than was waited, or each waits for the other.
LOCKED = frozenset({"55P03", "40P01"})


class NotBegun(Unavailable):
    """The service is starting anew; try again in a moment."""

    # Of another Unavailable nobody knows whether the database has the write after all. It was never given this one.


class Locked(NotBegun):
    """Somebody else is changing the same thing, and for longer than this waits. Nothing was written; try again."""

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": str(CONFLICT_RETRY_AFTER_S)})


def of_sqlstate(code: str) -> Fate:
    """What follows from a SQLSTATE of five characters."""
    return BY_CODE.get(code) or BY_CLASS.get(code[:2], Fate.MISTAKE)


def fate_of(error: BaseException) -> Fate:
    """What follows from what a database raised, also where Tortoise has wrapped it."""
    inner = error.args[0] if error.args and isinstance(error.args[0], BaseException) else error
    for kind in type(inner).__mro__:
        found = BY_NAME.get(kind.__name__) if kind.__module__.startswith("asyncpg.") else None
        # The server has a DataError of its own.
        if found and not (kind.__name__ == "DataError" and hasattr(inner, "sqlstate")):
            return found
    if code := getattr(inner, "sqlstate", None):
        return of_sqlstate(str(code))
    if isinstance(inner, sqlite3.Error) and (result := getattr(inner, "sqlite_errorcode", None)) is not None:
        return BY_RESULT.get(result & 0xFF, Fate.MISTAKE)
    if isinstance(inner, IntegrityError):
        return Fate.TAKEN
    return Fate.AWAY if isinstance(inner, DBConnectionError | OSError) else Fate.MISTAKE


def code_of(error: BaseException) -> str:
    """The SQLSTATE, or SQLite's word for it; "" where there is none. It quotes no row."""
    inner = error.args[0] if error.args and isinstance(error.args[0], BaseException) else error
    return str(getattr(inner, "sqlstate", None) or getattr(inner, "sqlite_errorname", None) or "")


def is_locked(error: BaseException) -> bool:
    """Whether somebody else has locked what was wanted, on SQLite the whole file. What met it is rolled back."""
    code = code_of(error)
    return code in LOCKED or code.startswith("SQLITE_BUSY")


def names_row(error: BaseException) -> bool:
    """Whether PostgreSQL says that it is a row that is locked."""
    return bool(error.args and getattr(error.args[0], "context", None))


def is_outage(error: BaseException) -> bool:
    """Whether the platform's own database could not do it now: nobody's failure, and the same again will do."""
    return isinstance(error, OURS) and fate_of(error) in OUTAGES


def fails_all(error: BaseException) -> bool:
    """Whether any other write fares alike now: to try each alone would only make each wait as long again."""
    return isinstance(error, OSError | sqlite3.Error) or (is_outage(error) and fate_of(error) is not Fate.AGAIN)


def problem_of(error: BaseException) -> Problem:
    """What whoever asked is told of an outage."""
    if is_locked(error):
        return Locked()
    if (fate := fate_of(error)) is Fate.FULL:
        return StorageFull()
    again = fate is Fate.AGAIN
    return Unavailable(headers={"Retry-After": str(CONFLICT_RETRY_AFTER_S if again else AWAY_RETRY_AFTER_S)})
