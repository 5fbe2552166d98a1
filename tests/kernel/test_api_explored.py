"""What the description of the API promises, held by schemathesis against the server about things that exist.

About things that don't, it does the same in test_openapi.py. It withdraws, cancels and answers whatever it finds: the
platform is its own.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.kernel.api_world import World, metrics_of

#: Examples per operation; the long form is `BANSHI_SCHEMATHESIS_EXAMPLES=200`.
EXAMPLES = os.environ.get("BANSHI_SCHEMATHESIS_EXAMPLES", "5")

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance"
)


#: What each of them has to have read, so that the run means something.
REACHED = {
    "wang": ["list_cases", "show_case", "download", "show_pass_svg", "show_pass_png", "show_pass_txt", "list_scans"],
    "staff": ["show_case", "download", "worklist", "show_notice", "list_notices", "list_dead_letters"],
    "officer": ["list_pass_keys", "list_revocations"],
    "nobody": ["show_item", "show_department", "list_items", "list_departments", "metrics", "docs", "docs_asset"],
}


def known(world: World) -> str:
    """A schemathesis.toml that fills in the ids of what exists."""
    lines = []
    for route in world.routes:
        if "{" in route.path and route.per_item is None:
            inside = ", ".join(f'"path.{name}" = "{value}"' for name, value in world.parameters(route).items())
            lines.append(f'[[operations]]\ninclude-operation-id = "{route.operation}"\nparameters = {{ {inside} }}\n')
    return "\n".join(lines)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("who", ["wang", "staff", "officer", "nobody"])
async def test_schemathesis_finds_nothing_on_what_exists(world: World, who: str, tmp_path: Path) -> None:
    """As the owner of a case, its clerk, an officer and nobody: what is answered is what the description says."""
    schemathesis = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert schemathesis is not None
    person = {"wang": world.wang, "staff": world.staff, "officer": world.officer}.get(who, world.door.anyone)
    (tmp_path / "schemathesis.toml").write_text(known(world), encoding="utf-8")
    token = ("-H", f"Authorization: Bearer {person.token}") if person.token else ()
    before = await metrics_of(world.door)
    process = await asyncio.create_subprocess_exec(
        *(schemathesis, "--config-file", "schemathesis.toml", "run", f"{world.door.url}/openapi.json", *token),
        # The stream has no end to wait for, and one item's application is handed in like another's.
        *("--exclude-operation-id-regex", "^(stream_inbox|submit_(?!zone_pass$).*)$", "--checks", CHECKS),
        *("--max-examples", EXAMPLES),
        *("--mode", "positive", "--phases", "fuzzing", "--continue-on-failure", "--generation-deterministic"),
        *("--no-color", "--warnings", "off", "--request-timeout", "20"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), 280)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, output.decode()[-8000:]
    after = await metrics_of(world.door)
    for operation in REACHED[who]:
        sample = "banshi_http_requests_total", (("method", "GET"), ("operation", operation), ("status", "200"))
        assert after.get(sample, 0) > before.get(sample, 0), f"{operation} was never answered with 200"
