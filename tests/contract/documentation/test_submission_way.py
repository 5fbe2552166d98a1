"""The files that a submission runs through are those that docs/architecture.md lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from banshi.kernel.http import middleware
from tests.harness.documented import unwatched_envelope
from tools import submission_way

#: Calls of our own functions on the way, at most.
MOST_CALLS = 480


@pytest.mark.sqlite
@pytest.mark.plain(why="an encrypted database has more on its way")
async def test_the_page_lists_the_files_on_a_submission_s_way_which_is_no_more_calls_than_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What tests alone look at is on nobody's way.
    monkeypatch.setattr(middleware, "envelope", unwatched_envelope)
    found = await submission_way.way(tmp_path)
    told = "run `python tools/submission_way.py --write`, and say why where the list gets longer"
    assert submission_way.PAGE.read_text("utf-8") == submission_way.page(found.files), told
    assert found.calls <= MOST_CALLS
