"""A report: every phone in exactly one group at whatever moment it is looked at, and no figure that nobody knows."""

from __future__ import annotations

from typing import Any

from banshi.testing import Door, Person
from mobile_push.models import Broadcast, Profile
from mobile_push.reports.tally import GROUPS, SENT
from mobile_push.sandbox import FcmSandbox
from tests.mobile_push.test_fan_out import broadcast, ended, impatient, phones, publish

__all__ = ["ended", "impatient"]


def publisher(door: Door, department: str = "traffic") -> Person:
    return door.staff("sun", f"{department}:publisher")


def address(one: Broadcast) -> str:
    return f"/v1/{one.kind}s/{one.id}/report"


async def report(door: Door, one: Broadcast) -> dict[str, Any]:
    document: dict[str, Any] = (await publisher(door).get(address(one))).ok()
    return document


def counted(figures: dict[str, Any]) -> dict[str, int]:
    """The groups that have any phones."""
    return {name: figures[name] for name in GROUPS if figures[name]}


def check(document: dict[str, Any]) -> None:
    """What holds at every moment."""
    for figures in (document["total"], *document["providers"]):
        assert sum(figures[name] for name in GROUPS) == figures["phones"], figures
        assert figures["sent"] == sum(figures[name] for name in SENT)
        assert sum(figures["waiting_for"].values()) == figures["waiting"]
        assert sum(figures["refused"].values()) == figures["failed"] + figures["parked"]
    total = document["total"]
    for name in ("phones", *GROUPS):
        assert total[name] == sum(figures[name] for figures in document["providers"])
    if document["finished"]:
        assert not total["waiting"]


async def test_a_report_says_what_became_of_every_phone(door: Door, sandbox: FcmSandbox, ended: Any) -> None:
    await phones(door, 60)
    await phones(door, 3, "dead")
    await phones(door, 2, "bad")
    await phones(door, 4, "quiet")
    for number in range(4):
        await Profile.create(person=f"quiet-{number}", notices=False)
    sandbox.behaviour.unregistered = {f"dead-{number:06}" for number in range(3)}
    sandbox.behaviour.faults = {f"bad-{number:06}": "INVALID_ARGUMENT" for number in range(2)}
    one = await publish(door, await broadcast(door))
    await ended(door, one)
    document = await report(door, one)
    check(document)
    assert document["finished"] is True
    assert counted(document["total"]) == {"accepted": 60, "dead": 3, "parked": 2, "unwanted": 4}
    assert document["total"]["refused"] == {"INVALID_ARGUMENT": 2}
    (fcm,) = document["providers"]
    assert (fcm["provider"], fcm["phones"], fcm["sent"]) == ("fcm", 69, 65)
    assert 0 < fcm["seconds"]["p50"] <= fcm["seconds"]["p99"] < 60
