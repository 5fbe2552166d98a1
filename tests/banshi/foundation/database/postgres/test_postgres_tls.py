"""The way to PostgreSQL is encrypted, and its certificate looked at, where libpq's own variables say so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from banshi.foundation.database.opening import open_store
from tests.readers.refusals import refused
from tests.servers import postgres_servers
from tests.servers.postgres_servers import OWNER, Server


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Server]:
    with postgres_servers.alone(tmp_path_factory.mktemp("tls") / "postgres") as one:
        identity = authority.issue_cert("127.0.0.1")
        identity.private_key_pem.write_to_path(one.folder / "server.key")
        identity.cert_chain_pems[0].write_to_path(one.folder / "server.crt")
        (one.folder / "server.key").chmod(0o600)
        if OWNER:
            for name in ("server.key", "server.crt"):
                shutil.chown(one.folder / name, OWNER)
        yield one


def trusting(monkeypatch: pytest.MonkeyPatch, folder: Path, authority: trustme.CA) -> None:
    """What an operator sets."""
    authority.cert_pem.write_to_path(folder / "ca.pem")
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(folder / "ca.pem"))


async def test_towards_postgresql_everything_is_encrypted_and_its_certificate_is_looked_at(
    server: Server, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OWASP ASVS 5: 12.3.2."""
    with monkeypatch.context() as plain:
        trusting(plain, tmp_path, authority)
        await refused(open_store(server.url, {}), "no-database")
    server.execute("ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()")
    while server.asked("SHOW ssl").strip() != "on":
        pass
    with monkeypatch.context() as right:
        trusting(right, tmp_path, authority)
        async with open_store(server.url, {}) as store:
            own = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            assert await store.connection.execute_query_dict(own) == [{"ssl": True, "version": "TLSv1.3"}]
    with monkeypatch.context() as others:
        trusting(others, tmp_path, trustme.CA())
        await refused(open_store(server.url, {}), "no-database")
