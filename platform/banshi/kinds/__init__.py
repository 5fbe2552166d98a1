"""The kinds of item, one folder each, all built alike.

A kind is a plugin of the kernel's own: it hands over a `Kind` through the same hook that anybody's plugin may use.
Nothing below this folder knows one of them by name, so a sixth kind is a sixth folder, or a plugin.
"""

from __future__ import annotations

from types import ModuleType

from banshi.kinds import appeal, application, appointment, posting, query

#: The kernel's own plugins, in the order in which they are registered.
KINDS: tuple[ModuleType, ...] = (application, appointment, query, appeal, posting)
