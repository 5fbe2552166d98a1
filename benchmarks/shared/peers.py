"""The commands of servers that ours is compared with: others' code, ours without a part, and an earlier commit's."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.shared.api_load import ITEM
from benchmarks.shared.fetching import fetched
from benchmarks.shared.processes import ROOT, Running, python, running


def bare(ours: Running, folder: Path) -> AbstractContextManager[Running]:
    """Bare aiohttp that answers with the bytes and headers of our own answer."""
    body, headers = fetched(ours.url + ITEM)
    same = {name: text for name, text in headers.items() if name not in {"Content-Length", "Date", "Server"}}
    answer = folder / "answer.json"
    answer.write_text(json.dumps({"headers": same, "body": body.decode()}))
    return running(python("peers/bare.py", str(answer)))


def without_engine(file: Path, *arguments: str) -> list[str]:
    """`banshi` with nobody who works on the outbox."""
    return python("peers/without_engine.py", "--config", str(file), *arguments)


def of_its_own(file: Path, command: str) -> Path:
    """The plugins.toml with the plugins of the tree that another environment's `banshi` is of."""
    tree = Path(command).absolute().parents[2]
    file.write_text(file.read_text("utf-8").replace(str(ROOT), str(tree)), "utf-8")
    return file
