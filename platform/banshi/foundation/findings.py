"""What is wrong with the configuration or with a plugin: it names the file, plugin, item and key to mend, and how an
error and a word that nobody knows read there.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend in the configuration or in a plugin."""

    #: The plugin's name in plugins.toml, or "platform".
    plugin: str
    #: The rule that was broken, as a slug.
    rule: str
    #: What to do, naming file, item and key.
    advice: str
    #: A warning lets the platform start.
    warning: bool = False
    #: What it warns of is for development: a start that others reach is refused unless `development = true`.
    development: bool = False
    #: A warning that `--strict` doesn't count: of what isn't known yet, or is for whoever runs it to decide.
    note: bool = False

    def __str__(self) -> str:
        return f"{self.plugin}: {self.rule}: {self.advice}"


class ConfigurationError(Exception):
    """The platform can't start with this configuration."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(f) for f in self.findings) or type(self).__doc__)


def refused(rule: str, advice: str, plugin: str = "platform") -> ConfigurationError:
    """One thing to mend keeps the platform from starting."""
    return ConfigurationError([Finding(plugin, rule, advice)])


def did_you_mean(word: str, known: Sequence[str], otherwise: str = "") -> str:
    """The known word that is nearest; where none is near, `otherwise` or else all that there are."""
    close = difflib.get_close_matches(word, known, 1)
    return f"did you mean {close[0]!r}?" if close else otherwise or f"there are: {', '.join(known) or 'none'}"


def one_line(error: BaseException) -> str:
    """An exception on one line."""
    from pydantic import PydanticUserError  # late: a plugin that imports its names needs none of it

    if isinstance(error, PydanticUserError):
        # What follows is pydantic's advice to whoever calls it.
        return f"{type(error).__name__}: {str(error).split('. ')[0]}"
    return " ".join(f"{type(error).__name__}: {error}".split())
