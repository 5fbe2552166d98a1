"""Programs of the machine that some tests need, from Debian's packages."""

from __future__ import annotations

import os
import shutil

import pytest


def program(name: str, package: str) -> str:
    """Where a program is, or a reason to skip; under CI=true a missing one fails."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        assert os.environ.get("CI") != "true", f"{name} is missing; .ci/run installs it"
        pytest.skip(f"needs {name}, of Debian's package {package}")
    return found
