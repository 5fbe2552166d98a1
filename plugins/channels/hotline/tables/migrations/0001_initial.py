from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="HotlineCall",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("ref", fields.CharField(unique=True, description="The switch's own name of it.", max_length=128)),
                (
                    "line",
                    fields.CharField(
                        default="",
                        description="The number that was dialled, and the desk to which it leads.",
                        max_length=64,
                    ),
                ),
                ("desk", fields.CharField(max_length=64)),
                ("caller_id", fields.UUIDField(null=True, db_index=True, description="None for a hidden number.")),
                (
                    "person",
                    fields.CharField(
                        default="",
                        db_index=True,
                        description="The citizen, once they have proved themselves in this call, and what their sign-in says.",
                        max_length=1415,
                    ),
                ),
                ("known", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                (
                    "rang_at",
                    fields.DatetimeField(
                        null=True,
                        description="The first of each, in whatever order they are told.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("answered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "agent",
                    fields.CharField(
                        default="",
                        description='Who of the staff has picked it up, the last one, as the switch says, and when; "" where it doesn\'t.',
                        max_length=1415,
                    ),
                ),
                ("agent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "put_at",
                    fields.DatetimeField(
                        null=True,
                        description="That moment once more, when the desk has been told: what is told again takes it from nobody.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                (
                    "recording",
                    fields.CharField(
                        default="",
                        description="Where it is recorded, and the sound's SHA-256; the sound is nowhere here.",
                        max_length=1415,
                    ),
                ),
                ("sha256", fields.CharField(default="", max_length=64)),
                (
                    "enquiry_id",
                    fields.UUIDField(
                        null=True,
                        description="Its enquiry at the desk; None for one that was over before it was told of.",
                    ),
                ),
                (
                    "outcome",
                    fields.CharField(
                        default="",
                        description='answered, filed, transferred, emergency, nuisance or dropped; "" until its operator says so.',
                        max_length=16,
                    ),
                ),
                ("note", fields.TextField(default="")),
                ("operator", fields.CharField(default="", max_length=1415)),
                ("version", fields.IntField(default=1, description="Counts the changes.")),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "hotline_call",
                "app": "hotline",
                "pk_attr": "id",
                "table_description": "One call, as far as the switch has told of it.",
            },
            bases=["Personal"],
        ),
        ops.CreateModel(
            name="HotlineCallBack",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "key",
                    fields.CharField(
                        null=True,
                        unique=True,
                        description="What there is one of at a time; None once it is over.",
                        max_length=128,
                    ),
                ),
                ("caller_id", fields.UUIDField(db_index=True)),
                ("desk", fields.CharField(max_length=64)),
                (
                    "why",
                    fields.CharField(
                        description="missed, promised, or rating (how the answer to their case was).", max_length=8
                    ),
                ),
                (
                    "call_id",
                    fields.UUIDField(
                        null=True,
                        description="The call that it came of, the last one; and the case that is asked about.",
                    ),
                ),
                ("case_id", fields.UUIDField(null=True)),
                (
                    "calls",
                    fields.IntField(default=1, description="Calls of theirs that nobody has answered meanwhile."),
                ),
                (
                    "begins",
                    fields.DatetimeField(
                        description="Between which moments they were told to be called.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("until", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "state",
                    fields.CharField(
                        description="due, held, reached, given-up, or taken-back (the call was answered after all).",
                        max_length=10,
                    ),
                ),
                ("officer", fields.CharField(default="", max_length=1415)),
                ("lease_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("tries", fields.IntField(default=0)),
                ("note", fields.TextField(default="")),
                (
                    "log",
                    fields.JSONField(
                        default=list,
                        description="Who of the staff has seen the number, when, and what came of it.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("stars", fields.IntField(null=True, description="1 to 5, of a satisfaction call.")),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "hotline_call_back",
                "app": "hotline",
                "indexes": [Index(fields=["desk", "state", "until"], name="hotline_call_back_queue")],
                "pk_attr": "id",
                "table_description": "Somebody is to be called.",
            },
            bases=["Personal"],
        ),
        ops.CreateModel(
            name="HotlineCaller",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "key",
                    fields.CharField(
                        unique=True,
                        description="A keyed hash of the number: who is met again is found by it.",
                        max_length=64,
                    ),
                ),
                ("number", fields.CharField(description="With its country; sealed.", max_length=396)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "hotline_caller",
                "app": "hotline",
                "pk_attr": "id",
                "table_description": "Whoever calls from a number. It proves nobody: others may have it by now.",
            },
            bases=["Personal"],
        ),
        ops.CreateModel(
            name="HotlineFiling",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "slip",
                    fields.CharField(
                        unique=True,
                        description="The keyed hash of the number and the slip code together.",
                        max_length=64,
                    ),
                ),
                ("caller_id", fields.UUIDField(db_index=True)),
                (
                    "person",
                    fields.CharField(
                        db_index=True,
                        description="Whose it is: the caller's own subject, or the citizen's who has proved themselves or bound it.",
                        max_length=1415,
                    ),
                ),
                ("call_id", fields.UUIDField(null=True)),
                ("desk", fields.CharField(max_length=64)),
                ("item", fields.CharField(max_length=64)),
                ("case_id", fields.UUIDField(null=True, db_index=True)),
                (
                    "state",
                    fields.CharField(
                        description="waiting, filed, answered (there is no case), bound (a draft that is its citizen's own), or withdrawn.",
                        max_length=9,
                    ),
                ),
                (
                    "answers",
                    fields.JSONField(
                        null=True,
                        description="Of what waits, right or wrong; it is of this filing alone, whatever else waits under the number.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                (
                    "officer",
                    fields.CharField(
                        description="Who filed it; and who had begun it, where that was somebody else.", max_length=1415
                    ),
                ),
                ("begun_by", fields.CharField(default="", max_length=1415)),
                ("officer_name", fields.CharField(max_length=1415)),
                (
                    "identified",
                    fields.CharField(
                        description="told (they said who they are) or code (of their app); and for whom they speak: self, ward, relative or minor.",
                        max_length=4,
                    ),
                ),
                ("relation", fields.CharField(max_length=8)),
                (
                    "consent",
                    fields.CharField(
                        description="The version of the wording that was read out, when they agreed, and when their number was read back.",
                        max_length=32,
                    ),
                ),
                ("consented_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("read_back_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("texts", fields.BooleanField(default=False, description="They agreed to text messages.")),
                ("withdrawn_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "hotline_filing",
                "app": "hotline",
                "pk_attr": "id",
                "table_description": "One thing that an operator has filed for somebody, or that waits until it can be.",
            },
            bases=["Personal"],
        ),
    ]
