"""The versions of the contract between the kernel and plugins."""

from __future__ import annotations

#: The version of the contract that this kernel speaks: `api = 1` in plugins.toml.
API_VERSION = 1


def spoken() -> range:
    """The versions of the contract for which a plugin may be written: the kernel's own, and the one before."""
    return range(max(1, API_VERSION - 1), API_VERSION + 1)


def wrong_version(api: int) -> str:
    """Why no plugin for that version of the contract is loaded, and what to do; "" where one is."""
    if api in spoken():
        return ""
    mend = "upgrade the platform, or install an older" if api > API_VERSION else "install a newer"
    return f"this kernel speaks {' and '.join(map(str, spoken()))}: {mend} version of the plugin"
