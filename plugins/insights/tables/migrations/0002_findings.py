from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("insights", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    fields.UUIDField(
                        primary_key=True,
                        default=uuid4,
                        unique=True,
                        db_index=True,
                        description="Made of the series and the period.",
                    ),
                ),
                ("category", fields.CharField(max_length=64)),
                (
                    "division",
                    fields.CharField(
                        description="Where it was counted, and where it is told of: the division over it where fewer than five are recognised.",
                        max_length=12,
                    ),
                ),
                ("area", fields.CharField(max_length=12)),
                ("department", fields.CharField(max_length=64)),
                ("level", fields.CharField(description="hint, warn or urgent.", max_length=8)),
                ("grain", fields.CharField(description="week or day, and its first day.", max_length=4)),
                ("at", fields.DateField()),
                ("count", fields.IntField()),
                ("loss", fields.BigIntField(null=True)),
                ("deaths", fields.IntField(null=True)),
                (
                    "facts",
                    fields.JSONField(
                        description="Why it is told, as `weekly` and `urgent` write it.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("state", fields.CharField(description="open, drafted, dismissed or silenced.", max_length=12)),
                ("version", fields.IntField(default=1)),
                (
                    "until",
                    fields.DateField(
                        null=True,
                        description="Of a dismissed one: until when its series isn't told again, and the most that isn't all the same.",
                    ),
                ),
                ("unless_over", fields.IntField(null=True)),
                (
                    "silenced_by",
                    fields.UUIDField(null=True, description="The dismissed one that silenced it."),
                ),
                (
                    "draft_kind",
                    fields.CharField(
                        default="",
                        description="The warning that was drafted: notice or alert, and its id.",
                        max_length=8,
                    ),
                ),
                ("draft_id", fields.UUIDField(null=True)),
                ("found_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "insights_finding",
                "app": "insights",
                "indexes": [Index(fields=["department", "found_at", "id"], name="insights_finding_list")],
                "pk_attr": "id",
                "table_description": "One series that rose in one week, or what was urgent on one day. Found again, it is the same row.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FindingStep",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("finding_id", fields.UUIDField()),
                ("version", fields.IntField(description="The finding's version from this step on.")),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("action", fields.CharField(max_length=16)),
                ("state", fields.CharField(max_length=12)),
                ("actor", fields.CharField(description="Subject of the member of staff.", max_length=255)),
                ("reason", fields.TextField(default="", unique=False)),
            ],
            options={
                "table": "insights_finding_step",
                "app": "insights",
                "unique_together": (("finding_id", "version"),),
                "pk_attr": "id",
                "table_description": "One step of a finding: who did what, when and why. Rows are only added.",
            },
            bases=["Model"],
        ),
    ]
