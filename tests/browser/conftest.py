"""A browser, where there is one. CI has one: there, a missing browser is a failure."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.browser.firefox import PROGRAM, Firefox, open_firefox

OpenBrowser = Callable[..., AbstractAsyncContextManager[Firefox]]


@pytest.fixture
def open_browser(tmp_path: Path) -> OpenBrowser:
    """`open_browser(dom__push__serverURL="…")`: a browser of the test's own."""
    if PROGRAM is None:
        why = "there is no Firefox here; `apt-get install firefox-esr` brings it"
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(why)
        pytest.skip(why)
    return partial(open_firefox, tmp_path / "firefox")
