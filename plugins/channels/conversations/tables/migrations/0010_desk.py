"""The desk is a plugin of its own: its rows go to its tables, sealed as they are. The old tables stay for a version."""

from tortoise import migrations
from tortoise.migrations import operations as ops

#: Who was bound to the contact when a person was asked for.
PERSON = """COALESCE((SELECT l.person FROM conversations_link l WHERE l.conversation_id = e.conversation_id
AND l.linked_at <= e.asked_at AND (l.ended_at IS NULL OR l.ended_at >= e.asked_at)
ORDER BY l.linked_at DESC LIMIT 1), '')"""

#: By table: its columns, and those that it has from elsewhere.
COPIED = {
    "enquiry": (
        "id, desk, state, urgent, asked_at, officer, officer_name, lease_until, owed_since, delayed_at, claimed_at, answered_at, closed_at, rating",
        {"kind": "'conversation'", "subject": "e.conversation_id", "person": PERSON},
    ),
    "event": ("id, enquiry_id, desk, at, what, officer, officer_name, text, cases", {}),
    "day": ("id, desk, day, hours", {}),
    "officer": ("id, desk, officer, officer_name, day", {}),
    "phrase": ("id, desk, code, version, texts, at", {}),
}


def copied(table: str, columns: str, more: dict[str, str]) -> str:
    into, of = ", ".join([columns, *more]), ", ".join([columns, *more.values()])
    new = f"NOT EXISTS (SELECT 1 FROM desk_{table} d WHERE d.id = e.id)"  # noqa: S608
    return f"INSERT INTO desk_{table} ({into}) SELECT {of} FROM {former(table)} e WHERE {new}"  # noqa: S608 - our own words


def former(table: str) -> str:
    return f"conversations_{'' if table == 'enquiry' else 'desk_'}{table}"


class Migration(migrations.Migration):
    dependencies = [("conversations", "0009_told"), ("desk", "0001_initial")]

    initial = False

    operations = [
        *(ops.RunSQL(copied(table, *how)) for table, how in COPIED.items()),
        # Nobody reads them there any more, nor forgets them.
        *(ops.RunSQL(f"DELETE FROM {former(table)}") for table in reversed(COPIED)),  # noqa: S608
    ]
