"""What is known, and the record that it was asked for."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from banshi.builtin.leading.rounds import hourly
from banshi.builtin.personal_data.holdings import HOLDINGS, theirs_alone
from banshi.builtin.prefill.models import Prefill
from banshi.builtin.prefill.routes import ROUTES
from banshi.foundation.database.bulk import delete
from banshi.foundation.keys import Key
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Offer, Phase, Resource
from banshi.kernel.runtime.running import Platform

ENDING: Key[None] = Key("prefills' end")

#: How long it is on record that something was filled in.
KEPT = timedelta(days=365)


async def remove_old(platform: Platform) -> None:
    await delete(Prefill.filter(at__lt=platform.now() - KEPT))


banshi_routes = hands_over(*ROUTES)

banshi_offers = hands_over(Offer(HOLDINGS, theirs_alone(Prefill)))


_open_ending = partial(hourly, "prefills-ending", remove_old, "old records of what was filled in stay")
banshi_resources = hands_over(Resource(ENDING, _open_ending, Phase.AFTER_PLUGINS))
