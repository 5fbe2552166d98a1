"""tools/weaknesses.py lets nothing pass that nobody has answered, and says what could not be looked up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.places import ROOT
from tools import weaknesses


def finding(**changes: Any) -> dict[str, Any]:
    return {"filename": "platform/one.py", "test_id": "B608", "line_number": 2, "line_range": [2, 3], **changes}


@pytest.mark.parametrize(
    ("code", "answered"),
    [
        ('sql = f"SELECT {x}"  # noqa: S608', True),
        ('sql = f"SELECT {x}"  # noqa: S608 - marks alone', True),
        ('sql = f"SELECT {x}"  # noqa: S101, S608', True),
        ('sql = (f"SELECT "\n  f"{x}")  # noqa: S608', True),
        ('sql = f"SELECT {x}"', False),
        ('sql = f"SELECT {x}"  # noqa: S60', False),
        ('sql = f"SELECT {x}"  # noqa: S6081', False),
        ('sql = f"SELECT {x}"  # noqa', False),
        ('sql = f"SELECT {x}"\n\nother = 1  # noqa: S608', False),
    ],
)
def test_what_ruff_was_answered_counts_for_bandits_rule_of_the_same_number_on_the_same_lines(
    tmp_path: Path, code: str, answered: bool
) -> None:
    (tmp_path / "platform").mkdir()
    (tmp_path / "platform" / "one.py").write_text(f"x = 1\n{code}\n", encoding="utf-8")
    assert weaknesses.answered(tmp_path, finding()) is answered


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("# nosec B404 - our own program", False),
        ("# nosec B404, B603 - our own program", False),
        ("# nosec", True),
        ("# nosec B404", True),
        ("# nosec - it is right", True),
        ("# nosec B404 -", True),
    ],
)
def test_a_nosec_names_its_rule_and_its_reason(tmp_path: Path, comment: str, told: bool) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "one.py").write_text(f"import subprocess  {comment}\n", encoding="utf-8")
    assert bool(list(weaknesses.unexplained(tmp_path))) is told


def test_every_nosec_here_has_its_reason() -> None:
    assert list(weaknesses.unexplained(ROOT)) == []


def test_a_known_vulnerability_fails_and_a_service_that_knows_nothing_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    unknown: dict[str, Any] = {"name": "banshi", "skip_reason": "not found"}
    good: dict[str, Any] = {"name": "good", "version": "1.0", "vulns": []}
    weak = {"name": "weak", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1"]}]}
    assert not weaknesses.judged([unknown, good, weak])
    assert "weak 1.0: CVE-1, mended in 1.1\npip-audit: 1 to mend in 2 packages, 1 not known" in capsys.readouterr().out
    assert weaknesses.judged([unknown, good])
    assert weaknesses.judged([unknown])
    assert "pip-audit: skipped, its service knows none of the 1 packages" in capsys.readouterr().out
