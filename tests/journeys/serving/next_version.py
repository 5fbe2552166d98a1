"""The version after this one, as a tree of its own: a copy of the packages with further columns, tables and indexes.

It runs by PYTHONPATH beside this one, on the same database. What it adds is what a version adds: a column that it
fills and this one knows nothing of, a table, an index on a table that is being written to, and a field in the messages
that it promises, which this one can't read.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.places import ROOT

TRAFFIC = Path("plugins", "departments", "traffic")

#: What the next version writes into its new columns, and what stands there in the rows of this version.
NEXT, PRESENT = "next", ""

ADDED = """from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("{app}", "{last}")]

    initial = False

    operations = [
        ops.AddField(
            model_name="{model}",
            name="made_by",
            field=fields.CharField(default="next", db_default="", max_length=8),
        ),
        ops.AddIndex(
            model_name="{model}",
            index=Index(fields=["made_by", "id"], name="{table}_made_by"),
        ),
        ops.CreateModel(
            name="{model}Note",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("text", fields.TextField()),
            ],
            options={{"table": "{table}_note", "app": "{app}", "pk_attr": "id"}},
            bases=["Model"],
        ),
    ]
"""

COLUMN = '    made_by = fields.CharField(max_length=8, default="next", db_default="")\n'

NOTE = """

from tortoise.models import Model


class {model}Note(Model):
    id = fields.IntField(primary_key=True)
    text = fields.TextField()

    class Meta:
        table = "{table}_note"
"""


@dataclass(frozen=True)
class NextVersion:
    """Where the next version is, and what it would apply."""

    folder: Path
    steps: tuple[str, ...]

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which its own code is imported, and not this version's."""
        places = [str(self.folder / "platform"), str(self.folder), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {**os.environ, "PYTHONPATH": os.pathsep.join(places)}

    @property
    def traffic(self) -> Path:
        return self.folder / TRAFFIC


def made_in(folder: Path) -> NextVersion:
    """Make the next version in a folder that isn't there yet."""
    ignored = shutil.ignore_patterns("__pycache__", "test_*.py")
    for tree in (Path("platform", "banshi"), Path("mobile_push"), TRAFFIC):
        shutil.copytree(ROOT / tree, folder / tree, ignore=ignored)
    steps = (
        _extended(folder / "platform" / "banshi" / "kernel" / "tables", "cases.py", "banshi", "Case", "banshi_case"),
        _extended(folder / "mobile_push" / "tables", "delivery_models.py", "mobile_push", "Delivery", "push_delivery"),
    )
    contract = folder / "platform" / "banshi" / "kernel" / "contract" / "values.py"
    # Whatever this version finds in a message that it doesn't know.
    _inserted(
        contract,
        after="    replaces: tuple[str, ...] | None = None\n"
        "\n\n@dataclass(frozen=True, slots=True, kw_only=True)\nclass Channel",
    )
    return NextVersion(folder, steps)


def _extended(package: Path, file: str, app: str, model: str, table: str) -> str:
    models, migrations = package / file, package / "migrations"
    text = models.read_text(encoding="utf-8")
    head, begin, body = re.split(rf"(^class {model}\(\w+\):\n)", text, maxsplit=1, flags=re.MULTILINE)
    place = body.index("\n\n    class Meta:")
    index = "        indexes = [\n" if "        indexes = [\n" in body.partition("\n\n\n")[0] else "        indexes = ["
    before, found, rest = body[place:].partition(index)
    assert found
    more = f'Index(fields=("made_by", "id"), name="{table}_made_by"), '
    text = head + begin + body[:place] + "\n" + COLUMN.rstrip("\n") + before + found + more + rest
    models.write_text(text + NOTE.format(model=model, table=table), encoding="utf-8")
    last = max(one.stem for one in migrations.glob("0*.py"))
    name = f"{int(last[:4]) + 1:04}_next"
    text = ADDED.format(app=app, last=last, model=model, table=table)
    (migrations / f"{name}.py").write_text(text, encoding="utf-8")
    return f"{app} {name}"


def _inserted(file: Path, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(after) == 1
    field, rest = after.split("\n", 1)
    file.write_text(text.replace(after, f'{field}\n    tone: str = "plain"\n{rest}'), encoding="utf-8")
