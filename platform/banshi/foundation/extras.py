"""What an extra of ours installs, and what to type where it is needed and isn't there."""

from __future__ import annotations

from importlib.util import find_spec

#: A module that is asked for → the extra that brings it.
EXTRAS = {
    "asyncpg": "postgres",
    "redis": "redis",
    "opentelemetry.exporter.otlp.proto.http": "tracing",
    "zxingcpp": "demo",
    "numpy": "insights",
}


def lacking(module: str) -> str:
    """What to do where a module that an extra brings isn't installed; "" where it is."""
    try:
        found = find_spec(module)
    except ModuleNotFoundError:  # its parent isn't there either
        found = None
    return "" if found else f"{module} is not installed: python -m pip install 'banshi[{EXTRAS[module]}]'"
