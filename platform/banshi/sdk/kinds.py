"""A kind of item of one's own: its states, its steps and what follows them."""

from banshi.builtin.openapi.kinds import KIND_TYPES as KIND_TYPES
from banshi.builtin.openapi.kinds import KindTypes as KindTypes
from banshi.builtin.openapi.titles import titled as titled
from banshi.kernel.cases.lifecycle import Effects as Effects
from banshi.kernel.cases.lifecycle import Move as Move
from banshi.kernel.contract.kinds import Beginning as Beginning
from banshi.kernel.contract.kinds import Begins as Begins
from banshi.kernel.contract.kinds import Begun as Begun
from banshi.kernel.contract.kinds import Kind as Kind
from banshi.kernel.contract.values import ClockEffect as ClockEffect
from banshi.kernel.contract.values import MaterialsEffect as MaterialsEffect
from banshi.kernel.contract.values import MessageTemplates as MessageTemplates
from banshi.kernel.contract.values import Step as Step
from banshi.kernel.contract.values import Who as Who
from banshi.kinds.corrections import corrected as corrected
from banshi.kinds.corrections import refuse_answers as refuse_answers
