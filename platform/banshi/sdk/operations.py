"""Work beside the requests: who does it, who is told of it, what an operator sees."""

from __future__ import annotations

from banshi.background import every, working
from banshi.containment import ask, guarded
from banshi.doctor import EXAMINATIONS, Deployment, Examination, Verdict, are_private
from banshi.duty import Duty
from banshi.hold import AFTER_RESTORE, JOBS, Jobs, held
from banshi.leader import led
from banshi.logs import place_of
from banshi.mistakes import Mistake
from banshi.pointing import PluginWarning
from banshi.private_files import write_private
from banshi.tracing.traces import Span, present_trace, traced

__all__ = [
    "AFTER_RESTORE",
    "EXAMINATIONS",
    "JOBS",
    "Deployment",
    "Duty",
    "Examination",
    "Jobs",
    "Mistake",
    "PluginWarning",
    "Span",
    "Verdict",
    "are_private",
    "ask",
    "every",
    "guarded",
    "held",
    "led",
    "place_of",
    "present_trace",
    "traced",
    "working",
    "write_private",
]
