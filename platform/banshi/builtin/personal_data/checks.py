"""What is wrong with how long cases are kept: what is said of an outcome has to be said of one that there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from banshi.builtin.personal_data.retention import DEFAULT, outcomes_of
from banshi.foundation.findings import Finding
from banshi.kernel.contract.kinds import no_steps
from banshi.kernel.loading.registry import Registry

#: Half a year, at its longest: for so long records of what was done have to be kept (网络安全法 article 21).
RECORD_DAYS = 184


def records_are_kept(registry: Registry) -> Iterator[Finding]:
    """Who read, looked up and was refused what is on record for half a year at least."""
    if registry.configuration.settings.look_up_days < RECORD_DAYS:
        where = f"{registry.configuration.file}: platform.look_up_days"
        advice = f"{where}: set it to {RECORD_DAYS} at least: records of half a year may be asked for"
        yield Finding("platform", "short-records", advice, warning=True)


def retention_names_outcomes(registry: Registry) -> Iterator[Finding]:
    """Items name outcomes of their kind, the platform's settings those of any kind, and kinds that there are."""
    for item in registry.items.unchecked():
        if not item.retention or item.steps is None:
            continue
        known = set(outcomes_of(registry.kinds[item.kind], item).values()) - {""}
        for advice in _unknown(item.retention, known):
            yield Finding(item.plugin, "unknown-outcome", f"items.{item.code}.retention.{advice}")
    rules, where = registry.configuration.settings.retention, f"{registry.configuration.file}: platform.retention"
    of_kinds = {name: _outcomes(registry, name) for name in registry.kinds}
    # One that tells its outcomes by its items' state tables alone may have any.
    if None not in of_kinds.values():
        known = {outcome for one in of_kinds.values() for outcome in one or ()}
        for advice in _unknown(rules.outcomes, known, default=False):
            yield Finding("platform", "unknown-outcome", f"{where}.outcomes.{advice}")
        for advice in _unknown(rules.least, known):
            yield Finding("platform", "unknown-outcome", f"{where}.least.{advice}")
    for name, periods in rules.kinds.items():
        if name not in of_kinds:
            advice = f"{where}.kinds.{name}: there is no such kind; write one of {', '.join(sorted(of_kinds))}"
            yield Finding("platform", "unknown-kind", advice)
        elif (outcomes := of_kinds[name]) is not None:
            for advice in _unknown(periods, outcomes):
                yield Finding("platform", "unknown-outcome", f"{where}.kinds.{name}.{advice}")


def _outcomes(registry: Registry, name: str) -> Set[str] | None:
    """The outcomes that a kind declares; None where they follow from state tables."""
    kind = registry.kinds[name]
    return set(kind.outcomes.values()) - {""} if kind.outcomes or kind.steps is no_steps else None


def _unknown(said: Iterable[str], known: Set[str], *, default: bool = True) -> Iterator[str]:
    may = sorted(known) + ([DEFAULT] if default and known else [])
    advice = f"write one of {', '.join(may)}" if may else "leave it out"
    for name in said:
        if name not in may:
            yield f"{name}: no case ends so; {advice}"
