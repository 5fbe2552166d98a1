"""What operators did, and what a step left in its case."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("banshi", "0021_prefill")]

    initial = False

    operations = [
        ops.CreateModel(
            name="OperatorCommand",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "operator",
                    fields.CharField(
                        description="The account of the system, and before it whom the operator says they are.",
                        max_length=1415,
                    ),
                ),
                ("command", fields.CharField(description="As it is typed, such as `keys rotate`.", max_length=64)),
                (
                    "about",
                    fields.CharField(
                        default="",
                        description="Which options it was given, of those that say what it does: `at_once=True`.",
                        max_length=200,
                    ),
                ),
                (
                    "whose",
                    fields.CharField(
                        default="",
                        description="Keyed digest of the person whose data it is about, in hexadecimal digits; empty where it is about nobody's.",
                        max_length=32,
                    ),
                ),
                (
                    "purpose",
                    fields.CharField(
                        default="", description="As the operator says it, and the person reads it.", max_length=1121
                    ),
                ),
                ("mark", fields.BinaryField()),
                ("seal", fields.BigIntField(null=True)),
            ],
            options={
                "table": "banshi_operator_command",
                "app": "banshi",
                "indexes": [
                    Index(fields=["whose", "id"], name="banshi_operator_command_whose"),
                    Index(fields=["seal", "id"], name="banshi_operator_command_seal"),
                ],
                "pk_attr": "id",
                "table_description": "That an operator has run a command that reads or changes. Rows are only ever added, and leave after a time.",
            },
            bases=["Personal"],
        ),
        ops.AddField(
            model_name="CaseEvent",
            name="row_digest",
            field=fields.BinaryField(
                null=True,
                description="What the case's row says after this step (`banshi.builtin.audit.marks.ROW`), as a digest by key and salt.",
            ),
        ),
    ]
