from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Count",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "source",
                    fields.CharField(
                        description="cases, appeals, postings, look-ups, or the name of an import.", max_length=32
                    ),
                ),
                (
                    "batch",
                    fields.BigIntField(
                        default=0,
                        description="Which file it is of: the later one has the larger number; 0 for what is counted here.",
                    ),
                ),
                ("category", fields.CharField(max_length=64)),
                (
                    "division",
                    fields.CharField(
                        default="", description='GB/T 2260, 6, 9 or 12 digits; "" for the whole city.', max_length=12
                    ),
                ),
                ("day", fields.DateField()),
                ("grain", fields.CharField(description="day or week.", max_length=4)),
                ("line", fields.IntField(default=0, description="Its line in the file; 0 for what is counted here.")),
                ("count", fields.IntField(null=True, description="NULL where nobody knows: a gap.")),
                (
                    "loss",
                    fields.BigIntField(
                        null=True,
                        description="Yuan in all, and of the largest single one; deaths. NULL where nobody told of them.",
                    ),
                ),
                ("largest_loss", fields.BigIntField(null=True)),
                ("deaths", fields.IntField(null=True)),
            ],
            options={
                "table": "insights_count",
                "app": "insights",
                "unique_together": (("source", "batch", "category", "division", "day", "grain", "line"),),
                "indexes": [Index(fields=["grain", "day"], name="insights_count_day")],
                "pk_attr": "id",
                "table_description": "One figure: a category in a division on a day, or in the week from a Monday on. A period without one had none.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CountSource",
            fields=[
                ("name", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("batch", fields.BigIntField(default=0)),
                (
                    "file",
                    fields.CharField(
                        default="", description="The file's own name, for whoever operates it.", max_length=255
                    ),
                ),
                (
                    "grain",
                    fields.CharField(
                        default="day", description="day, or week where it tells of no days.", max_length=4
                    ),
                ),
                (
                    "rule",
                    fields.CharField(
                        default="",
                        description='A digest of what is counted, where, and by whose days; with another one all is counted anew. "" for files.',
                        max_length=64,
                    ),
                ),
                ("since", fields.DateField(description="The first and the last day that it tells of.")),
                ("until", fields.DateField()),
                (
                    "gaps",
                    fields.JSONField(
                        description="The Mondays of weeks between in which a file has no line at all: nobody knows what was in them.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "insights_source",
                "app": "insights",
                "pk_attr": "name",
                "table_description": "Where figures come from, and up to which day they are whole. A file's are true once this row names its batch.",
            },
            bases=["Model"],
        ),
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
                (
                    "state",
                    fields.CharField(
                        description="open, drafted, dismissed, silenced, or withdrawn since its figure was corrected.",
                        max_length=12,
                    ),
                ),
                ("version", fields.IntField(default=1)),
                (
                    "until",
                    fields.DateField(
                        null=True,
                        description="Of a dismissed one: until when its series isn't told again, and the most that isn't all the same.",
                    ),
                ),
                ("unless_over", fields.IntField(null=True)),
                ("silenced_by", fields.UUIDField(null=True, description="The dismissed one that silenced it.")),
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
        ops.CreateModel(
            name="JudgedUntil",
            fields=[
                (
                    "series",
                    fields.CharField(
                        primary_key=True, unique=True, db_index=True, description="Category and grain.", max_length=72
                    ),
                ),
                ("until", fields.DateField()),
            ],
            options={
                "table": "insights_judged",
                "app": "insights",
                "pk_attr": "series",
                "table_description": "Up to which period the series of a category were judged: all that closed since are judged in the next round.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OpenWeek",
            fields=[
                ("week", fields.DateField(primary_key=True, unique=True, db_index=True, description="Its Monday.")),
                (
                    "groups",
                    fields.JSONField(
                        description='Each category with its group, "" where it has none.',
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                (
                    "figures",
                    fields.JSONField(
                        description='Division → category or group → figure, or null where it is hidden; "all" is the sum over all of them.',
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("published_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "insights_open_week",
                "app": "insights",
                "pk_attr": "week",
                "table_description": "A week's table as it was published, once and for all: two versions of it would tell more than one.",
            },
            bases=["Model"],
        ),
    ]
