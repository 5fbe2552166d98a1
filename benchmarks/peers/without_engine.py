"""`banshi` with nobody who works on the outbox: the writes of a submission alone, as its peer does them."""

from __future__ import annotations

from banshi import default_plugins
from banshi.ops.cli import main

#: Whose resources begin once all others are open: the outbox and its housekeeping.
WORKING = {"banshi.kernel.outbox.plugin", "banshi.builtin.work_stream.plugin", "banshi.builtin.personal_data.plugin"}


if __name__ == "__main__":
    plugins = default_plugins.DEFAULT_PLUGINS
    default_plugins.DEFAULT_PLUGINS = tuple(one for one in plugins if one not in WORKING)
    main()
