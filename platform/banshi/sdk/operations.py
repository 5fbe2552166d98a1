"""Work beside the requests: who does it, who is told of it, what an operator sees."""

from banshi.builtin.leading.leader_election import led
from banshi.builtin.leading.rounds import hourly, looking_at, rounds
from banshi.foundation.background import UnderWay, every, woken, working
from banshi.foundation.database.bulk import delete as delete_in_steps
from banshi.foundation.files.secret_files import kept_key, write_private
from banshi.foundation.logs import place_of
from banshi.foundation.trace_context import present_trace
from banshi.kernel.contract.pointing import PluginWarning
from banshi.kernel.contract.values import Phase
from banshi.kernel.outbox.pause import AFTER_RESTORE, JOBS, Jobs, paused
from banshi.kernel.runtime.containment import ask, guarded
from banshi.kernel.runtime.examinations import EXAMINATIONS, Deployment, Examination, Verdict, are_private
from banshi.kernel.runtime.mistakes import Mistake
from banshi.kernel.runtime.process_role import ProcessRole
from banshi.kernel.runtime.tracing import Span, traced

__all__ = [
    "AFTER_RESTORE",
    "EXAMINATIONS",
    "JOBS",
    "Deployment",
    "Examination",
    "Jobs",
    "Mistake",
    "Phase",
    "PluginWarning",
    "ProcessRole",
    "Span",
    "UnderWay",
    "Verdict",
    "are_private",
    "ask",
    "delete_in_steps",
    "every",
    "guarded",
    "hourly",
    "kept_key",
    "led",
    "looking_at",
    "paused",
    "place_of",
    "present_trace",
    "rounds",
    "traced",
    "woken",
    "working",
    "write_private",
]
