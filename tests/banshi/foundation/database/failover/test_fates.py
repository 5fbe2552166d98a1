"""Every error that PostgreSQL, asyncpg and SQLite know has a fate: outage, full disk, again, taken, or a mistake."""

from __future__ import annotations

import inspect
import sqlite3
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError

from banshi.foundation.database.failover.fates import (
    BY_CLASS,
    BY_CODE,
    OUTAGES,
    Fate,
    fate_of,
    is_outage,
    of_sqlstate,
    problem_of,
)
from banshi.foundation.database.postgres import translated

#: Everything that asyncpg raises, by name; those with a SQLSTATE are PostgreSQL's list.
EVERY = {
    name: kind
    for name, kind in vars(asyncpg.exceptions).items()
    if inspect.isclass(kind) and issubclass(kind, Exception) and not issubclass(kind, Warning)
}

AWAY, RECONNECT, AGAIN, MISTAKE = Fate.AWAY, Fate.RECONNECT, Fate.AGAIN, Fate.MISTAKE

#: Of the classes that are, or have, outages: each error of theirs that asyncpg knows. One that is new here has to be
#: thought about: will the same statement do in a moment, and on this connection?
KIN = {
    "08": {
        AWAY: "PostgresConnectionError ClientCannotConnectError ConnectionDoesNotExistError ConnectionRejectionError "
        "ConnectionFailureError TransactionResolutionUnknownError ProtocolViolationError"
    },
    "25": {
        RECONNECT: "ReadOnlySQLTransactionError",
        AWAY: "IdleInTransactionSessionTimeoutError TransactionTimeoutError",
        MISTAKE: "InvalidTransactionStateError ActiveSQLTransactionError BranchTransactionAlreadyActiveError "
        "HeldCursorRequiresSameIsolationLevelError InappropriateAccessModeForBranchTransactionError "
        "InappropriateIsolationLevelForBranchTransactionError NoActiveSQLTransactionForBranchTransactionError "
        "SchemaAndDataStatementMixingNotSupportedError NoActiveSQLTransactionError InFailedSQLTransactionError",
    },
    "26": {RECONNECT: "InvalidSQLStatementNameError"},
    "28": {AWAY: "InvalidAuthorizationSpecificationError InvalidPasswordError"},
    "3D": {AWAY: "InvalidCatalogNameError"},
    "3F": {AGAIN: "InvalidSchemaNameError"},
    "40": {
        AGAIN: "TransactionRollbackError SerializationError TransactionIntegrityConstraintViolationError "
        "DeadlockDetectedError",
        AWAY: "StatementCompletionUnknownError",
    },
    "53": {
        AWAY: "InsufficientResourcesError OutOfMemoryError TooManyConnectionsError ConfigurationLimitExceededError",
        Fate.FULL: "DiskFullError",
    },
    "55": {
        AWAY: "ObjectNotInPrerequisiteStateError",
        AGAIN: "ObjectInUseError LockNotAvailableError",
        MISTAKE: "CantChangeRuntimeParamError UnsafeNewEnumValueUsageError",
    },
    "57": {
        AWAY: "OperatorInterventionError QueryCanceledError AdminShutdownError CrashShutdownError "
        "CannotConnectNowError DatabaseDroppedError IdleSessionTimeoutError"
    },
    "58": {
        AWAY: "PostgresSystemError PostgresIOError UndefinedFileError DuplicateFileError FileNameTooLongError",
    },
    "72": {AGAIN: "SnapshotTooOldError"},
    "F0": {AWAY: "ConfigFileError LockFileExistsError"},
    "XX": {MISTAKE: "InternalServerError DataCorruptedError IndexCorruptedError"},
    # Not PostgreSQL's: what asyncpg says itself.
    "": {
        AWAY: "InterfaceError InternalClientError ProtocolError TargetServerAttributeNotMatched",
        AGAIN: "OutdatedSchemaCacheError",
        MISTAKE: "ClientConfigurationError UnsupportedClientFeatureError UnsupportedServerFeatureError "
        "PostgresError FatalPostgresError UnknownPostgresError",
    },
}

#: Of all other classes, those that aren't what their class is.
ODD = {"InsufficientPrivilegeError": AWAY, "DuplicatePreparedStatementError": RECONNECT}
ODD["InvalidCachedStatementError"] = AGAIN


def state_of(kind: Any) -> str:
    return getattr(kind, "sqlstate", None) or ""


def test_each_error_of_a_class_that_has_outages_has_been_thought_about() -> None:
    listed = {name: fate for kin in KIN.values() for fate, names in kin.items() for name in names.split()}
    there = {name: fate_of(kind("x")) for name, kind in EVERY.items() if state_of(kind)[:2] in KIN}
    # An older asyncpg may lack the newest of them.
    assert there.items() <= listed.items()


def test_every_class_of_postgresql_s_list_is_in_the_table_and_its_errors_are_what_it_is() -> None:
    beginnings = {state_of(kind)[:2] for kind in EVERY.values()} - {""}
    assert beginnings <= BY_CLASS.keys()
    for name, kind in EVERY.items():
        if (beginning := state_of(kind)[:2]) and beginning not in KIN:
            assert fate_of(kind("x")) is ODD.get(name, BY_CLASS[beginning]), name
            assert ODD.get(name, BY_CLASS[beginning]) in {MISTAKE, Fate.TAKEN} or name in ODD


def test_every_single_code_is_of_a_class_of_the_table_and_says_something_else() -> None:
    for code, fate in BY_CODE.items():
        assert BY_CLASS[code[:2]] is not fate, code


@given(st.text(st.characters(codec="ascii"), max_size=8))
def test_any_code_has_a_fate(code: str) -> None:
    assert of_sqlstate(code) in Fate


def test_the_fate_of_an_error_survives_tortoise_s_name_for_it() -> None:
    for name, kind in EVERY.items():
        error = kind("x")
        told = translated(error)
        assert fate_of(told) is fate_of(error), name
        assert is_outage(told) is (fate_of(error) in OUTAGES), name
        # What nobody but a plugin can have raised, from a connection of its own, is its own.
        assert not is_outage(error), name
        if is_outage(told):
            problem = problem_of(told)
            assert problem.status == 507 or (problem.status == 503 and int(problem.headers["Retry-After"]) > 0), name


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        (sqlite3.SQLITE_BUSY, AWAY),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, AWAY),
        (sqlite3.SQLITE_READONLY, AWAY),
        (sqlite3.SQLITE_READONLY_DBMOVED, AWAY),
        (sqlite3.SQLITE_IOERR_FSYNC, AWAY),
        (sqlite3.SQLITE_CANTOPEN, AWAY),
        (sqlite3.SQLITE_FULL, Fate.FULL),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, Fate.TAKEN),
        (sqlite3.SQLITE_ERROR, MISTAKE),
        (sqlite3.SQLITE_MISMATCH, MISTAKE),
    ],
)
def test_sqlite_s_results_have_a_fate(code: int, fate: Fate) -> None:
    error = sqlite3.OperationalError("x")
    error.sqlite_errorcode = code
    assert fate_of(OperationalError(error)) is fate
    assert is_outage(OperationalError(error)) is (fate in OUTAGES)


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (ConnectionRefusedError(), AWAY),
        (TimeoutError(), AWAY),
        (DBConnectionError("the pool"), AWAY),
        (IntegrityError("taken"), Fate.TAKEN),
        (OperationalError("no such column"), MISTAKE),
        (ValueError("x"), MISTAKE),
    ],
)
def test_what_has_no_code_has_a_fate_too(error: Exception, fate: Fate) -> None:
    assert fate_of(error) is fate
