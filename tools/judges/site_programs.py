"""What programs say of the pages: the Nu checker of their HTML and CSS, Lighthouse of the home page on its phone."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.browser.chromium import PROGRAM

ROOT = Path(__file__).resolve().parents[2]
#: Bytes of all that the home page loads.
MAX_HOME_BYTES = 50_000
#: Seconds that a program may take.
PATIENCE_S = 240.0


def by_vnu(modules: Path, html: Path) -> Iterator[str]:
    """What the Nu checker says of the pages and their style sheet."""
    begun = time.monotonic()
    (html / "site.css").write_bytes((ROOT / "plugins/channels/web_site/assets/site.css").read_bytes())
    jar = modules / "vnu-jar" / "build" / "dist" / "vnu.jar"
    options = ["--format", "json", "--also-check-css", "--also-check-svg"]
    files = [str(one) for one in sorted(html.iterdir()) if one.suffix in (".html", ".css")]
    done = subprocess.run(
        ["java", "-jar", str(jar), *options, *files], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    told = json.loads(done.stderr)["messages"]
    print(f"vnu: {len(files)} files, {len(told)} messages: {time.monotonic() - begun:.1f} s", flush=True)
    for one in told:
        where = f"{one.get('url', '').rpartition('/')[2]}:{one.get('lastLine')}"
        yield f"vnu, {where}: {one['message']}: {one.get('extract', '').strip()[:160]}"


def by_lighthouse(url: str, modules: Path, folder: Path, runs: int) -> Iterator[str]:
    """What the home page weighs and takes on Lighthouse's phone; too many bytes are a fault."""
    command = ["node", str(modules / "lighthouse" / "cli" / "index.js"), f"{url}/site", "--output=json", "--quiet"]
    command += [f"--output-path={folder / 'told.json'}", "--chrome-flags=--headless=new --no-sandbox --disable-gpu"]
    command += ["--only-categories=performance,accessibility,best-practices"]
    paints, told = list[float](), dict[str, Any]()
    for _ in range(runs):
        subprocess.run(
            command,
            env={**os.environ, "CHROME_PATH": str(PROGRAM)},
            check=True,
            timeout=PATIENCE_S,
            capture_output=True,
        )
        told = json.loads((folder / "told.json").read_text(encoding="utf-8"))
        paints.append(told["audits"]["first-contentful-paint"]["numericValue"] / 1000)
    scores = " ".join(f"{name} {100 * one['score']:.0f}" for name, one in told["categories"].items())
    size = int(told["audits"]["total-byte-weight"]["numericValue"])
    paint = f"first paint {statistics.median(paints):.2f} s, the median of {runs}"
    print(f"Lighthouse {told['lighthouseVersion']}: home {size:,} bytes, {paint}; {scores}", flush=True)
    if size > MAX_HOME_BYTES:
        yield f"Lighthouse: the home page loads {size:,} bytes, {MAX_HOME_BYTES:,} at most"
