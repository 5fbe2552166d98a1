"""What all migrations together make of the models; a server doesn't need it."""

from __future__ import annotations

from typing import Any

from tortoise.apps import Apps
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.migration import Migration
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps


class Detector(MigrationAutodetector):
    """Tortoise's, which applies all migrations once, and without the classes of the models after each step."""

    def __init__(self, apps: Apps, config: dict[str, dict[str, Any]]) -> None:
        super().__init__(apps, config)
        self._made: State | None = None

    async def _project_state(self) -> State:
        if self._made is None:
            made = Described(models={}, apps=StateApps())
            for key in self._full_plan():
                migration = self.loader.graph.nodes[key]
                if not isinstance(migration, Migration):
                    raise ValueError(f"Missing migration for {key}")
                await migration.apply(made, dry_run=True, schema_editor=None)
            made.render()
            self._made = made
        return self._made


class Described(State):
    """The models as migrations describe them; their classes are made of the last description."""

    def _reload(self, models_to_reload: set[tuple[str, str]]) -> None:
        """Steps compare descriptions alone."""

    def render(self) -> None:
        """Make the classes. Raises what Tortoise does of a description that none can be made of."""
        super()._reload(set(self.models))
