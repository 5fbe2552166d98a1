"""What is wrong with the configuration or with a plugin: it names the file, plugin, item and key to mend."""

from __future__ import annotations

from collections.abc import Iterable
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
