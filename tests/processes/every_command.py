"""Runs commands of `banshi` where some modules are not installed.

`python every_command.py MODULE,MODULE FILE` runs those of which FILE has the arguments, as JSON, one after the other,
and prints a line of JSON for each: its status, what it said, and the traceback that a person would have seen, or "".
`python every_command.py MODULE,MODULE -- ARGUMENT …` is `banshi ARGUMENT …`.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

absent, file, *rest = sys.argv[1:]
for name in filter(None, absent.split(",")):
    sys.modules[name] = None  # type: ignore[assignment]

from click.testing import CliRunner  # noqa: E402 - what is absent is so before

from banshi.foundation.findings import ConfigurationError  # noqa: E402
from banshi.ops.cli import _told, group, main  # noqa: E402

if file == "--":
    sys.argv[1:] = rest
    main()

for arguments in json.loads(Path(file).read_text(encoding="utf-8")):
    done = CliRunner().invoke(group, arguments, input="")
    status, said, seen = done.exit_code, done.output, ""
    if isinstance(done.exception, ConfigurationError):
        status, said = 2, said + "\n".join(map(str, done.exception.findings))
    elif isinstance(done.exception, Exception):
        if (told := _told(done.exception)) is None:
            seen = "".join(traceback.format_exception(done.exception))
        said += told or ""
    print(json.dumps({"arguments": arguments, "status": status, "said": said, "seen": seen}), flush=True)
