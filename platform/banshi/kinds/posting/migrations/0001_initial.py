from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from uuid import uuid4
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Conversation",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("case_id", fields.UUIDField()),
                ("department", fields.CharField(description="Whose staff look into a report.", max_length=64)),
                ("unit", fields.CharField(default="", max_length=64)),
                (
                    "poster",
                    fields.CharField(description="Subjects: whose posting it is, and who wrote first.", max_length=255),
                ),
                ("writer", fields.CharField(max_length=255)),
                (
                    "day",
                    fields.DateField(
                        description="The writer's how-manieth conversation of that day it is: one number is given out once."
                    ),
                ),
                ("turn", fields.SmallIntField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "poster_blocks",
                    fields.BooleanField(
                        default=False, description="Either side may end it for both, and take that back."
                    ),
                ),
                ("writer_blocks", fields.BooleanField(default=False)),
                ("reported_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("reported_by", fields.CharField(default="", description="poster or writer, and why.", max_length=8)),
                ("report", fields.CharField(default="", max_length=1000)),
                (
                    "reviewed_at",
                    fields.DatetimeField(
                        null=True,
                        description="Staff have looked into the report, and may have closed it for good.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("reviewer", fields.CharField(default="", max_length=255)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "posting_conversation",
                "app": "posting",
                "unique_together": (("case_id", "writer"), ("writer", "day", "turn")),
                "indexes": [
                    Index(fields=["poster", "last_at", "id"], name="posting_conversation_poster"),
                    Index(fields=["writer", "last_at", "id"], name="posting_conversation_writer"),
                    Index(fields=["department", "reported_at", "id"], name="posting_conversation_reports"),
                ],
                "pk_attr": "id",
                "table_description": "Two people who write to each other about a posting, neither of whom learns who the other is.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ConversationMessage",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("conversation_id", fields.UUIDField()),
                ("side", fields.CharField(description="poster or writer.", max_length=8)),
                ("text", fields.TextField(unique=False)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "person",
                    fields.CharField(
                        description="The person's how-manieth message of that hour since 1970 it is: one number is given out once.",
                        max_length=255,
                    ),
                ),
                ("hour", fields.IntField()),
                ("turn", fields.SmallIntField()),
            ],
            options={
                "table": "posting_message",
                "app": "posting",
                "unique_together": (("person", "hour", "turn"),),
                "indexes": [Index(fields=["conversation_id", "id"], name="posting_message_order")],
                "pk_attr": "id",
                "table_description": "One message of a conversation.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PostingMatch",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("lost_id", fields.UUIDField()),
                ("found_id", fields.UUIDField()),
                ("likeness", fields.SmallIntField(description="How alike they are, from 0 to 100.")),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "posting_match",
                "app": "posting",
                "unique_together": (("lost_id", "found_id"),),
                "indexes": [Index(fields=["found_id"], name="posting_match_found")],
                "pk_attr": "id",
                "table_description": "Something lost and something found that may be the same. Both posters were told in this row's transaction.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PostingRecord",
            fields=[
                ("case_id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("item", fields.CharField(max_length=64)),
                ("department", fields.CharField(max_length=64)),
                ("sort", fields.CharField(description="lost, found or missing-person.", max_length=16)),
                (
                    "state",
                    fields.CharField(
                        default="waiting",
                        description="waiting until somebody has looked at it, public, or ended.",
                        max_length=8,
                    ),
                ),
                ("title", fields.CharField(max_length=200)),
                ("text", fields.TextField(unique=False)),
                ("place", fields.CharField(default="", max_length=200)),
                (
                    "day",
                    fields.DateField(
                        null=True, description="The day on which it was lost or found, and GB/T 2260 where."
                    ),
                ),
                ("division", fields.CharField(default="", max_length=6)),
                ("category", fields.CharField(default="", max_length=64)),
                ("colour", fields.CharField(default="", max_length=64)),
                ("brand", fields.CharField(default="", max_length=64)),
                (
                    "facts",
                    fields.JSONField(
                        description="The values of the item's facts, by their pointers.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                (
                    "photos",
                    fields.JSONField(
                        description="The cleaned pictures: file, media type, size in pixels, digest.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                (
                    "terms",
                    fields.TextField(
                        description="The search terms of what is published, with a blank before, between and behind them.",
                        unique=False,
                    ),
                ),
                ("published_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "due_at",
                    fields.DatetimeField(
                        null=True,
                        description="When the keeper has to look at it: to remind its poster, and then to end it.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("is_extended", fields.BooleanField(default=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "matched_at",
                    fields.DatetimeField(
                        null=True,
                        description="When it was compared with what others had posted by then.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
            ],
            options={
                "table": "posting",
                "app": "posting",
                "indexes": [
                    Index(fields=["state", "published_at", "case_id"], name="posting_newest"),
                    Index(fields=["due_at"], name="posting_due"),
                    Index(fields=["state", "sort", "category", "case_id"], name="posting_compared"),
                ],
                "pk_attr": "case_id",
                "table_description": "What anybody may read of a case while it is published. It changes only together with the case.",
            },
            bases=["Model"],
        ),
    ]
