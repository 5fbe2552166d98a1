"""Between two steps of a migration the models are those that Tortoise makes, and no class is made that nobody sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tortoise import fields
from tortoise.fields.base import Field
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.operations import Operation
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model

from banshi.foundation.database.opening import connected
from banshi.foundation.database.upgrade import Classes, Executor, Present
from tests.conftest import sqlite_url
from tests.harness.memory.prepared import all_tables

APP = "parks"


def key() -> Field[Any]:
    return fields.IntField(primary_key=True)


def refers(to: str, name: str, **how: Any) -> Any:
    return fields.ForeignKeyField(f"{APP}.{to}", related_name=name, **how)


#: Models that refer to others, also to those that come later, stop doing so, are renamed and go.
STEPS: list[Operation] = [
    ops.CreateModel("Bench", [("id", key()), ("walk", refers("Walk", "benches"))]),
    ops.CreateModel("Walk", [("id", key()), ("day", fields.CharField(max_length=10))]),
    ops.CreateModel("Park", [("id", key())]),
    ops.AddField("Walk", "park", refers("Park", "walks", null=True)),
    ops.AddField("Bench", "day", fields.DateField(null=True)),
    ops.CreateModel("Garden", [("id", key()), ("name", fields.TextField())]),
    ops.AlterField("Walk", "park", refers("Garden", "walks", null=True)),
    ops.AlterField("Walk", "day", fields.CharField(max_length=20, unique=True)),
    ops.AddIndex("Bench", Index(fields=("day",), name="bench_day")),
    ops.RemoveField("Walk", "park"),
    ops.DeleteModel("Park"),
    ops.RenameField("Bench", "day", "since"),
    ops.CreateModel("Note", [("id", key()), ("bench", fields.OneToOneField(f"{APP}.Bench", related_name="note"))]),
    ops.RenameModel("Garden", "Yard"),
    ops.AlterModelOptions("Note", {"table": "notes"}),
    ops.RemoveIndex("Bench", name="bench_day"),
    ops.RemoveField("Note", "bench"),
]


def told(state: State) -> dict[str, Any]:
    """All that the classes say of themselves that makes tables."""
    found: dict[str, Any] = {}
    for app, models in state.apps.apps.items():
        for name, model in models.items():
            meta = model._meta
            columns: list[tuple[str, Any]] = sorted(meta.fields_map.items())
            said = [
                (one, type(field), field.null, field.unique, field.index, field.source_field, field.constraints)
                for one, field in columns
            ]
            refer = [(one, field.related_model.__name__) for one, field in columns if one in meta.fetch_fields]
            found[f"{app}.{name}"] = (
                meta.db_table,
                meta.pk_attr,
                said,
                refer,
                repr(meta.indexes),
                sorted(meta.filters),
            )
    return found


def test_what_was_before_a_step_stays_as_it_was_while_others_follow() -> None:
    tortoises, ours = (
        State(models={}, apps=StateApps({APP: "default"})),
        Present(models={}, apps=Classes({APP: "default"})),
    )
    expected, before = [], []
    # The first refers to what isn't there yet.
    for step in STEPS[:2]:
        step.state_forward(APP, tortoises)
        step.state_forward(APP, ours)
    for step in STEPS[2:]:
        expected.append(told(tortoises))
        before.append(ours.clone())
        step.state_forward(APP, tortoises)
        step.state_forward(APP, ours)
    assert [told(one) for one in before] == expected
    # Also where it is taken as the beginning of something else.
    assert [told(one.clone()) for one in before] == expected
    assert told(ours) == told(tortoises)


async def test_a_step_begins_with_the_classes_that_tortoise_makes_of_all_that_were_applied_each_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    render = ModelState.render

    def noted(model: ModelState, apps: StateApps, **how: bool) -> type[Model]:
        made.append(f"{model.app}.{model.name}")
        return render(model, apps, **how)

    async with connected(sqlite_url(tmp_path), all_tables()) as (context, apps):
        states: list[State] = []
        for kind in (MigrationExecutor, Executor):
            executor = kind(context.connections.get("default"), apps)
            await executor.loader.build_graph()
            monkeypatch.setattr(ModelState, "render", noted)
            made.clear()
            states.append(await executor._project_state(set(executor.loader.graph.nodes)))
        tortoises, ours = map(told, states)
        assert ours == tortoises
        assert len(ours) > 30
        assert sorted(made) == sorted(ours)
