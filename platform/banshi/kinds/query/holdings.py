"""What queries hold about a person: what they asked, and who was shown their records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from banshi.builtin.personal_data.holdings import DataSubject, Holdings, PersonalTable, Retained
from banshi.kernel.runtime.running import Platform
from banshi.kinds.query.models import LookUp, LookUpPerson
from banshi.kinds.query.pseudonyms import read_pseudonyms


def _about(platform: Platform, whom: DataSubject) -> str:
    """What stands for the person; "" for somebody whose number nobody has verified."""
    return read_pseudonyms(platform.settings.keys_folder).person(whom.resident_id)


async def _people(platform: Platform, whom: DataSubject) -> Sequence[Any]:
    about = _about(platform, whom)
    return list(await LookUpPerson.filter(about=about).values_list("id", flat=True)) if about else []


async def _look_ups(platform: Platform, whom: DataSubject) -> Sequence[Any]:
    shown: Any = await LookUpPerson.filter(id__in=list(await _people(platform, whom))).values_list(
        "look_up_id", flat=True
    )
    asked: Any = await LookUp.filter(asker=whom.subject).values_list("id", flat=True)
    return sorted({*shown, *asked})


async def forget(platform: Platform, whom: DataSubject) -> Iterable[Retained]:
    """Take the person out of who asked and out of whom it was about. What staff asked stays in its record."""
    await LookUp.filter(asker=whom.subject, staff=False).update(asker="", purpose="")
    if about := _about(platform, whom):
        await LookUpPerson.filter(about=about).delete()
    return ()


HOLDING = Holdings((PersonalTable(LookUp, _look_ups, hidden=("asker",)), PersonalTable(LookUpPerson, _people)), forget)
