"""The audit's chain of seals. Entries from before it have no mark, and are sealed as they are found."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("banshi", "0007_hold_and_tries")]

    initial = False

    operations = [
        ops.CreateModel(
            name="AuditRemoval",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("cause", fields.CharField(description="Such as test or tip.", max_length=16)),
                ("proof", fields.BinaryField(description="Keyed digest: it was the platform.")),
            ],
            options={
                "table": "banshi_audit_removal",
                "app": "banshi",
                "pk_attr": "id",
                "table_description": "An entry that was sealed and has left lawfully: nothing of it but its id.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AuditSeal",
            fields=[
                ("number", fields.BigIntField(primary_key=True, unique=True, db_index=True, generated=False)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "count",
                    fields.IntField(
                        description="How many entries it has, and for each its id, its case, whether it was found without a mark, and the mark."
                    ),
                ),
                ("entries", fields.BinaryField()),
                (
                    "previous",
                    fields.CharField(
                        description="Hash of the seal before, hash of this one, and who signed that, in hexadecimal digits.",
                        max_length=64,
                    ),
                ),
                ("hash", fields.CharField(max_length=64)),
                ("kid", fields.CharField(max_length=16)),
                ("signature", fields.BinaryField()),
            ],
            options={
                "table": "banshi_audit_seal",
                "app": "banshi",
                "pk_attr": "number",
                "table_description": "A link of the audit's chain: which entries there were, bound to the seal before. Rows are only ever added.",
            },
            bases=["Model"],
        ),
        ops.AddField(model_name="CaseEvent", name="mark", field=fields.BinaryField(null=True)),
        ops.AddField(
            model_name="CaseEvent",
            name="redacted",
            field=fields.BinaryField(
                null=True,
                description="Once personal columns were blanked: the hash of what they held, and the proof that it was the platform.",
            ),
        ),
        ops.AddField(
            model_name="CaseEvent",
            name="salt",
            field=fields.BinaryField(
                null=True,
                description="What the personal columns are hashed with, None once they were blanked, and the keyed digest of all columns.",
            ),
        ),
        ops.AddField(
            model_name="CaseEvent",
            name="seal",
            field=fields.BigIntField(null=True, description="The seal that has this entry, None until it is sealed."),
        ),
        ops.AddIndex(model_name="CaseEvent", index=Index(fields=["seal", "id"], name="banshi_case_event_seal")),
    ]
