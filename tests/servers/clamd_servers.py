"""clamd, real, with signatures of the tests' own: they know the file that every scanner in the world knows, EICAR's."""

from __future__ import annotations

import asyncio
import hashlib
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.servers.ports import program
from tests.waiting import until

#: https://www.eicar.org: harmless, and reported by agreement. In two parts, so that this file is not reported itself.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

CONFIGURATION = """
Foreground yes
LocalSocket {folder}/clamd.ctl
DatabaseDirectory {folder}/signatures
StreamMaxLength 1M
"""


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[str]:
    """A daemon that answers at the address that is given; it ends with the block, and may begin again."""
    signatures = folder / "signatures"
    signatures.mkdir(exist_ok=True)
    signatures.joinpath("eicar.hdb").write_text(f"{hashlib.md5(EICAR).hexdigest()}:{len(EICAR)}:Test.Eicar\n")  # noqa: S324
    signatures.joinpath("within.ndb").write_text(f"Test.Eicar.Within:0:*:{EICAR.hex()}\n")
    configuration, address = folder / "clamd.conf", folder / "clamd.ctl"
    configuration.write_text(CONFIGURATION.format(folder=folder))
    daemon = await asyncio.create_subprocess_exec(
        program("clamd", "clamav-daemon"), "-c", str(configuration), stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        await until(address.exists)
        yield str(address)
    finally:
        if daemon.returncode is None:
            daemon.kill()
        await daemon.wait()
        address.unlink(missing_ok=True)
