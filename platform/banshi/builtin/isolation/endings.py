"""Why an isolated plugin's process ended, in words for its author."""

from __future__ import annotations

from banshi.kernel.runtime.mistakes import Mistake

#: Why an isolated plugin's process ended → what its author does about it.
ENDED = {
    "exit": "nothing in it may end the program, as os._exit() and a crash of a library do",
    "memory": "use less memory, or raise the entry's limits.memory",
    "threads": "start fewer threads, or raise the entry's limits.threads",
    "cpu": "compute less, or raise the entry's limits.cpu",
    "hang": "await whatever takes long, and let nothing hold its loop",
    "protocol": "send less, and nothing past banshi's own code",
}


def lost_process(reason: str) -> Mistake:
    """What is said of a method whose process has ended under it."""
    return Mistake(f"lost its process ({reason}): {ENDED.get(reason, 'the log says what came before')}")
