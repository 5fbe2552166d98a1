"""One of several server processes on one port, as its supervisor has started it (`banshi serve --workers`)."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from banshi.foundation.keys import Key

#: In the environment of a worker: what it is.
WORKER_OF = "BANSHI_WORKER"

#: Seconds between two signs of life.
BEAT = 1.0


@dataclass(frozen=True, slots=True)
class Worker:
    """Who this process is among the others."""

    number: int
    count: int
    #: A folder of the supervisor's own, with a socket for each worker.
    folder: str
    #: The pipe to the supervisor: a byte when it serves, and a byte every second from then on.
    pipe: int

    def socket(self, number: int) -> Path:
        """Where worker `number` answers its siblings."""
        return Path(self.folder) / f"{number}.sock"

    def environment(self) -> dict[str, str]:
        """The environment in which this worker begins."""
        return {**os.environ, WORKER_OF: json.dumps(asdict(self))}

    async def live(self, abandoned: Callable[[], None]) -> None:
        """Give signs of life until cancelled; calls `abandoned` once nobody reads them any more."""
        os.set_blocking(self.pipe, False)
        while True:
            try:
                os.write(self.pipe, b".")
            except BlockingIOError:  # the supervisor has not read for a day: it stands still, and we need not
                pass
            except OSError:
                abandoned()
                return
            await asyncio.sleep(BEAT)


WORKER: Key[Worker] = Key("worker")


def present_worker() -> Worker | None:
    """What this process was started as; None where it serves alone. Asked once: what it starts itself is no worker."""
    told = os.environ.pop(WORKER_OF, "")
    if not told:
        return None
    worker = Worker(**json.loads(told))
    # Whatever is started from here would hold the supervisor's pipe open.
    os.set_inheritable(worker.pipe, False)
    return worker
