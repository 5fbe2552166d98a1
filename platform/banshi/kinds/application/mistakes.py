"""What an author's `review` and `claims` did wrong, in words for that author."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from banshi.foundation.findings import did_you_mean
from banshi.kernel.contract.values import Decision
from banshi.kernel.runtime.mistakes import RETURNS, Mistake, wrong_answer


def own_claims(found: Any) -> dict[str, Any]:
    """What `claims` has returned. Raises Mistake for what are none."""
    if isinstance(found, str | bytes) or found is None:
        raise wrong_answer("claims", found)
    try:
        return dict(found)
    except (TypeError, ValueError):
        raise wrong_answer("claims", found) from None


def wrong_claims(own: Mapping[str, Any]) -> Mistake:
    """What is said of claims that a pass can't carry."""
    wrong = [name for name, value in own.items() if type(value) not in {str, int, list, tuple}]
    which = f"{str(wrong[0])[:100]!r} as {type(own[wrong[0]]).__name__}" if wrong else "a value or a date"
    return Mistake(f"gave {which}, which a pass can't carry: return texts, integers and lists of texts")


def check_decision(decision: Decision) -> None:
    """Raise Mistake for a decision whose parts are of the wrong type."""
    if not isinstance(decision.action, str):
        raise Mistake(f"returned a Decision whose action is {type(decision.action).__name__}: {RETURNS['review'][1]}")
    texts = decision.reason
    if texts is not None and not (isinstance(texts, Mapping) and all(isinstance(one, str) for one in texts.values())):
        came = f"returned Decision(action={decision.action[:100]!r}) with a reason that is {type(texts).__name__}"
        raise Mistake(f'{came}: write reason={{"zh-CN": "…", "en": "…"}}')


def without_reason(action: str) -> Mistake:
    """What is said of a decision that the citizen reads a reason of, and that has none."""
    example = f'Decision(action={action[:100]!r}, reason={{"zh-CN": "…", "en": "…"}})'
    return Mistake(f"returned the action {action!r} without a reason, which the citizen reads: return {example}")


def wrong_action(action: str, state: str, permitted: Sequence[str]) -> Mistake:
    """What is said of an action that the platform may not take in that state."""
    close = did_you_mean(action, permitted) if permitted else ""
    meant = f"; {close}" if close.startswith("did") else ""
    listed = ", ".join(permitted) or "none"
    return Mistake(f"returned the action {action[:100]!r}; actions here, in the state {state!r}: {listed}{meant}")
