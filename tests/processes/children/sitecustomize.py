"""What Python imports at its start wherever this folder is on PYTHONPATH: in every process that tests of encrypted
columns begin. Their databases are opened with the tests' ring where their plugins.toml names none."""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

#: The module that opens databases, in which `Context` holds the keys.
OPENING = "banshi.foundation.database.opening"

#: In the environment: the ring's file. Without it, what names no ring is plain.
RING = "BANSHI_TEST_PERSONAL_KEYS"


class OpeningFinder:
    """Finds that module, and lets it know the ring once it is imported."""

    def find_spec(self, name: str, path: Any = None, _: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path) if name == OPENING else None
        if spec is not None and spec.origin:
            spec.loader = Loader(name, spec.origin)
        return spec


class Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        module.Context = context_with_ring()  # type: ignore[attr-defined]


def context_with_ring() -> Any:
    """What a database is opened in: where no ring is given, with the one that the environment names."""
    # Not at the start of processes that open no database.
    from pathlib import Path

    from banshi.foundation.encryption.ring import Ring
    from banshi.foundation.encryption.sealing import Context

    class Encrypted(Context):
        def __init__(self, ring: Ring | None = None) -> None:
            file = os.environ.get(RING)
            super().__init__(Ring(Path(file)) if ring is None and file else ring)

    return Encrypted


if __name__ == "sitecustomize":
    sys.meta_path.insert(0, OpeningFinder())
