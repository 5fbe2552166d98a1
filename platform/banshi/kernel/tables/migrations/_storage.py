"""How PostgreSQL keeps a table whose rows are changed all the time; SQLite has nothing of the kind.

A changed row is a new one beside the old. Where its page has room and no indexed column has changed, no index hears of
it, and the old one goes with the next look at the page (HOT). All else waits for a vacuum.
"""

from __future__ import annotations

from typing import Any

from tortoise.migrations.operations import TortoiseOperation
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State

#: Of a queue: half of each page is for claims, and a vacuum comes once two rows of a hundred are dead.
QUEUE = {"fillfactor": 50, "autovacuum_vacuum_scale_factor": 0.02, "autovacuum_vacuum_threshold": 1000}

#: Of what is kept for years and changed while it is young: a page is filled, and what is dead is never a fifth of ten
#: years, as it would be by PostgreSQL's own setting.
HISTORY = {"autovacuum_vacuum_scale_factor": 0.02, "autovacuum_vacuum_threshold": 1000}


class Kept(TortoiseOperation):
    """A migration's step: how PostgreSQL keeps a model's table. Reads and writes go on meanwhile.

    What is there already stays in its pages until it is changed.
    """

    def __init__(self, model_name: str, parameters: dict[str, Any]) -> None:
        self.model_name = model_name
        self.parameters = parameters

    def describe(self) -> str:
        return f"Storage of {self.model_name}"

    def state_forward(self, app_label: str, state: State) -> None:
        """The models stay as they are."""

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        del old_state
        if state_editor is not None and state_editor.DIALECT == "postgres":
            table = new_state.apps.get_model(f"{app_label}.{self.model_name}")._meta.db_table
            values = ", ".join(f"{name} = {value}" for name, value in self.parameters.items())
            await state_editor._run_sql(f'ALTER TABLE "{table}" SET ({values})')
