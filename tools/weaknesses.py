"""Look for known weaknesses: bandit over our own code, pip-audit over what is installed.

Run it from the repository root with the group `weaknesses` installed: `python tools/weaknesses.py`. Where bandit and
ruff know the same rule (B608 is S608) the one comment that ruff wants, `# noqa: S608`, answers both; anything else that
bandit finds is mended, or bears a `# nosec` with its reason. pip-audit asks a service that knows the vulnerabilities;
where none can be reached, it says so and nothing fails.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: What is looked through, and what isn't: tests stand beside the plugins that they test.
OURS, LEFT_OUT = ("platform", "libraries", "mobile_push", "plugins"), "*/test_*.py,*/template/*"

#: Seconds that each may take.
PATIENCE = 300.0

NOQA = re.compile(r"# noqa: ([A-Z0-9, ]+)")
NOSEC = re.compile(r"# nosec B\d+(, B\d+)* - \S")


def main() -> int:
    found = [*weak(Path()), *unexplained(Path())]
    for one in found:
        print(one)
    print(f"bandit: {len(found) or 'nothing'} to mend")
    return 1 if not sound() or found else 0


def weak(root: Path) -> Iterator[str]:
    """What bandit finds in the code below `root` and nobody has answered."""
    command = [sys.executable, "-m", "bandit", "--quiet", "--format", "json", "--exclude", LEFT_OUT, "--recursive"]
    # It colours its bar by a terminal that isn't there.
    done = subprocess.run(
        [*command, *(one for one in OURS if (root / one).is_dir())],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "TERM": "dumb"},
    )
    if done.returncode not in (0, 1):
        raise SystemExit(f"bandit has failed: {done.stderr}")
    report = json.loads(done.stdout)
    for error in report["errors"]:
        yield f"{error['filename']}: bandit can't read it: {error['reason']}"
    for one in report["results"]:
        if not answered(root, one):
            yield f"{one['filename']}:{one['line_number']}: {one['test_id']}: {one['issue_text']}"


def answered(root: Path, finding: dict[str, Any]) -> bool:
    """Whether ruff has been answered about the same rule, on one of the lines that it is about."""
    lines = (root / finding["filename"]).read_text(encoding="utf-8").splitlines()
    rule = "S" + finding["test_id"].removeprefix("B")
    about = range(finding["line_range"][0], finding["line_range"][-1] + 1)
    said = (NOQA.search(lines[number - 1]) for number in about if number <= len(lines))
    return any(rule in re.split(r"[, ]+", one[1]) for one in said if one)


def unexplained(root: Path) -> Iterator[str]:
    """Each `# nosec` without a rule and a reason."""
    for folder in OURS:
        for file in sorted((root / folder).rglob("*.py")):
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                if "# nosec" in line and not NOSEC.search(line):
                    yield f"{file}:{number}: say which rule and why: # nosec B404 - what makes it safe"


def sound() -> bool:
    """Whether nothing that is installed has a known vulnerability, as far as anybody could be asked."""
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--format", "json", "--skip-editable"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        packages = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        print("pip-audit: skipped, its service can't be reached")
        return True
    return judged(packages)


def judged(packages: list[dict[str, Any]]) -> bool:
    """Say what pip-audit has found of each package."""
    asked = [one for one in packages if "skip_reason" not in one]
    if not asked:
        print(f"pip-audit: skipped, its service knows none of the {len(packages)} packages")
        return True
    weak = [one for one in asked if one["vulns"]]
    for one in weak:
        for vulnerability in one["vulns"]:
            mended = ", ".join(vulnerability["fix_versions"]) or "no version yet"
            print(f"{one['name']} {one['version']}: {vulnerability['id']}, mended in {mended}")
    print(
        f"pip-audit: {len(weak) or 'nothing'} to mend in {len(asked)} packages, {len(packages) - len(asked)} not known"
    )
    return not weak


if __name__ == "__main__":
    sys.exit(main())
