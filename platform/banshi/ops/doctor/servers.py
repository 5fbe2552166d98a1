"""PostgreSQL's servers, where the address names several: each is there, and one takes writes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from banshi.builtin.examinations import Verdict
from banshi.foundation.database.failover.connecting import Servers
from banshi.foundation.database.opening import connection_to

CHECK = "servers"

#: What a server is.
WRITES, READS = "takes writes", "is read"

#: Of what Tortoise connects with, what a connection by hand has a use for.
OPTIONS = ("user", "database", "server_settings", "ssl")

#: What a commit waits for, if anything, and which servers follow.
ASK_SYNCHRONOUS = (
    "SELECT current_setting('synchronous_standby_names') AS names, current_setting('synchronous_commit') AS commits"
)

#: Values of synchronous_commit with which a commit waits for a standby.
WAITS = {"on", "remote_write", "remote_apply"}


async def servers(url: str, connection: Any) -> Sequence[Verdict]:
    """A verdict of the servers that an address names; none where it names one. `connection` is Tortoise's."""
    hosts = connection_to(url)["credentials"].get("hosts")
    if not hosts:
        return []
    roles = await asyncio.gather(*(_role(connection, host) for host in hosts))
    said = ", ".join(f"{host}:{port} {role}" for (host, port), role in zip(hosts, roles, strict=True))
    writers = roles.count(WRITES)
    if writers != 1:
        why = "several take writes: end all but one at once, each has what the others lack" if writers else "none does"
        return [Verdict(CHECK, "error", f"one server has to take writes and {why}: {said}")]
    if away := [role for role in roles if role not in {WRITES, READS}]:
        return [Verdict(CHECK, "warning", f"{len(away)} can't be reached, and could not take over: {said}")]
    rows = await connection.execute_query_dict(ASK_SYNCHRONOUS)
    if not rows[0]["names"] or rows[0]["commits"] not in WAITS:
        told = "a failover may lose what was acknowledged last: set synchronous_standby_names, synchronous_commit = on"
        return [Verdict(CHECK, "warning", f"{said}; {told}")]
    return [Verdict(CHECK, "ok", f"{said}; a commit waits for a standby")]


async def _role(client: Any, host: tuple[str, int]) -> str:
    options = {name: client._template[name] for name in OPTIONS if name in client._template}
    try:
        connection, writes = await Servers([host]).connect(password=client.password, **options)
    except Exception as error:  # whatever keeps us from it is what is looked for
        return f"does not let us in ({type(error).__name__})"
    connection.terminate()
    return WRITES if writes else READS
