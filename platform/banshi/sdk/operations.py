"""Work beside the requests: who does it, who is told of it, what an operator sees."""

from banshi.builtin.leading.leader_election import led as led
from banshi.builtin.leading.rounds import hourly as hourly
from banshi.builtin.leading.rounds import looking_at as looking_at
from banshi.builtin.leading.rounds import rounds as rounds
from banshi.foundation.background import UnderWay as UnderWay
from banshi.foundation.background import every as every
from banshi.foundation.background import woken as woken
from banshi.foundation.background import working as working
from banshi.foundation.database.bulk import delete as _delete_in_steps
from banshi.foundation.files.secret_files import write_private as write_private
from banshi.foundation.logs import place_of as place_of
from banshi.foundation.trace_context import present_trace as present_trace
from banshi.kernel.contract.pointing import PluginWarning as PluginWarning
from banshi.kernel.contract.values import Phase as Phase
from banshi.kernel.outbox.pause import AFTER_RESTORE as AFTER_RESTORE
from banshi.kernel.outbox.pause import JOBS as JOBS
from banshi.kernel.outbox.pause import Jobs as Jobs
from banshi.kernel.outbox.pause import paused as paused
from banshi.kernel.runtime.containment import ask as ask
from banshi.kernel.runtime.containment import guarded as guarded
from banshi.kernel.runtime.examinations import EXAMINATIONS as EXAMINATIONS
from banshi.kernel.runtime.examinations import Deployment as Deployment
from banshi.kernel.runtime.examinations import Examination as Examination
from banshi.kernel.runtime.examinations import Verdict as Verdict
from banshi.kernel.runtime.examinations import are_private as are_private
from banshi.kernel.runtime.mistakes import Mistake as Mistake
from banshi.kernel.runtime.process_role import ProcessRole as ProcessRole
from banshi.kernel.runtime.tracing import Span as Span
from banshi.kernel.runtime.tracing import traced as traced

delete_in_steps = _delete_in_steps
